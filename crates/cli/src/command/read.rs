//! `hoptrail read`: reads objects into readings, from which `build` builds days.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::os::fd::AsFd;
use std::sync::Arc;

use logs::layout::LogKind;
use pipeline::{Layout, Lines, Progress, ReadEndpoints, ReadOutcome, ReadTo};
use store::{Location, Store};

use crate::args::{OutputArgs, ReadArgs};
use crate::command::run::{Job, Work};
use crate::command::{Signals, block_on};
use crate::exit::{Exit, Failure};
use crate::location;
use crate::messages::Messages;
use crate::number::{bytes, counted};
use crate::{progress, summary};

/// Reads.
///
/// # Errors
/// If an option or a key is invalid, the source cannot be read as a whole, or the readings cannot be written.
pub(crate) fn run(
    args: ReadArgs,
    output: &OutputArgs,
    messages: &Messages,
) -> Result<Exit, Failure> {
    let out = args.out.clone().filter(|out| out != "-");
    let out = out.as_deref().map(out_object).transpose()?;
    let job = Job::new(args.into_run(), Work::Run, messages)?;
    check(&job, out.as_ref())?;
    let read = block_on(async |signals| read(&job, out, signals, output, messages).await);
    let read = match read {
        // Whoever reads has gone (`| head`), and knows why.
        Err(Failure::Failed(error)) if is_broken_pipe(&error) => return Ok(Exit::Failed),
        read => read?,
    };
    Ok(tell(&read, messages))
}

/// Where `--out` is: a location, and the name of an object in it.
type OutObject = (Location, String);

fn out_object(text: &str) -> Result<OutObject, Failure> {
    let (parent, name) = text.rsplit_once('/').unwrap_or((".", text));
    if name.is_empty() {
        return Err(Failure::usage(format!("--out: expected an object or a file, found `{text}`")));
    }
    let parent = if parent.is_empty() { "/" } else { parent };
    Ok((location::required("--out", Some(parent))?, name.to_owned()))
}

/// That readings can be made of what is asked for.
fn check(job: &Job, out: Option<&OutObject>) -> Result<(), Failure> {
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
    match out {
        Some((location, _)) => {
            job.sources.iter().try_for_each(|read| location::check_apart(&read.location, location))
        }
        None => Ok(()),
    }
}

async fn read(
    job: &Job,
    out: Option<OutObject>,
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
        let out = open_out(job, out, messages).await?;
        let to = match &out {
            Some((store, key)) => ReadTo::Object { store: store.as_ref(), key },
            None => ReadTo::Stream(stdout()?),
        };
        let endpoints = ReadEndpoints {
            source: source.source(),
            invocation_logs: invocation_logs.as_ref(),
            destination: destination.as_deref(),
        };
        let keys = Lines::of(BufReader::new(io::stdin()))?;
        let reading = pipeline::read(endpoints, keys, to, &settings, &progress);
        progress::beside(reading, &progress, output, *messages).await.map_err(failure)
    };
    signals.or(reading).await?
}

async fn open_out(
    job: &Job,
    out: Option<OutObject>,
    messages: &Messages,
) -> Result<Option<(Arc<dyn Store>, String)>, Failure> {
    let Some((location, name)) = out else { return Ok(None) };
    let store = location::open_destination(&location, &job.dest_options, messages).await?;
    Ok(Some((store, name)))
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
