//! `hoptrail run`: reads a range of days and writes their tables; `hoptrail build`: writes them from what `read`
//! wrote; `hoptrail settle`: makes days that were built side by side one whole.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use bedrock::Knowledge;
use futures::FutureExt;
use jiff::Timestamp;
use logs::invocation::MetadataKeys;
use logs::layout::LogKind;
use pipeline::{
    DayRange, Endpoints, Layout, LogLocations, Notice, OmittedColumn, OpenLogs, Outcome, Progress,
    Settings,
};
use store::{Location, S3Options, Store};
use tables::view::ApprovedRegions;
use tokio::sync::Notify;

use crate::args::{Gate, LogArgs, OutputArgs, RunArgs};
use crate::command::build::ReadingsInput;
use crate::command::{Signals, block_on, print};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::location::{LogTemplates, OpenSource, ReadLocation};
use crate::messages::Messages;
use crate::metrics::{self, MetricsOutput, RunValues, Values};
use crate::summary::new_denials::NewDenials;
use crate::summary::page::{Found, GateCounts};
use crate::{approved, knowledge, location, number, progress, range, settings, summary};

/// Which of the commands.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    Run,
    /// As a run up to its readings, which it writes.
    Read,
    Settle,
    Build(ReadingsInput),
}

/// What to do, from the options, the environment, and the settings file.
pub(super) struct Job {
    work: Work,
    pub(super) settings: Settings,
    pub(super) knowledge: Knowledge,
    pub(super) sources: Vec<ReadLocation>,
    pub(super) invocation_logs: Vec<ReadLocation>,
    pub(super) batch_outputs: Vec<ReadLocation>,
    pub(super) log_templates: Option<LogTemplates>,
    pub(super) dest: Option<Location>,
    pub(super) dest_options: S3Options,
    fail_on: Vec<Gate>,
    since_last: bool,
    approved_regions: Option<ApprovedRegions>,
    is_full: bool,
    summary_json: Option<PathBuf>,
    metrics: Vec<MetricsOutput>,
}

/// The stores of a run, open.
struct Stores {
    source: OpenSource,
    invocation_logs: Option<OpenLogs>,
    batch_outputs: Option<Arc<dyn Store>>,
    dest: Arc<dyn Store>,
}

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
    check_stdout(job.summary_json.as_deref(), &job.metrics)?;
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
        values.run = Some(found.unwrap_or_else(of_finished));
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
    /// What a run is asked to do; a plan needs no destination.
    ///
    /// # Errors
    /// If an option or a file that one names is invalid.
    pub(super) fn new(mut args: RunArgs, work: Work, messages: &Messages) -> Result<Self, Failure> {
        range::complete_from_environment(&mut args.days.days)?;
        let (has_keys, has_orphans) = (args.logs.digest_keys.is_some(), args.logs.include_orphans);
        let has_metadata = !args.logs.request_metadata.is_empty();
        Config::read(&args.config)?.complete_run(&mut args);
        if has_keys && !args.logs.verify_digests {
            return Err(Failure::usage("--digest-keys has no effect without --verify-digests"));
        }
        // Of several reads, one has the logs: the readings of all must be made with the same.
        let may_lack_logs = matches!(work, Work::Read);
        if has_metadata && args.logs.invocation_logs.is_empty() && !may_lack_logs {
            return Err(Failure::usage(
                "--request-metadata has no effect without --invocation-logs: CloudTrail does not log it",
            ));
        }
        if has_orphans && args.logs.invocation_logs.is_empty() && !may_lack_logs {
            return Err(Failure::usage(
                "--include-orphans has no effect without --invocation-logs",
            ));
        }
        let is_without_trail = is_without_trail(&args)?;
        let uris = match is_without_trail {
            true => std::mem::take(&mut args.logs.invocation_logs),
            false => Vec::new(),
        };
        let sources = match is_without_trail {
            true => location::invocation_logs(&uris, &args.aws)?,
            false => location::required_sources(&args.source, &args.aws)?,
        };
        settings::complete_layout(&mut args.source, &sources);
        let mut settings = settings_of(&args)?;
        if is_without_trail {
            settings.kind = LogKind::ModelInvocation;
            settings.include_orphans = false;
        }
        match &work {
            Work::Run | Work::Read => {}
            Work::Settle => check_settle(&args, &settings)?,
            Work::Build(_) if is_without_trail => {
                return Err(Failure::usage("build needs --source: readings are those of a trail"));
            }
            Work::Build(_) if settings.layout == Layout::Any || settings.range.is_none() => {
                return Err(Failure::usage("build needs days, and a layout that has them"));
            }
            Work::Build(_) => {}
        }
        let dest = location::optional("--dest", args.dest.dest.as_deref())?;
        let (uris, requests) = (&args.logs.invocation_logs, settings.requests_in_flight);
        let log_templates = LogTemplates::of_uris(uris, &args.aws, requests, *messages)?;
        let invocation_logs = match log_templates {
            Some(_) => Vec::new(),
            None => location::invocation_logs(uris, &args.aws)?,
        };
        let batch_outputs = location::batch_outputs(&args.logs.batch_outputs, &args.aws)?;
        let read = sources.iter().chain(&invocation_logs).chain(&batch_outputs);
        let read = read.map(|read| &read.location);
        location::check_region(&args.aws, read.clone().chain(&dest))?;
        for (source, dest) in read.flat_map(|source| dest.iter().map(move |dest| (source, dest))) {
            location::check_apart(source, dest)?;
        }
        let knowledge = knowledge::load(&args.knowledge)?;
        let dest_options = location::write_options(&args.aws, &args.dest)?;
        let accounts = args.accounts.as_deref().map(knowledge::accounts).transpose()?;
        settings.account_names = accounts.map(Arc::new);
        let approved_regions = approved_regions(&args, messages)?;
        Ok(Job {
            work,
            settings,
            knowledge,
            sources,
            invocation_logs,
            batch_outputs,
            log_templates,
            dest,
            dest_options,
            fail_on: args.fail_on,
            since_last: args.since_last,
            approved_regions,
            is_full: args.full,
            summary_json: args.summary_json,
            metrics: args.metrics,
        })
    }

    async fn open(&self, dest: &Location, messages: &Messages) -> Result<Stores, Failure> {
        let source = location::open_sources(&self.sources, &self.settings, messages).await?;
        let on_s3 = |read: &ReadLocation| matches!(read.location, Location::S3 { .. });
        if let Some(meant) = dest.meant().filter(|_| self.sources.iter().any(on_s3)) {
            messages.note(&format!("the folder {dest} is made; a bucket would be {meant}"));
        }
        let dest = location::open_destination(dest, &self.dest_options, messages).await?;
        let batch_outputs = self.open_batch_outputs(messages).await?;
        Ok(Stores { source, invocation_logs: self.open_logs(messages).await?, batch_outputs, dest })
    }

    /// Opens the model invocation logs whose locations are known, if there are any.
    ///
    /// # Errors
    /// If the only location cannot be reached.
    pub(super) async fn open_logs(&self, messages: &Messages) -> Result<Option<OpenLogs>, Failure> {
        let requests = self.settings.requests_in_flight;
        Ok(match self.invocation_logs.as_slice() {
            [] => None,
            [only] => Some(location::open_only_logs(only, requests, messages).await?),
            several => Some(location::open_some_logs(several, requests, messages).await),
        })
    }

    /// Opens the locations of the outputs of batch jobs, if there are any.
    ///
    /// # Errors
    /// If one cannot be reached.
    pub(super) async fn open_batch_outputs(
        &self,
        messages: &Messages,
    ) -> Result<Option<Arc<dyn Store>>, Failure> {
        let requests = self.settings.requests_in_flight;
        location::open_batch_outputs(&self.batch_outputs, requests, messages).await
    }

    /// The locations that depend on who called where, if there are any.
    pub(super) fn log_locations(&self) -> Option<&dyn LogLocations> {
        self.log_templates.as_ref().map(|templates| templates as &dyn LogLocations)
    }
}

/// The approved Regions, if a list is given; and that no gate lacks what it takes.
///
/// # Errors
/// If the list is invalid or missing, or `--since-last` is about no gate.
fn approved_regions(
    args: &RunArgs,
    messages: &Messages,
) -> Result<Option<ApprovedRegions>, Failure> {
    let regions = args.approved_regions.as_deref();
    let regions = regions.map(|text| approved::regions(text, messages)).transpose()?;
    if regions.is_none() && args.fail_on.contains(&Gate::UnapprovedRegion) {
        return Err(Failure::usage(
            "--fail-on unapproved-region needs --approved-regions: which Regions are approved is not known",
        ));
    }
    if args.since_last && !args.fail_on.contains(&Gate::PolicyDenial) {
        return Err(Failure::usage("--since-last has no effect without --fail-on policy-denial"));
    }
    Ok(regions)
}

/// Whether there is no trail to read, and the calls are taken from model invocation logs.
///
/// # Errors
/// If something is asked for that takes a trail.
fn is_without_trail(args: &RunArgs) -> Result<bool, Failure> {
    let LogArgs { invocation_logs, verify_digests, .. } = &args.logs;
    if !args.source.all().is_empty() || invocation_logs.is_empty() {
        return Ok(false);
    }
    if *verify_digests {
        return Err(Failure::usage(
            "--verify-digests needs --source: only CloudTrail has digest files",
        ));
    }
    if LogTemplates::are_in(invocation_logs) {
        return Err(Failure::usage(
            "--invocation-logs with {account} or {region} needs --source: they are filled in from its calls",
        ));
    }
    Ok(true)
}

/// That nothing is asked of `settle` that it does not do.
fn check_settle(args: &RunArgs, settings: &Settings) -> Result<(), Failure> {
    if settings.layout == Layout::Any {
        return Err(Failure::usage("settle needs a layout with days, and not --layout any"));
    }
    for (is_set, option) in
        [(args.dest.force, "--force"), (args.dest.allow_shrink, "--allow-shrink")]
    {
        if is_set {
            return Err(Failure::usage(format!("{option} has no effect on settle: use run")));
        }
    }
    match location::optional("--dest", args.dest.dest.as_deref())? {
        Some(Location::Folder(path)) if !path.exists() => {
            Err(Failure::Failed(store::Error::folder_not_found(path).into()))
        }
        _ => Ok(()),
    }
}

fn settings_of(args: &RunArgs) -> Result<Settings, Failure> {
    let mut settings = settings::of_read(&args.source, &args.days, &args.performance)?;
    if let Some(text) = &args.dest.wait_lock {
        let minutes = range::minutes("--wait-lock", text)?.unsigned_abs();
        settings.lease_wait = Duration::from_secs(60 * minutes);
    }
    if let Some(text) = &args.dest.reopen {
        settings.reopen_days = range::days_back("--reopen", text)?;
    }
    settings.no_lease = args.dest.no_lease;
    if let Some(text) = &args.shard {
        settings.shard = Some(range::shard("--shard", text)?);
        // Other days are other runs' to change.
        settings.reopen_days = 0;
        if settings.range.is_none() {
            return Err(Failure::usage(format!("--shard needs days: {}", settings::DAYS_EXPECTED)));
        }
    }
    settings.force = args.dest.force;
    settings.allow_shrink = args.dest.allow_shrink;
    settings.include_orphans = args.logs.include_orphans && !args.logs.invocation_logs.is_empty();
    settings.omitted = args.dest.omit.iter().copied().collect();
    let keys = MetadataKeys::new(args.logs.request_metadata.iter().cloned());
    let keys = keys.map_err(|error| Failure::usage(format!("--request-metadata: {error}")))?;
    if !settings.omitted.has(OmittedColumn::RequestMetadata) {
        settings.request_metadata = keys;
    }
    settings.limits.accept_trailing_members = args.logs.accept_trailing_members;
    settings.limits.sha256 = args.logs.verify_digests;
    settings.verify_digests = args.logs.verify_digests;
    if args.logs.verify_digests && settings.layout == Layout::Any {
        return Err(Failure::usage(
            "--verify-digests and --layout any exclude each other: digest files follow CloudTrail's key \
             layout",
        ));
    }
    let keys = args.logs.digest_keys.as_deref();
    settings.digest_keys = keys.map(knowledge::digest_keys).transpose()?;
    Ok(settings)
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

/// Names new denials, and days that have none to compare with; returns how many requests were denied.
fn tell_new(new: &NewDenials, messages: &Messages) -> u64 {
    const SHOWN: usize = 10;
    for day in &new.without_day_before {
        messages.warn(&format!(
            "--since-last: the day before {day} is not built, or cannot be read: all denials of {day} count as new"
        ));
    }
    for kind in new.kinds.iter().take(SHOWN) {
        messages.warn(&format!("new denial: {kind}"));
    }
    if new.kinds.len() > SHOWN {
        messages.warn(&format!(
            "{} more new denials: see `hoptrail show denials`",
            new.kinds.len() - SHOWN
        ));
    }
    new.requests
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

/// That stdout has one JSON document at most, and is not the only reader's of two.
fn check_stdout(summary_json: Option<&Path>, metrics: &[MetricsOutput]) -> Result<(), Failure> {
    if let Some(conflict) = MetricsOutput::conflict(metrics) {
        return Err(Failure::usage(format!("--metrics: {conflict}")));
    }
    let is_on_stdout = metrics.iter().any(MetricsOutput::is_on_stdout);
    if is_on_stdout && summary_json == Some(Path::new("-")) {
        return Err(Failure::usage(
            "--metrics: expected =FILE beside --summary-json -, which writes to stdout",
        ));
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

/// Names the first days that lack calls, and how they come in.
fn not_reopened(outcome: &Outcome, messages: &Messages) {
    const SHOWN: usize = 10;
    for day in outcome.not_reopened.iter().take(SHOWN) {
        messages.warn(&day.to_string());
    }
    if outcome.not_reopened.len() > SHOWN {
        let more = outcome.not_reopened.len() - SHOWN;
        messages.warn(&format!("{more} more days lack calls; --summary-json lists all"));
    }
    let last = outcome.not_reopened.iter().filter_map(|day| day.delivered.as_ref()).max();
    if let (Some(first), Some(last)) = (outcome.not_reopened.first(), last) {
        let (from, to) = (&first.dt, last);
        messages.warn(&format!(
            "to enter these calls: hoptrail run --from {from} --to {to}, with the options that these \
             days were built with (--source, --dest, --invocation-logs, and all others)"
        ));
    }
}

/// A day that was not replaced takes precedence over everything else, because its tables are not those
/// of its source. A gate takes precedence over a partial result: it holds whatever is missing.
/// How the run ends: gates are about what was built and, as the tables say, about the other days of the range.
fn exit(
    outcome: &Outcome,
    (of_tables, policies): (GateCounts, (u64, &str)),
    gates: &[Gate],
    is_partial: bool,
    messages: &Messages,
) -> Exit {
    if !outcome.not_replaced.is_empty() {
        for refusal in &outcome.not_replaced {
            messages.error(&refusal.to_string());
        }
        messages.error("to replace these days anyway, use --allow-shrink");
        return Exit::Failed;
    }
    if let Some(digests) = outcome.digests.as_ref().filter(|digests| digests.errors > 0) {
        let errors = number::counted(digests.errors, "problem");
        messages.error(&format!("--verify-digests: {errors} with log files or digest files"));
        return Exit::Failed;
    }
    if let Some(reason) = &outcome.nothing_matches {
        messages.error(reason);
        return Exit::Failed;
    }
    if outcome.nothing_found.is_some() && gates.contains(&Gate::Empty) {
        return Exit::Nothing;
    }
    let mut tripped = false;
    let mut trip = |gate: Gate, calls: u64, what: &str| {
        if calls > 0 && gates.contains(&gate) {
            // Requests that only VPC endpoints saw are no calls.
            let noun = if gate == Gate::PolicyDenial { "request" } else { "call" };
            messages.error(&format!("--fail-on: {} {what}", number::counted(calls, noun)));
            tripped = true;
        }
    };
    let unresolved = outcome.unresolved.iter().map(|reference| reference.calls).sum::<u64>();
    for (gate, built, all, what) in [
        (
            Gate::OtherJurisdiction,
            outcome.other_jurisdiction(),
            of_tables.other_jurisdiction,
            "ran in another jurisdiction",
        ),
        (
            Gate::UndeclaredRegion,
            0,
            of_tables.undeclared_region,
            "ran in a Region that its profile does not declare",
        ),
        (
            Gate::UnapprovedRegion,
            0,
            of_tables.unapproved_region,
            "ran in a Region that is not approved",
        ),
        (Gate::PolicyDenial, 0, policies.0, policies.1),
        (Gate::Unresolved, unresolved, of_tables.unresolved, "without a known model"),
        (Gate::Unpriced, outcome.unpriced(), of_tables.unpriced, "with counts but no cost"),
        (
            Gate::UnpricedTokens,
            outcome.unpriced_tokens,
            of_tables.unpriced_tokens,
            "with tokens that have no price",
        ),
    ] {
        trip(gate, built.max(all), what);
    }
    not_reopened(outcome, messages);
    match (tripped, is_partial || !outcome.not_reopened.is_empty()) {
        (true, _) => Exit::Gate,
        (false, true) => Exit::Partial,
        (false, false) => Exit::Done,
    }
}
