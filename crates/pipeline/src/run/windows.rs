//! The days of a run in windows: as many at a time as their objects can be held. So the first days are
//! published long before the last ones are listed, and memory does not grow with the range.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::dates::{DayRange, days_of_delivery};
use crate::day::manifest::LateObject;
use crate::join::Met;
use crate::run::pass::PassEnd;
use crate::run::schedule::Reason;
use crate::run::state::{PassRequest, State};
use crate::settings::{Layout, Settings};
use crate::source::filter::Seen;
use crate::source::found::Discovery;
use crate::source::list::{Listed, ListedObject};

/// How many objects of a day a Region's folder may have, before any is listed: CloudTrail delivers about
/// every five minutes (CloudTrail user guide, "How CloudTrail works").
const PER_REGION: u64 = 24 * 12;

/// The same of a folder of another layout: Firehose delivers every minute at most, unless it is told not to
/// wait (Firehose developer guide, "Configure buffering hints").
const PER_OTHER: u64 = 24 * 60;

/// The windows of a run.
#[derive(Debug)]
pub(super) struct Windows<'a> {
    settings: &'a Settings,
    /// The days that are in no window yet. Without a range there is one window, of all that there is.
    rest: Option<Option<DayRange>>,
    given: Vec<Option<DayRange>>,
    /// Whether each day is a window.
    is_by_day: bool,
    /// The most objects of a day, as far as is known.
    keys_of_day: u64,
    /// The days that were built so far.
    built: BTreeSet<Date>,
    /// What the windows listed and saw so far.
    pub(super) found: Found,
}

/// What the windows listed, and which accounts and Regions they saw.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) listed: Listed,
    pub(super) n_listed: u64,
    pub(super) seen: Seen,
}

/// Which part of a run a pass is.
#[derive(Debug)]
pub(super) struct Part {
    /// The days of the run.
    pub(super) run: DayRange,
    /// The days that were listed before this part for the first time.
    pub(super) before: Option<DayRange>,
    /// Whether it has the last day.
    pub(super) is_last: bool,
    built: BTreeSet<Date>,
}

/// What windows leave to be rebuilt.
#[derive(Debug, Default)]
pub(super) struct Left {
    late: BTreeMap<Date, BTreeSet<LateObject>>,
    shared: BTreeSet<Date>,
    /// Days with callers whose model invocation logs were not read.
    pub(super) without_logs: BTreeSet<Date>,
}

impl<'a> Windows<'a> {
    /// The windows over the folders that were found.
    pub(super) fn new(settings: &'a Settings, discovery: &Discovery) -> Self {
        let Discovery { regions, others, .. } = discovery;
        Windows {
            settings,
            rest: Some(settings.range),
            given: Vec::new(),
            is_by_day: false,
            keys_of_day: regions.len() as u64 * PER_REGION + others.len() as u64 * PER_OTHER,
            built: BTreeSet::new(),
            found: Found::default(),
        }
    }

    /// A window for each day.
    pub(super) fn of_days(settings: &'a Settings) -> Self {
        Windows { is_by_day: true, ..Windows::new(settings, &Discovery::default()) }
    }

    /// The next window, as settings and a request for its pass.
    pub(super) fn next(&mut self) -> Option<(Settings, PassRequest)> {
        let rest = self.rest.take()?;
        let mut before = None;
        let window = match rest {
            Some(rest) if self.settings.layout != Layout::Any => {
                let days = self.settings.keys_in_window / self.keys_of_day.max(1);
                let days = i64::try_from(days).unwrap_or(i64::MAX);
                // The first is an estimate on the safe side, which would have a nightly run listed in two.
                let least = if self.given.is_empty() { self.settings.first_window_days } else { 1 };
                let days = if self.is_by_day { 1 } else { days.max(least) };
                let (window, later) = rest.split(days);
                self.rest = later.map(Some);
                before = self.settings.range.and_then(|run| run.until(window.from()));
                Some(window)
            }
            all => all,
        };
        self.given.push(window);
        let request = PassRequest {
            checks_all_days: true,
            part: self.part(before, window),
            ..PassRequest::default()
        };
        Some((Settings { range: window, ..self.settings.clone() }, request))
    }

    /// Takes in what the pass of a window came to.
    pub(super) fn take(&mut self, end: &mut PassEnd) {
        let (listed, seen) = (std::mem::take(&mut end.listed), std::mem::take(&mut end.seen));
        let n_listed = end.n_listed;
        if let [Some(window)] = self.given.as_slice() {
            self.keys_of_day = window.per_day(n_listed);
        } else if let Some(Some(window)) = self.given.last() {
            self.keys_of_day = self.keys_of_day.max(window.per_day(n_listed));
        }
        match self.given.len() {
            1 => self.found = Found { listed, n_listed, seen },
            _ => {
                self.found.listed.add(listed);
                self.found.n_listed += n_listed;
                self.found.seen.add(seen);
            }
        }
        self.built.append(&mut end.built);
    }

    /// The same days as requests of their windows.
    pub(super) fn split(&self, request: &PassRequest) -> Vec<(Settings, PassRequest)> {
        let of_window = |window: &Option<DayRange>| {
            let is_in = |day: &Date| window.is_none_or(|window| window.contains(*day));
            let rebuild = request.rebuild.iter().filter(|(day, _)| is_in(day));
            let rebuild = rebuild.map(|(day, reason)| (*day, reason.clone()));
            let late = request.late.iter().filter(|(day, _)| is_in(day));
            let request = PassRequest {
                rebuild: rebuild.collect(),
                late: late.map(|(day, objects)| (*day, objects.clone())).collect(),
                part: self.part(None, *window).map(|part| {
                    let built = request.rebuild.keys().copied();
                    let is_before = |day: &Date| window.is_some_and(|window| *day < window.from());
                    Part { built: built.filter(is_before).collect(), ..part }
                }),
                ..PassRequest::default()
            };
            let settings = || Settings { range: *window, ..self.settings.clone() };
            (!request.rebuild.is_empty()).then(|| (settings(), request))
        };
        self.given.iter().filter_map(of_window).collect()
    }

    fn part(&self, before: Option<DayRange>, window: Option<DayRange>) -> Option<Part> {
        let run = self.settings.range.filter(|run| window.is_some_and(|window| window != *run))?;
        let is_last = self.rest.is_none();
        Some(Part { run, before, is_last, built: self.built.clone() })
    }
}

impl Part {
    /// Whether the model invocation logs around a day are read by other passes, seen from that of a window.
    pub(super) fn met(&self, day: Date, window: Option<DayRange>) -> Met {
        let is_after = window.is_some_and(|window| day > window.to());
        Met { before: self.built.contains(&day), later: is_after && self.run.contains(day) }
    }

    /// Whether an object was read for other days of the run before, which were built.
    pub(super) fn has_read(&self, listed: &ListedObject, late_window_minutes: i64) -> bool {
        let days = listed.delivery.map(|of| days_of_delivery(of, self.run, late_window_minutes));
        days.into_iter().flatten().any(|day| self.built.contains(&day))
    }
}

impl Left {
    /// Adds what a pass left. The days that it built are as they should be, as far as passes before
    /// knew.
    pub(super) fn take(&mut self, end: &mut PassEnd) {
        self.shared.retain(|day| !end.built.contains(day));
        self.shared.extend(&end.shared);
        for (day, mut objects) in std::mem::take(&mut end.collected.late) {
            self.late.entry(day).or_default().append(&mut objects);
        }
    }

    /// The days to rebuild, with nothing left then.
    pub(super) fn request(&mut self, state: &State) -> PassRequest {
        let Left { mut late, shared, without_logs } = std::mem::take(self);
        late.retain(|day, objects| {
            let manifest = state.manifests.get(day).and_then(Option::as_ref);
            let known = manifest.map(|manifest| &manifest.late_objects);
            objects.retain(|object| known.is_none_or(|known| !known.contains(object)));
            !objects.is_empty()
        });
        let mut request = state.days_to_rebuild(&late, &shared);
        for day in without_logs {
            request.rebuild.entry(day).or_insert(Reason::InvocationLogs);
        }
        request
    }
}
