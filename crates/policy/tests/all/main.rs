//! Tests of the crate through its public functions, a module for each subject. `world` has what they share.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod acceptance;
mod compare;
mod documents;
mod generate;
mod generate_forms;
mod legs;
mod levels;
mod lint;
mod logged;
mod minify;
mod operators;
mod organizations;
mod random;
mod replay;
mod second;
mod world;
