//! Cells as texts: exact for programs, short for people.

use jiff::Timestamp;
use tables::query::Cell;

use crate::number::grouped;

/// Decimal places of an amount.
const PLACES: usize = 12;

/// What stands for null where people read.
pub(crate) const NONE: &str = "–";

/// A cell as programs read it; null is empty. A time is one of RFC 3339.
pub(crate) fn exact(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Text(text) => text.to_string(),
        Cell::Count(count) => count.to_string(),
        Cell::Money(units) => decimal(*units),
        Cell::Time(ms) => Timestamp::from_millisecond(*ms)
            .map_or_else(|_| ms.to_string(), |time| time.to_string()),
    }
}

/// A cell as people read it.
pub(crate) fn short(cell: &Cell) -> String {
    match cell {
        Cell::Null => NONE.to_owned(),
        Cell::Flag(true) => "yes".to_owned(),
        Cell::Flag(false) => "no".to_owned(),
        Cell::Text(text) => crate::escape::escaped(text).into_owned(),
        Cell::Count(count) => signed(*count),
        Cell::Money(units) => dollars(*units),
        Cell::Time(_) => exact(cell).replace('T', " ").trim_end_matches('Z').to_owned(),
    }
}

fn signed(count: i64) -> String {
    let sign = if count < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(count.unsigned_abs()))
}

/// All twelve decimal places, as `DECIMAL(38,12)` has them.
fn decimal(units: i128) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0>13}", units.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - PLACES);
    format!("{sign}{whole}.{fraction}")
}

/// An amount of dollars with all its places, apart from zeros at the end.
pub(crate) fn exact_dollars(units: i128) -> String {
    let text = decimal(units);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("${whole}.{:0<2}", fraction.trim_end_matches('0'))
}

/// An amount of dollars, rounded to cents from a dollar on, below to four places, or to the first two that are not 0.
pub(crate) fn dollars(units: i128) -> String {
    rounded_dollars(units, |amount, step| (amount + step / 2) / step)
}

/// The same of an amount that is only a lower bound: rounded down, so that it stays one.
pub(crate) fn at_least(units: i128) -> String {
    rounded_dollars(units, |amount, step| amount / step)
}

fn rounded_dollars(units: i128, round: impl Fn(u128, u128) -> u128) -> String {
    let amount = units.unsigned_abs();
    let digits = amount.to_string().len();
    let places = match amount {
        0 => 2,
        _ if digits > PLACES => 2,
        _ => (PLACES - digits + 2).clamp(4, PLACES),
    };
    let step = 10_u128.pow((PLACES - places) as u32);
    let rounded = round(amount, step);
    let (whole, fraction) =
        (rounded / 10_u128.pow(places as u32), rounded % 10_u128.pow(places as u32));
    let whole = u64::try_from(whole).map_or_else(|_| whole.to_string(), grouped);
    let sign = if units < 0 { "-" } else { "" };
    format!("{sign}${whole}.{fraction:0>places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_for_programs_and_rounded_for_people() {
        for (units, exact_text, short_text) in [
            (0, "0.000000000000", "$0.00"),
            (1, "0.000000000001", "$0.000000000001"),
            (123_456, "0.000000123456", "$0.00000012"),
            (995_000_000_000, "0.995000000000", "$0.9950"),
            (1_234_567_895_000_000_000, "1234567.895000000000", "$1,234,567.90"),
            (-2_500_000_000_000, "-2.500000000000", "-$2.50"),
        ] {
            assert_eq!(exact(&Cell::Money(units)), exact_text);
            assert_eq!(short(&Cell::Money(units)), short_text);
        }
        let time = Cell::Time(1_791_201_600_123);
        assert_eq!(
            [exact(&time), short(&time)],
            ["2026-10-05T12:00:00.123Z", "2026-10-05 12:00:00.123"]
        );
        assert_eq!(at_least(4_189_999_000_000), "$4.18");
        assert_eq!(at_least(4_950_000_000), "$0.0049");
        assert_eq!(short(&Cell::Count(-1_234)), "-1,234");
        assert_eq!(short(&Cell::Text("a\u{1b}[2J".into())), "a\\u{1b}[2J");
        assert_eq!([exact(&Cell::Null), short(&Cell::Null)], ["", "–"]);
    }
}
