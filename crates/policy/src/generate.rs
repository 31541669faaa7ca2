//! Writes the smallest policy that reaches a goal, and proves it before anyone sees it.
//!
//! A goal says which calls it is about ([`goal`]). What it writes is tried on a matrix of calls ([`matrix`]):
//! every way to call a model, from several Regions, before and after, leg by leg. The matrix has to hold both
//! if AWS asks for the legs that are only possible and if it does not.

pub(crate) mod call;
mod catalog_calls;
mod change;
mod draft;
pub mod form;
pub mod goal;
mod grants;
mod ground;
pub mod matrix;
mod obstacle;
mod scene;
mod size;
mod sparing;

use std::sync::Arc;

pub use call::{MatrixCall, Way};
pub use change::{managed_by_control_tower, statement_text};
pub use ground::{Ground, Place};
pub use matrix::{Cell, Expected, Matrix, Outcome};
pub use obstacle::Obstacle;
pub use scene::{Scene, Wanted};
pub use size::{Size, limit};

use crate::document::Document;
use crate::evaluate::Policy;
use crate::leg::ImpossibleCall;
use crate::problem::Problem;
use crate::simulate::Simulation;
use bedrock::denial::PolicyType;

/// What is wanted of a policy.
pub trait Goal: std::fmt::Debug {
    /// The name of what it writes, where the user gives none.
    fn name(&self) -> &str;

    /// What the result does, as a sentence without its period.
    fn sentence(&self) -> String;

    /// What stands beforehand besides the policies of the ground: a control that is enabled already.
    ///
    /// # Errors
    /// If it cannot be written.
    fn standing(&self) -> Result<Vec<Part>, GenerateError> {
        Ok(Vec::new())
    }

    /// What to deploy.
    ///
    /// # Errors
    /// If it cannot be written.
    fn parts(&self, ground: &Ground<'_>) -> Result<Vec<Part>, GenerateError>;

    /// What a call has to come to. `before` is the call as it is now.
    fn expected(&self, call: &MatrixCall, place: &Place, before: &Simulation<'_>) -> Expected;

    /// Calls that the matrix has besides those of every matrix.
    fn calls(&self, _ground: &Ground<'_>) -> Vec<MatrixCall> {
        Vec::new()
    }

    /// Calls through profiles of the catalog that policies may tell apart from those of the scene.
    fn catalog_calls(&self, _ground: &Ground<'_>) -> Vec<MatrixCall> {
        Vec::new()
    }

    /// Why no policy has to change, where that is so; a sentence without its period.
    fn nothing_to_change(&self) -> String {
        format!("what stands {} already", self.sentence())
    }

    /// What one should know of the result.
    fn notes(&self) -> Vec<String>;

    /// Patterns of profiles that a statement which denies would have to spare.
    fn exemptions(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether it writes an identity-based policy, without which nothing is allowed.
    fn is_of_identity(&self) -> bool {
        false
    }
}

/// A part of a result.
#[derive(Debug, Clone)]
pub enum Part {
    /// A new policy: an SCP, or an identity-based one.
    New(Arc<Policy>, PolicyType),
    /// A policy that is attached already, changed.
    Changed {
        /// As it is.
        policy: Arc<Policy>,
        /// As it would be.
        document: Document,
        /// The statements that differ, by their places in the old document.
        statements: Vec<usize>,
    },
    /// A control of Control Tower, which writes its own SCP.
    Control(Control),
}

/// A control of Control Tower with its parameters.
#[derive(Debug, Clone)]
pub struct Control {
    /// `CT.MULTISERVICE.PV.1`.
    pub identifier: &'static str,
    /// Its parameters: key and values.
    pub parameters: Vec<(&'static str, Vec<String>)>,
    /// What of its SCP matters here; AWS writes the whole one.
    pub policy: Arc<Policy>,
}

/// A result.
#[derive(Debug)]
pub struct Generated {
    /// What to deploy; empty if nothing has to change.
    pub parts: Vec<Part>,
    /// What was tried.
    pub matrix: Matrix,
    /// Statements that are not part of the result and deny what the goal is to allow.
    pub obstacles: Vec<Obstacle>,
    /// What one should know.
    pub notes: Vec<String>,
}

/// Why nothing could be written.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// What was written is no policy.
    #[error("what was written cannot be read back: {0}")]
    Problem(#[from] Problem),
    /// A call of the matrix cannot be.
    #[error("{0}")]
    Call(#[from] ImpossibleCall),
    /// The goal does not fit what is known.
    #[error("{0}")]
    Goal(String),
}

impl GenerateError {
    pub(crate) fn goal(message: impl Into<String>) -> Self {
        GenerateError::Goal(message.into())
    }
}

impl Part {
    /// A new SCP.
    pub(crate) fn scp(name: &str, document: Document) -> Self {
        Part::New(policy(name, document), PolicyType::ServiceControl)
    }

    /// The document that is deployed; `None` of a control, whose document is AWS's.
    pub fn document(&self) -> Option<&Document> {
        match self {
            Part::New(policy, _) => Some(&policy.document),
            Part::Changed { document, .. } => Some(document),
            Part::Control(_) => None,
        }
    }

    /// The name of the policy.
    pub fn name(&self) -> &str {
        match self {
            Part::New(policy, _) | Part::Changed { policy, .. } => &policy.name,
            Part::Control(control) => control.identifier,
        }
    }

    /// The type of the policy.
    pub fn policy_type(&self) -> PolicyType {
        match self {
            Part::New(_, policy_type) => *policy_type,
            Part::Changed { .. } | Part::Control(_) => PolicyType::ServiceControl,
        }
    }

    /// The same part with another document.
    pub fn with_document(&self, changed: Document) -> Self {
        match self {
            Part::New(policy, policy_type) => {
                Part::New(self::policy(&policy.name, changed), *policy_type)
            }
            Part::Changed { policy, statements, .. } => {
                let (policy, statements) = (Arc::clone(policy), statements.clone());
                Part::Changed { policy, document: changed, statements }
            }
            Part::Control(control) => Part::Control(control.clone()),
        }
    }
}

/// A policy of which nothing but a name and a document is there yet.
pub(crate) fn policy(name: &str, document: Document) -> Arc<Policy> {
    let [id, name, file] = [name, name, name].map(str::to_owned);
    Arc::new(Policy { id, name, file, document })
}

/// Writes what a goal asks for, and tries it.
///
/// # Errors
/// If nothing can be written.
pub fn generate(goal: &dyn Goal, ground: &Ground<'_>) -> Result<Generated, GenerateError> {
    let parts = goal.parts(ground)?;
    let matrix = matrix::prove(goal, ground, &parts)?;
    let obstacles = obstacle::find(goal, ground, &parts)?;
    Ok(Generated { parts, matrix, obstacles, notes: goal.notes() })
}
