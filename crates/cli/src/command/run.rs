//! `hoptrail run`: reads a range of days and writes their tables; `hoptrail build`: writes them from what `read`
//! wrote; `hoptrail settle`: makes days that were built side by side one whole.

mod ending;
mod job;

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use futures::FutureExt;
use jiff::Timestamp;
use pipeline::{DayRange, Endpoints, Notice, Outcome, Progress};
use store::{Location, Store};
use tokio::sync::Notify;

use self::ending::{exit, tell_new};
use self::job::Stores;
pub(crate) use self::job::{Job, Work};
use crate::args::{OutputArgs, RunArgs};
use crate::command::{Signals, block_on, print};
use crate::exit::{Exit, Failure};
use crate::messages::Messages;
use crate::metrics::{self, MetricsOutput, RunValues, Values};
use crate::summary::new_denials::NewDenials;
use crate::summary::page::{Found, GateCounts};
use crate::{location, progress, summary};

/// Runs.
///
/// # Errors
/// If an option is invalid, the source cannot be listed, or the destination cannot be written to.
pub(crate) fn run(
    args: RunArgs,
    work: Work,
    output: &OutputArgs,
    messages: &Messages,
) -> Result<Exit, Failure> {
    let mut job = Job::new(args, work, messages)?;
    let dest = location::given("--dest", job.dest.as_ref())?.clone();
    check_outputs(job.summary_json.as_deref(), &job.metrics)?;
    if let Some(path) = &job.summary_json {
        check_summary(path)?;
    }
    let (begun, progress) = (Instant::now(), Arc::new(Progress::default()));
    let mut found = None;
    let ended = work_on(&mut job, &dest, (&progress, &mut found), output, messages);
    if !job.metrics.is_empty() {
        let exit = ended.as_ref().map_or_else(Failure::exit, |exit| *exit);
        let mut values = Values::new(dest.to_string(), exit, begun.elapsed());
        let of_finished = || RunValues { finished: progress.finished(), ..RunValues::default() };
        let found = found.unwrap_or_else(of_finished);
        values.run = Some(RunValues { is_run: !matches!(job.work, Work::Settle), ..found });
        metrics::write(&job.metrics, &values, messages);
    }
    ended
}

/// Does the work, and shows what it came to. What metrics say of it is left in `found`, if it ends by itself.
fn work_on(
    job: &mut Job,
    dest: &Location,
    (progress, measured): (&Arc<Progress>, &mut Option<RunValues>),
    output: &OutputArgs,
    messages: &Messages,
) -> Result<Exit, Failure> {
    if let (Some(shard), Some(range)) = (job.settings.shard, job.settings.range) {
        job.settings.range = shard.slice(range);
        if job.settings.range.is_none() {
            messages
                .note(&format!("--shard {shard} of {range} has no days: more shards than days"));
            return Ok(Exit::Done);
        }
    }
    let job = &*job;
    let (outcome, found, new_denials) = block_on(async |signals| {
        let stores = signals.or(job.open(dest, messages)).await??;
        let outcome = build(job, &stores, signals, (progress, output), messages).await?;
        let found = signals.or(job.ask(&outcome, stores.dest.as_ref(), messages)).await?;
        let new = signals.or(job.new_denials(&outcome, stores.dest.as_ref())).await??;
        Ok((outcome, found, new))
    })?;
    let mut partial = summary::partial::reasons(&outcome);
    let unreadable = found.iter().flat_map(|found| &found.unreadable);
    partial.extend(unreadable.map(|(key, reason)| {
        format!("{key}: {reason}; its rows are missing in the summary: see `hoptrail verify`")
    }));
    partial.iter().for_each(|reason| messages.warn(reason));
    let approved = job.approved_regions.as_ref();
    let gates = found.as_ref().map(|found| found.gates(approved)).unwrap_or_default();
    *measured = Some(RunValues::of_outcome(&outcome, gates, approved.is_some(), Timestamp::now()));
    show(&outcome, found.as_ref().map(|found| (found, gates)), job, messages)?;
    let policies = new_denials.map_or_else(
        || (gates.policy_denial, "denied by a policy"),
        |new| (tell_new(&new, messages), "newly denied by a policy"),
    );
    Ok(exit(&outcome, (gates, policies), &job.fail_on, !partial.is_empty(), messages))
}

/// Builds tables as a run does, and says nothing of them.
///
/// # Errors
/// As [`run`].
pub(crate) fn build_tables(
    args: RunArgs,
    output: &OutputArgs,
    messages: &Messages,
) -> Result<Outcome, Failure> {
    let job = Job::new(args, Work::Run, messages)?;
    let dest = location::given("--dest", job.dest.as_ref())?.clone();
    block_on(async |signals| {
        let stores = signals.or(job.open(&dest, messages)).await??;
        let progress = Arc::new(Progress::default());
        build(&job, &stores, signals, (&progress, output), messages).await
    })
}

impl Job {
    /// What the tables say of the days of the run; `None` if that is not shown, or cannot be had: a run that is done
    /// does not fail for its summary.
    async fn ask(&self, outcome: &Outcome, dest: &dyn Store, messages: &Messages) -> Option<Found> {
        let is_on_stdout = self.summary_json.as_deref() == Some(Path::new("-"));
        let is_shown = !self.is_full && !is_on_stdout;
        // Gates and metrics are about days that were left as they are, too, and some about what only tables have.
        let is_asked = !self.fail_on.is_empty() || !self.metrics.is_empty();
        if !is_shown && !is_asked || outcome.days.is_empty() && outcome.unchanged.is_empty() {
            return None;
        }
        let found = Found::ask(dest, self.days(outcome)).await;
        let warn =
            |failure: &Failure| messages.warn(&format!("the tables cannot be shown: {failure}"));
        found.inspect_err(warn).ok()
    }

    /// The days of the run: those that were asked for, else those that it found.
    fn days(&self, outcome: &Outcome) -> Option<DayRange> {
        let days = outcome.days.iter().map(|day| &day.dt).chain(&outcome.unchanged);
        let days = days.filter_map(|day| day.parse().ok()).collect::<Vec<_>>();
        let first_and_last = days.iter().min().zip(days.iter().max());
        let of_days = first_and_last.and_then(|(first, last)| DayRange::new(*first, *last));
        self.settings.range.or(of_days)
    }

    /// The denials that `--since-last` is about; `None` without it.
    ///
    /// # Errors
    /// If the tables cannot be read: a gate does not open because of that.
    async fn new_denials(
        &self,
        outcome: &Outcome,
        dest: &dyn Store,
    ) -> Result<Option<NewDenials>, Failure> {
        match self.days(outcome).filter(|_| self.since_last) {
            Some(range) => Ok(Some(NewDenials::ask(dest, range).await?)),
            None => Ok(None),
        }
    }
}

/// Reads, builds, and publishes, until it is done or a signal comes.
async fn build(
    job: &Job,
    stores: &Stores,
    signals: &mut Signals,
    (progress, output): (&Arc<Progress>, &OutputArgs),
    messages: &Messages,
) -> Result<Outcome, Failure> {
    let endpoints = Endpoints {
        source: stores.source.source(),
        invocation_logs: stores.invocation_logs.as_ref(),
        log_locations: job.log_locations(),
        batch_outputs: stores.batch_outputs.as_deref(),
        destination: stores.dest.as_ref(),
    };
    let (begun, stop) = (Notify::new(), Notify::new());
    let notify = |notice: Notice<'_>| match notice {
        Notice::Waiting(Some(day), holder) => {
            messages.note(&format!("waiting for another run, which holds {day}: {holder}"));
        }
        Notice::Waiting(None, holder) => {
            messages.note(&format!("waiting for another run: {holder}"));
        }
        Notice::Begun => begun.notify_one(),
        Notice::NotReleased(error) => messages.warn(&format!("{:#}", anyhow::Error::from(error))),
    };
    let knowledge = job.knowledge.clone();
    let mut settings = job.settings.clone();
    settings.layout = stores.source.layout;
    let stopped = stop.notified();
    let running = match &job.work {
        Work::Run | Work::Read => {
            pipeline::run(endpoints, &settings, knowledge, progress, notify, stopped).boxed_local()
        }
        Work::Settle => {
            pipeline::settle(endpoints, &settings, knowledge, progress, notify, stopped)
                .boxed_local()
        }
        Work::Build(readings) => {
            let requests = settings.requests_in_flight;
            let from = (endpoints, readings.open(requests, messages).await?);
            pipeline::build(from, &settings, knowledge, progress, notify, stopped).boxed_local()
        }
    };
    let showing = async {
        begun.notified().await;
        progress::show(Arc::clone(progress), *messages).await;
    };
    let running = async {
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
            // The lease is released. A second signal ends this too; a lease that is left behind expires.
            stop.notify_one();
            let _ = signals.or(running).await?;
            Err(signal)
        }
    }
}

/// Checks before a run that its summary can be written, because hours later is too late. It leaves no
/// file behind.
fn check_summary(path: &Path) -> Result<(), Failure> {
    let is_pipe = fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
    // A pipe can be opened only once.
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

/// That nothing is written to the same place twice.
fn check_outputs(summary_json: Option<&Path>, metrics: &[MetricsOutput]) -> Result<(), Failure> {
    if let Some(conflict) = MetricsOutput::conflict(metrics) {
        return Err(Failure::usage(format!("--metrics: {conflict}")));
    }
    let is_on_stdout = metrics.iter().any(MetricsOutput::is_on_stdout);
    if is_on_stdout && summary_json == Some(Path::new("-")) {
        return Err(Failure::usage(
            "--metrics: expected =FILE beside --summary-json -, which writes to stdout",
        ));
    }
    if let Some(path) = summary_json.filter(|path| metrics.iter().any(|it| it.is_to(path))) {
        let path = path.display();
        return Err(Failure::usage(format!(
            "--metrics: expected a file other than {path}, which --summary-json is"
        )));
    }
    Ok(())
}

fn no_summary(path: &Path) -> String {
    format!("could not write the summary {}", path.display())
}

fn show(
    outcome: &Outcome,
    found: Option<(&Found, GateCounts)>,
    job: &Job,
    messages: &Messages,
) -> Result<(), Failure> {
    if let Some(nothing) = &outcome.nothing_found {
        messages.warn(&nothing.to_string());
    }
    let as_json = || serde_json::to_string_pretty(outcome).map(|text| text + "\n");
    match job.summary_json.as_deref() {
        Some(path) if path == Path::new("-") => {
            print(&as_json()?)?;
            return Ok(());
        }
        Some(path) => fs::write(path, as_json()?).with_context(|| no_summary(path))?,
        None => {}
    }
    print(&match (&job.work, found) {
        (Work::Settle, _) if outcome.days.is_empty() => summary::settled(outcome),
        (_, Some((found, gates))) if !job.is_full => {
            summary::page::text(outcome, found, gates, &job.knowledge)
        }
        _ => summary::text(outcome, &job.knowledge),
    })?;
    Ok(())
}
