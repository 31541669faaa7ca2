//! A ratio that holds over days: as few stretches of days as there are.

use std::collections::{BTreeMap, BTreeSet};

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
    /// Whether any of these days is one of its days.
    pub(super) fn has_any(&self, days: &BTreeSet<Date>) -> bool {
        let is_in = |day: &Date| {
            self.from.is_none_or(|from| from <= *day) && self.until.is_none_or(|until| *day < until)
        };
        days.iter().any(is_in)
    }
}

/// The stretches, in their order, without gaps: each is as long as one ratio holds. `None` if some day has not one
/// ratio.
pub(super) fn stretches(days: &BTreeMap<Date, Vec<Pair>>) -> Option<Vec<Stretch>> {
    let mut found = Vec::<Stretch>::new();
    let mut pairs = Vec::<Pair>::new();
    for (day, of_day) in days {
        pairs.extend(of_day);
        if let (Some(ratio), Some(last)) = (simplest(&pairs), found.last_mut()) {
            last.ratio = ratio;
            continue;
        }
        pairs.clone_from(of_day);
        let ratio = simplest(of_day)?;
        if let Some(last) = found.last_mut() {
            last.until = Some(*day);
        }
        let from = (!found.is_empty()).then_some(*day);
        found.push(Stretch { from, until: None, ratio });
    }
    Some(found)
}
