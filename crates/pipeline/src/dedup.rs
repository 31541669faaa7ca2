//! One event is one call: exactly, across objects, trails on one bucket, and re-deliveries.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;

use bedrock::CallId;
use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::collect::StoredCall;

/// What a day's calls are without their duplicates.
#[derive(Debug)]
pub struct Distinct {
    /// The calls, in the order of the table `invocations`.
    pub calls: Vec<StoredCall>,
    /// The object's number of each call that was dropped.
    pub dropped: Vec<u32>,
}

/// Leaves each call in one day only, and returns the object's number of each record that was dropped,
/// by the day that it was dropped from. Records of one event on two days are rare, for example an
/// addendum with a time of its own; which one is kept is the rule of [`distinct`].
pub fn distinct_days(
    days: &mut BTreeMap<Date, Vec<StoredCall>>,
    rank: impl Fn(u32) -> u32,
) -> BTreeMap<Date, Vec<u32>> {
    let mut dropped = BTreeMap::<Date, Vec<u32>>::new();
    if days.len() < 2 {
        return dropped;
    }
    let mut kept = FxHashMap::<CallId, (Preference, Date)>::default();
    let mut is_on_two_days = false;
    for (day, calls) in &*days {
        for stored in calls {
            let this = (preference(stored, &rank), *day);
            match kept.entry(stored.call.identity().clone()) {
                Entry::Vacant(vacant) => {
                    vacant.insert(this);
                }
                Entry::Occupied(mut best) => {
                    is_on_two_days |= best.get().1 != *day;
                    if this < *best.get() {
                        best.insert(this);
                    }
                }
            }
        }
    }
    if !is_on_two_days {
        return dropped;
    }
    for (day, calls) in days {
        calls.retain(|stored| {
            let stays = kept[stored.call.identity()].1 == *day;
            if !stays {
                dropped.entry(*day).or_default().push(stored.object);
            }
            stays
        });
    }
    dropped
}

/// What decides between records of one call; the least is kept.
type Preference = (bool, u32, u32);

fn preference(stored: &StoredCall, rank: impl Fn(u32) -> u32) -> Preference {
    (stored.call.original_event_id.is_none(), rank(stored.object), stored.index)
}

/// Keeps one record of each call. Of several, an addendum is kept before what it amends, then the one
/// whose object has the least key, then the first in its object: never the one that came first.
///
/// `rank` gives the place of an object's key among all keys.
pub fn distinct(mut calls: Vec<StoredCall>, rank: impl Fn(u32) -> u32) -> Distinct {
    calls.sort_unstable_by(|a, b| {
        let by_identity = a.call.identity().cmp(b.call.identity());
        by_identity.then_with(|| preference(a, &rank).cmp(&preference(b, &rank)))
    });
    let mut dropped = Vec::new();
    calls.dedup_by(|later, kept| {
        let is_same = later.call.identity() == kept.call.identity();
        if is_same {
            dropped.push(later.object);
        }
        is_same
    });
    calls.sort_unstable_by(|a, b| {
        let key = |stored: &StoredCall| (stored.call.event_time_ms, rank(stored.object));
        let by_time = a.call.event_time_ms.cmp(&b.call.event_time_ms);
        by_time
            .then_with(|| a.call.event_id.cmp(&b.call.event_id))
            .then_with(|| key(a).cmp(&key(b)))
    });
    Distinct { calls, dropped }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bedrock::{Call, CallId, Context};

    use super::*;

    fn stored(id: &str, amends: Option<&str>, object: u32, index: u32) -> StoredCall {
        let call = Call {
            event_time_ms: i64::from(index),
            event_id: CallId::new(id),
            original_event_id: amends.map(CallId::new),
            request_id: None,
            input_tokens: None,
            output_tokens: None,
            context: Arc::new(Context::default()),
        };
        StoredCall { call, object, index }
    }

    fn check(calls: Vec<StoredCall>, kept: &[(&str, u32)], dropped: &[u32]) {
        // Objects were numbered as they came; their keys sort the other way round.
        let rank = |object: u32| 100 - object;
        for calls in [calls.clone(), calls.into_iter().rev().collect()] {
            let found = distinct(calls, rank);
            let ids = found.calls.iter().map(|c| (c.call.event_id.to_string(), c.object));
            let expected = kept.iter().map(|(id, object)| ((*id).to_owned(), *object));
            assert!(ids.eq(expected), "{:?}", found.calls);
            let mut drops = found.dropped;
            drops.sort_unstable();
            assert_eq!(drops, dropped);
        }
    }

    #[test]
    fn the_least_key_is_kept_in_any_order() {
        check(vec![stored("a", None, 0, 5), stored("a", None, 1, 5)], &[("a", 1)], &[0]);
        check(vec![stored("a", None, 0, 5), stored("a", None, 0, 7)], &[("a", 0)], &[0]);
        check(vec![stored("a", None, 0, 2), stored("b", None, 0, 1)], &[("b", 0), ("a", 0)], &[]);
    }

    #[test]
    fn one_event_on_two_days_is_one_call() {
        let (monday, tuesday) = (jiff::civil::date(2026, 10, 5), jiff::civil::date(2026, 10, 6));
        let rank = |object: u32| object;
        let mut days = BTreeMap::from([
            (monday, vec![stored("a", None, 1, 0), stored("b", None, 1, 1)]),
            (tuesday, vec![stored("x", Some("a"), 2, 0), stored("c", None, 2, 1)]),
        ]);
        let dropped = distinct_days(&mut days, rank);
        assert_eq!(dropped, BTreeMap::from([(monday, vec![1])]), "the addendum is kept");
        assert_eq!((days[&monday].len(), days[&tuesday].len()), (1, 2));
        assert!(distinct_days(&mut days, rank).is_empty());
    }

    #[test]
    fn an_addendum_takes_the_place_of_what_it_amends() {
        check(vec![stored("a", None, 1, 1), stored("x", Some("a"), 0, 9)], &[("x", 0)], &[1]);
    }
}
