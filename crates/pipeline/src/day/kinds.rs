//! Days that were built from other logs than a run reads: which it may replace, and what it leaves out.

use std::collections::BTreeMap;

use jiff::civil::Date;
use logs::layout::LogKind;

use crate::day::calls::Identity;
use crate::day::manifest::Manifest;
use crate::day::prepare::BuiltCalls;
use crate::day::published::{PublishedCalls, published_calls};
use crate::day::replace::Previous;
use crate::error::Error;
use crate::outcome::ShrinkRefusal;
use crate::run::Job;
use crate::settings::Settings;

/// The calls of a day that was built from invocation logs alone, if this run builds it from a trail.
///
/// # Errors
/// As [`published_calls`].
pub(crate) async fn entries_before(
    job: &Job<'_>,
    day: Date,
    previous: &Previous,
) -> Result<Option<PublishedCalls>, Error> {
    let kind = previous.manifest.as_ref().map(Manifest::kind);
    if job.settings.kind == LogKind::CloudTrail && kind == Some(LogKind::ModelInvocation) {
        return published_calls(job.endpoints.destination, job, day, true).await;
    }
    Ok(None)
}

/// Calls of a day that a trail in place of invocation logs does not have.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    /// How many.
    pub(crate) all: u64,
    /// How many of them the day before or after may have.
    pub(crate) at_midnight: BTreeMap<Date, u64>,
}

/// The entries that were calls of a day, and are on neither this day now, as `has` says, nor on one beside it.
pub(crate) fn left_out(
    before: &PublishedCalls,
    has: impl Fn(Identity) -> bool,
    built: &BuiltCalls,
    day: Date,
) -> LeftOut {
    let is_lost = |key: &&Identity| !has(**key) && built.with_request(day, **key).is_none();
    let count = |keys: &[Identity]| keys.iter().filter(is_lost).count() as u64;
    let at_midnight = before.at_midnight.iter().map(|(other, keys)| (*other, count(keys)));
    LeftOut {
        all: before.identities.iter().filter(|(key, _)| is_lost(&key)).count() as u64,
        at_midnight: at_midnight.filter(|(_, calls)| *calls > 0).collect(),
    }
}

/// Of a day and the one after it, how many entries the one that is built from a trail has left out, if the other is
/// built from invocation logs: CloudTrail may have them on that day.
pub(crate) fn lost_between(before: &Manifest, day: &Manifest) -> Option<u64> {
    if before.kind() == day.kind() {
        return None;
    }
    let of_trail = before.entries_left_out.get(&day.dt);
    of_trail.or(day.entries_left_out.get(&before.dt)).copied()
}

/// Whether a day that was built from other logs than the run reads may be replaced; `None` if it was built from the
/// same. A trail takes the place of invocation logs if it has a call of the day. The way back would lose what
/// only CloudTrail says, and the calls of operations that are not logged.
pub(crate) fn of_other_kind(
    day: Date,
    is_empty_now: bool,
    kind: LogKind,
    previous: &Previous,
) -> Option<Result<(), ShrinkRefusal>> {
    let manifest = previous.manifest.as_ref()?;
    if manifest.kind() != kind {
        let (before, written) = (manifest.counts.objects, manifest.counts.written);
        let why = match kind {
            LogKind::ModelInvocation if before > 0 => Some(format!(
                "it was built from CloudTrail (objects: {before}), which a run without --source does not read"
            )),
            LogKind::CloudTrail if is_empty_now && written > 0 => Some(format!(
                "it was built from model invocation logs, and --source has no call of the day (calls before: \
                 {written})"
            )),
            _ => None,
        };
        return Some(why.map_or(Ok(()), |why| Err(ShrinkRefusal::because(day, why))));
    }
    None
}

/// Why a run without the calls that only invocation logs have does not replace a day with some.
pub(crate) fn without_orphans(
    settings: &Settings,
    day: Date,
    previous: &Previous,
) -> Option<ShrinkRefusal> {
    let lost = previous.manifest.as_ref().map_or(0, |manifest| manifest.log_calls);
    let is_lost = settings.kind == LogKind::CloudTrail && !settings.include_orphans && lost > 0;
    is_lost.then(|| {
        let why = format!(
            "it would lose calls that only model invocation logs have (calls: {lost}; --include-orphans keeps \
             them)"
        );
        ShrinkRefusal::because(day, why)
    })
}

/// Whether a name is that of a model invocation log.
pub(crate) fn is_invocation_log(name: &str) -> bool {
    name.split('/').any(|folder| LogKind::ModelInvocation.folders().contains(&folder))
}
