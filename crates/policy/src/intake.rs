//! Readers of the forms in which people have their organization. They take texts and return an organization.

pub mod aws_cli;
pub mod own;

use crate::problem::Problem;

/// A problem with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct FileProblem {
    /// The file, as it was given.
    pub file: String,
    /// What is wrong with it. It is in the message already.
    pub problem: Problem,
}

impl FileProblem {
    pub(crate) fn new(file: &str, problem: Problem) -> Self {
        FileProblem { file: file.to_owned(), problem }
    }

    pub(crate) fn of_file(file: &str, expected: &str, found: &str) -> Self {
        FileProblem::new(file, Problem::at_start(expected, found))
    }
}
