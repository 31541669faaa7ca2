//! `hoptrail policy`: what policies make of calls.

mod calls;
mod change;
mod diff;
mod doubts;
mod events;
mod explain;
mod file;
mod generate;
mod identities;
mod json;
mod lint;
mod many;
mod minify;
mod organization;
mod policies;
mod replay;
mod simulate;
mod simulator;
mod text;

use crate::args::{OutputArgs, PolicyCommand};
use crate::exit::{Exit, Failure};
use crate::messages::Messages;

/// Runs one of its commands.
///
/// # Errors
/// If an option, a policy, an organization, or a call is invalid.
pub(crate) fn run(
    command: PolicyCommand,
    output: &OutputArgs,
    messages: &Messages,
) -> Result<Exit, Failure> {
    match command {
        PolicyCommand::Explain(args) => explain::run(*args, messages),
        PolicyCommand::Simulate(args) => simulate::run(*args, messages),
        PolicyCommand::Lint(args) => lint::run(&args, messages),
        PolicyCommand::Generate(args) => generate::run(args.goal, messages),
        PolicyCommand::Minify(args) => minify::run(&args, messages),
        PolicyCommand::Diff(args) => diff::run(&args, messages),
        PolicyCommand::Replay(args) => replay::run(*args, output, messages),
    }
}
