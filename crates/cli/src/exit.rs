//! Every exit code, documented once.

use std::fmt;
use std::process::ExitCode;

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All was done. (0)
    Done,
    /// It failed; what was published before stands. (1)
    Failed,
    /// What was typed or set cannot be used. (2, also clap's)
    Usage,
    /// Something was unreadable or rejected; the rest is published. (3)
    Partial,
    /// A gate of `--fail-on` tripped; everything is published. It goes before `Partial`. (4)
    Gate,
    /// Nothing matched: no objects with `--fail-on empty`, or a reference that is not known. (5)
    Nothing,
    /// Interrupted by SIGINT. (130)
    Interrupted,
    /// Ended by SIGTERM. (143)
    Terminated,
}

/// Why the command ends early.
#[derive(Debug)]
pub enum Failure {
    /// What was typed or set cannot be used.
    Usage(String),
    /// Something went wrong.
    Failed(anyhow::Error),
    /// What was asked for is not known.
    Nothing(String),
    /// A signal came.
    Signal(Exit),
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Partial => 3,
            Exit::Gate => 4,
            Exit::Nothing => 5,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

impl Failure {
    /// A usage error.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure::Usage(message.into())
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Failure::Usage(_) => Exit::Usage,
            Failure::Failed(_) => Exit::Failed,
            Failure::Nothing(_) => Exit::Nothing,
            Failure::Signal(exit) => *exit,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(message) | Failure::Nothing(message) => f.write_str(message),
            // The whole chain in one line: what failed, then why.
            Failure::Failed(error) => write!(f, "{error:#}"),
            Failure::Signal(_) => f.write_str("interrupted; days that were published stand whole"),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Failed(error.into())
    }
}
