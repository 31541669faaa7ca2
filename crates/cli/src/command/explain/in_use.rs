//! `hoptrail explain --in-use`: the Regions that the profiles need which were called, to paste into a policy.
//!
//! A call through a profile is evaluated for the model in the source Region and in each Region that the profile may send
//! it to; through a global profile, for the model in the source Region and the one without a Region, not for each of all
//! commercial Regions.

mod formats;

use std::collections::{BTreeMap, BTreeSet};

use bedrock::denial::UNSPECIFIED_REGION;
use bedrock::resolve::resolve;
use bedrock::{Knowledge, TargetType};
use pipeline::{Answered, Basis, DayRange};
use serde::Serialize;
use tables::query::{Aggregate, Answer, Cell, Key, Measure, Question, Row, Sort};

use crate::args::ExplainArgs;
use crate::command::{basis, block_on, print};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::messages::Messages;
use crate::number::counted;
use crate::{knowledge, location};

const DESTINATIONS: &str = "profile_destinations";
const ROUTING: &str = "routing_distribution";

/// The Regions in use, and what needs them.
#[derive(Debug, Serialize)]
struct InUse {
    dest: String,
    from: Option<String>,
    to: Option<String>,
    days_built: u64,
    /// How many days were asked for.
    #[serde(skip)]
    days: u64,
    /// Days that are not built.
    missing: Vec<String>,
    /// Days that are built, on which no profile was called.
    without_profiles: Vec<String>,
    /// Days on which profiles were called, without what this rests on: an older hoptrail built them.
    without_destinations: Vec<String>,
    /// All that a policy has to allow as `aws:RequestedRegion`, `unspecified` for global profiles included.
    regions: Vec<String>,
    profiles: Vec<ProfileUse>,
    /// Calls whose Regions are not known.
    unknown: Vec<UnknownUse>,
}

/// A profile that was called from a Region.
#[derive(Debug, Serialize)]
struct ProfileUse {
    profile_id: String,
    source_region: Option<String>,
    /// What it needs: the source Region and those that it may send calls to, or `unspecified`.
    regions: Vec<String>,
    /// Those of them, or of all commercial Regions, where calls ran.
    used_regions: Vec<String>,
    /// Whether the catalog knows where it may send calls from there; if not, more Regions may be needed.
    is_declared: bool,
    succeeded_calls: i64,
}

/// Calls through a profile whose Regions are not known.
#[derive(Debug, Serialize)]
struct UnknownUse {
    target_type: String,
    profile_scope: Option<String>,
    model_id: Option<String>,
    source_region: Option<String>,
    calls: i64,
}

/// Lists them.
///
/// # Errors
/// If an option is invalid, the destination cannot be read, or no profile was called.
pub(super) fn run(mut args: ExplainArgs, messages: &Messages) -> Result<Exit, Failure> {
    let config = Config::read(&args.config)?;
    config.complete_location(&mut args.dest);
    config.complete_aws(&mut args.aws);
    if args.with_prices || args.column.is_some() {
        return Err(Failure::usage(
            "--in-use is about Regions: expected no --with-prices or --column",
        ));
    }
    let knowledge = knowledge::load(&args.knowledge)?;
    let range = basis::days(&args.days)?;
    let dest = location::required("--dest", args.dest.as_deref())?;
    let options = location::dest_options(&args.aws)?;
    let questions = vec![destinations(), calls()];
    let shown_dest = dest.to_string();
    let answered = block_on(async |signals| {
        let answering = async {
            let requests = pipeline::Settings::new(range).requests_in_flight;
            let what = "the destination";
            let dest = location::open_source(what, &dest, &options, requests, messages).await?;
            Ok::<_, Failure>(pipeline::answers(dest.as_ref(), range, questions).await?)
        };
        signals.or(answering).await?
    })?;
    let [destinations, calls] = <[Answered; 2]>::try_from(answered)
        .map_err(|_| anyhow::anyhow!("each question has an answer"))?;
    basis::warn_of_gaps(&destinations.basis, messages);
    for (key, reason) in &calls.basis.unreadable {
        if !destinations.basis.unreadable.iter().any(|(other, _)| other == key) {
            messages.warn(&format!("{key}: {reason}; its rows are missing: see `hoptrail verify`"));
        }
    }
    if destinations.basis.days == 0 {
        return Err(basis::nothing_published(destinations.basis.range, &shown_dest));
    }
    let found = InUse::new(&shown_dest, &destinations, &calls, &knowledge);
    warn(&found, messages);
    if found.profiles.is_empty() && found.unknown.is_empty() {
        let about = basis::described(destinations.basis.range);
        return Err(Failure::Nothing(format!(
            "no call went through a profile on these days ({about}) in {shown_dest}"
        )));
    }
    print(&found.in_format(args.output)?)?;
    let is_whole = destinations.basis.unreadable.is_empty() && calls.basis.unreadable.is_empty();
    Ok(if is_whole { Exit::Done } else { Exit::Partial })
}

/// Where profiles may send calls, and where they did.
fn destinations() -> Question {
    let keys = ["profile_id", "source_region", "destination_region", "is_declared"];
    question(DESTINATIONS, &keys, "succeeded_calls")
}

/// Which calls went through profiles.
fn calls() -> Question {
    question(ROUTING, &["target_type", "profile_scope", "source_region", "model_id"], "calls")
}

/// The days come first.
fn question(table: &'static str, columns: &[&'static str], sum: &'static str) -> Question {
    let columns = columns.iter().map(|column| Key::Column(column));
    Question {
        table,
        keys: std::iter::once(Key::Day).chain(columns).collect(),
        measures: vec![Measure { name: sum, of: Aggregate::Sum(sum) }],
        filters: Vec::new(),
        outside: None,
        sort: Sort { place: 0, is_descending: false },
        top: None,
    }
}

fn warn(found: &InUse, messages: &Messages) {
    for (what, days) in [
        ("days without a call through a profile", &found.without_profiles),
        (
            "days built by an older hoptrail, whose profiles are missing here (`hoptrail run` rebuilds them)",
            &found.without_destinations,
        ),
    ] {
        if !days.is_empty() {
            messages.warn(&format!("{what}: {}", days.join(", ")));
        }
    }
    if !found.unknown.is_empty() {
        let calls = found.unknown.iter().map(|unknown| unknown.calls.max(0).unsigned_abs()).sum();
        messages.warn(&format!(
            "{} through profiles whose Regions are not known: the list may lack some",
            counted(calls, "call")
        ));
    }
}

fn cell_text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.to_string()),
        _ => None,
    }
}

fn cell_count(row: &Row) -> i64 {
    match row.last() {
        Some(Cell::Count(count)) => *count,
        _ => 0,
    }
}

/// What is known of a profile that was called from a Region.
#[derive(Debug, Default)]
struct Use {
    declared: BTreeSet<String>,
    used: BTreeSet<String>,
    succeeded_calls: i64,
}

/// A profile, and the Region that it was called from.
type ProfileKey = (String, Option<String>);

impl InUse {
    fn new(dest: &str, destinations: &Answered, calls: &Answered, knowledge: &Knowledge) -> Self {
        let Basis { range, days, missing, .. } = &destinations.basis;
        let by_profile = by_profile(&destinations.answer);
        let kinds = by_profile.keys().map(|(profile, source)| {
            let found = resolve(Some(profile), &knowledge.catalog, &knowledge.aliases);
            (found.profile_scope, found.model.ok().map(|model| model.id), source.clone())
        });
        let kinds = kinds.collect::<BTreeSet<_>>();
        let profiles =
            by_profile.into_iter().map(|(key, found)| ProfileUse::new(key, found, knowledge));
        let profiles = profiles.collect::<Vec<_>>();
        let all = profiles.iter().flat_map(|profile| profile.regions.iter().cloned());
        let regions = all.collect::<BTreeSet<_>>().into_iter().collect();
        let days_of = |answer: &Answer, is_asked: &dyn Fn(&Row) -> bool| {
            let rows = answer.rows.iter().filter(|row| is_asked(row));
            rows.filter_map(|row| cell_text(&row[0])).collect::<BTreeSet<_>>()
        };
        let with_profiles = days_of(&calls.answer, &|row| is_through_a_profile(row));
        let with_destinations = days_of(&destinations.answer, &|_| true);
        let built = range.iter().flat_map(DayRange::days).filter(|day| !missing.contains(day));
        let built = built.map(|day| day.to_string()).collect::<BTreeSet<_>>();
        let without = |all: &BTreeSet<String>, some: &BTreeSet<String>| {
            all.difference(some).cloned().collect::<Vec<_>>()
        };
        InUse {
            dest: dest.to_owned(),
            from: range.map(|range| range.from().to_string()),
            to: range.map(|range| range.to().to_string()),
            days_built: *days,
            days: range.map_or(0, basis::n_days),
            missing: missing.iter().map(ToString::to_string).collect(),
            without_profiles: without(&built, &with_profiles),
            without_destinations: without(&with_profiles, &with_destinations),
            regions,
            profiles,
            unknown: unknown(&calls.answer, &kinds),
        }
    }
}

impl ProfileUse {
    fn new((profile_id, source): ProfileKey, found: Use, knowledge: &Knowledge) -> Self {
        let Use { declared, used, succeeded_calls } = found;
        let is_global =
            knowledge.catalog.read(&profile_id).target_type == TargetType::GlobalProfile;
        let is_declared = is_global || !declared.is_empty();
        let mut regions = if is_global {
            BTreeSet::from([UNSPECIFIED_REGION.to_owned()])
        } else {
            declared.union(&used).cloned().collect()
        };
        regions.extend(source.clone());
        ProfileUse {
            profile_id,
            source_region: source,
            regions: regions.into_iter().collect(),
            used_regions: used.into_iter().collect(),
            is_declared,
            succeeded_calls,
        }
    }
}

fn by_profile(answer: &Answer) -> BTreeMap<ProfileKey, Use> {
    let mut by_profile = BTreeMap::<ProfileKey, Use>::new();
    for row in &answer.rows {
        let (Some(profile), source) = (cell_text(&row[1]), cell_text(&row[2])) else { continue };
        let Some(region) = cell_text(&row[3]) else { continue };
        let found = by_profile.entry((profile, source)).or_default();
        let calls = cell_count(row);
        found.succeeded_calls += calls;
        if calls > 0 {
            found.used.insert(region.clone());
        }
        if row[4] == Cell::Flag(true) {
            found.declared.insert(region);
        }
    }
    by_profile
}

/// Whether a row of [`calls`] is of calls through profiles.
fn is_through_a_profile(row: &Row) -> bool {
    let types = [TargetType::GeoProfile, TargetType::GlobalProfile, TargetType::ApplicationProfile];
    cell_text(&row[1]).is_some_and(|found| types.iter().any(|it| it.as_str() == found))
}

/// Calls through profiles that no row of destinations tells of.
fn unknown(
    answer: &Answer,
    known: &BTreeSet<(Option<String>, Option<String>, Option<String>)>,
) -> Vec<UnknownUse> {
    let mut found = BTreeMap::<_, i64>::new();
    for row in answer.rows.iter().filter(|row| is_through_a_profile(row)) {
        let [target_type, scope, source, model] = [1, 2, 3, 4].map(|place| cell_text(&row[place]));
        // An application profile may be of a model in one Region, which is no profile of a scope.
        let is_of_one_region = scope.is_none() && model.is_some();
        let key = (scope, model, source);
        if is_of_one_region || known.contains(&key) {
            continue;
        }
        *found.entry((target_type, key)).or_default() += cell_count(row);
    }
    let found = found.into_iter();
    let found =
        found.map(|((target_type, (profile_scope, model_id, source_region)), calls)| UnknownUse {
            target_type: target_type.unwrap_or_default(),
            profile_scope,
            model_id,
            source_region,
            calls,
        });
    found.collect()
}
