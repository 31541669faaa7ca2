//! Which days are built and why, and in which order their objects are fetched: day by day. Therefore the
//! first days are published while later ones are still read.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bedrock::Knowledge;
use bedrock::resolve::resolve;
use jiff::civil::Date;
use logs::layout::{Delivery, LogKind};
use store::ObjectMeta;

use crate::batch::KnownJobs;
use crate::dates::{DayRange, days_of_delivery};
use crate::day::manifest::{LateObject, MadeWith, Manifest, SourceSet, Sources};
use crate::outcome::progress::Progress;
use crate::source::list::{At, ListedObject};

/// Why a day is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It does not exist at the destination, or has no manifest that can be understood.
    New,
    /// The user wants it.
    Forced,
    /// Its objects are not those that it was built from.
    Objects {
        /// How many there were.
        before: u64,
        /// How many there are.
        now: u64,
    },
    /// It was built from other logs.
    OtherLogs {
        /// Those that it is built from now.
        kind: LogKind,
        /// How many calls it had.
        before: u64,
        /// How many it has, and how many of the former are left out, once that is known.
        now: Option<(u64, u64)>,
    },
    /// The model invocation logs around it are not those that it was built with.
    InvocationLogs,
    /// An object delivered later has calls of it.
    LateObjects {
        /// How many such objects.
        objects: u64,
    },
    /// An event that it counts is on another day as well.
    SharedEvents,
    /// Something was unreadable or rejected.
    Partial,
    /// A run was interrupted while it replaced the day, or was about to.
    Interrupted,
    /// A file of the day does not exist any more, or is not as it was written.
    Files {
        /// Its key, relative to the destination.
        key: String,
    },
    /// An alias is known now for a reference that had none.
    Alias {
        /// The reference.
        model_ref: String,
    },
    /// More is known of its batch jobs: their states, or what their outputs count.
    BatchJobs {
        /// Of how many.
        jobs: u64,
    },
    /// The layout has no days: nothing is known before everything is read.
    AnyLayout,
    /// What it was built with has changed.
    MadeWith {
        /// What, in words.
        what: String,
    },
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::New => f.write_str("not built before"),
            Reason::Forced => f.write_str("--force"),
            Reason::Objects { before, now } if before == now => {
                write!(f, "other source objects ({now} before and now)")
            }
            Reason::Objects { before, now } => {
                write!(f, "other source objects ({before} before, {now} now)")
            }
            Reason::OtherLogs { kind, before, now } => {
                f.write_str(match kind {
                    LogKind::ModelInvocation => "model invocation logs in place of CloudTrail",
                    _ => "CloudTrail in place of model invocation logs",
                })?;
                match now {
                    None => write!(f, " (calls: {before} before)"),
                    Some((now, 0)) => write!(f, " (calls: {before} before, {now} now)"),
                    Some((now, left_out)) => {
                        write!(f, " (calls: {before} before, {now} now; left out: {left_out})")
                    }
                }
            }
            Reason::InvocationLogs => f.write_str("other model invocation logs"),
            Reason::LateObjects { objects: 1 } => f.write_str("1 object delivered late"),
            Reason::LateObjects { objects } => write!(f, "{objects} objects delivered late"),
            Reason::SharedEvents => f.write_str("an event of this day also appears on another day"),
            Reason::Partial => f.write_str("partial before"),
            Reason::Interrupted => f.write_str("previous build was interrupted"),
            Reason::Files { key } => write!(f, "{key} is missing or not as it was written"),
            Reason::Alias { model_ref } => write!(f, "an alias is known now for {model_ref}"),
            Reason::BatchJobs { jobs: 1 } => f.write_str("new state or output of 1 batch job"),
            Reason::BatchJobs { jobs } => write!(f, "new states or outputs of {jobs} batch jobs"),
            Reason::AnyLayout => f.write_str("always rebuilt with --layout any"),
            Reason::MadeWith { what } => f.write_str(what),
        }
    }
}

/// The order of work.
#[derive(Debug)]
pub(crate) struct Schedule<'a> {
    progress: &'a Progress,
    range: Option<DayRange>,
    late_window_minutes: i64,
    /// With any layout every object is fetched, and is read for the days of its calls.
    takes_everything: bool,
    days: BTreeMap<Date, ListedDay>,
    /// The days that are built, with the reason.
    built: BTreeMap<Date, Reason>,
    /// Objects to fetch, by the first day that is built from them.
    ready: BTreeMap<Date, VecDeque<ListedObject>>,
    /// Objects of which it is not known yet whether all their days are built: what is read for one of
    /// them before the other is begun would be missing there.
    held: Vec<ListedObject>,
}

/// What a day is built from, as far as the listing shows.
#[derive(Debug, Default)]
struct ListedDay {
    sources: SourceSet,
    /// Objects that are still to be read.
    pending: u64,
}

impl<'a> Schedule<'a> {
    /// A schedule that builds no day yet.
    pub(crate) fn new(
        range: Option<DayRange>,
        late_window_minutes: i64,
        takes_everything: bool,
        progress: &'a Progress,
    ) -> Self {
        Schedule {
            progress,
            range,
            late_window_minutes,
            takes_everything,
            days: BTreeMap::new(),
            built: BTreeMap::new(),
            ready: BTreeMap::new(),
            held: Vec::new(),
        }
    }

    /// The days of the range that an object is read for.
    pub(crate) fn days_of(&self, object: &ListedObject) -> impl Iterator<Item = Date> + use<> {
        let window = self.late_window_minutes;
        let delivery = object.delivery.filter(|_| !self.takes_everything);
        let days = self.range.zip(delivery);
        days.into_iter().flat_map(move |(range, of)| days_of_delivery(of, range, window))
    }

    /// Adds an object that was listed.
    pub(crate) fn add(&mut self, object: ListedObject) {
        let (mut first, mut are_all_built) = (None, true);
        let mut object = object;
        for day in self.days_of(&object) {
            first.get_or_insert(day);
            are_all_built &= self.is_built(day);
            let listed = self.days.entry(day).or_default();
            listed.sources.add(&object.meta);
            listed.pending += 1;
        }
        // It is in the fingerprints of the days, and would be a sixth of what an object takes.
        object.meta.etag = None;
        if self.takes_everything {
            self.make_ready(Date::MIN, object);
        } else if let Some(first) = first.filter(|_| are_all_built) {
            self.make_ready(first, object);
        } else {
            self.held.push(object);
        }
    }

    /// Adds an object that was read already to the day that it was read for; `false` if it is not read for it.
    pub(crate) fn add_read(&mut self, object: &ListedObject, day: Date) -> bool {
        let is_of_day = self.days_of(object).any(|of| of == day);
        if is_of_day {
            self.days.entry(day).or_default().sources.add(&object.meta);
        }
        is_of_day
    }

    /// Has a day built: its objects are fetched.
    pub(crate) fn build(&mut self, day: Date, reason: Reason) {
        self.built.insert(day, reason);
    }

    /// Has a day not built after all, whose objects were read.
    pub(crate) fn leave(&mut self, day: Date) {
        self.built.remove(&day);
    }

    /// Whether a day is built.
    pub(crate) fn is_built(&self, day: Date) -> bool {
        self.takes_everything || self.built.contains_key(&day)
    }

    /// The days that are built.
    pub(crate) fn built_days(&self) -> impl Iterator<Item = Date> {
        self.built.keys().copied()
    }

    /// Why a day is built.
    pub(crate) fn reason(&self, day: Date) -> Option<Reason> {
        self.built.get(&day).cloned()
    }

    /// Decides on the objects that were held, after the last day was added.
    pub(crate) fn release(&mut self) {
        for object in std::mem::take(&mut self.held) {
            let first = self.days_of(&object).find(|day| self.is_built(*day));
            if let Some(first) = first {
                self.make_ready(first, object);
            }
        }
    }

    /// Lets a day wait for an object that it needs although it is not delivered for it, and that the source
    /// has `at` some key; with `is_fetched`, it is fetched for another day already.
    pub(crate) fn add_late(
        &mut self,
        day: Date,
        late: LateObject,
        (at, delivery): (At, Option<Delivery>),
        is_fetched: bool,
    ) {
        self.days.entry(day).or_default().pending += 1;
        if !is_fetched {
            let meta = ObjectMeta {
                key: late.key,
                size_bytes: late.bytes,
                etag: None,
                is_archived: false,
            };
            let object = ListedObject { meta, at, delivery, is_late: true };
            self.make_ready(day, object);
        }
    }

    fn make_ready(&mut self, day: Date, object: ListedObject) {
        self.progress.listed(object.meta.size_bytes);
        self.ready.entry(day).or_default().push_back(object);
    }

    /// Whether there is something to fetch now.
    pub(crate) fn has_next(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The next object to fetch.
    pub(crate) fn next_object(&mut self) -> Option<ListedObject> {
        let mut first = self.ready.first_entry()?;
        let object = first.get_mut().pop_front();
        if first.get().is_empty() {
            first.remove();
        }
        object
    }

    /// Takes note that an object of a day was read.
    pub(crate) fn done(&mut self, day: Date) {
        if let Some(listed) = self.days.get_mut(&day) {
            listed.pending = listed.pending.saturating_sub(1);
        }
    }

    /// How many objects of a day are still to be read: none if it is not built, because those of its
    /// objects that no other day wants are never fetched.
    pub(crate) fn pending(&self, day: Date) -> u64 {
        if !self.is_built(day) {
            return 0;
        }
        self.days.get(&day).map_or(0, |listed| listed.pending)
    }

    /// The objects that were listed for a day.
    pub(crate) fn sources(&self, day: Date) -> Sources {
        self.days.get(&day).map(|listed| &listed.sources).cloned().unwrap_or_default().sources()
    }

    /// The days that objects were listed for.
    pub(crate) fn listed_days(&self) -> impl Iterator<Item = Date> {
        self.days.keys().copied()
    }
}

/// What decides whether a day is unchanged.
#[derive(Debug)]
pub(crate) struct Now<'a> {
    /// What it would be built with.
    pub made_with: &'a MadeWith,
    /// What is known.
    pub knowledge: &'a Knowledge,
    /// What the listing shows.
    pub trail: Sources,
    /// Whether model invocation logs are read. Else the day keeps those that it was built with.
    pub reads_logs: bool,
    /// The invocation logs around the day.
    pub invocation_logs: Option<Sources>,
    /// What is known of batch jobs.
    pub jobs: KnownJobs<'a>,
    /// Objects with calls of the day that are not read for it, as far as manifests show.
    pub late_objects: Option<&'a BTreeSet<LateObject>>,
    /// The key of a file of the day that is not as it was written.
    pub changed_file: Option<&'a String>,
    /// Which logs the day would be built from.
    pub kind: LogKind,
}

/// Why a published day is rebuilt; `None` if it is unchanged.
pub(crate) fn reason_to_rebuild(manifest: &Manifest, now: &Now<'_>) -> Option<Reason> {
    if manifest.is_withdrawn() {
        return Some(Reason::Interrupted);
    }
    if let Some(key) = now.changed_file {
        return Some(Reason::Files { key: key.clone() });
    }
    if manifest.kind() != now.kind && (manifest.trail != now.trail) {
        let before = manifest.counts.written;
        return Some(Reason::OtherLogs { kind: now.kind, before, now: None });
    }
    if !manifest.is_complete {
        return Some(Reason::Partial);
    }
    if manifest.trail != now.trail {
        return Some(Reason::Objects { before: manifest.trail.objects, now: now.trail.objects });
    }
    if manifest.invocation_logs.as_ref().map(|logs| &logs.all) != now.invocation_logs.as_ref() {
        return Some(Reason::InvocationLogs);
    }
    let known = manifest.late_objects.iter().collect::<BTreeSet<_>>();
    let late = now.late_objects.into_iter().flatten().filter(|late| !known.contains(late)).count();
    if late > 0 {
        return Some(Reason::LateObjects { objects: late as u64 });
    }
    if let Some(reason) = now.jobs.reason(manifest) {
        return Some(reason);
    }
    if let Some(what) = what_changed(&manifest.made_with, now) {
        return Some(Reason::MadeWith { what });
    }
    alias_known_now(manifest, now.knowledge)
}

/// [`Reason::Alias`], if a reference that the day was built without an alias for has one by now.
pub(crate) fn alias_known_now(manifest: &Manifest, knowledge: &Knowledge) -> Option<Reason> {
    let Knowledge { catalog, aliases, .. } = knowledge;
    let is_known = |text: &&String| resolve(Some(text), catalog, aliases).model.is_ok();
    let model_ref = manifest.without_alias.iter().find(is_known)?;
    Some(Reason::Alias { model_ref: model_ref.clone() })
}

/// What a day was built with that is otherwise now, in words.
fn what_changed(before: &MadeWith, now: &Now<'_>) -> Option<String> {
    let has_same_keys =
        !now.reads_logs || before.request_metadata == now.made_with.request_metadata;
    let now = now.made_with;
    let (old, new) = (&before.knowledge, &now.knowledge);
    let version = format!("hoptrail {} instead of {}", now.hoptrail, before.hoptrail);
    let window = format!(
        "a late window of {} instead of {} minutes",
        now.late_window_minutes, before.late_window_minutes
    );
    let prices = format!("another price book ({} instead of {})", new.prices, old.prices);
    let parts = [
        (before.hoptrail == now.hoptrail, version),
        (before.schema == now.schema, "another schema of the tables".to_owned()),
        (old.catalog == new.catalog, "another catalog".to_owned()),
        (old.regions == new.regions, "other Regions or jurisdictions".to_owned()),
        (old.prices == new.prices, prices),
        (old.aliases == new.aliases, "other aliases".to_owned()),
        (old.discounts == new.discounts, "other discounts".to_owned()),
        (before.late_window_minutes == now.late_window_minutes, window),
        (before.reading == now.reading, "other options of reading".to_owned()),
        (has_same_keys, "other keys of request metadata".to_owned()),
        (before.omitted == now.omitted, "other omitted columns".to_owned()),
    ];
    let changed = parts.into_iter().filter(|(is_same, _)| !is_same).map(|(_, what)| what);
    let changed = changed.collect::<Vec<_>>();
    (!changed.is_empty()).then(|| changed.join(", "))
}
