//! What a run would list, fetch and write, with no log file fetched.

mod days;
mod objects;

use std::collections::{BTreeMap, BTreeSet};

use bedrock::{JobStates, Knowledge};
use jiff::civil::Date;
use serde::Serialize;
use store::Store;
use tokio::sync::mpsc;

use crate::batch::{KnownJobs, list_outputs};
use crate::dates::days_of_delivery;
use crate::day::manifest::{self, Manifest};
use crate::error::Error;
use crate::join::{ListedLogs, list_logs};
use crate::outcome::progress::Progress;
use crate::outcome::{NothingFound, ObjectProblem};
use crate::plan::days::ListedDays;
use crate::run::{kept, reopen};
use crate::settings::{Layout, Settings};
use crate::source::found::{Extent, NotSearched, TrailFound};
use crate::source::list::{LISTED_AHEAD, Listed, ListedObject};
use crate::source::nothing_found::nothing_found;
use crate::source::{LogLocations, OpenLogs};
use crate::sums::Sums;

pub use days::{PlannedAction, PlannedDay};
pub use objects::{ListOf, PlanRequest, plan_folders, plan_keys};

/// What a run would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Where would be read.
    pub source: String,
    /// The days that would be written; `None` if all that there are.
    pub range: Option<String>,
    /// Regions' folders of the trails.
    pub prefixes: u64,
    /// Their accounts.
    pub accounts: u64,
    /// Their Regions.
    pub regions: u64,
    /// The trails that were found.
    pub trails: Vec<TrailFound>,
    /// Folders that were not looked into.
    pub not_searched: NotSearched,
    /// Whether the search for trails ended at its limit.
    pub has_reached_search_limit: bool,
    /// Accounts and Regions that are asked for and were not found.
    pub unmatched: Vec<String>,
    /// Files that are no log files.
    pub skipped: u64,
    /// Objects that are copies of others.
    pub copies: u64,
    /// Those of another size than the object that would be read; the first 100.
    pub copies_of_other_size: Vec<ObjectProblem>,
    /// Objects of the range, whether they would be fetched or not.
    pub listed_objects: u64,
    /// Objects that would be fetched: as many GET requests.
    pub objects: u64,
    /// Their bytes as stored.
    pub bytes: u64,
    /// Those of `objects` that are in an archive (`GLACIER`, `DEEP_ARCHIVE`) and must be restored first.
    pub archived_objects: u64,
    /// Their bytes as stored.
    pub archived_bytes: u64,
    /// Model invocation logs that would be fetched: as many GET requests.
    pub invocation_logs: u64,
    /// Their bytes as stored.
    pub invocation_log_bytes: u64,
    /// Locations of model invocation logs that cannot be opened or listed, as a user would write them.
    pub logs_not_read: BTreeSet<String>,
    /// Objects of the range by the day of their delivery; an empty day where the key has none.
    pub objects_by_delivery_day: BTreeMap<String, u64>,
    /// What would become of each day of the range that has objects or is published; `None` if no destination
    /// was named, or if that is known only when everything is read ([`Layout::Any`]).
    pub days: Option<Vec<PlannedDay>>,
    /// Published days outside the range that would be opened again for calls that were delivered late, or
    /// because a run was interrupted. What is fetched for them is not counted.
    pub reopened_days: Vec<String>,
    /// LIST requests that the plan made, and that a run makes too.
    pub list_requests: u64,
    /// What was looked at, if nothing was found.
    pub nothing_found: Option<NothingFound>,
    /// Keys that were given and left out, because they are not of the range or not asked for.
    pub left_out: u64,
    /// What each day of the range is read from, if that was asked for.
    #[serde(skip)]
    pub sums: Option<Sums>,
}

/// Where a run would read and write.
#[derive(Debug, Clone, Copy)]
pub struct PlanEndpoints<'a> {
    /// The trail.
    pub source: &'a dyn Store,
    /// The model invocation logs, if there are any.
    pub invocation_logs: Option<&'a OpenLogs>,
    /// Those whose locations depend on who called where: those of the published days are looked at.
    pub log_locations: Option<&'a dyn LogLocations>,
    /// The outputs of batch inference jobs, if there are any.
    pub batch_outputs: Option<&'a dyn Store>,
    /// Where the tables are; without it, every day is new.
    pub destination: Option<&'a dyn Store>,
}

/// Lists what a run would read, and compares it with what is published. What only reading shows, such as a
/// call of another day or an alias, may have a run rebuild more days.
///
/// # Errors
/// If the source cannot be listed or holds no trail, or the destination cannot be read.
pub async fn plan(
    endpoints: PlanEndpoints<'_>,
    request: PlanRequest,
    settings: &Settings,
    mut knowledge: Knowledge,
    progress: &Progress,
) -> Result<Plan, Error> {
    let PlanEndpoints { source, destination, .. } = endpoints;
    let (mut manifests, mut job_states) = (BTreeMap::new(), JobStates::default());
    if let Some(destination) = destination {
        kept::load(destination, &mut knowledge.aliases).await?;
        kept::load(destination, &mut job_states).await?;
        manifests = manifest::load(destination, settings.range).await?;
    }
    let logs = listed_logs(endpoints, settings, &manifests).await?;
    let outputs = match endpoints.batch_outputs {
        Some(store) => Some(list_outputs(store).await?),
        None => None,
    };
    let jobs = KnownJobs { states: &job_states, outputs: outputs.as_ref() };
    let mut days = ListedDays::new(settings, &manifests);
    let mut plan = Plan::new(source, request.with_sums, settings);
    let (sender, mut receiver) = mpsc::channel::<ListedObject>(LISTED_AHEAD);
    let listing = request.of.list(source, settings, sender);
    let counting = async {
        while let Some(object) = receiver.recv().await {
            days.add(&object);
            plan.count(&object, settings, progress);
        }
    };
    let (listed, ()) = futures::future::join(listing, counting).await;
    plan.complete(listed?, source, settings, progress).await?;
    let decided = days.decide(&knowledge, logs.as_ref(), jobs, destination).await?;
    (plan.objects, plan.bytes) = (decided.fetched.objects, decided.fetched.bytes);
    plan.archived_objects = decided.fetched.archived_objects;
    plan.archived_bytes = decided.fetched.archived_bytes;
    if let Some(logs) = &logs {
        for log in logs.around(settings, |day| decided.is_built(day)) {
            plan.invocation_logs += 1;
            plan.invocation_log_bytes += log.meta.size_bytes;
        }
        plan.logs_not_read = logs.not_read();
    }
    if let (Some(destination), Some(range)) = (destination, settings.range)
        && settings.layout != Layout::Any
    {
        plan.days = Some(decided.days);
        if settings.reopen_days > 0 {
            let openings =
                reopen::openings(destination, settings.reopen_days, range, &manifests, jobs)
                    .await?;
            plan.reopened_days = openings.0.into_keys().map(|day| day.to_string()).collect();
        }
    }
    Ok(plan)
}

/// The model invocation logs that the first pass of a run would list.
async fn listed_logs(
    endpoints: PlanEndpoints<'_>,
    settings: &Settings,
    manifests: &BTreeMap<Date, Option<Manifest>>,
) -> Result<Option<ListedLogs>, Error> {
    let opened = match endpoints.log_locations {
        Some(locations) => Some(locations.open(&manifest::callers(manifests)).await),
        None => None,
    };
    match opened.as_ref().or(endpoints.invocation_logs) {
        Some(logs) => Ok(Some(list_logs(logs, settings).await?)),
        None => Ok(None),
    }
}

impl Plan {
    fn new(source: &dyn Store, with_sums: bool, settings: &Settings) -> Self {
        Plan {
            source: source.location(),
            range: settings.range.map(|range| range.to_string()),
            sums: with_sums.then(Sums::default),
            ..Plan::default()
        }
    }

    fn count(&mut self, object: &ListedObject, settings: &Settings, progress: &Progress) {
        progress.found();
        progress.listed(object.meta.size_bytes);
        self.listed_objects += 1;
        let day = object.delivery.map(|delivery| delivery.day.to_string()).unwrap_or_default();
        *self.objects_by_delivery_day.entry(day).or_default() += 1;
        if let (Some(sums), Some(delivery), Some(range)) =
            (&mut self.sums, object.delivery, settings.range)
        {
            for day in days_of_delivery(delivery, range, settings.late_window_minutes) {
                sums.add_object(day, &object.meta);
            }
        }
    }

    /// Adds what the listing as a whole came to.
    ///
    /// # Errors
    /// If nothing is of the accounts or Regions that are asked for.
    async fn complete(
        &mut self,
        listed: Listed,
        source: &dyn Store,
        settings: &Settings,
        progress: &Progress,
    ) -> Result<(), Error> {
        progress.all_listed();
        if let Some(error) = listed.nothing_matches(source, settings) {
            return Err(error);
        }
        if self.listed_objects == 0 && listed.discovery.extent != Extent::GivenPart {
            self.nothing_found = nothing_found(source, settings, &listed).await?;
        }
        self.add_listed(listed);
        Ok(())
    }

    fn add_listed(&mut self, listed: Listed) {
        let Listed { discovery, lists, listing, trails, unmatched, has_unnamed, left_out } = listed;
        self.list_requests = lists;
        self.left_out = left_out;
        self.prefixes = (discovery.regions.len() + discovery.others.len()) as u64;
        let names = |of: fn(&TrailFound) -> &BTreeSet<String>| {
            trails.iter().flat_map(of).collect::<BTreeSet<_>>().len() as u64
        };
        self.accounts = names(|trail| &trail.accounts);
        self.regions = names(|trail| &trail.regions);
        self.trails = trails;
        self.not_searched = discovery.not_searched.clone();
        self.has_reached_search_limit = discovery.has_reached_limit;
        // What records say is not known before they are read.
        self.unmatched = if has_unnamed { Vec::new() } else { unmatched };
        self.skipped = listing.skipped;
        self.copies = listing.copies;
        self.copies_of_other_size = listing.copies_of_other_size;
    }
}
