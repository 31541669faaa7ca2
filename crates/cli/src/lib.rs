//! The hoptrail command: arguments, settings, progress, summaries, exit codes.
//!
//! Data goes to stdout, everything else to stderr. The tokio runtime has one thread, which does I/O
//! only; computation runs on the pipeline's workers.

mod answer;
mod approved;
mod args;
mod command;
mod config;
mod escape;
mod exit;
mod knowledge;
mod location;
mod messages;
mod metrics;
mod number;
mod policy_type;
mod progress;
mod range;
mod region;
mod settings;
mod summary;
mod version;
mod whole_file;
mod wrap;

pub use exit::Exit;

use anyhow::Context;
use clap::Parser;
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::args::{Arguments, Command};
use crate::command::run::Work;
use crate::exit::Failure;
use crate::messages::Messages;

/// Runs the command that was typed.
pub fn main() -> Exit {
    if asks_for_versions() {
        return versions();
    }
    let arguments = Arguments::parse();
    let messages = Messages::new(arguments.output.log_format.unwrap_or_default());
    match no_core_dumps().and_then(|()| run(arguments, &messages)) {
        Ok(exit) => exit,
        Err(failure) => {
            messages.error(&failure.to_string());
            failure.exit()
        }
    }
}

/// Whether `--version -v` was typed; `--version` alone is clap's.
fn asks_for_versions() -> bool {
    let typed = std::env::args_os().skip(1).collect::<Vec<_>>();
    let has = |names: [&str; 2]| typed.iter().any(|word| names.iter().any(|name| word == name));
    typed.len() == 2
        && has(["--version", "-V"])
        && (has(["-v", "--verbose"]) || has(["-vv", "-vv"]))
}

/// Prints the version, that of the tables' schema, and how old the built-in catalog and price book are.
fn versions() -> Exit {
    let dates = summary::age::dates(&bedrock::Knowledge::embedded());
    let schema = tables::table::SCHEMA_VERSION;
    let text = format!("hoptrail {}\nschema version {schema}\n{dates}\n", version::VERSION);
    if command::print(&text).is_ok() { Exit::Done } else { Exit::Failed }
}

/// Has the system write no image of the memory if the program crashes: bodies of invocation logs may hold
/// prompts and completions.
fn no_core_dumps() -> Result<(), Failure> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    Ok(setrlimit(Resource::Core, none).context("core dumps cannot be turned off")?)
}

fn run(arguments: Arguments, messages: &Messages) -> Result<Exit, Failure> {
    match arguments.command {
        Command::Run(args) => command::run::run(*args, Work::Run, &arguments.output, messages),
        Command::Settle(args) => {
            command::run::run(*args, Work::Settle, &arguments.output, messages)
        }
        Command::Build(args) => command::build::run(*args, &arguments.output, messages),
        Command::Read(args) => command::read::run(*args, &arguments.output, messages),
        Command::Plan(args) => command::plan::run(*args, &arguments.output, messages),
        Command::Verify(args) => command::verify::run(*args, &arguments.output, messages),
        Command::Show(args) => command::show::run(*args, messages),
        Command::Report(args) => command::report::run(*args, messages),
        Command::Ddl(args) => command::ddl::run(&args, messages),
        Command::Prices(args) => command::prices::run(&args.command, messages),
        Command::Catalog(args) => command::catalog::run(&args.command, messages),
        Command::Explain(args) => command::explain::run(*args, messages),
        Command::Reconcile(args) => command::reconcile::run(*args, messages),
        Command::Generate(args) => command::generate::run(&args),
        Command::Policy(args) => command::policy::run(args.command, &arguments.output, messages),
    }
}
