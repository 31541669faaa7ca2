//! Readers of the forms in which people have their organization and the policies of their roles. They take
//! texts and return an organization, or what a caller is subject to.

mod at;
pub mod authorization_details;
pub mod aws_cli;
pub mod cfct;
pub mod cloudformation;
pub mod iam_collect;
mod identity;
pub mod lza;
pub mod own;
pub mod terraform;
mod tree;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use bedrock::denial::PolicyType;

use crate::document::Document;
use crate::evaluate::Policy;
use crate::organization::Organization;
use crate::problem::{Position, Problem};

pub(crate) use identity::Holder;
pub use identity::Identity;

/// What AWS attaches to every node unless somebody takes it away.
const FULL_ACCESS: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// Its ID.
const FULL_ACCESS_ID: &str = "p-FullAWSAccess";

const SERVICE_CONTROL_POLICY: &str = "SERVICE_CONTROL_POLICY";

const RESOURCE_CONTROL_POLICY: &str = "RESOURCE_CONTROL_POLICY";

/// The RCP that AWS attaches to every node: it denies nothing.
const RCP_FULL_ACCESS: &str = "RCPFullAWSAccess";

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

    /// A problem with what a folder has, and with no place in a file.
    pub(crate) fn of_folder(expected: &str, found: &str) -> Self {
        FileProblem::new("the folder", Problem::new(Position::default(), "", expected, found))
    }
}

/// An organization, and what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromFiles {
    /// The organization.
    pub organization: Organization,
    /// The policies that are no SCPs, with their types: none of them is simulated.
    pub other_policies: Vec<(String, String)>,
    /// What was taken for granted, and what was not read.
    pub notes: Vec<String>,
}

/// The files of a folder. Names are paths below it, with `/` between their parts.
pub struct Folder<'a> {
    /// Their names.
    pub names: &'a BTreeSet<String>,
    /// The text of a file, or why it cannot be read.
    pub text: &'a dyn Fn(&str) -> Result<String, String>,
}

impl fmt::Debug for Folder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder").field("names", self.names).finish_non_exhaustive()
    }
}

impl Folder<'_> {
    /// The file with this name that is in the fewest folders, with the path of its folder: empty, or with `/`
    /// at its end. `None` if there is none.
    ///
    /// # Errors
    /// If several are in as few folders.
    pub fn find(&self, name: &str) -> Result<Option<&str>, FileProblem> {
        let is_it = |path: &&String| path.rsplit('/').next() == Some(name);
        let depth = |path: &str| path.bytes().filter(|byte| *byte == b'/').count();
        let found = self.names.iter().filter(is_it).collect::<Vec<_>>();
        let Some(least) = found.iter().map(|path| depth(path)).min() else { return Ok(None) };
        let mut found = found.into_iter().filter(|path| depth(path) == least);
        match (found.next(), found.next()) {
            (Some(path), None) => Ok(path.strip_suffix(name)),
            (Some(one), Some(other)) => {
                let expected = format!("one {name}: give the folder of one of them");
                Err(FileProblem::of_file(one, &expected, &format!("{other}, too")))
            }
            (None, _) => Ok(None),
        }
    }

    fn read(&self, name: &str) -> Result<String, FileProblem> {
        let problem = |found: String| Problem::new(Position::default(), "", "a text", &found);
        (self.text)(name).map_err(|found| FileProblem::new(name, problem(found)))
    }

    fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// The policy that AWS attaches to every node.
///
/// # Errors
/// None in practice.
pub fn full_access() -> Result<Arc<Policy>, Problem> {
    let document = Document::read(FULL_ACCESS, PolicyType::ServiceControl)?;
    let [id, name, file] = [FULL_ACCESS_ID, "FullAWSAccess", "FullAWSAccess"].map(str::to_owned);
    Ok(Arc::new(Policy { id, name, file, document }))
}

/// A path without the parts that lead nowhere: `./a/b/../c` is `a/c`.
fn normal(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// The line and the column of a place in a text.
fn line_and_column(text: &str, place: usize) -> (usize, usize) {
    let before = text.get(..place).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
