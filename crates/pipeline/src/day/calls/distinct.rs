//! One event is one call: across objects, trails on one bucket, and re-deliveries; exactly where ids are
//! UUIDs, which CloudTrail's are, and by 128 bits of a hash where they are other texts.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeSet, BinaryHeap};
use std::{io, vec};

use bedrock::{Call, CallId};
use rayon::prelude::*;

use super::identities::{Identities, Identity};
use super::order::by_time;
use super::spill::Run;
use super::{DayCalls, References, StoredCall};

/// What decides which records of a day are kept.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// The place of each object's key among the keys of the day, by the object's number.
    pub ranks: &'a [u32],
    /// Whether another day has the call, so that it is not kept here. It is told whether the record is
    /// an addendum.
    pub is_elsewhere: &'a (dyn Fn(Identity, bool) -> bool + Sync),
    /// Whether other days are going to ask which calls this one has.
    pub keeps_identities: bool,
}

impl std::fmt::Debug for Rules<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "over {} objects", self.ranks.len())
    }
}

/// A day's calls without their duplicates.
#[derive(Debug)]
pub struct Distinct {
    /// The calls, in the order of the table `invocations`.
    pub calls: SortedCalls,
    /// What they refer to.
    pub references: References,
    /// How many of each object's records are kept, by the object's number.
    pub kept: Vec<u32>,
    /// How many are not.
    pub dropped: Vec<u32>,
    /// Which calls they are, if other days are going to ask.
    pub identities: Identities,
}

/// Calls in their order, from memory or from sorted files.
#[derive(Debug)]
pub struct SortedCalls(Source);

#[derive(Debug)]
enum Source {
    Memory(Ordered),
    Runs { runs: Vec<Run>, heads: BinaryHeap<Reverse<Head>> },
}

/// Calls and the places of those that are left, in their order.
#[derive(Debug)]
struct Ordered {
    calls: Vec<StoredCall>,
    order: vec::IntoIter<u32>,
}

/// The first call of a run that is not yet taken.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    order: (i64, CallId),
    run: usize,
    call: ByRun,
}

/// A call that its run's number orders well enough: one call stands in one run only.
#[derive(Debug, PartialEq, Eq)]
struct ByRun(StoredCall);

impl DayCalls {
    /// Keeps one record of each call. Of several, an addendum is kept before what it amends, then the
    /// one whose object has the least key, then the first in its object: never the one that came first.
    ///
    /// Call it on a worker: it sorts in parallel. `objects` is how many objects there are.
    ///
    /// # Errors
    /// If temporary files cannot be written or read.
    pub fn distinct(mut self, objects: usize, rules: &Rules<'_>) -> io::Result<Distinct> {
        // What only adding needs is large, and would be held while the calls are sorted.
        let references = References {
            whole: std::mem::take(&mut self.whole),
            contexts: std::mem::take(&mut self.contexts).into_all(),
            callers: std::mem::take(&mut self.callers).into_all(),
        };
        let mut sorting = Sorting {
            whole: &references.whole,
            rules,
            kept: vec![0; objects],
            dropped: vec![0; objects],
            identities: Vec::new(),
            addenda: BTreeSet::new(),
        };
        let calls = match self.spill {
            None => SortedCalls(Source::Memory(sorting.sorted(self.held))),
            Some(mut spill) => {
                spill.write(&self.held, &references.whole)?;
                self.held = Vec::new();
                let mut runs = Vec::new();
                for part in spill.into_parts() {
                    runs.push(Run::write(sorting.sorted(part?).next())?);
                }
                SortedCalls::merging(runs, &references.whole)?
            }
        };
        let Sorting { kept, dropped, identities, addenda, .. } = sorting;
        let identities = Identities::new(identities, addenda);
        Ok(Distinct { calls, references, kept, dropped, identities })
    }
}

/// What decides whether a call is kept. It is gathered, because calls lie in another order.
#[derive(Clone, Copy)]
struct Record {
    identity: Identity,
    is_addendum: bool,
    /// The call's place.
    place: u32,
}

/// What is counted while calls are sorted.
struct Sorting<'a> {
    whole: &'a [Call],
    rules: &'a Rules<'a>,
    kept: Vec<u32>,
    dropped: Vec<u32>,
    identities: Vec<Identity>,
    addenda: BTreeSet<Identity>,
}

impl Sorting<'_> {
    /// The calls without duplicates, in the order of the table. All records of a call must be among
    /// `calls`.
    fn sorted(&mut self, calls: Vec<StoredCall>) -> Ordered {
        let (whole, ranks) = (self.whole, self.rules.ranks);
        let (is_kept, mut order) =
            rayon::join(|| self.is_kept(&calls), || by_time(&calls, whole, ranks));
        for (call, is_kept) in calls.iter().zip(&is_kept) {
            let counts = if *is_kept { &mut self.kept } else { &mut self.dropped };
            counts[call.object as usize] += 1;
        }
        order.retain(|place| is_kept[*place as usize]);
        Ordered { calls, order: order.into_iter() }
    }

    /// Whether each call is kept.
    fn is_kept(&mut self, calls: &[StoredCall]) -> Vec<bool> {
        let (whole, rules) = (self.whole, self.rules);
        let record = |(place, call): (u32, &StoredCall)| Record {
            identity: call.identity(whole),
            is_addendum: call.is_addendum(whole),
            place,
        };
        let mut records = (0..).zip(calls).map(record).collect::<Vec<_>>();
        records.par_sort_unstable_by_key(|record| record.identity);
        let mut is_kept = vec![false; calls.len()];
        for same in records.chunk_by(|a, b| a.identity == b.identity) {
            let preference = |record: &Record| {
                let call = &calls[record.place as usize];
                (!record.is_addendum, rules.ranks[call.object as usize], call.index)
            };
            // Of a call that was delivered once, nothing else is looked at.
            let best = match same {
                [only] => Some(only),
                _ => same.iter().min_by_key(|record| preference(record)),
            };
            let Some(Record { identity, is_addendum, place }) = best.copied() else { continue };
            if (rules.is_elsewhere)(identity, is_addendum) {
                continue;
            }
            is_kept[place as usize] = true;
            // Addenda are few, and the table does not tell which event they amend.
            if is_addendum {
                self.addenda.insert(identity);
            }
            if rules.keeps_identities {
                self.identities.push(identity);
            }
        }
        is_kept
    }
}

impl Ordered {
    /// Takes the next calls.
    fn next(&mut self) -> impl Iterator<Item = StoredCall> {
        let calls = &self.calls;
        self.order.by_ref().map(|place| calls[place as usize])
    }
}

impl SortedCalls {
    fn merging(mut runs: Vec<Run>, whole: &[Call]) -> io::Result<Self> {
        let mut heads = BinaryHeap::new();
        for (run, file) in runs.iter_mut().enumerate() {
            heads.extend(file.next()?.map(|call| Reverse(Head::new(call, run, whole))));
        }
        Ok(SortedCalls(Source::Runs { runs, heads }))
    }

    /// Takes up to `most` calls. Fewer are the last ones.
    ///
    /// # Errors
    /// If a temporary file cannot be read.
    pub fn take(&mut self, most: usize, references: &References) -> io::Result<Vec<StoredCall>> {
        match &mut self.0 {
            Source::Memory(calls) => Ok(calls.next().take(most).collect()),
            Source::Runs { runs, heads } => {
                let mut taken = Vec::with_capacity(most);
                while taken.len() < most
                    && let Some(Reverse(Head { run, call: ByRun(call), .. })) = heads.pop()
                {
                    taken.push(call);
                    let next = runs[run].next()?;
                    heads.extend(next.map(|call| Reverse(Head::new(call, run, &references.whole))));
                }
                Ok(taken)
            }
        }
    }
}

impl Head {
    fn new(call: StoredCall, run: usize, whole: &[Call]) -> Self {
        Head { order: (call.event_time_ms, call.event_id(whole)), run, call: ByRun(call) }
    }
}

impl Ord for ByRun {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl PartialOrd for ByRun {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bedrock::{Caller, Context};

    use super::*;

    fn call(id: &str, amends: Option<&str>, event_time_ms: i64) -> Call {
        Call {
            event_time_ms,
            event_id: CallId::new(id),
            original_event_id: amends.map(CallId::new),
            request_id: None,
            input_tokens: None,
            output_tokens: None,
            caller: Caller::default(),
            context: Arc::new(Context::default()),
        }
    }

    /// Event ids with their objects in order, and how many records of each object were dropped.
    fn distinct(
        calls: &[(Call, u32)],
        max_held: usize,
        is_elsewhere: &(dyn Fn(Identity, bool) -> bool + Sync),
    ) -> (Vec<(String, u32)>, Vec<u32>) {
        let mut day = DayCalls::holding(max_held);
        for (index, (call, object)) in (0u32..).zip(calls) {
            day.add_one(call.clone(), *object, index).unwrap();
        }
        // Objects were numbered as they came; their keys sort the other way round.
        let ranks = [3, 2, 1, 0];
        let rules = Rules { ranks: &ranks, is_elsewhere, keeps_identities: true };
        let mut found = day.distinct(ranks.len(), &rules).unwrap();
        let calls = found.calls.take(100, &found.references).unwrap();
        assert_eq!(found.identities.len(), calls.len());
        assert_eq!(found.kept.iter().sum::<u32>(), calls.len() as u32);
        let seen = calls.iter().map(|call| {
            let whole = &found.references.whole;
            let identity = found.identities.find(call.identity(whole));
            assert_eq!(identity, Some(call.is_addendum(whole)));
            (found.references.ids(call).0.to_string(), call.object)
        });
        (seen.collect(), found.dropped)
    }

    fn check(calls: &[(Call, u32)], kept: &[(&str, u32)], dropped: [u32; 4]) {
        let kept = kept.iter().map(|(id, object)| ((*id).to_owned(), *object)).collect::<Vec<_>>();
        for max_held in [1, 2, 100] {
            let found = distinct(calls, max_held, &|_, _| false);
            assert_eq!(found, (kept.clone(), dropped.to_vec()), "{max_held} held");
        }
    }

    #[test]
    fn the_least_key_is_kept() {
        check(&[(call("a", None, 5), 0), (call("a", None, 5), 1)], &[("a", 1)], [1, 0, 0, 0]);
        check(&[(call("a", None, 5), 1), (call("a", None, 5), 0)], &[("a", 1)], [1, 0, 0, 0]);
        check(&[(call("a", None, 5), 0), (call("a", None, 7), 0)], &[("a", 0)], [1, 0, 0, 0]);
        check(&[(call("a", None, 2), 0), (call("b", None, 1), 0)], &[("b", 0), ("a", 0)], [0; 4]);
    }

    /// Of records that tell different times the first one decides where the call stands.
    #[test]
    fn the_first_of_an_object_is_kept() {
        let calls = [("a", 5), ("b", 6), ("a", 7)].map(|(id, time)| (call(id, None, time), 0));
        check(&calls, &[("a", 0), ("b", 0)], [1, 0, 0, 0]);
        let calls = [("a", 7), ("b", 6), ("a", 5)].map(|(id, time)| (call(id, None, time), 0));
        check(&calls, &[("b", 0), ("a", 0)], [1, 0, 0, 0]);
    }

    #[test]
    fn an_addendum_takes_the_place_of_what_it_amends() {
        let uuid = "11111111-2222-4333-8444-555566667777";
        check(&[(call("a", None, 1), 1), (call("x", Some("a"), 9), 0)], &[("x", 0)], [0, 1, 0, 0]);
        let both = [(call(uuid, None, 1), 1), (call("x", Some(uuid), 9), 0)];
        check(&both, &[("x", 0)], [0, 1, 0, 0]);
    }

    #[test]
    fn what_another_day_has_is_dropped() {
        let calls = [(call("a", None, 1), 2), (call("b", Some("c"), 2), 2)];
        let (kept, dropped) = distinct(&calls, 100, &|id, is_addendum| {
            let is = |text| id == Identity::of(&CallId::new(text));
            is("a") || (is("c") && !is_addendum)
        });
        assert_eq!((kept, dropped), (vec![("b".to_owned(), 2)], vec![0, 0, 1, 0]));
    }

    #[test]
    fn on_disk_as_in_memory() {
        let uuid = |n: u32| format!("{n:08x}-2222-4333-8444-555566667777");
        let calls = (0..60u32)
            .map(|n| {
                let id = if n % 5 == 0 { format!("e{}", n % 20) } else { uuid(n * 7919 % 31) };
                (call(&id, None, i64::from(n * 31 % 11)), n % 4)
            })
            .collect::<Vec<_>>();
        let held = distinct(&calls, 100, &|_, _| false);
        assert_eq!(distinct(&calls, 7, &|_, _| false), held);
        assert!(held.0.len() > 20 && held.1.iter().sum::<u32>() > 10, "{held:?}");
    }
}
