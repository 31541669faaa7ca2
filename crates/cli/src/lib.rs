//! The hoptrail command: arguments, settings, progress, summaries, exit codes.
//!
//! Data goes to stdout, everything else to stderr. The tokio runtime has one thread, which does I/O
//! only; computation runs on the pipeline's workers.

mod args;
mod command;
mod config;
mod escape;
mod exit;
mod knowledge;
mod location;
mod number;
mod progress;
mod range;
mod report;
mod settings;
mod summary;

pub use exit::Exit;

use clap::Parser;

use crate::args::{Arguments, Command};
use crate::command::run::Work;
use crate::exit::Failure;
use crate::report::Report;

/// Runs the command that was typed.
pub fn main() -> Exit {
    let arguments = Arguments::parse();
    let report = Report::new(arguments.output.log_format.unwrap_or_default());
    match run(arguments, &report) {
        Ok(exit) => exit,
        Err(failure) => {
            report.error(&failure.to_string());
            failure.exit()
        }
    }
}

fn run(arguments: Arguments, report: &Report) -> Result<Exit, Failure> {
    match arguments.command {
        Command::Run(args) => command::run::run(*args, Work::Run, &arguments.output, report),
        Command::Settle(args) => command::run::run(*args, Work::Settle, &arguments.output, report),
        Command::Plan(args) => command::plan::run(*args, &arguments.output, report),
        Command::Verify(args) => command::verify::run(*args, &arguments.output, report),
        Command::Ddl(args) => command::ddl::run(&args),
        Command::Prices(args) => command::prices::run(&args.command),
        Command::Explain(args) => command::explain::run(&args),
    }
}
