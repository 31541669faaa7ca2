//! The order of calls in the table `invocations`, and which record of a call is kept.

use bedrock::{CallId, EventKind, Logged};
use rayon::prelude::*;

use super::entries::{Request, Requests};
use super::identities::Identity;
use super::{DayCall, Rules};

/// What decides the order of a call, and whether it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SortKey {
    pub(super) event_time_ms: i64,
    pub(super) event_id: CallId,
    /// What makes two records the same call.
    pub(super) identity: Identity,
    /// Events of another kind are never the same as a call.
    pub(super) kind: EventKind,
    /// Whether the record amends the event that has this identity.
    pub(super) is_addendum: bool,
    /// Of an entry of an invocation log, whether it counts anything.
    pub(super) counts_any: Option<bool>,
    /// Whether it is an entry of the day before or after.
    pub(super) is_beside: bool,
    pub(super) object: u32,
    pub(super) index: u32,
    /// Where the call is held.
    pub(super) position: u32,
}

impl SortKey {
    pub(super) fn new(day_call: &DayCall, position: u32) -> Self {
        let DayCall { call, object, index, is_beside } = day_call;
        SortKey {
            event_time_ms: call.event_time_ms,
            event_id: call.event_id.clone(),
            identity: Identity::of(call.identity()),
            kind: call.kind,
            is_addendum: call.original_event_id.is_some(),
            counts_any: call.logged.as_deref().map(Logged::is_any),
            is_beside: *is_beside,
            object: *object,
            index: *index,
            position,
        }
    }
}

/// What is left of records.
#[derive(Debug)]
pub(super) struct Sorted {
    /// Those that are kept, in the order of the table.
    pub(super) order: Vec<SortKey>,
    /// Those that other entries of their requests complete.
    pub(super) requests: Vec<Request>,
}

/// Sorts records, keeps one of each call, and counts.
#[derive(Debug)]
pub(super) struct Sorter<'a> {
    rules: &'a Rules<'a>,
    /// How many of each object's records are kept, by the object's number.
    pub(super) kept: Vec<u32>,
    /// How many are not.
    pub(super) dropped: Vec<u32>,
    /// Whether network activity events tell of refusals.
    pub(super) has_refusals: bool,
    /// The calls that are kept, if the rules ask for them.
    pub(super) identities: Vec<Identity>,
    /// Those of them that an addendum tells.
    pub(super) addenda: Vec<Identity>,
}

impl<'a> Sorter<'a> {
    pub(super) fn new(rules: &'a Rules<'a>) -> Self {
        let n_objects = rules.ranks.len();
        let (kept, dropped) = (vec![0; n_objects], vec![0; n_objects]);
        let (identities, addenda) = (Vec::new(), Vec::new());
        Sorter { rules, kept, dropped, has_refusals: false, identities, addenda }
    }

    /// Keeps one record of each call, in the order of the table: by time, then by event id. Of several
    /// records, an addendum is kept before what it amends, then the one whose object has the least key,
    /// then the first in its object. The order of arrival never decides. All records of a call must be among
    /// `records`. Entries of the days beside it are never kept and not counted.
    ///
    /// Events that are no calls are kept once as well, but are not counted: calls are what days compare.
    pub(super) fn sort(&mut self, mut records: Vec<SortKey>) -> Sorted {
        let ranks = self.rules.ranks;
        let delivery = |record: &SortKey| (ranks[record.object as usize], record.index);
        records.par_sort_unstable_by(|a, b| {
            let preference =
                |record: &SortKey| (record.is_beside, !record.is_addendum, delivery(record));
            let by_identity = a.identity.cmp(&b.identity).then_with(|| a.kind.cmp(&b.kind));
            by_identity.then_with(|| preference(a).cmp(&preference(b)))
        });
        let (mut last, mut requests) = (None, Requests::default());
        records.retain(|record| {
            let same = Some((record.identity, record.kind));
            let is_first = std::mem::replace(&mut last, same) != same;
            if record.kind != EventKind::Call {
                self.has_refusals |= record.kind == EventKind::Refusal;
                return is_first;
            }
            let SortKey { identity, is_addendum, object, is_beside, .. } = *record;
            let is_kept =
                is_first && !is_beside && !(self.rules.is_elsewhere)(identity, is_addendum);
            match is_first {
                true => requests.begin(record, delivery(record), is_kept),
                false => requests.add(record, delivery(record)),
            }
            if is_beside {
                return false;
            }
            let counts = if is_kept { &mut self.kept } else { &mut self.dropped };
            counts[object as usize] += 1;
            // Addenda are few, and the table does not tell which event they amend.
            if is_kept && is_addendum {
                self.addenda.push(identity);
            }
            if is_kept && self.rules.keeps_identities {
                self.identities.push(identity);
            }
            is_kept
        });
        records.par_sort_unstable_by(|a, b| {
            let by_time = a.event_time_ms.cmp(&b.event_time_ms);
            let by_id = || a.event_id.cmp(&b.event_id);
            // Those of one time and event amend two others.
            let delivered = |record: &SortKey| (delivery(record), record.kind);
            by_time.then_with(by_id).then_with(|| delivered(a).cmp(&delivered(b)))
        });
        Sorted { order: records, requests: requests.finish() }
    }
}
