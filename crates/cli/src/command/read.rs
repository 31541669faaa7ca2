//! `hoptrail read`: reads objects into readings, from which `build` builds days.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use logs::layout::LogKind;
use pipeline::{Layout, Lines, Progress, ReadEndpoints, ReadForm, ReadOutcome, ReadTo, Shard};
use store::Location;

use crate::args::{FormArg, OutputArgs, ReadArgs};
use crate::command::run::{Job, Work};
use crate::command::{Signals, block_on};
use crate::exit::{Exit, Failure};
use crate::location;
use crate::messages::Messages;
use crate::number::{bytes, counted};
use crate::{progress, range, summary};

/// Reads.
///
/// # Errors
/// If an option or a key is invalid, the source cannot be read as a whole, or the readings cannot be written.
pub(crate) fn run(
    args: ReadArgs,
    output: &OutputArgs,
    messages: &Messages,
) -> Result<Exit, Failure> {
    let out = Out::of(args.out.as_deref(), args.shard.as_deref())?;
    let form = args.form;
    if form == FormArg::Calls && args.shard.is_some() {
        return Err(Failure::usage("--shard writes readings: expected --form readings"));
    }
    let includes_orphans = args.logs.include_orphans;
    let mut job = Job::new(args.into_run(), Work::Read, messages)?;
    // Another read may have the logs, and the readings of all must be made with the same.
    job.settings.include_orphans |= includes_orphans;
    check(&job, &out)?;
    let read = block_on(async |signals| read(&job, (out, form), signals, output, messages).await);
    let read = match read {
        // Whoever reads has gone (`| head`), and knows why.
        Err(Failure::Failed(error)) if is_broken_pipe(&error) => return Ok(Exit::Failed),
        read => read?,
    };
    Ok(tell(&read, messages))
}

/// Where `--out` is.
#[derive(Debug)]
enum Out {
    Stdout,
    /// A device or a pipe, which is written into: it is no file to replace.
    Device(PathBuf),
    /// An object of this name.
    Object(Location, String),
    /// The folder of all shards, for one of them.
    Folder(Location, Shard),
}

impl Out {
    fn of(text: Option<&str>, shard: Option<&str>) -> Result<Self, Failure> {
        let usage = |why: String| Err(Failure::usage(format!("--out: {why}")));
        let text = text.filter(|text| *text != "-");
        match (text, shard) {
            (None, None) => Ok(Out::Stdout),
            (None, Some(_)) => usage("expected the folder of all shards, for --shard".to_owned()),
            (Some(folder), Some(shard)) => Ok(Out::Folder(
                location::required("--out", Some(folder))?,
                range::shard("--shard", shard)?,
            )),
            (Some(text), None) => {
                let is_file = |found: fs::Metadata| found.is_file() || found.is_dir();
                if !fs::metadata(text).map_or(true, is_file) {
                    return Ok(Out::Device(PathBuf::from(text)));
                }
                let (parent, name) = text.rsplit_once('/').unwrap_or((".", text));
                if name.is_empty() {
                    return usage(format!("expected an object or a file, found `{text}`"));
                }
                let parent = if parent.is_empty() { "/" } else { parent };
                Ok(Out::Object(location::required("--out", Some(parent))?, name.to_owned()))
            }
        }
    }

    fn location(&self) -> Option<&Location> {
        match self {
            Out::Stdout | Out::Device(_) => None,
            Out::Object(location, _) | Out::Folder(location, _) => Some(location),
        }
    }
}

/// That readings can be made of what is asked for.
fn check(job: &Job, out: &Out) -> Result<(), Failure> {
    let settings = &job.settings;
    if settings.kind == LogKind::ModelInvocation {
        return Err(Failure::usage("read needs --source: readings are those of a trail"));
    }
    if settings.layout == Layout::Any || settings.range.is_none() {
        return Err(Failure::usage("read needs days, and a layout that has them"));
    }
    if job.log_templates.is_some() {
        return Err(Failure::usage(
            "--invocation-logs with {account} or {region} has no effect on read: name each location",
        ));
    }
    let apart = |out: &Location| {
        job.sources.iter().try_for_each(|read| location::check_apart(&read.location, out))
    };
    out.location().map_or(Ok(()), apart)
}

async fn read(
    job: &Job,
    (out, form): (Out, FormArg),
    signals: &mut Signals,
    output: &OutputArgs,
    messages: &Messages,
) -> Result<ReadOutcome, Failure> {
    let progress = Arc::new(Progress::default());
    let reading = async {
        let source = location::open_sources(&job.sources, &job.settings, messages).await?;
        let mut settings = job.settings.clone();
        settings.layout = source.layout;
        if settings.layout == Layout::Any {
            return Err(Failure::usage(format!(
                "read needs trails: the files of {} are read whatever they are called, and their days are \
                 known only when they are read",
                source.store.location()
            )));
        }
        let invocation_logs = job.open_logs(messages).await?;
        let destination = match &job.dest {
            Some(dest) => {
                Some(location::open_destination(dest, &job.dest_options, messages).await?)
            }
            None => None,
        };
        let store = match out.location() {
            Some(out) => Some(location::open_destination(out, &job.dest_options, messages).await?),
            None => None,
        };
        let endpoints = ReadEndpoints {
            source: source.source(),
            invocation_logs: invocation_logs.as_ref(),
            destination: destination.as_deref(),
        };
        let (settings, progress_of) = (&settings, &progress);
        let reading = async {
            let to = match (store.as_deref(), &out) {
                (Some(folder), Out::Folder(_, shard)) => {
                    let read =
                        pipeline::read_shard(endpoints, *shard, folder, settings, progress_of);
                    return read.await.map_err(Failure::from);
                }
                (Some(store), Out::Object(_, key)) => ReadTo::Object { store, key },
                (_, Out::Device(path)) => {
                    let device = OpenOptions::new().write(true).open(path);
                    let not_open = || format!("--out: {} cannot be opened", path.display());
                    ReadTo::Stream(Box::new(device.with_context(not_open)?))
                }
                _ => ReadTo::Stream(stdout()?),
            };
            let keys = Lines::of(BufReader::new(io::stdin()))?;
            let form = match form {
                FormArg::Readings => ReadForm::Readings,
                FormArg::Calls => ReadForm::Calls(Box::new(job.knowledge.clone())),
            };
            let read = pipeline::read(endpoints, keys, (to, form), settings, progress_of);
            read.await.map_err(failure)
        };
        progress::beside(reading, &progress, output, *messages).await
    };
    signals.or(reading).await?
}

/// Standard output, without the buffer that looks for the ends of lines.
fn stdout() -> io::Result<Box<dyn Write + Send>> {
    Ok(Box::new(File::from(io::stdout().as_fd().try_clone_to_owned()?)))
}

/// Why reading failed; a line that is not as expected is named as one of standard input.
fn failure(error: pipeline::Error) -> Failure {
    match error {
        pipeline::Error::Line(error) => Failure::usage(format!("standard input, {error}")),
        error => error.into(),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<pipeline::Error>().is_some_and(pipeline::Error::is_broken_pipe)
}

/// Says what was read, and what is partial about it.
fn tell(read: &ReadOutcome, messages: &Messages) -> Exit {
    let ReadOutcome { run, left_out, rows } = read;
    if *left_out > 0 {
        let keys = counted(*left_out, "key");
        let why = "not of the days, accounts, or Regions that are asked for";
        messages.note(&format!("{keys} left out: {why}"));
    }
    let objects = counted(run.objects.read + run.objects.unreadable, "object");
    let (records, calls) = (run.records.records, run.records.calls);
    messages.note(&format!(
        "read {objects}, {}: {}, {}; wrote {}",
        bytes(run.objects.bytes),
        counted(records, "record"),
        counted(calls, "call"),
        counted(*rows, "row"),
    ));
    let partial = summary::partial::reasons(run);
    partial.iter().for_each(|reason| messages.warn(reason));
    if partial.is_empty() { Exit::Done } else { Exit::Partial }
}
