//! A manual page of a command: what clap knows of it, and the exit codes, the environment, and the files.

use std::io;

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use crate::exit;

/// Files that commands read or write, with what they are.
const FILES: [(&str, &str); 3] = [
    (
        "hoptrail.toml",
        "Settings, for --config. An option wins over the environment, and the environment over the file.",
    ),
    (
        "DEST/TABLE/dt=YYYY-MM-DD/part-0.parquet",
        "A day of a table. DEST is the location of --dest.",
    ),
    (
        "DEST/_hoptrail/",
        "Manifests, leases, and what is known from earlier runs. It belongs to the tables.",
    ),
];

/// The page of a command that is built.
///
/// # Errors
/// If it cannot be written to memory, which cannot be.
pub(super) fn page(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone());
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    if command.get_subcommands().any(|one| !one.is_hide_set()) {
        man.render_subcommands_section(&mut out)?;
    }
    exit_status().to_writer(&mut out)?;
    if let Some(section) = environment(command) {
        section.to_writer(&mut out)?;
    }
    files().to_writer(&mut out)?;
    Ok(out)
}

/// The exit codes, as `--help` has them.
fn exit_status() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (exit, text) in exit::CODES {
        roff.control("TP", []).text([bold(exit.code().to_string())]).text([roman(text)]);
    }
    roff
}

/// The variables that set options.
fn environment(command: &Command) -> Option<Roff> {
    let variable = |arg: &Arg| {
        let name = arg.get_env().and_then(|name| name.to_str()).map(str::to_owned);
        Some((name.or_else(|| of_help(arg))?, arg.get_long()?.to_owned()))
    };
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
    let mut variables = shown.filter_map(variable).collect::<Vec<_>>();
    variables.sort();
    let mut roff = Roff::new();
    roff.control("SH", ["ENVIRONMENT"]);
    for (name, option) in &variables {
        let text = [roman("Sets "), bold(format!("--{option}")), roman(".")];
        roff.control("TP", []).text([bold(name.as_str())]).text(text);
    }
    (!variables.is_empty()).then_some(roff)
}

/// The variable that the text of an option names: those of days exclude one another, which clap cannot say of variables.
fn of_help(arg: &Arg) -> Option<String> {
    let help = arg.get_help()?.to_string();
    let (_, rest) = help.split_once("[env: ")?;
    Some(rest.split_once('=')?.0.to_owned())
}

fn files() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["FILES"]);
    for (name, about) in FILES {
        roff.control("TP", []).text([italic(name)]).text([roman(about)]);
    }
    roff
}
