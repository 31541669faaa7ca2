//! A ratio that holds over days: as few stretches of days as there are.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::billing::amount::Amount;
use crate::billing::ratio::{Pair, simplest};

/// A ratio of some days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// The first day; `None` is any day before.
    pub(super) from: Option<Date>,
    /// The first day on which it no longer holds; `None` if there is none.
    pub(super) until: Option<Date>,
    pub(super) ratio: Amount,
}

impl Stretch {
    pub(super) fn has(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

/// The stretches, in their order: each is as long as one ratio holds. A day that has not one ratio is in none; how many
/// these are comes with them.
pub(super) fn stretches(days: &BTreeMap<Date, Vec<Pair>>) -> (Vec<Stretch>, u64) {
    let mut found = Vec::<Stretch>::new();
    let (mut n_without, mut pairs, mut is_open) = (0, Vec::<Pair>::new(), false);
    for (place, (day, of_day)) in days.iter().enumerate() {
        pairs.extend(of_day);
        if let (true, Some(ratio), Some(last)) = (is_open, simplest(&pairs), found.last_mut()) {
            last.ratio = ratio;
            continue;
        }
        if let Some(last) = found.last_mut().filter(|_| is_open) {
            last.until = Some(*day);
        }
        pairs.clone_from(of_day);
        let ratio = simplest(of_day);
        is_open = ratio.is_some();
        match ratio {
            Some(ratio) => {
                let from = (place > 0).then_some(*day);
                found.push(Stretch { from, until: None, ratio });
            }
            None => n_without += 1,
        }
    }
    (found, n_without)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratio_holds_until_another_one_does() {
        let day = |day: i8| Date::constant(2026, 10, day);
        let pair = |part: &str| {
            let [part, of, slack] = [part, "1", "0"].map(|text| text.parse().unwrap());
            vec![Pair { part, of, slack }]
        };
        let mut days = BTreeMap::new();
        for (number, part) in [(1, "0.5"), (2, "0.5"), (4, "0.7"), (7, "0.9"), (8, "0.9")] {
            days.insert(day(number), pair(part));
        }
        let two = [pair("0.1"), pair("0.2")].concat();
        days.insert(day(5), two);
        let (found, n_without) = stretches(&days);
        let shown = found.iter().map(|Stretch { from, until, ratio }| {
            let [from, until] =
                [from, until].map(|day| day.map_or("-".to_owned(), |day| day.day().to_string()));
            format!("{from} {until} {ratio}")
        });
        assert_eq!(shown.collect::<Vec<_>>(), ["- 4 0.5", "4 5 0.7", "7 - 0.9"]);
        assert_eq!(n_without, 1);
        assert!(found[1].has(day(4)) && !found[1].has(day(3)) && !found[1].has(day(5)));
    }
}
