//! Sums of groups, of which there may be as many as calls.

use bedrock::Usd;

use crate::invocations::Invocation;
use crate::model_costs::CostSums;

/// The sums of groups by place. Where groups are very many, most have one call, and little of what is summed up:
/// such sums take a third of the room of others.
#[derive(Debug, Default, Clone)]
pub(super) struct Sums {
    groups: Vec<Held>,
    /// The counts and amounts that calls have which are alone in their groups.
    numbers: Vec<i64>,
    amounts: Vec<Usd>,
    /// The sums of groups of more calls.
    more: Vec<CostSums>,
}

/// How the sums of a group are held.
#[derive(Debug, Clone, Copy)]
enum Held {
    /// Of one call.
    One {
        /// A bit for each of the sums, set if the call has it. Numbers of calls are 1 then.
        has: u32,
        /// Where the call's numbers and amounts begin.
        numbers: usize,
        amounts: usize,
    },
    /// Of more calls: their place.
    More(usize),
}

impl Sums {
    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// Adds a group of one call.
    pub(super) fn push(&mut self, succeeded: bool, row: &Invocation) {
        let mut sums = CostSums::default();
        sums.add_call(succeeded, row);
        let (calls, numbers, amounts) = sums.parts_mut();
        let calls = calls.into_iter().map(|calls| *calls != 0);
        let has_number = numbers.each_ref().map(|number| number.is_some());
        let has_amount = amounts.each_ref().map(|amount| amount.is_some());
        let has = calls.chain(has_number).chain(has_amount);
        self.groups.push(Held::One {
            has: has.fold(0, |bits, has| bits << 1 | u32::from(has)),
            numbers: self.numbers.len(),
            amounts: self.amounts.len(),
        });
        self.numbers.extend(numbers.into_iter().filter_map(|number| *number));
        self.amounts.extend(amounts.into_iter().filter_map(|amount| *amount));
    }

    /// Adds a call to the group at a place.
    pub(super) fn add_call(&mut self, place: usize, succeeded: bool, row: &Invocation) {
        let more = match self.groups[place] {
            Held::More(more) => more,
            Held::One { .. } => {
                self.more.push(self.get(place));
                let more = self.more.len() - 1;
                self.groups[place] = Held::More(more);
                more
            }
        };
        self.more[more].add_call(succeeded, row);
    }

    /// The sums of the group at a place.
    pub(super) fn get(&self, place: usize) -> CostSums {
        let (mut has, numbers, amounts) = match self.groups[place] {
            Held::More(more) => return self.more[more],
            Held::One { has, numbers, amounts } => (has, numbers, amounts),
        };
        let mut sums = CostSums::default();
        let (all_calls, all_numbers, all_amounts) = sums.parts_mut();
        // The first one has the highest bit.
        let n_sums = all_calls.len() + all_numbers.len() + all_amounts.len();
        has <<= u32::BITS as usize - n_sums;
        let mut next = || {
            let is_there = has >> (u32::BITS - 1) == 1;
            has <<= 1;
            is_there
        };
        let mut numbers = self.numbers[numbers..].iter().copied();
        let mut amounts = self.amounts[amounts..].iter().copied();
        all_calls.into_iter().for_each(|calls| *calls = i64::from(next()));
        all_numbers.into_iter().filter(|_| next()).for_each(|number| *number = numbers.next());
        all_amounts.into_iter().filter(|_| next()).for_each(|amount| *amount = amounts.next());
        sums
    }
}
