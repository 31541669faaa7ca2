//! What the crate promises, by subject. A new test goes to the module of its subject.

mod accounts;
mod columns;
mod contexts;
mod declarations;
mod files;
mod groups;
mod read;
mod rows;
