//! Tests of the crate through its public functions, a module for each subject. `world` has what they share.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod acceptance;
mod cfct;
mod cloudformation;
mod compare;
mod documents;
mod forms;
mod generate;
mod generate_forms;
mod generate_models;
mod iam_collect;
mod identities;
mod legs;
mod levels;
mod lint;
mod logged;
mod lza;
mod minify;
mod operators;
mod organizations;
mod random;
mod replay;
mod same_organization;
mod second;
mod terraform;
mod world;
