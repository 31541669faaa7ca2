//! `hoptrail run`: reads a range of days and writes their tables.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use pipeline::{Endpoints, Layout, Notice, Outcome, Progress, Settings, Source};
use tokio::sync::Notify;

use crate::args::{Gate, LayoutArg, OutputArgs, RunArgs, SourceArgs};
use crate::command::{block_on, print};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::report::Report;
use crate::{knowledge, number, place, progress, range, summary};

/// Runs.
///
/// # Errors
/// If what was typed cannot be used, the source cannot be listed, or the destination cannot be
/// written.
pub fn run(mut args: RunArgs, output: &OutputArgs, report: &Report) -> Result<Exit, Failure> {
    range::complete_from_environment(&mut args.source)?;
    let args = Config::read(args.source.config.as_deref())?.complete_run(args);
    let mut settings = settings(&args.source)?;
    if let Some(text) = &args.wait_lock {
        let minutes = range::minutes("--wait-lock", text)?.unsigned_abs();
        settings.lease_wait = Duration::from_secs(60 * minutes);
    }
    settings.force = args.force;
    settings.allow_shrink = args.allow_shrink;
    settings.limits.accept_trailing_members = args.accept_trailing_members;
    settings.limits.sha256 = args.verify_digests;
    settings.verify_digests = args.verify_digests;
    if args.verify_digests && settings.layout == Layout::Any {
        let why = "digest files follow CloudTrail's layout of keys";
        return Err(Failure::usage(format!("--verify-digests cannot go with --layout any: {why}")));
    }
    settings.digest_keys = args.digest_keys.as_deref().map(knowledge::digest_keys).transpose()?;
    let source = place::location("--source", args.source.source.as_deref())?;
    let dest = place::location("--dest", args.dest.as_deref())?;
    let invocation_logs = args.invocation_logs.as_deref();
    let invocation_logs =
        invocation_logs.map(|text| place::location("--invocation-logs", Some(text))).transpose()?;
    let mut places = vec![&source, &dest];
    places.extend(&invocation_logs);
    place::check_region(&args.source, &places)?;
    for read in [Some(&source), invocation_logs.as_ref()].into_iter().flatten() {
        place::check_apart(read, &dest)?;
    }
    let knowledge = knowledge::load(&args.knowledge)?;
    if let Some(path) = &args.summary_json {
        check_summary(path)?;
    }
    let options = place::s3_options(&args.source.aws);
    let progress = Arc::new(Progress::default());

    let outcome = block_on(async |signals| {
        let requests = settings.requests_in_flight;
        let opening = async {
            let from =
                place::open_source("the source", &source, &options, requests, report).await?;
            let to = place::open_destination(&dest, &options, report).await?;
            let logs = match &invocation_logs {
                Some(place) => {
                    let what = "the place of the invocation logs";
                    Some(place::open_source(what, place, &options, requests, report).await?)
                }
                None => None,
            };
            Ok::<_, Failure>((from, to, logs))
        };
        let (from, to, logs) = signals.or(opening).await??;
        let (root_path, logs_path) =
            (place::root_path(&source), invocation_logs.as_ref().map(place::root_path));
        let trail = Source { store: from.as_ref(), root_path: &root_path };
        let logs = logs.as_ref().zip(logs_path.as_ref());
        let logs = logs.map(|(store, root_path)| Source { store: store.as_ref(), root_path });

        let begun = Notify::new();
        let notify = |notice: Notice<'_>| match notice {
            Notice::Waiting(holder) => report.note(&format!("waiting for another run: {holder}")),
            Notice::Begun => begun.notify_one(),
            Notice::NotReleased(error) => {
                report.warn(&format!("{:#}", anyhow::Error::from(error)));
            }
        };
        let stop = Notify::new();
        let endpoints =
            Endpoints { source: trail, invocation_logs: logs, destination: to.as_ref() };
        let running = async {
            let running =
                pipeline::run(endpoints, &settings, knowledge, &progress, notify, stop.notified());
            let showing = async {
                begun.notified().await;
                progress::show(Arc::clone(&progress), *report).await;
            };
            tokio::select! {
                outcome = running => outcome,
                () = showing, if !output.no_progress => {
                    unreachable!("progress is shown until it is dropped")
                }
            }
        };
        let mut running = pin!(running);
        match signals.or(&mut running).await {
            Ok(outcome) => Ok(outcome?),
            Err(signal) => {
                // The lease is given back. A second signal ends that too: one that stays behind expires.
                stop.notify_one();
                let _ = signals.or(running).await?;
                Err(signal)
            }
        }
    })?;
    tell(&outcome, args.summary_json.as_deref(), report)?;
    Ok(exit(&outcome, &args.fail_on, report))
}

/// What was asked for, as settings.
///
/// # Errors
/// If a value cannot be used, or a trail is to be read without a range.
pub fn settings(args: &SourceArgs) -> Result<Settings, Failure> {
    let range = range::days(args, jiff::Timestamp::now())?;
    let layout = match args.layout {
        Some(LayoutArg::Any) => Layout::Any,
        Some(LayoutArg::Trail) | None => Layout::Trail,
    };
    if range.is_none() && layout == Layout::Trail {
        let expected = "expected --last N, --day DAY, or --from DAY --to DAY";
        return Err(Failure::usage(format!("no days are given: {expected}")));
    }
    let mut settings = Settings::new(range);
    settings.layout = layout;
    settings.accounts = args.account.iter().cloned().collect();
    settings.regions = args.source_region.iter().cloned().collect();
    if let Some(account) = args.account.iter().find(|id| !logs::layout::is_account(id)) {
        return Err(Failure::usage(format!("--account: expected 12 digits, found `{account}`")));
    }
    if let Some(window) = &args.late_window {
        settings.late_window_minutes = range::minutes("--late-window", window)?;
    }
    if let Some(threads) = args.threads {
        settings.threads = positive("--threads", threads)?;
    }
    if let Some(requests) = args.concurrency {
        settings.requests_in_flight = positive("--concurrency", requests)?;
    }
    if let Some(mib) = args.fetch_ahead_mib {
        settings.bytes_in_flight = positive("--fetch-ahead-mib", mib)? << 20;
    }
    if let Some(mib) = args.max_inflated_mib {
        settings.limits.inflated_bytes = positive("--max-inflated-mib", mib)? << 20;
    }
    Ok(settings)
}

fn positive<T: Copy + std::fmt::Display + TryInto<u32>>(
    flag: &str,
    number: T,
) -> Result<T, Failure> {
    match number.try_into() {
        Ok(small) if small >= 1 => Ok(number),
        _ => {
            let expected = format!("a number from 1 to {}", u32::MAX);
            Err(Failure::usage(format!("{flag}: expected {expected}, found {number}")))
        }
    }
}

/// Looks before a run whether its summary can be written: hours later is too late. No file is left.
fn check_summary(path: &Path) -> Result<(), Failure> {
    let is_pipe = fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
    // A pipe is opened once only.
    if path == Path::new("-") || is_pipe {
        return Ok(());
    }
    let is_new = fs::symlink_metadata(path).is_err();
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.with_context(|| no_summary(path))?;
    if is_new {
        fs::remove_file(path).with_context(|| no_summary(path))?;
    }
    Ok(())
}

fn no_summary(path: &Path) -> String {
    format!("the summary {} cannot be written", path.display())
}

fn tell(outcome: &Outcome, json: Option<&Path>, report: &Report) -> Result<(), Failure> {
    if let Some(nothing) = &outcome.nothing_found {
        report.warn(&nothing.to_string());
    }
    let as_json = || serde_json::to_string_pretty(outcome).map(|text| text + "\n");
    match json {
        Some(path) if path == Path::new("-") => {
            print(&as_json()?)?;
            return Ok(());
        }
        Some(path) => fs::write(path, as_json()?).with_context(|| no_summary(path))?,
        None => {}
    }
    print(&summary::text(outcome))?;
    Ok(())
}

/// A day that was refused goes before all else, because its tables are not those of its source. A gate
/// goes before a partial result: it is certain, however much is missing.
fn exit(outcome: &Outcome, gates: &[Gate], report: &Report) -> Exit {
    if !outcome.not_replaced.is_empty() {
        for refusal in &outcome.not_replaced {
            report.error(&refusal.to_string());
        }
        report.error("to replace such days all the same: --allow-shrink");
        return Exit::Failed;
    }
    if let Some(digests) = outcome.digests.as_ref().filter(|digests| digests.errors > 0) {
        let errors = number::counted(digests.errors, "problem");
        report.error(&format!("--verify-digests: {errors} with log files or their digests"));
        return Exit::Failed;
    }
    if outcome.nothing_found.is_some() && gates.contains(&Gate::Empty) {
        return Exit::Nothing;
    }
    let mut tripped = false;
    let mut trip = |gate: Gate, calls: u64, what: &str| {
        if calls > 0 && gates.contains(&gate) {
            report.error(&format!("--fail-on: {} {what}", number::counted(calls, "call")));
            tripped = true;
        }
    };
    trip(Gate::OtherJurisdiction, outcome.other_jurisdiction(), "ran in another jurisdiction");
    let unresolved = outcome.unresolved.iter().map(|reference| reference.calls).sum();
    trip(Gate::Unresolved, unresolved, "without a known model");
    trip(Gate::Unpriced, outcome.unpriced(), "with tokens and without a price");
    match (tripped, outcome.is_partial()) {
        (true, _) => Exit::Gate,
        (false, true) => Exit::Partial,
        (false, false) => Exit::Done,
    }
}
