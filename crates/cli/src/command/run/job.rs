//! What a run is asked to do, from the options, the environment, and the settings file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bedrock::Knowledge;
use logs::invocation::MetadataKeys;
use logs::layout::LogKind;
use pipeline::{Layout, LogLocations, OmittedColumn, OpenLogs, Settings};
use store::{Location, S3Options, Store};
use tables::view::ApprovedRegions;

use crate::args::{Gate, LogArgs, RunArgs};
use crate::command::build::ReadingsInput;
use crate::config::Config;
use crate::exit::Failure;
use crate::location::{LogTemplates, OpenSource, ReadLocation};
use crate::messages::Messages;
use crate::metrics::MetricsOutput;
use crate::{approved, knowledge, location, range, settings};

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
pub(crate) struct Job {
    pub(crate) work: Work,
    pub(crate) settings: Settings,
    pub(crate) knowledge: Knowledge,
    pub(crate) sources: Vec<ReadLocation>,
    pub(crate) invocation_logs: Vec<ReadLocation>,
    pub(crate) batch_outputs: Vec<ReadLocation>,
    pub(crate) log_templates: Option<LogTemplates>,
    pub(crate) dest: Option<Location>,
    pub(crate) dest_options: S3Options,
    pub(super) fail_on: Vec<Gate>,
    pub(super) since_last: bool,
    pub(super) approved_regions: Option<ApprovedRegions>,
    pub(super) is_full: bool,
    pub(super) summary_json: Option<PathBuf>,
    pub(super) metrics: Vec<MetricsOutput>,
}

/// The stores of a run, open.
pub(super) struct Stores {
    pub(super) source: OpenSource,
    pub(super) invocation_logs: Option<OpenLogs>,
    pub(super) batch_outputs: Option<Arc<dyn Store>>,
    pub(super) dest: Arc<dyn Store>,
}

impl Job {
    /// What a run is asked to do; a plan needs no destination.
    ///
    /// # Errors
    /// If an option or a file that one names is invalid.
    pub(crate) fn new(mut args: RunArgs, work: Work, messages: &Messages) -> Result<Self, Failure> {
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

    pub(super) async fn open(
        &self,
        dest: &Location,
        messages: &Messages,
    ) -> Result<Stores, Failure> {
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
    pub(crate) async fn open_logs(&self, messages: &Messages) -> Result<Option<OpenLogs>, Failure> {
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
    pub(crate) async fn open_batch_outputs(
        &self,
        messages: &Messages,
    ) -> Result<Option<Arc<dyn Store>>, Failure> {
        let requests = self.settings.requests_in_flight;
        location::open_batch_outputs(&self.batch_outputs, requests, messages).await
    }

    /// The locations that depend on who called where, if there are any.
    pub(crate) fn log_locations(&self) -> Option<&dyn LogLocations> {
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
