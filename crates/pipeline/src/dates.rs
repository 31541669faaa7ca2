//! UTC days: ranges of them, the day of a time, the days that an object is read for.

use jiff::ToSpan;
use jiff::civil::Date;
use logs::hash::sha256;
use logs::layout::Delivery;

const MINUTES_PER_DAY: i64 = 24 * 60;

/// Whole UTC days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRange {
    from: Date,
    to: Date,
}

impl DayRange {
    /// A range; `None` if `from` is after `to`.
    pub fn new(from: Date, to: Date) -> Option<Self> {
        (from <= to).then_some(DayRange { from, to })
    }

    /// The first day.
    pub fn from(&self) -> Date {
        self.from
    }

    /// The last day.
    pub fn to(&self) -> Date {
        self.to
    }

    /// The range of as many days right before; of a whole month, the month before. `None` before the first day that
    /// there is.
    pub fn previous(&self) -> Option<Self> {
        let to = self.from.yesterday().ok()?;
        let is_month = self.from.day() == 1 && self.to == self.from.last_of_month();
        let days = if is_month { i64::from(to.days_in_month()) } else { self.len() };
        DayRange::new(to.checked_sub((days - 1).days()).ok()?, to)
    }

    /// Whether a day is in the range.
    pub(crate) fn contains(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// How many days it has.
    pub(crate) fn len(&self) -> i64 {
        self.to.since(self.from).map_or(0, |span| i64::from(span.get_days())) + 1
    }

    /// Its first days, so many, and the others, if there are any.
    pub(crate) fn split(&self, days: i64) -> (DayRange, Option<DayRange>) {
        let last = self.from.saturating_add((days.clamp(1, self.len()) - 1).days());
        let others = last.tomorrow().ok().and_then(|from| DayRange::new(from, self.to));
        (DayRange { from: self.from, to: last }, others)
    }

    /// Its days before one of them, if there are any.
    pub(crate) fn until(&self, day: Date) -> Option<DayRange> {
        DayRange::new(self.from, day.yesterday().ok()?.min(self.to))
    }

    /// How many of its keys, at so many in all, are of a day: rounded up.
    pub(crate) fn per_day(&self, keys: u64) -> u64 {
        keys.div_ceil(self.len().unsigned_abs().max(1))
    }

    /// It with so many days right before and after it.
    pub(crate) fn beside(&self, days: i64) -> DayRange {
        let (from, to) =
            (self.from.saturating_sub(days.days()), self.to.saturating_add(days.days()));
        DayRange { from, to }
    }

    /// So many days right before it.
    pub(crate) fn before(&self, days: i64) -> DayRange {
        let from = self.from.saturating_sub(days.days());
        DayRange { from, to: self.from.saturating_sub(1.day()).max(from) }
    }

    /// The days, in order.
    pub fn days(&self) -> impl Iterator<Item = Date> + use<> {
        let to = self.to;
        self.from.series(1.day()).take_while(move |day| *day <= to)
    }
}

impl std::fmt::Display for DayRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.from == self.to {
            write!(f, "{}", self.from)
        } else {
            write!(f, "{} to {}", self.from, self.to)
        }
    }
}

/// One of several parts of a range of days, each of which another run builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// The shard of this index, counted from 0; `None` if there are not so many.
    pub fn new(index: u32, count: u32) -> Option<Self> {
        (index < count).then_some(Shard { index, count })
    }

    /// Its index, from 0, and how many shards there are.
    pub(crate) fn parts(self) -> (u32, u32) {
        (self.index, self.count)
    }

    /// Its days of a range: contiguous, and as many as any other shard has, or one more. `None` if it has
    /// none, because there are more shards than days.
    pub fn slice(self, range: DayRange) -> Option<DayRange> {
        let days = usize::try_from(range.len()).unwrap_or_default();
        let at = |index| i64::try_from(self.share(index, days)).unwrap_or(i64::MAX);
        let (first, end) = (at(self.index), at(self.index + 1));
        let day = |n: i64| range.from.saturating_add(n.days());
        if first < end { DayRange::new(day(first), day(end - 1)) } else { None }
    }

    /// Whether what has this name is its own, of what is divided by names: whatever else there is.
    pub(crate) fn has(self, name: &str) -> bool {
        let hash = sha256(name.as_bytes());
        let number = hash.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        number % u64::from(self.count) == u64::from(self.index)
    }

    /// Where it begins in a list of so many: each shard at another place.
    pub(crate) fn start(self, len: usize) -> usize {
        self.share(self.index, len)
    }

    /// How many of a list the shards before this index have.
    fn share(self, index: u32, len: usize) -> usize {
        let share = len as u128 * u128::from(index) / u128::from(self.count);
        usize::try_from(share).unwrap_or(len)
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// How many days after a day its late objects may have been delivered.
pub(crate) fn late_days(late_window_minutes: i64) -> i64 {
    (late_window_minutes.max(0) + MINUTES_PER_DAY - 1) / MINUTES_PER_DAY
}

/// Whether an object is read for a day: that of its delivery, or one before in whose late window it was
/// delivered.
///
/// A name without a time counts as inside the window: nothing is lost. What may have records of a later time is read
/// for the day after as well, if it was delivered so long before midnight at most.
pub(crate) fn is_read_for(delivery: Delivery, day: Date, late_window_minutes: i64) -> bool {
    let Ok(span) = delivery.day.since(day) else { return false };
    is_in_window(delivery, i64::from(span.get_days()), late_window_minutes)
}

/// As [`is_read_for`], for the day that is so many days before that of the delivery; -1 is the day after it.
fn is_in_window(delivery: Delivery, days_before: i64, late_window_minutes: i64) -> bool {
    match days_before {
        0 => true,
        -1 => {
            let minute = delivery.minute.unwrap_or(0);
            delivery.has_later && minute + late_window_minutes >= MINUTES_PER_DAY
        }
        days if days < 0 => false,
        days => {
            let minute = delivery.minute.unwrap_or(0);
            (days - 1) * MINUTES_PER_DAY + minute < late_window_minutes
        }
    }
}

/// The days of a range that an object is read for, in order. Empty if it need not be read.
pub(crate) fn days_of_delivery(
    delivery: Delivery,
    range: DayRange,
    late_window_minutes: i64,
) -> impl Iterator<Item = Date> {
    (-1..=late_days(late_window_minutes))
        .rev()
        .filter(move |before| is_in_window(delivery, *before, late_window_minutes))
        .filter_map(move |before| delivery.day.checked_sub(before.days()).ok())
        .filter(move |day| range.contains(*day))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn shards_are_the_days_of_a_range_in_parts_of_the_same_size() {
        let from = date(2028, 2, 20);
        for days in 1..=40 {
            let range = DayRange::new(from, from.saturating_add((days - 1).days())).expect("days");
            for count in 1..=50u32 {
                let slices = (0..count).map(|n| Shard::new(n, count).expect("in it").slice(range));
                let slices = slices.collect::<Vec<_>>();
                let all = slices.iter().flatten().flat_map(DayRange::days).collect::<Vec<_>>();
                assert_eq!(all, range.days().collect::<Vec<_>>(), "{count} of {days}");
                let sizes = slices.iter().map(|slice| slice.map_or(0, |slice| slice.len()));
                let (least, most) = (sizes.clone().min(), sizes.max());
                assert!(most <= least.map(|least| least + 1), "{count} of {days}: {slices:?}");
            }
        }
        assert_eq!(Shard::new(3, 3), None);
        assert_eq!(Shard::new(0, 0), None);
    }

    #[test]
    fn name_is_of_one_shard_of_each_number() {
        for count in [1, 2, 7, 365] {
            let mut sizes = vec![0; count as usize];
            for n in 0..count * 20 {
                let name = format!("111122223333/CloudTrail/us-east-1/{n}");
                let of = |index: &u32| Shard::new(*index, count).expect("in it").has(&name);
                let owners = (0..count).filter(of).collect::<Vec<_>>();
                assert_eq!(owners.len(), 1, "{name} of {count}");
                sizes[owners[0] as usize] += 1;
            }
            assert!(sizes.iter().all(|size| (5..=45).contains(size)), "{count}: {sizes:?}");
        }
        // Every version divides alike: shards of one reading may be of two.
        assert!(
            Shard::new(5, 7).expect("in it").has("111122223333/CloudTrail/us-east-1/2026-10-05")
        );
    }

    #[test]
    fn range_before_has_as_many_days_or_is_the_month_before() {
        let range = |from, to| DayRange::new(from, to).expect("days");
        for (days, before) in [
            (
                range(date(2026, 10, 8), date(2026, 10, 14)),
                range(date(2026, 10, 1), date(2026, 10, 7)),
            ),
            (
                range(date(2026, 3, 1), date(2026, 3, 31)),
                range(date(2026, 2, 1), date(2026, 2, 28)),
            ),
            (
                range(date(2026, 10, 1), date(2026, 10, 1)),
                range(date(2026, 9, 30), date(2026, 9, 30)),
            ),
        ] {
            assert_eq!(days.previous(), Some(before));
        }
        assert_eq!(range(Date::MIN, Date::MIN).previous(), None);
    }

    #[test]
    fn range_is_split_into_its_first_days_and_the_others() {
        let range = DayRange::new(date(2026, 10, 30), date(2026, 11, 2)).expect("in order");
        for (days, expected) in [
            (0, "2026-10-30 | 2026-10-31 to 2026-11-02"),
            (3, "2026-10-30 to 2026-11-01 | 2026-11-02"),
            (4, "2026-10-30 to 2026-11-02 | "),
            (i64::MAX, "2026-10-30 to 2026-11-02 | "),
        ] {
            let (first, others) = range.split(days);
            let others = others.map(|others| others.to_string()).unwrap_or_default();
            assert_eq!(format!("{first} | {others}"), expected);
        }
        assert_eq!(range.until(range.from()), None);
        assert_eq!(range.until(date(2026, 11, 1)), Some(range.split(2).0));
    }

    #[test]
    fn delivery_is_read_for_the_day_before_up_to_the_minute_of_the_window() {
        let range = DayRange::new(date(2026, 10, 5), date(2026, 10, 7)).expect("in order");
        for (day, minute, window, expected) in [
            (6, Some(359), 360, &[5, 6][..]),
            (6, Some(360), 360, &[6]),
            (6, None, 360, &[5, 6]),
            (5, Some(0), 360, &[5]),
            (8, Some(359), 360, &[7]),
            (8, Some(360), 360, &[]),
            (8, Some(0), 0, &[]),
            (8, Some(60), 48 * 60, &[6, 7]),
            (4, Some(0), 360, &[]),
        ] {
            let delivery = Delivery { day: date(2026, 10, day), minute, has_later: false };
            let found = days_of_delivery(delivery, range, window).map(Date::day);
            assert_eq!(found.collect::<Vec<_>>(), expected, "{day} {minute:?} {window}");
        }
    }
}
