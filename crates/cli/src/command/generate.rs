//! `hoptrail generate`: manual pages and completions, from the declarations of the command line.

mod man;

use std::fs;
use std::path::Path;

use anyhow::Context;
use clap::{Command, CommandFactory};
use clap_complete::{Generator, Shell};

use crate::args::{Arguments, GenerateArgs, Generated};
use crate::command::print;
use crate::exit::{Exit, Failure};

const NAME: &str = "hoptrail";

/// Writes them.
///
/// # Errors
/// If a file cannot be written.
pub(crate) fn run(args: &GenerateArgs) -> Result<Exit, Failure> {
    let shell = match args.what {
        Generated::Man => return manual(args.out.as_deref()),
        Generated::Bash => Shell::Bash,
        Generated::Zsh => Shell::Zsh,
        Generated::Fish => Shell::Fish,
        Generated::Powershell => Shell::PowerShell,
    };
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), NAME, &mut text);
    match &args.out {
        Some(folder) => write(folder, &shell.file_name(NAME), &text)?,
        None => print(&String::from_utf8(text).context("completions are no text")?)?,
    }
    Ok(Exit::Done)
}

/// A page for each command, or that of all commands on stdout.
fn manual(folder: Option<&Path>) -> Result<Exit, Failure> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    match folder {
        Some(folder) => pages(&command, folder)?,
        None => print(&String::from_utf8(man::page(&command)?).context("a page is no text")?)?,
    }
    Ok(Exit::Done)
}

fn pages(command: &Command, folder: &Path) -> Result<(), Failure> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    write(folder, &format!("{name}.1"), &man::page(command)?)?;
    for one in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        pages(one, folder)?;
    }
    Ok(())
}

fn write(folder: &Path, name: &str, text: &[u8]) -> anyhow::Result<()> {
    let file = folder.join(name);
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&file, text))
        .with_context(|| format!("could not write {}", file.display()))
}
