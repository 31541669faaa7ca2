//! Several entries of invocation logs that tell of one call complete each other, as they do beside a trail.

use bedrock::cost::Said;
use bedrock::{Attribute, Call, TextId};

use super::DayCall;
use super::order::SortKey;
use crate::join::Precedence;

/// The attributes that an entry's caller is taken apart into: all are of one entry.
const CALLER: [Attribute; 4] = [
    Attribute::PrincipalType,
    Attribute::PrincipalArn,
    Attribute::PrincipalName,
    Attribute::SessionName,
];

/// Entries of one request, two at least.
#[derive(Debug)]
pub(super) struct Request {
    /// Where the entry is held that is kept: its time and its object are those of the call.
    pub(super) kept: u32,
    entries: Vec<Entry>,
}

/// What decides between entries of one request, and where each is held.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    precedence: Precedence,
    delivery: (u32, u32),
    position: u32,
}

/// Finds the entries of each request among records in which those of one call follow each other.
#[derive(Debug, Default)]
pub(super) struct Requests {
    found: Vec<Request>,
    current: Current,
}

/// The call whose records are looked at.
#[derive(Debug, Default)]
enum Current {
    /// It is not kept, or no entry tells of it.
    #[default]
    Other,
    /// One entry tells of it so far, which is the one that is kept.
    One(Entry),
    /// Several do, which are found.
    Several,
}

impl Requests {
    /// Takes in the first record of a call, and whether it is kept. `delivery` is the place of a record among all:
    /// its object's rank, and its number there.
    pub(super) fn begin(&mut self, record: &SortKey, delivery: (u32, u32), is_kept: bool) {
        let entry = Entry::of(record, delivery).filter(|_| is_kept);
        self.current = entry.map_or(Current::Other, Current::One);
    }

    /// Takes in another record of the same call.
    pub(super) fn add(&mut self, record: &SortKey, delivery: (u32, u32)) {
        let Some(entry) = Entry::of(record, delivery) else { return };
        match std::mem::replace(&mut self.current, Current::Several) {
            Current::Other => self.current = Current::Other,
            Current::One(first) => {
                self.found.push(Request { kept: first.position, entries: vec![first, entry] });
            }
            Current::Several => {
                self.found.last_mut().expect("several are found").entries.push(entry);
            }
        }
    }

    /// Those that several entries tell of.
    pub(super) fn finish(mut self) -> Vec<Request> {
        self.found.iter_mut().for_each(|request| request.entries.sort_unstable());
        self.found
    }
}

impl Entry {
    fn of(record: &SortKey, delivery: (u32, u32)) -> Option<Self> {
        let precedence = Precedence::of(record.counts_any?, record.event_time_ms);
        Some(Entry { precedence, delivery, position: record.position })
    }
}

impl Request {
    /// The call that its entries tell of. `entry` gives the one that is held at a position; the texts of all are the
    /// same ones.
    ///
    /// # Errors
    /// If `entry` fails.
    pub(super) fn completed<E>(
        &self,
        mut entry: impl FnMut(u32) -> Result<DayCall, E>,
    ) -> Result<DayCall, E> {
        let mut kept = entry(self.kept)?;
        let mut completed = None::<Call>;
        for Entry { position, .. } in &self.entries {
            let DayCall { call, .. } = entry(*position)?;
            match &mut completed {
                Some(completed) => complete(completed, call),
                None => completed = Some(call),
            }
        }
        if let Some(completed) = completed {
            kept.call = Call { event_time_ms: kept.call.event_time_ms, ..completed };
        }
        Ok(kept)
    }
}

/// Adds what another entry of its request says and a call does not. That it has no error code says that it succeeded.
fn complete(call: &mut Call, mut other: Call) {
    if let Some((mine, others)) = call.logged.as_mut().zip(other.logged.take()) {
        mine.complete(*others);
    }
    let tier = Said::surer(tier(call), tier(&other));
    call.tier_certainty = tier.map(|tier| tier.certainty);
    call.latency = Said::surer(call.latency, other.latency);
    let (mine, others) = (&mut call.attributes, &other.attributes);
    let has_caller = CALLER.iter().any(|attribute| mine[*attribute].is_some());
    for attribute in Attribute::ALL {
        match attribute {
            Attribute::ServiceTier => mine[attribute] = tier.map(|tier| tier.value),
            Attribute::ErrorCode => {}
            _ if has_caller && CALLER.contains(&attribute) => {}
            _ => mine[attribute] = mine[attribute].or(others[attribute]),
        }
    }
}

fn tier(call: &Call) -> Option<Said<TextId>> {
    let (value, certainty) = call.attributes[Attribute::ServiceTier].zip(call.tier_certainty)?;
    Some(Said { value, certainty })
}

#[cfg(test)]
mod tests {
    use bedrock::cost::{Certainty, Counts, Latency, UnitCounts};
    use bedrock::price::Unit;
    use bedrock::{Attributes, CallId, Calls, EventKind, Logged, Texts};
    use testkit::Dice;

    use super::*;
    use crate::day::calls::{Bounds, DayCalls, Rules};
    use crate::omit::Omitted;

    /// An entry, with the object that has it and whether it is of another day.
    type Given = (Call, [Option<String>; 4], u32, bool);

    const TEXTS: [Attribute; 4] = [
        Attribute::InvokedModel,
        Attribute::ServiceTier,
        Attribute::PrincipalArn,
        Attribute::SessionName,
    ];

    fn random(dice: &mut Dice) -> Given {
        let count = |dice: &mut Dice| (dice.below(2) > 0).then(|| dice.below(1 << 20) as i64);
        let counts = Counts { input: count(dice), output: count(dice), ..Counts::default() };
        let mut units = UnitCounts::default();
        units.set(Unit::OutputImage, count(dice));
        units.set(Unit::SearchUnit, count(dice));
        let units = units.is_any().then(|| Box::new(units));
        let latency_ms = count(dice);
        let certainty = |dice: &mut Dice| *dice.pick(&[Certainty::Requested, Certainty::Resolved]);
        let value = *dice.pick(&[Latency::Standard, Latency::Optimized]);
        let latency = (dice.below(2) > 0).then(|| Said { value, certainty: certainty(dice) });
        let texts = TEXTS.map(|attribute| {
            (dice.below(2) > 0).then(|| format!("{attribute:?} {}", dice.below(9)))
        });
        let call = Call {
            kind: EventKind::Call,
            event_time_ms: dice.below(4) as i64,
            event_id: CallId::new(&format!("request {}", dice.below(12))),
            original_event_id: None,
            request_id: None,
            input_tokens: None,
            output_tokens: None,
            tier_certainty: texts[1].is_some().then(|| certainty(dice)),
            latency,
            logged: Some(Box::new(Logged { counts, units, latency_ms, first_byte_ms: None })),
            has_guardrail: false,
            attributes: Attributes::default(),
        };
        (call, texts, dice.below(4) as u32, dice.below(4) == 0)
    }

    fn shown(call: &Call, texts: [Option<&str>; 4], object: u32) -> String {
        let Call { event_time_ms, event_id, latency, logged, tier_certainty, .. } = call;
        format!(
            "{event_time_ms} {event_id} {object} {latency:?} {logged:?} {tier_certainty:?} {texts:?}"
        )
    }

    /// As the day gives them, with how many are dropped. `arrival` is the order of the objects.
    fn found(given: &[Given], bounds: Bounds, arrival: [u32; 4]) -> (Vec<String>, u32) {
        let mut day = DayCalls::within(bounds, Omitted::default());
        for (number, object) in (0u32..).zip(arrival) {
            let mut calls = Calls::default();
            let of_object = given.iter().filter(|(.., its, _)| *its == object);
            for (call, texts, ..) in of_object.clone() {
                let mut call = call.clone();
                for (attribute, text) in TEXTS.into_iter().zip(texts) {
                    let set = calls.texts.set(&mut call.attributes, attribute, text.as_deref());
                    set.expect("few texts");
                }
                calls.rows.push(call);
            }
            day.begin_object(&calls);
            for ((index, call), (.., is_beside)) in (0u32..).zip(&calls.rows).zip(of_object) {
                let added = match is_beside {
                    true => day.add_beside(call, &calls.texts, index, number),
                    false => day.add(call, &calls.texts, index, number),
                };
                added.expect("room");
            }
        }
        let rules = Rules { ranks: &arrival, is_elsewhere: &|_, _| false, keeps_identities: false };
        let mut distinct = day.distinct(&rules).expect("room");
        let mut all = Vec::new();
        loop {
            let n_before = all.len();
            let take = |DayCall { call, object, .. }: &DayCall, texts: &mut Texts| {
                let texts = TEXTS.map(|attribute| texts.get(&call.attributes, attribute));
                all.push(shown(call, texts, arrival[*object as usize]));
            };
            distinct.calls.next(take).expect("readable");
            if all.len() == n_before {
                return (all, distinct.dropped.iter().sum());
            }
        }
    }

    /// The same, field by field.
    fn expected(given: &[Given]) -> (Vec<String>, u32) {
        let mut ids = given.iter().map(|(call, ..)| call.event_id.clone()).collect::<Vec<_>>();
        ids.sort();
        ids.dedup();
        let (mut calls, mut n_of_day) = (Vec::new(), 0);
        for id in ids {
            let mut of_id =
                given.iter().filter(|(call, ..)| call.event_id == id).collect::<Vec<_>>();
            of_id.sort_by_key(|(.., object, _)| *object);
            let of_day = of_id.iter().filter(|(.., is_beside)| !is_beside);
            n_of_day += of_day.clone().count() as u32;
            let Some((first, _, object, _)) = of_day.clone().next() else { continue };
            of_id.sort_by_key(|(call, ..)| {
                let Logged { counts, units, .. } = call.logged.as_deref().unwrap();
                let counts_any = counts.input.is_some() || counts.output.is_some();
                (!(counts_any || units.is_some()), -call.event_time_ms)
            });
            let logged = || of_id.iter().map(|(call, ..)| call.logged.as_deref().unwrap());
            let mut units = UnitCounts::default();
            for unit in [Unit::OutputImage, Unit::SearchUnit] {
                let counts = logged().filter_map(|logged| logged.units.as_deref()?.get(unit));
                units.set(unit, counts.into_iter().next());
            }
            let surest = |of: &dyn Fn(&Given) -> Option<Certainty>| {
                let sure = of_id.iter().find(|given| of(given) == Some(Certainty::Resolved));
                sure.or_else(|| of_id.iter().find(|given| of(given).is_some())).copied()
            };
            let of_tier = surest(&|(call, ..)| call.tier_certainty);
            let of_latency = surest(&|(call, ..)| call.latency.map(|said| said.certainty));
            let caller =
                of_id.iter().find(|(_, texts, ..)| texts[2].is_some() || texts[3].is_some());
            let call = Call {
                event_time_ms: first.event_time_ms,
                latency: of_latency.and_then(|(call, ..)| call.latency),
                tier_certainty: of_tier.and_then(|(call, ..)| call.tier_certainty),
                logged: Some(Box::new(Logged {
                    counts: Counts {
                        input: logged().find_map(|logged| logged.counts.input),
                        output: logged().find_map(|logged| logged.counts.output),
                        ..Counts::default()
                    },
                    units: units.is_any().then(|| Box::new(units)),
                    latency_ms: logged().find_map(|logged| logged.latency_ms),
                    first_byte_ms: None,
                })),
                ..first.clone()
            };
            let texts = [
                of_id.iter().find_map(|(_, texts, ..)| texts[0].as_deref()),
                of_tier.and_then(|(_, texts, ..)| texts[1].as_deref()),
                caller.and_then(|(_, texts, ..)| texts[2].as_deref()),
                caller.and_then(|(_, texts, ..)| texts[3].as_deref()),
            ];
            calls.push((call.event_time_ms, id, shown(&call, texts, *object)));
        }
        calls.sort();
        let n_dropped = n_of_day - calls.len() as u32;
        (calls.into_iter().map(|(.., shown)| shown).collect(), n_dropped)
    }

    /// Whatever their order of arrival, in memory and on disk, with entries of the days beside it.
    #[test]
    fn entries_of_a_request_complete_each_other_as_a_slow_reference_does() {
        for seed in 0..12 {
            let mut dice = Dice::new(seed);
            let given = (0..40).map(|_| random(&mut dice)).collect::<Vec<_>>();
            let expected = expected(&given);
            assert!(!expected.0.is_empty() && expected.1 > 10);
            for arrival in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
                for (calls, kept_bytes) in [(1 << 20, 1 << 20), (3, 0), (3, 30), (7, 1 << 20)] {
                    let bounds = Bounds { calls, text_bytes: 1 << 20, kept_bytes, merged_calls: 3 };
                    let found = found(&given, bounds, arrival);
                    assert_eq!(found, expected, "seed {seed}, {arrival:?}, {bounds:?}");
                }
            }
        }
    }
}
