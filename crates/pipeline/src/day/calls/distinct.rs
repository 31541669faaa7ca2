//! Keeps one record of each event, whichever objects, trails, or deliveries it came in. UUIDs are compared
//! whole, other ids by 128 bits of a hash.

use std::cmp::Ordering;
use std::collections::{BTreeSet, BinaryHeap};
use std::convert::Infallible;
use std::io;

use bedrock::{Attribute, CallId, InternerFull, TextId, Texts};

use super::identities::{Identities, Identity};
use super::order::{SortKey, Sorted, Sorter};
use super::spill::Run;
use super::{DayCall, DayCalls};

/// Calls that are taken together where all are held: few enough for what is made of them to stay in the
/// processor's caches while column after column is made of that.
const HELD_BATCH_CALLS: usize = 4 * 1024;

/// What decides which records of a day are kept.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    /// The rank of each object's key among the keys of the day, by the object's number.
    pub(crate) ranks: &'a [u32],
    /// Whether another day has the call, so that it is not kept here. The flag says whether the record is
    /// an addendum.
    pub(crate) is_elsewhere: &'a (dyn Fn(Identity, bool) -> bool + Sync),
    /// Whether other days are going to ask which calls this one has.
    pub(crate) keeps_identities: bool,
}

impl std::fmt::Debug for Rules<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "over {} objects", self.ranks.len())
    }
}

/// A day's calls without their duplicates.
#[derive(Debug)]
pub(crate) struct Distinct {
    /// The calls, in the order of the table `invocations`.
    pub(crate) calls: SortedCalls,
    /// Whether network activity events among them tell of refusals.
    pub(crate) has_refusals: bool,
    /// How many of each object's records are kept, by the object's number.
    pub(crate) kept: Vec<u32>,
    /// How many are not.
    pub(crate) dropped: Vec<u32>,
    /// Which calls they are, if other days are going to ask.
    pub(crate) identities: Identities,
}

/// Calls in their order, from memory or from sorted files.
#[derive(Debug)]
pub(crate) enum SortedCalls {
    /// All calls are held.
    Memory {
        /// The calls, in the order of arrival.
        calls: Vec<DayCall>,
        /// Their order.
        order: Vec<SortKey>,
        /// How many were given.
        given: usize,
        /// The texts of all.
        texts: Texts,
    },
    /// The calls are in files.
    Merged(Merged),
}

/// Calls that are merged from sorted files.
#[derive(Debug)]
pub(crate) struct Merged {
    runs: Vec<Run>,
    /// The next call of each run.
    heads: BinaryHeap<Head>,
    /// The texts of the batch, behind those that all batches share.
    texts: Texts,
    /// How many texts of each attribute all batches share.
    kept: [usize; Attribute::ALL.len()],
    /// Calls in a batch.
    batch_calls: usize,
}

/// The first call of a run that is not yet taken, in the order of a heap: the first call is the greatest.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    event_time_ms: i64,
    event_id: CallId,
    run: usize,
}

impl DayCalls {
    /// Keeps one record of each call. Call it on a worker: it sorts in parallel.
    ///
    /// # Errors
    /// If temporary files cannot be written or read.
    pub(crate) fn distinct(mut self, rules: &Rules<'_>) -> Result<Distinct, super::HoldError> {
        if self.spill.is_some() {
            self.spill()?;
        }
        let mut sorter = Sorter::new(rules);
        let DayCalls { bounds, mut held, mut texts, spill, .. } = self;
        let calls = match spill {
            None => {
                let keys = (0..).zip(&held).map(|(position, call)| SortKey::new(call, position));
                let Sorted { order, requests } = sorter.sort(keys.collect());
                for request in requests {
                    let entry =
                        |position: u32| Ok::<_, Infallible>(held[position as usize].clone());
                    let Ok(call) = request.completed(entry);
                    held[request.kept as usize] = call;
                }
                SortedCalls::Memory { calls: held, order, given: 0, texts }
            }
            Some(spill) => {
                let runs = spill.into_runs(&mut texts, |keys| sorter.sort(keys))?;
                SortedCalls::Merged(Merged::new(runs, texts, bounds.merged_calls)?)
            }
        };
        let Sorter { kept, dropped, has_refusals, identities, addenda, .. } = sorter;
        let identities = Identities::new(identities, addenda.into_iter().collect::<BTreeSet<_>>());
        Ok(Distinct { calls, has_refusals, kept, dropped, identities })
    }
}

impl Distinct {
    /// How many records of calls there were, kept or not.
    pub(crate) fn n_records(&self) -> u64 {
        self.kept.iter().chain(&self.dropped).map(|calls| u64::from(*calls)).sum()
    }
}

impl SortedCalls {
    /// The texts that the calls of the last batch refer to.
    pub(crate) fn texts(&self) -> &Texts {
        match self {
            SortedCalls::Memory { texts, .. } | SortedCalls::Merged(Merged { texts, .. }) => texts,
        }
    }

    /// Whether the calls that are taken next refer to other texts, so that ids mean something else.
    pub(crate) fn changes_texts(&self) -> bool {
        matches!(self, SortedCalls::Merged(_))
    }

    /// Takes in a text that is to have an id all the time, before any call is taken.
    ///
    /// # Errors
    /// If there are too many texts.
    pub(crate) fn keep(
        &mut self,
        attribute: Attribute,
        text: &str,
    ) -> Result<TextId, InternerFull> {
        match self {
            SortedCalls::Memory { texts, .. } => texts[attribute].intern(text),
            SortedCalls::Merged(merged) => {
                merged.texts[attribute].truncate(merged.kept[attribute as usize]);
                let id = merged.texts[attribute].intern(text)?;
                merged.kept[attribute as usize] = merged.texts[attribute].len();
                Ok(id)
            }
        }
    }

    /// Gives the next calls to `take`, in their order; none after the last one. It may add texts.
    ///
    /// # Errors
    /// If a temporary file cannot be read.
    pub(crate) fn next(&mut self, mut take: impl FnMut(&DayCall, &mut Texts)) -> io::Result<()> {
        match self {
            SortedCalls::Memory { calls, order, given, texts } => {
                let batch = order[*given..].iter().take(HELD_BATCH_CALLS);
                *given += batch.len();
                batch.for_each(|key| take(&calls[key.position as usize], texts));
                Ok(())
            }
            SortedCalls::Merged(merged) => merged.next(take),
        }
    }
}

impl SortedCalls {
    /// Goes back to the first call.
    ///
    /// # Errors
    /// If a temporary file cannot be read.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        match self {
            SortedCalls::Memory { given, .. } => *given = 0,
            SortedCalls::Merged(merged) => {
                merged.heads.clear();
                for run in 0..merged.runs.len() {
                    merged.runs[run].restart()?;
                    merged.advance(run)?;
                }
            }
        }
        Ok(())
    }
}

impl Merged {
    fn new(runs: Vec<Run>, texts: Texts, batch_calls: usize) -> io::Result<Self> {
        let kept = Attribute::ALL.map(|attribute| texts[attribute].len());
        let mut merged = Merged { heads: BinaryHeap::new(), runs, texts, kept, batch_calls };
        for run in 0..merged.runs.len() {
            merged.advance(run)?;
        }
        Ok(merged)
    }

    fn next(&mut self, mut take: impl FnMut(&DayCall, &mut Texts)) -> io::Result<()> {
        for (attribute, kept) in Attribute::ALL.into_iter().zip(self.kept) {
            self.texts[attribute].truncate(kept);
        }
        for _ in 0..self.batch_calls {
            let Some(Head { run, .. }) = self.heads.pop() else { break };
            let call = self.runs[run].take(&mut self.texts)?;
            take(&call, &mut self.texts);
            self.advance(run)?;
        }
        Ok(())
    }

    fn advance(&mut self, run: usize) -> io::Result<()> {
        let key = self.runs[run].advance()?;
        self.heads.extend(key.map(|(event_time_ms, event_id)| Head {
            event_time_ms,
            event_id,
            run,
        }));
        Ok(())
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_time = other.event_time_ms.cmp(&self.event_time_ms);
        // Two calls of one time and event id amend different events. In one run they are in order; otherwise
        // the run's number decides, which depends on the identity only.
        by_time.then_with(|| other.event_id.cmp(&self.event_id)).then(other.run.cmp(&self.run))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use bedrock::{Attributes, Call, Calls, EventKind};

    use super::*;
    use crate::day::calls::Bounds;
    use crate::omit::Omitted;

    fn call(id: &str, amends: Option<&str>, event_time_ms: i64) -> Call {
        Call {
            kind: EventKind::Call,
            event_time_ms,
            event_id: CallId::new(id),
            original_event_id: amends.map(|id| Box::new(CallId::new(id))),
            request_id: None,
            input_tokens: None,
            output_tokens: Some(event_time_ms),
            tier_certainty: None,
            latency: None,
            logged: None,
            has_guardrail: false,
            attributes: Attributes::default(),
        }
    }

    /// Event ids with their objects in order, and how many records of each object were dropped. Calls have
    /// their event ids as attributes, which have to come back with them.
    fn distinct(
        calls: &[(Call, u32)],
        bounds: Bounds,
        is_elsewhere: &(dyn Fn(Identity, bool) -> bool + Sync),
    ) -> (Vec<(String, u32)>, Vec<u32>) {
        let mut day = DayCalls::within(bounds, Omitted::default());
        let attributes = [Attribute::ModelRef, Attribute::SessionName, Attribute::UserAgent];
        let mut objects = vec![Calls::default(); 4];
        for (call, object) in calls {
            let Calls { rows, texts, .. } = &mut objects[*object as usize];
            let mut call = call.clone();
            for attribute in attributes {
                let text = format!("{attribute:?} of {}", call.event_id);
                texts.set(&mut call.attributes, attribute, Some(&text)).expect("few texts");
            }
            rows.push(call);
        }
        for (object, calls) in (0..).zip(&objects) {
            day.begin_object(calls);
            for index in 0..calls.rows.len() {
                day.add(&calls.rows[index], &calls.texts, index as u32, object).expect("room");
            }
        }
        // Objects were numbered as they came; their keys sort the other way round.
        let ranks = [3, 2, 1, 0];
        let rules = Rules { ranks: &ranks, is_elsewhere, keeps_identities: true };
        let mut found = day.distinct(&rules).expect("room");
        let mut seen = Vec::new();
        loop {
            let n_seen = seen.len();
            let identities = &found.identities;
            let take = |DayCall { call, object, .. }: &DayCall, texts: &mut Texts| {
                assert_eq!(call.output_tokens, Some(call.event_time_ms));
                for attribute in attributes {
                    let text = texts.get(&call.attributes, attribute);
                    assert_eq!(text, Some(format!("{attribute:?} of {}", call.event_id).as_str()));
                }
                let identity = identities.find(Identity::of(call.identity()));
                assert_eq!(identity, Some(call.original_event_id.is_some()));
                seen.push((call.event_id.to_string(), *object));
            };
            found.calls.next(take).expect("readable");
            if seen.len() == n_seen {
                break;
            }
        }
        assert_eq!(found.identities.len(), seen.len());
        assert_eq!(found.kept.iter().sum::<u32>(), seen.len() as u32);
        (seen, found.dropped)
    }

    /// In memory, and with every way of going to disk.
    fn all_bounds() -> impl Iterator<Item = Bounds> {
        let bounds = |(calls, text_bytes)| {
            [0, 30, 1 << 20].map(|kept_bytes| Bounds {
                calls,
                text_bytes,
                kept_bytes,
                merged_calls: 3,
            })
        };
        [(1, 1 << 20), (2, 1 << 20), (1 << 20, 60), (1 << 20, 1 << 20)].into_iter().flat_map(bounds)
    }

    fn check(calls: &[(Call, u32)], kept: &[(&str, u32)], dropped: [u32; 4]) {
        let kept = kept.iter().map(|(id, object)| ((*id).to_owned(), *object)).collect::<Vec<_>>();
        for bounds in all_bounds() {
            let found = distinct(calls, bounds, &|_, _| false);
            assert_eq!(found, (kept.clone(), dropped.to_vec()), "{bounds:?}");
        }
    }

    #[test]
    fn distinct_record_of_the_least_key_is_kept() {
        check(&[(call("a", None, 5), 0), (call("a", None, 5), 1)], &[("a", 1)], [1, 0, 0, 0]);
        check(&[(call("a", None, 5), 0), (call("a", None, 7), 0)], &[("a", 0)], [1, 0, 0, 0]);
        check(&[(call("a", None, 2), 0), (call("b", None, 1), 0)], &[("b", 0), ("a", 0)], [0; 4]);
    }

    /// Of records with different times the first one decides the call's time.
    #[test]
    fn distinct_first_record_of_an_object_is_kept() {
        let calls = [("a", 5), ("b", 6), ("a", 7)].map(|(id, time)| (call(id, None, time), 0));
        check(&calls, &[("a", 0), ("b", 0)], [1, 0, 0, 0]);
        let calls = [("a", 7), ("b", 6), ("a", 5)].map(|(id, time)| (call(id, None, time), 0));
        check(&calls, &[("b", 0), ("a", 0)], [1, 0, 0, 0]);
    }

    #[test]
    fn distinct_addendum_replaces_what_it_amends() {
        let uuid = "11111111-2222-4333-8444-555566667777";
        check(&[(call("a", None, 1), 1), (call("x", Some("a"), 9), 0)], &[("x", 0)], [0, 1, 0, 0]);
        let both = [(call(uuid, None, 1), 1), (call("x", Some(uuid), 9), 0)];
        check(&both, &[("x", 0)], [0, 1, 0, 0]);
    }

    #[test]
    fn distinct_call_of_another_day_is_dropped() {
        let calls = [(call("a", None, 1), 2), (call("b", Some("c"), 2), 2)];
        for bounds in all_bounds() {
            let (kept, dropped) = distinct(&calls, bounds, &|id, is_addendum| {
                let is = |text| id == Identity::of(&CallId::new(text));
                is("a") || (is("c") && !is_addendum)
            });
            assert_eq!((kept, dropped), (vec![("b".to_owned(), 2)], vec![0, 0, 1, 0]));
        }
    }

    #[test]
    fn distinct_on_disk_is_as_in_memory() {
        let uuid = |n: u32| format!("{n:08x}-2222-4333-8444-555566667777");
        let calls = (0..60u32)
            .map(|n| {
                let id = if n % 5 == 0 { format!("e{}", n % 20) } else { uuid(n * 7919 % 31) };
                (call(&id, None, i64::from(n * 31 % 11)), n % 4)
            })
            .collect::<Vec<_>>();
        let held = distinct(&calls, Bounds::default(), &|_, _| false);
        assert!(held.0.len() > 20 && held.1.iter().sum::<u32>() > 10, "{held:?}");
        for bounds in all_bounds() {
            assert_eq!(distinct(&calls, bounds, &|_, _| false), held, "{bounds:?}");
        }
    }
}
