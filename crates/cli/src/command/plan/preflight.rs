//! `hoptrail plan --preflight`: whether a run may do all that it needs, and what is missing if not.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process;

use anyhow::Context;
use logs::layout::LogKind;
use pipeline::{Need, Preflight, Tried, Try};
use store::{Encryption, Location};

use crate::args::Output;
use crate::command::run::Job;
use crate::command::{block_on, print};
use crate::escape::escaped;
use crate::exit::{Exit, Failure};
use crate::location::{self, ReadLocation};
use crate::messages::Messages;
use crate::number::{counted, grouped};

/// Tries everything that can be tried, whatever fails.
///
/// # Errors
/// If there is no destination, or the folder where one would be cannot be used.
pub(super) fn run(job: &Job, format: Output, messages: &Messages) -> Result<Exit, Failure> {
    if job.settings.kind != LogKind::CloudTrail {
        return Err(Failure::usage(
            "--preflight needs --source: it tries what a run with a trail needs",
        ));
    }
    let dest = location::given("--dest", job.dest.as_ref())?;
    let preflight = block_on(async |signals| {
        // Boxed, because the compiler would lay out all that may wait in it as one.
        let mut preflight = signals.or(Box::pin(try_reading(job, messages))).await?;
        // A signal would leave behind what is written.
        Box::pin(destination(&mut preflight, job, dest, messages)).await?;
        Ok(preflight)
    })?;
    match format {
        Output::Text => print(&text(&preflight)?)?,
        Output::Json => print(&format!("{}\n", serde_json::to_string_pretty(&preflight)?))?,
    }
    if preflight.has_failed() {
        messages.error("a run may not do all that it needs");
        return Ok(Exit::Failed);
    }
    if preflight.is_partial() {
        messages.warn("not everything could be tried");
        return Ok(Exit::Partial);
    }
    Ok(Exit::Done)
}

/// Tries the sources and the model invocation logs.
async fn try_reading(job: &Job, messages: &Messages) -> Preflight {
    let mut preflight = Preflight {
        kms_key: match &job.dest_options.encryption {
            Some(Encryption::Kms { key_id }) => key_id.clone(),
            _ => None,
        },
        has_acl: job.dest_options.acl.is_some(),
        ..Preflight::default()
    };
    for read in &job.sources {
        Box::pin(source(&mut preflight, job, read, messages)).await;
    }
    for read in &job.invocation_logs {
        Box::pin(invocation_logs(&mut preflight, job, read, messages)).await;
    }
    for read in &job.batch_outputs {
        Box::pin(batch_outputs(&mut preflight, job, read, messages)).await;
    }
    if job.log_templates.is_some() {
        let why = "its locations are known only from calls";
        preflight
            .notes
            .push(format!("--invocation-logs with {{account}} or {{region}} is not tried: {why}"));
    }
    preflight
}

async fn source(preflight: &mut Preflight, job: &Job, read: &ReadLocation, messages: &Messages) {
    let only = std::slice::from_ref(read);
    match location::open_sources(only, &job.settings, messages).await {
        Ok(opened) => {
            let mut settings = job.settings.clone();
            settings.layout = opened.layout;
            preflight.source(opened.store.as_ref(), &settings).await;
        }
        Err(failure) => not_opened(preflight, Need::ListSource, &read.location, &failure),
    }
}

async fn invocation_logs(
    preflight: &mut Preflight,
    job: &Job,
    read: &ReadLocation,
    messages: &Messages,
) {
    let requests = job.settings.requests_in_flight;
    match location::open_only_logs(read, requests, messages).await {
        Ok(logs) => preflight.invocation_logs(&logs, &job.settings).await,
        Err(failure) => not_opened(preflight, Need::ListInvocationLogs, &read.location, &failure),
    }
}

async fn batch_outputs(
    preflight: &mut Preflight,
    job: &Job,
    read: &ReadLocation,
    messages: &Messages,
) {
    let requests = job.settings.requests_in_flight;
    let only = std::slice::from_ref(read);
    match location::open_batch_outputs(only, requests, messages).await {
        Ok(Some(store)) => preflight.batch_outputs(store.as_ref(), &job.settings).await,
        Ok(None) => {}
        Err(failure) => not_opened(preflight, Need::ListBatchOutputs, &read.location, &failure),
    }
}

/// Tries the destination. A folder is tried by one beside it, because what writers leave in a folder for each
/// other would stay.
async fn destination(
    preflight: &mut Preflight,
    job: &Job,
    dest: &Location,
    messages: &Messages,
) -> Result<(), Failure> {
    let Location::Folder(path) = dest else {
        match location::open_destination(dest, &job.dest_options, messages).await {
            Ok(store) => preflight.destination(store.as_ref()).await,
            Err(failure) => not_opened(preflight, Need::ListDestination, dest, &failure),
        }
        return Ok(());
    };
    let tried = existing(path).join(format!(".hoptrail-preflight-{}", process::id()));
    let location = Location::Folder(tried.clone());
    match location::open_destination(&location, &job.dest_options, messages).await {
        Ok(store) => preflight.destination(store.as_ref()).await,
        Err(failure) => not_opened(preflight, Need::WriteDestination, dest, &failure),
    }
    if tried.exists() {
        let removed = std::fs::remove_dir_all(&tried);
        removed.with_context(|| format!("could not remove {}", tried.display()))?;
    }
    Ok(())
}

/// A folder, or the nearest one above it that exists.
fn existing(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

fn not_opened(preflight: &mut Preflight, need: Need, location: &Location, failure: &Failure) {
    let error = match failure {
        Failure::Failed(error) => error.downcast_ref::<store::Error>(),
        _ => None,
    };
    preflight.not_opened(need, &location.to_string(), failure.to_string(), error);
}

/// Writing to a string cannot fail; therefore, results of `writeln!` are ignored.
fn text(preflight: &Preflight) -> Result<String, Failure> {
    let mut out = String::from("Preflight: what a run needs\n\n");
    for tries in preflight.tries.chunk_by(|a, b| is_alike(a) && is_alike(b) && is_same(a, b)) {
        if let [first, _, ..] = tries {
            let n_tries = counted(tries.len() as u64, "account");
            line(&mut out, first, &format!("one object of each of {n_tries}"));
        } else if let [only] = tries {
            line(&mut out, only, only.object.as_deref().unwrap_or_default());
        }
    }
    let requests = &preflight.requests;
    let _ = writeln!(
        out,
        "\n  Requests   {} LIST, {} GET, {} PUT, {} DELETE",
        grouped(requests.list),
        grouped(requests.get),
        grouped(requests.put),
        grouped(requests.delete),
    );
    if let Some(left) = &preflight.left {
        let _ = writeln!(out, "\nCould not be deleted, and is left: {}", escaped(left));
    }
    for missing in &preflight.missing {
        let _ = writeln!(out, "\nTo be added to {}:\n", missing.add_to);
        let _ = writeln!(out, "{}", serde_json::to_string_pretty(&missing.statements)?);
    }
    for note in &preflight.notes {
        let _ = writeln!(out, "\nNote: {}", escaped(note));
    }
    Ok(out)
}

/// Whether tries of many accounts are told in one line: what fails has one of its own.
fn is_alike(tried: &Try) -> bool {
    tried.need == Need::ReadSource && tried.result == Tried::Done
}

fn is_same(a: &Try, b: &Try) -> bool {
    a.location == b.location
}

fn line(out: &mut String, tried: &Try, what: &str) {
    let result = match tried.result {
        Tried::Done => "ok",
        Tried::Failed => "FAILED",
        Tried::NotTried => "not tried",
    };
    let need = match tried.need {
        Need::ListSource => "list the source",
        Need::ReadSource => "read the source",
        Need::ListInvocationLogs => "list invocation logs",
        Need::ReadInvocationLogs => "read invocation logs",
        Need::ListBatchOutputs => "list batch outputs",
        Need::ReadBatchOutputs => "read batch outputs",
        Need::ListDestination => "list the destination",
        Need::WriteDestination => "write if absent",
        Need::RefuseSecondWrite => "refuse a second write",
        Need::ReadDestination => "read what was written",
        Need::DeleteDestination => "delete what was written",
    };
    let location = escaped(&tried.location);
    let what = if what.is_empty() { String::new() } else { format!("  {}", escaped(what)) };
    let _ = writeln!(out, "  {result:<10} {need:<24} {location}{what}");
    if let Some(reason) = &tried.reason {
        let _ = writeln!(out, "             {}", escaped(reason));
    }
}
