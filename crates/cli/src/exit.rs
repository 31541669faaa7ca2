//! Every exit code, documented once, for every command.

use std::fmt;
use std::process::ExitCode;

use crate::wrap::hanging;

/// Every exit code with what it says, in their order.
pub(crate) const CODES: [(Exit, &str); 8] = [
    (Exit::Done, "done"),
    (
        Exit::Failed,
        "failed: a day was not replaced, another run holds the destination, the source cannot be listed, fails as a \
         whole, has no trail, or nothing that --account or --source-region asks for; or `verify`, `catalog check`, \
         `prices check`, `plan --preflight`, or --verify-digests found something",
    ),
    (Exit::Usage, "invalid options or settings, or a file that they name"),
    (
        Exit::Partial,
        "partial, for reasons that stderr names: something is unreadable or rejected (see table `ingest`), was not \
         searched, does not match a filter, was not imported, or could not be tried (`plan --preflight`), or a day \
         could not be opened again for late calls; the rest is published, and the next run of the day tries again; \
         or part of a text or of two policies could not be read or compared (`policy explain`, `policy diff`)",
    ),
    (
        Exit::Gate,
        "a --fail-on condition holds; everything is published; or the list cost is, or may be, over the budget (`show \
         cost --budget`); or what was expected is not so (`policy simulate --expect`, `policy diff --expect`), a \
         policy is over its limit (`policy minify`), or another statement has to change first (`policy generate`)",
    ),
    (
        Exit::Nothing,
        "nothing matched: no objects (--fail-on empty), no known model, no price, no rows (`show`), no published day \
         (`show`, `report`, `explain`, `verify`), no day in the bill (`reconcile`), no denial (`policy explain`), no \
         call (`policy simulate`, `policy replay`)",
    ),
    (Exit::Interrupted, "interrupted (SIGINT)"),
    (Exit::Terminated, "terminated (SIGTERM)"),
];

/// The end of each command's `--help`.
pub(crate) fn help() -> String {
    const WIDTH: usize = 80;
    let lines = CODES
        .iter()
        .map(|(exit, text)| hanging(text, WIDTH, &format!("\n{:>5}  ", exit.code()), "       "));
    std::iter::once("Exit codes:".to_owned()).chain(lines).collect()
}

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done.
    Done = 0,
    /// It failed; days that were published before are complete.
    Failed = 1,
    /// The options or settings are invalid: also clap's.
    Usage = 2,
    /// Something was unreadable or rejected, or a day lacks calls that were delivered late; the rest is published.
    Partial = 3,
    /// A condition of `--fail-on` holds; everything is published. It takes precedence over `Partial`.
    Gate = 4,
    /// Nothing matched: no objects with `--fail-on empty`, no known model, no price.
    Nothing = 5,
    /// Interrupted by SIGINT.
    Interrupted = 130,
    /// Terminated by SIGTERM.
    Terminated = 143,
}

/// Why a command ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The options or settings are invalid.
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
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

impl Failure {
    /// Invalid options or settings.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Failure::Usage(message.into())
    }

    /// What is wrong with a file of settings, or with one that an option names.
    pub(crate) fn of_options(error: &anyhow::Error) -> Self {
        Failure::Usage(format!("{error:#}"))
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Failure::Usage(_) => Exit::Usage,
            Failure::Failed(error) => match error.downcast_ref::<pipeline::Error>() {
                // The settings file has to tell two sources apart.
                Some(pipeline::Error::SameName { .. } | pipeline::Error::Line(_)) => Exit::Usage,
                _ => Exit::Failed,
            },
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
            Failure::Signal(Exit::Terminated) => {
                f.write_str("terminated; days already published are complete")
            }
            Failure::Signal(_) => f.write_str("interrupted; days already published are complete"),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Failed(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_their_order() {
        assert!(CODES.is_sorted_by_key(|(exit, _)| exit.code()));
        assert!(help().lines().all(|line| line.chars().count() <= 80), "{}", help());
    }

    /// The table of what Batch does with each code, against the template that has it do so.
    #[test]
    fn page_on_deployment_has_every_code_as_the_template_has_it() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let read = |name: &str| std::fs::read_to_string(root.join(name)).expect("a file");
        let (page, template) = (read("docs/deploy.md"), read("config/deploy/aws/hoptrail.yaml"));
        let (_, table) = page.split_once("| code | AWS Batch |").expect("the table");
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
        let of_batch = cells.map(|cells| {
            let code = cells[1].split(' ').next().and_then(|code| code.parse::<u8>().ok());
            (code.expect("a code"), cells[2].to_owned())
        });
        let of_batch = of_batch.collect::<std::collections::BTreeMap<_, _>>();
        assert!(of_batch.keys().copied().eq(CODES.map(|(exit, _)| exit.code())), "{of_batch:?}");
        for (code, what) in of_batch {
            let ends = template.contains(&format!("{{ OnExitCode: \"{code}\", Action: EXIT }}"));
            let expected = match (code, ends) {
                (0, _) => "succeeds",
                (_, true) => "fails",
                (_, false) => "is tried once more, then fails",
            };
            assert_eq!(what, expected, "{code}");
        }
    }
}
