//! Which calls and batch jobs a published day has.

use std::collections::{BTreeMap, BTreeSet};

use bedrock::day::day_at_midnight;
use jiff::civil::Date;
use logs::layout::LogKind;
use store::Store;
use tables::INVOCATIONS;

use crate::batch::CreatedJobs;
use crate::day::calls::{Identities, Identity};
use crate::day::manifest::{self, Manifest};
use crate::day::spool::Spooled;
use crate::error::Error;
use crate::run::Job;

/// The calls of a day that is published, and its batch jobs.
#[derive(Debug)]
pub(crate) struct PublishedCalls {
    pub(crate) identities: Identities,
    /// Its batch jobs.
    pub(crate) jobs: CreatedJobs,
    /// Those of entries about midnight that the day before or after may have too, by that day.
    pub(crate) at_midnight: BTreeMap<Date, Vec<Identity>>,
    /// What it is compared by, as [`Manifest::compared_sha256`] gives it.
    pub(crate) sha256: String,
    /// Days that have a call which would be this one's otherwise.
    pub(crate) yields_to: BTreeSet<Date>,
    /// Which logs it was built from.
    pub(crate) kind: LogKind,
}

/// The calls of a day that is published, `with_requests` if that is asked for or days of the run have some; `None`
/// if no manifest vouches for it, or the file is being replaced.
///
/// # Errors
/// If the destination cannot be read, or the file is corrupt.
pub(crate) async fn published_calls(
    destination: &dyn Store,
    job: &Job<'_>,
    day: Date,
    with_requests: bool,
) -> Result<Option<PublishedCalls>, Error> {
    let Some(manifest) = manifest::read(destination, day).await?.flatten() else { return Ok(None) };
    let Some(calls_sha256) = manifest.calls_sha256().map(str::to_owned) else { return Ok(None) };
    let key = tables::layout::part_key(INVOCATIONS.name, day);
    let file = Spooled::fetch(destination, &key).await?;
    // Without a lease: it may be another build's, whose manifest comes later.
    let Some(file) = file.filter(|file| file.sha256 == calls_sha256) else { return Ok(None) };
    let kind = manifest.kind();
    let settings = job.settings;
    let compares_requests = with_requests
        || manifest.log_calls > 0
        || settings.include_orphans
        || settings.kind == LogKind::ModelInvocation;
    let sha256 = manifest.created_jobs.compared_sha256(&calls_sha256);
    let Manifest { addenda, yields_to, created_jobs: jobs, .. } = manifest;
    let read = move || {
        let (mut events, mut requests) = (Vec::new(), Vec::new());
        let mut at_midnight = BTreeMap::<Date, Vec<Identity>>::new();
        if !compares_requests {
            file.event_ids(|id| events.push(Identity::of(&id)))?;
            return Ok((Identities::published(events, &addenda), BTreeMap::new()));
        }
        file.event_and_request_ids(|time_ms, event, request| match (event, request) {
            (Some(event), request) => {
                events.push(Identity::of(&event));
                requests.extend(request.map(|request| Identity::of(&request)));
            }
            (None, Some(request)) => {
                let key = Identity::of(&request);
                events.push(key);
                if let Some(other) = day_at_midnight(time_ms) {
                    at_midnight.entry(other).or_default().push(key);
                }
            }
            (None, None) => {}
        })?;
        Ok((Identities::published(events, &addenda).with_requests(requests), at_midnight))
    };
    match job.workers.run(read).await? {
        Ok((identities, at_midnight)) => {
            Ok(Some(PublishedCalls { identities, jobs, at_midnight, sha256, yields_to, kind }))
        }
        Err(source) => Err(Error::CorruptTable { key, source: Box::new(source) }),
    }
}
