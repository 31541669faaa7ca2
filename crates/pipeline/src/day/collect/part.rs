//! Takes in what readings hold: what an object gives to one day, in one or more parts.

use std::collections::BTreeMap;
use std::sync::Arc;

use bedrock::{Call, Calls};
use jiff::civil::Date;
use readings::TrailPart;

use super::{Collected, ObjectRecord, Placing};
use crate::day::manifest::{Elsewhere, LateObject, Manifest};
use crate::digests::Status;
use crate::error::Error;
use crate::source::list::ListedObject;

/// What an object gives to one day, or the part of it that one row of readings holds.
#[derive(Debug)]
pub(crate) struct DayPart {
    /// The object; late if it is not read for the day by its delivery.
    pub(crate) listed: ListedObject,
    /// The day.
    pub(crate) day: Date,
    /// How many parts there are.
    pub(crate) parts: u32,
    /// The part, or why the object is unreadable.
    pub(crate) given: Result<Box<TrailPart>, String>,
}

impl Collected {
    /// Takes in what an object gives to a day that was begun, with what the digests say of it. Its calls of other
    /// days are counted and let go: they are in rows of these days.
    ///
    /// # Errors
    /// As [`Collected::add`].
    pub(crate) fn add_part(
        &mut self,
        part: DayPart,
        manifests: &BTreeMap<Date, Option<Manifest>>,
        digest_status: Option<Status>,
    ) -> Result<(), Error> {
        let DayPart { listed, day, parts, given } = part;
        let key = listed.meta.key.as_str();
        let known = self.days.get(&day).and_then(|state| state.parts.get(key)).copied();
        let (reading, rest) = match given.map(|part| *part) {
            Err(why) => (Err(why), Rest::default()),
            Ok(TrailPart {
                reading,
                places,
                other_places,
                beside,
                beside_places,
                calls_by_day,
                others_by_day,
                others_by_region,
                elsewhere,
            }) => {
                let beside = beside.into_iter().zip(beside_places).collect();
                let by_day = (calls_by_day, others_by_day);
                let rest =
                    Rest { places, other_places, beside, by_day, others_by_region, elsewhere };
                (Ok(reading), rest)
            }
        };
        let (number, calls) = match known {
            Some(number) => {
                (Some(number), reading.map(|reading| reading.calls).unwrap_or_default())
            }
            None => {
                let (calls_by_day, _) = &rest.by_day;
                let n_calls = calls_by_day.values().sum();
                let record = ObjectRecord { digest_status, ..ObjectRecord::new(&listed) };
                let (record, calls) = self.add_object(record, reading, n_calls);
                let regions = rest.others_by_region.iter().map(|(region, n)| (region.as_str(), *n));
                self.count_skipped(&record, regions);
                self.leave_to_others(&rest, (day, &listed), &record, manifests);
                let number = self.place_part(&calls, (day, &listed), &record, &rest.elsewhere);
                if let Some((number, state)) =
                    number.filter(|_| parts > 1).zip(self.days.get_mut(&day))
                {
                    state.parts.insert(Box::from(listed.meta.key.as_str()), number);
                }
                (number, calls)
            }
        };
        let keeps_requests = self.keeps_requests;
        let Some((state, number)) = self.days.get_mut(&day).zip(number) else {
            self.left += calls.rows.len() as u64;
            self.events_left += calls.others.len() as u64;
            return Ok(());
        };
        state.calls.begin_object(&calls);
        for (call, place) in calls.rows.iter().zip(rest.places) {
            state.add_call((call, place), &calls, number, keeps_requests)?;
        }
        for (call, place) in &rest.beside {
            state.calls.add_beside(call, &calls.texts, *place, number)?;
        }
        for (event, place) in calls.others.iter().zip(rest.other_places) {
            state.add_event((event, place), &calls, number)?;
        }
        Ok(())
    }

    /// Gives an object its number in a day; `None` if the day has it already, because it was read for it before.
    fn place_part(
        &mut self,
        calls: &Calls,
        (day, listed): (Date, &ListedObject),
        record: &Arc<ObjectRecord>,
        elsewhere: &BTreeMap<Date, u64>,
    ) -> Option<u32> {
        let state = self.days.get_mut(&day)?;
        let number = Placing::default().place(day, state, record, calls, !listed.is_late);
        if record.unreadable.is_some() {
            // It gave nothing that the day would have to keep.
            state.late_objects.remove(&LateObject::of(record));
        }
        if record.delivery.is_some_and(|delivery| delivery.day == day) && !elsewhere.is_empty() {
            let (bytes, days) = (record.size_bytes, elsewhere.keys().copied().collect());
            let elsewhere = Elsewhere { bytes, days, calls: elsewhere.clone() };
            state.calls_elsewhere.insert(record.key.as_ref().to_owned(), elsewhere);
        }
        number
    }

    /// Counts the calls of an object that are of other days. Days that they are too late for are to read it, unless
    /// they were built with it.
    fn leave_to_others(
        &mut self,
        rest: &Rest,
        (day, listed): (Date, &ListedObject),
        record: &ObjectRecord,
        manifests: &BTreeMap<Date, Option<Manifest>>,
    ) {
        let (calls_by_day, others_by_day) = &rest.by_day;
        let of_others = others_by_day.iter().filter(|(other, _)| **other != day);
        self.events_left += of_others.map(|(_, events)| events).sum::<u64>();
        for (other, calls) in calls_by_day.iter().filter(|(other, _)| **other != day) {
            match self.range.is_some_and(|range| !range.contains(*other)) {
                true => *self.out_of_range.entry(*other).or_default() += calls,
                false => self.left += calls,
            }
        }
        if listed.is_late {
            return;
        }
        let is_in_range = |day: &Date| self.range.is_none_or(|range| range.contains(*day));
        let others = rest.elsewhere.keys().copied().filter(is_in_range).collect::<Vec<_>>();
        for other in others.into_iter().filter(|other| *other != day) {
            self.add_late(other, record, manifests);
        }
    }
}

/// What a part says beside its reading.
#[derive(Debug, Default)]
struct Rest {
    places: Vec<u32>,
    other_places: Vec<u32>,
    /// Entries about midnight of another day, with their places.
    beside: Vec<(Call, u32)>,
    /// How many calls, and how many other events, the object has of each day.
    by_day: (BTreeMap<Date, u64>, BTreeMap<Date, u64>),
    others_by_region: BTreeMap<String, u64>,
    elsewhere: BTreeMap<Date, u64>,
}
