//! A trail of a large organization whose keys are made up when they are listed: nothing of it is held.

use std::ops::Bound;

use jiff::ToSpan;
use jiff::civil::Date;

/// Regions with a delivery every five minutes.
const HOT: [&str; 3] = ["eu-central-1", "us-east-1", "us-west-2"];

/// All Regions, in the order of their keys: those that are enabled by default.
const REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Deliveries a day, in Regions that are hot and in others.
const PER_DAY: [u64; 2] = [24 * 12, 2];

/// A trail of an organization, of 17 Regions in each account: three of them have 288 objects a day, the others two,
/// at 00:00 and 12:00. Its objects can be listed, and not read.
#[derive(Debug, Clone, Copy)]
pub struct MadeUpTrail {
    /// Accounts, as many as 10^11 at most.
    pub accounts: u64,
    /// The first day.
    pub first: Date,
    /// Days.
    pub days: u64,
}

/// Where an object is.
#[derive(Debug, Clone, Copy)]
struct Place {
    account: u64,
    region: &'static str,
    day: Date,
    minute: u64,
}

impl MadeUpTrail {
    /// How many objects it has.
    pub fn len(&self) -> u64 {
        self.accounts * self.of_account()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of each object.
    pub(crate) const SIZE_BYTES: u64 = 20_000;

    /// The keys from one on, in their order.
    pub(crate) fn from(&self, bound: Bound<&str>) -> impl Iterator<Item = String> + use<> {
        let is_before = |key: &str| match bound {
            Bound::Included(from) => key < from,
            Bound::Excluded(after) => key <= after,
            Bound::Unbounded => false,
        };
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if is_before(&self.key(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let trail = *self;
        (low..self.len()).map(move |index| trail.key(index))
    }

    fn of_account(&self) -> u64 {
        REGIONS.iter().map(|region| self.days * per_day(region)).sum()
    }

    fn place(&self, index: u64) -> Place {
        let (account, mut rest) = (index / self.of_account(), index % self.of_account());
        let mut regions = REGIONS.into_iter();
        let region = loop {
            let region = regions.next().expect("the index is of an account");
            let of_region = self.days * per_day(region);
            if rest < of_region {
                break region;
            }
            rest -= of_region;
        };
        let days = i64::try_from(rest / per_day(region)).expect("days are few");
        let minute = rest % per_day(region) * (24 * 60 / per_day(region));
        Place { account, region, day: self.first.saturating_add(days.days()), minute }
    }

    fn key(&self, index: u64) -> String {
        let Place { account, region, day, minute } = self.place(index);
        let account = 100_000_000_000 + account;
        let (year, month, of_month) = (day.year(), day.month(), day.day());
        let (hour, minute) = (minute / 60, minute % 60);
        format!(
            "AWSLogs/o-example/{account}/CloudTrail/{region}/{year:04}/{month:02}/{of_month:02}/\
             {account}_CloudTrail_{region}_{year:04}{month:02}{of_month:02}T{hour:02}{minute:02}Z_\
             {index:016x}.json.gz"
        )
    }
}

fn per_day(region: &str) -> u64 {
    PER_DAY[usize::from(!HOT.contains(&region))]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;

    use super::*;

    #[test]
    fn keys_are_in_order_from_wherever_they_begin() {
        let trail = MadeUpTrail { accounts: 2, first: date(2026, 2, 27), days: 3 };
        let all = (0..trail.len()).map(|index| trail.key(index)).collect::<Vec<_>>();
        assert_eq!(all.len(), 2 * 3 * (3 * 288 + 14 * 2));
        let sorted = all.iter().collect::<BTreeSet<_>>();
        assert!(sorted.len() == all.len() && sorted.into_iter().eq(&all));
        assert!(all[0].contains("ap-northeast-1/2026/02/27/") && all[0].contains("T0000Z"));
        assert!(
            all.iter().any(|key| key.contains("us-east-1/2026/03/01/") && key.contains("T2355Z"))
        );
        for (n, key) in all.iter().enumerate().step_by(37) {
            let next = |bound| trail.from(bound).next();
            assert_eq!(next(Bound::Included(key)).as_ref(), Some(key));
            assert_eq!(next(Bound::Excluded(key)).as_ref(), all.get(n + 1));
            assert_eq!(next(Bound::Included(&format!("{key}x"))).as_ref(), all.get(n + 1));
        }
        assert_eq!(trail.from(Bound::Unbounded).count(), all.len());
        assert_eq!(trail.from(Bound::Included("B")).next(), None);
    }
}
