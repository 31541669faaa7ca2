//! Settles days: an event that is on two days is one call, whichever was built first, or both at once. The
//! manifest of the later day of a pair says with which calls of the earlier one it was compared.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::dates::DayRange;
use crate::day::fence::DayWriter;
use crate::day::kinds::lost_between;
use crate::day::manifest::{self, Compared, Manifest, missing_calls};
use crate::day::published::{PublishedCalls, published_calls};
use crate::day::replace::withdraw;
use crate::error::Error;
use crate::lease::Wait;
use crate::outcome::{NotReopened, Outcome};
use crate::run::MAX_PASSES;
use crate::run::reopen::{Opening, add_shared, open_all};
use crate::run::schedule::{Reason, alias_known_now};
use crate::run::state::{Job, State};

/// A pair of days: the later one.
type Later = Date;

/// Whether the pair of a day and the one before it is settled, or one of the two is not published. One of a trail
/// and of invocation logs is not if the trail left out calls that it may have on the other day.
pub(crate) fn is_settled(before: Option<&Manifest>, day: &Manifest) -> bool {
    let Some((before, sha256)) = before.and_then(|it| Some((it, it.compared_sha256()?))) else {
        return true;
    };
    let is_same = |compared: &Compared| compared.dt == before.dt && compared.sha256 == sha256;
    day.is_withdrawn()
        || (day.compared_with.as_ref().is_some_and(is_same) && lost_between(before, day).is_none())
}

/// Settles all days of the range of a run of its own.
///
/// # Errors
/// As those of a run.
pub(super) async fn settle(
    job: &Job<'_>,
    state: &mut State,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let range = state.range.ok_or(Error::NoRange)?;
    state.settles();
    if let Ok(before) = range.from().yesterday() {
        look_up(job, state, before).await?;
    }
    outcome.not_reopened.extend(not_published(state, range));
    for _ in 0..MAX_PASSES {
        let mut queue = openings(job, state).await?;
        queue.retain(|day, _| range.contains(*day));
        if queue.is_empty() {
            let days = with_neighbours(job, state, range.days().collect()).await?;
            add_shared(&mut queue, &compare_pairs(job, state, &days).await?);
        }
        // A day that could not be opened is reported once.
        let is_refused =
            |day: &Date| outcome.not_reopened.iter().any(|it| it.dt == day.to_string());
        queue.retain(|day, _| !is_refused(day));
        if queue.is_empty() {
            let built = state.built_days().collect::<BTreeSet<_>>();
            state.unchanged = state.manifests.keys().copied().collect();
            state.unchanged.retain(|day| range.contains(*day) && !built.contains(day));
            outcome.not_reopened.extend(left_out(state, range));
            return Ok(());
        }
        open_all(job, state, outcome, queue).await?;
    }
    Err(Error::NotConverged { passes: MAX_PASSES })
}

/// The days of a range whose manifests cannot be understood; the first day, if none is published.
fn not_published(state: &State, range: DayRange) -> Vec<NotReopened> {
    let named = |day: Date, why: &str| NotReopened {
        dt: day.to_string(),
        objects: Vec::new(),
        calls: None,
        delivered: None,
        why: why.to_owned(),
    };
    if !range.days().any(|day| state.manifests.contains_key(&day)) {
        return vec![named(range.from(), "no day of the range is published at the destination")];
    }
    let is_corrupt = |day: &Date| matches!(state.manifests.get(day), Some(None));
    let why = "its manifest is corrupt, or of another version of hoptrail: run it again";
    range.days().filter(is_corrupt).map(|day| named(day, why)).collect()
}

/// The days of a range that left out calls of invocation logs which CloudTrail may have on the day before or after. To
/// give it that day's calls takes objects of the trail that no table `ingest` names, so that only a run can.
fn left_out(state: &State, range: DayRange) -> impl Iterator<Item = NotReopened> {
    let known = |day: Date| state.manifests.get(&day).and_then(Option::as_ref);
    range.days().filter_map(move |day| {
        let before = day.yesterday().ok()?;
        let calls = lost_between(known(before)?, known(day)?)?;
        let why = format!(
            "of it and the day before, one was built from CloudTrail in place of model invocation logs, and the \
             other was not: calls that are on neither may be left out (calls: {calls}). To settle them: hoptrail run \
             --from {before} --to {day}, with --source and all other options of your runs; where there is no trail \
             of one of them, with --include-orphans as well"
        );
        let dt = day.to_string();
        Some(NotReopened { dt, objects: Vec::new(), calls: None, delivered: None, why })
    })
}

/// Settles the days of a run that has built what it had to, with those beside them.
///
/// # Errors
/// As those of a run.
pub(super) async fn settle_neighbours(
    job: &Job<'_>,
    state: &mut State,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    for _ in 0..MAX_PASSES {
        let days = match state.range {
            Some(range) => range.days().collect(),
            None => state.manifests.keys().copied().collect(),
        };
        let days = with_neighbours(job, state, days).await?;
        let mut queue = BTreeMap::new();
        add_shared(&mut queue, &compare_pairs(job, state, &days).await?);
        if queue.is_empty() {
            return Ok(());
        }
        open_all(job, state, outcome, queue).await?;
    }
    Err(Error::NotConverged { passes: MAX_PASSES })
}

/// Builds again, from their objects, the days of a range that were built from readings and lack something: late calls,
/// an alias, or a call that another day has.
///
/// # Errors
/// As those of a run.
pub(super) async fn open_built(
    job: &Job<'_>,
    state: &mut State,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let mut queue = openings(job, state).await?;
    // A day that was not replaced, because objects of it are gone, cannot be opened either.
    queue.retain(|day, _| {
        state.range.is_none_or(|range| range.contains(*day))
            && !state.not_replaced.contains_key(day)
    });
    open_all(job, state, outcome, queue).await
}

/// The days that are to be built again for what manifests say.
async fn openings(job: &Job<'_>, state: &State) -> Result<BTreeMap<Date, Opening>, Error> {
    let mut queue = BTreeMap::<Date, Opening>::new();
    for (day, manifest) in &state.manifests {
        let Some(manifest) = manifest else { continue };
        let reason = match manifest.is_withdrawn() {
            true => Some(Reason::Interrupted),
            false => alias_known_now(manifest, &state.knowledge)
                .or_else(|| job.known_jobs(&state.job_states).reason(manifest)),
        };
        if reason.is_some() {
            queue.entry(*day).or_default().reason = reason;
        }
    }
    let destination = job.endpoints.destination;
    for (day, missing) in missing_calls(destination, &[&state.manifests]).await? {
        queue.entry(day).or_default().missing = missing;
    }
    Ok(queue)
}

/// These days with those that were built, and the days after these: each is the later one of a pair. The
/// manifests of days beside those that were built are read.
async fn with_neighbours(
    job: &Job<'_>,
    state: &mut State,
    mut days: BTreeSet<Later>,
) -> Result<BTreeSet<Later>, Error> {
    let built = state.built_days().collect::<Vec<_>>();
    for day in built {
        days.insert(day);
        days.extend(day.tomorrow().ok());
        for beside in [day.yesterday(), day.tomorrow()].into_iter().filter_map(Result::ok) {
            look_up(job, state, beside).await?;
        }
    }
    Ok(days)
}

/// Reads the manifest of a day that the run does not know.
async fn look_up(job: &Job<'_>, state: &mut State, day: Date) -> Result<(), Error> {
    if state.may_change(day)
        && !state.manifests.contains_key(&day)
        && let Some(found) = manifest::read(job.endpoints.destination, day).await?
    {
        state.manifests.insert(day, found);
    }
    Ok(())
}

/// Compares the pairs that are not settled: writes down that they are, or withdraws the days that have to let go
/// of a call, which are returned.
async fn compare_pairs(
    job: &Job<'_>,
    state: &mut State,
    days: &BTreeSet<Later>,
) -> Result<BTreeSet<Date>, Error> {
    let mut withdrawn = BTreeSet::new();
    for day in days {
        let Ok(before) = day.yesterday() else { continue };
        if !state.may_change(*day) || !state.may_change(before) {
            continue;
        }
        let losers = compare(job, state, before, *day).await?;
        match losers {
            None => {}
            Some(losers) if losers.is_empty() => write_down(job, state, before, *day).await?,
            Some(losers) => {
                for day in losers {
                    if withdraw_known(job, state, day).await? {
                        withdrawn.insert(day);
                    }
                }
            }
        }
    }
    Ok(withdrawn)
}

/// Of a pair that is not settled, the days that have to be built again; `None` if there is nothing to settle,
/// or one of them is being replaced.
async fn compare(
    job: &Job<'_>,
    state: &mut State,
    before: Date,
    day: Date,
) -> Result<Option<BTreeSet<Date>>, Error> {
    let known = |day: &Date| state.manifests.get(day).and_then(Option::as_ref);
    let (Some(earlier), Some(later)) = (known(&before), known(&day)) else { return Ok(None) };
    if is_settled(Some(earlier), later) {
        return Ok(None);
    }
    let (Some(of_earlier), Some(of_later)) = (earlier.compared_sha256(), later.compared_sha256())
    else {
        return Ok(None);
    };
    let of_run = job.settings.kind;
    match (earlier.kind() == of_run, later.kind() == of_run) {
        (true, true) => {}
        // The run could build neither of them again.
        (false, false) => return Ok(None),
        (true, false) => return compare_with_other_logs(job, state, before, day).await,
        (false, true) => return compare_with_other_logs(job, state, day, before).await,
    }
    // One of them was built with a view of the other as it is now.
    let has_seen = |one: Date, other: Date, sha256: &str| {
        state.seen.get(&one).and_then(|seen| seen.get(&other)).is_some_and(|seen| seen == sha256)
    };
    if has_seen(before, day, &of_later) || has_seen(day, before, &of_earlier) {
        return Ok(Some(BTreeSet::new()));
    }
    let mut losers = BTreeSet::new();
    // What they left to the other is not known, and the other may not have it any more.
    losers.extend(earlier.yields_to.contains(&day).then_some(before));
    losers.extend(later.yields_to.contains(&before).then_some(day));
    losers.extend((!later.created_jobs.are_after(&earlier.created_jobs)).then_some(day));
    for (day, sha256) in [(before, of_earlier), (day, of_later)] {
        if state.built_calls.has(day) {
            continue;
        }
        match published_calls(job.endpoints.destination, job, day, false).await? {
            Some(PublishedCalls { identities, jobs, sha256: found, .. }) if found == sha256 => {
                state.built_calls.remember(day, identities, jobs);
            }
            _ => {
                forget(job, state, day).await?;
                return Ok(None);
            }
        }
    }
    losers.extend(state.built_calls.losers(before, day));
    Ok(Some(losers))
}

/// As [`compare`], of a day that the run can build again and one beside it that was built from other logs: that one
/// keeps its calls.
async fn compare_with_other_logs(
    job: &Job<'_>,
    state: &State,
    day: Date,
    other: Date,
) -> Result<Option<BTreeSet<Date>>, Error> {
    let known = |day: &Date| state.manifests.get(day).and_then(Option::as_ref);
    let (Some(own), Some(others)) = (known(&day), known(&other)) else { return Ok(None) };
    let Some(others_sha256) = others.compared_sha256() else { return Ok(None) };
    // Only a run that reads its logs can give the other one what it left to this day, or what this day left out.
    if others.yields_to.contains(&day) || lost_between(own, others).is_some() {
        return Ok(None);
    }
    let seen = state.seen.get(&day).and_then(|seen| seen.get(&other));
    if seen.is_some_and(|seen| *seen == others_sha256) {
        return Ok(Some(BTreeSet::new()));
    }
    let (earlier, later) = if day < other { (own, others) } else { (others, own) };
    if !later.created_jobs.are_after(&earlier.created_jobs) {
        return Ok((later.dt == day).then(|| BTreeSet::from([day])));
    }
    if own.yields_to.contains(&other) {
        return Ok(Some(BTreeSet::from([day])));
    }
    let destination = job.endpoints.destination;
    let own = published_calls(destination, job, day, true).await?;
    let others = published_calls(destination, job, other, true).await?;
    Ok(own.zip(others).map(|(own, others)| {
        let shares = own.identities.shares_request(&others.identities);
        shares.then_some(day).into_iter().collect()
    }))
}

/// Writes down in the manifest of the later day that it was compared.
async fn write_down(
    job: &Job<'_>,
    state: &mut State,
    before: Date,
    day: Date,
) -> Result<(), Error> {
    let Some(sha256) = state.compared_sha256(before) else { return Ok(()) };
    let Some(Some(known)) = state.manifests.get(&day).cloned() else { return Ok(()) };
    let destination = job.endpoints.destination;
    let lease = job.leases.take(day, Wait::UntilFree).await?;
    let writer = DayWriter::new(destination, job.leases, lease);
    let found = writer.read_manifest().await?;
    let mut compared = known.clone();
    compared.compared_with = Some(Compared { dt: before, sha256 });
    let is_written = match found {
        Some((Some(found), etag)) if found == known => {
            writer.replace_manifest(&compared, Some(etag)).await?.is_some()
        }
        _ => false,
    };
    writer.release().await?;
    if is_written {
        state.manifests.insert(day, Some(compared));
        state.settled.insert(day);
        Ok(())
    } else {
        forget(job, state, day).await
    }
}

/// Withdraws a day as the run knows it; false if another run has published it meanwhile.
async fn withdraw_known(job: &Job<'_>, state: &mut State, day: Date) -> Result<bool, Error> {
    let Some(sha256) = state.compared_sha256(day) else { return Ok(false) };
    let lease = job.leases.take(day, Wait::UntilFree).await?;
    let writer = DayWriter::new(job.endpoints.destination, job.leases, lease);
    let withdrawn = withdraw(&writer, &sha256).await?;
    writer.release().await?;
    match withdrawn {
        Some(withdrawn) => {
            state.manifests.insert(day, Some(withdrawn));
            Ok(true)
        }
        None => forget(job, state, day).await.map(|()| false),
    }
}

/// Takes note that another run has published a day: what this one knew of its calls is over.
async fn forget(job: &Job<'_>, state: &mut State, day: Date) -> Result<(), Error> {
    state.built_calls.forget(day);
    state.seen.remove(&day);
    match manifest::read(job.endpoints.destination, day).await? {
        Some(found) => state.manifests.insert(day, found),
        None => state.manifests.remove(&day),
    };
    Ok(())
}
