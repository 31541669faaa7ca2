//! `hoptrail plan --output keys|folders`, and what is given in place of a listing: `--folders`, `--keys`.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use pipeline::{Layout, Lines, ListOf, Plan, PlanRequest, Progress, Settings};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::args::{OutputArgs, PlanObjectArgs, PlanOutput};
use crate::command::run::Job;
use crate::command::{Signals, block_on, print};
use crate::exit::{Exit, Failure};
use crate::location::{self, OpenSource};
use crate::messages::Messages;
use crate::progress;

/// Chunks of keys that wait to be written, of 64 KiB each: a few, so that a slow reader slows down the listing.
const CHUNKS_AHEAD: usize = 4;

/// Prints the objects that a run would read.
///
/// # Errors
/// If an option or a line is invalid, or the source cannot be listed.
pub(super) fn keys(
    job: &Job,
    args: &PlanObjectArgs,
    output: &OutputArgs,
    messages: &Messages,
) -> Result<Exit, Failure> {
    check(job, args)?;
    let plan = block_on(async |signals| list(job, args, signals, output, messages).await)?;
    // Without one, the reader has gone (`| head`).
    let Some(plan) = plan else { return Ok(Exit::Done) };
    write_sums(&plan, args)?;
    Ok(super::tell(&plan, messages))
}

/// Prints the folders that a run would list.
///
/// # Errors
/// If an option is invalid, or the source cannot be searched or has no trail.
pub(super) fn folders(
    job: &Job,
    args: &PlanObjectArgs,
    output: &OutputArgs,
    messages: &Messages,
) -> Result<Exit, Failure> {
    let given = [("folders", &args.folders), ("keys", &args.keys), ("sums", &args.sums)];
    if let Some((option, _)) = given.iter().find(|(_, file)| file.is_some()) {
        return Err(Failure::usage(format!(
            "--{option} has no effect with --output folders, which lists no objects"
        )));
    }
    let (lines, plan) = block_on(async |signals| {
        let progress = Arc::new(Progress::default());
        let searching = async {
            let (source, settings, _) = open(job, args, messages).await?;
            let folders = pipeline::plan_folders(source.store.as_ref(), &settings);
            progress::beside(folders, &progress, output, *messages).await.map_err(Failure::from)
        };
        signals.or(searching).await?
    })?;
    print(&lines)?;
    Ok(super::tell(&plan, messages))
}

/// Lists, and writes to stdout meanwhile; `None` if the reader has gone.
async fn list(
    job: &Job,
    args: &PlanObjectArgs,
    signals: &mut Signals,
    output: &OutputArgs,
    messages: &Messages,
) -> Result<Option<Plan>, Failure> {
    let progress = Arc::new(Progress::default());
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    let writing = spawn_blocking(move || write(receiver));
    let listing = async {
        let (source, settings, request) = open(job, args, messages).await?;
        let keys =
            pipeline::plan_keys(source.store.as_ref(), request, &settings, sender, &progress);
        let plan = progress::beside(keys, &progress, output, *messages).await;
        plan.map_err(|error| failure(args, error))
    };
    let plan = signals.or(listing).await??;
    writing.await?.context("could not write to stdout")?;
    Ok(plan)
}

/// Writes to stdout what comes. A reader that has gone is not an error.
fn write(mut chunks: mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    while let Some(chunk) = chunks.blocking_recv() {
        match stdout.write_all(&chunk) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
    stdout.flush()
}

/// Rejects what cannot be done together, before anything is opened.
///
/// # Errors
/// If two things are to be read from standard input, or sums are of no days, or cannot be written.
pub(super) fn check(job: &Job, args: &PlanObjectArgs) -> Result<(), Failure> {
    if let Some((option, path)) = given(args)
        && path == Path::new("-")
        && job.sources.iter().any(|read| location::is_standard_input(&read.location))
    {
        return Err(Failure::usage(format!("{option} - and --source - are both standard input")));
    }
    if let Some(path) = &args.sums {
        if path == Path::new("-") {
            return Err(Failure::usage("--sums: expected a file, found `-`"));
        }
        if job.settings.range.is_none() {
            return Err(Failure::usage("--sums needs days: expected --last, --day, or --from"));
        }
    }
    Ok(())
}

/// Opens the source, and what is given in place of its listing.
///
/// # Errors
/// If one cannot be reached or read, or the source has no trails and something is asked for that trails have.
pub(super) async fn open(
    job: &Job,
    args: &PlanObjectArgs,
    messages: &Messages,
) -> Result<(OpenSource, Settings, PlanRequest), Failure> {
    let of = match given(args) {
        None => ListOf::Source,
        Some((option, path)) => {
            let lines = lines(path).with_context(|| format!("{option}: {}", path.display()))?;
            match args.keys {
                Some(_) => ListOf::Keys(lines),
                None => ListOf::Folders(lines),
            }
        }
    };
    let source = location::open_sources(&job.sources, &job.settings, messages).await?;
    let settings = Settings { layout: source.layout, ..job.settings.clone() };
    let needs_trails = match args {
        PlanObjectArgs { output: PlanOutput::Folders, .. } => Some("--output folders"),
        PlanObjectArgs { folders: Some(_), .. } => Some("--folders"),
        PlanObjectArgs { sums: Some(_), .. } => Some("--sums"),
        _ => None,
    };
    if let Some(option) = needs_trails.filter(|_| settings.layout == Layout::Any) {
        return Err(Failure::usage(format!(
            "{option} needs trails: the files of {} are read whatever they are called, and their days are \
             known only when they are read",
            source.store.location()
        )));
    }
    Ok((source, settings, PlanRequest { of, with_sums: args.sums.is_some() }))
}

/// The option that gives what is listed, with its file.
fn given(args: &PlanObjectArgs) -> Option<(&'static str, &Path)> {
    let PlanObjectArgs { folders, keys, .. } = args;
    let folders = folders.as_deref().map(|path| ("--folders", path));
    folders.or(keys.as_deref().map(|path| ("--keys", path)))
}

fn lines(path: &Path) -> anyhow::Result<Lines> {
    Ok(if path == Path::new("-") {
        Lines::of(BufReader::new(io::stdin()))?
    } else {
        Lines::of(BufReader::new(File::open(path).context("could not be read")?))?
    })
}

/// Why a plan failed; a line that is not as expected is named by its file's option.
pub(super) fn failure(args: &PlanObjectArgs, error: pipeline::Error) -> Failure {
    match (error, given(args)) {
        (pipeline::Error::Line(error), Some((option, path))) => {
            Failure::usage(format!("{option} {}, {error}", path.display()))
        }
        (error, _) => error.into(),
    }
}

/// Writes the sums to their file, if they are asked for.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write_sums(plan: &Plan, args: &PlanObjectArgs) -> Result<(), Failure> {
    if let (Some(path), Some(sums)) = (&args.sums, &plan.sums) {
        let could_not = || format!("could not write the sums {}", path.display());
        fs::write(path, sums.to_lines()).with_context(could_not)?;
    }
    Ok(())
}
