//! What the crate promises, by subject. A new test goes to the module of its subject.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod edges;
mod escape;
mod organization;
mod size;
mod sums;
