//! Cells as texts: exact for programs, short for people.

use jiff::Timestamp;
use report::number::{NONE, decimal, dollars, grouped};
use tables::query::Cell;

/// A cell as programs read it; null is empty. A time is one of RFC 3339.
pub(crate) fn exact(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Text(text) => text.to_string(),
        Cell::Count(count) => count.to_string(),
        Cell::Money(units) => decimal(*units),
        Cell::Percent(hundredths) => percent(*hundredths),
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
        Cell::Percent(hundredths) => format!("{} %", percent(*hundredths)),
        Cell::Time(_) => exact(cell).replace('T', " ").trim_end_matches('Z').to_owned(),
    }
}

/// With two decimal places: `-9.09`.
fn percent(hundredths: i64) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let amount = hundredths.unsigned_abs();
    format!("{sign}{}.{:02}", amount / 100, amount % 100)
}

fn signed(count: i64) -> String {
    let sign = if count < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(count.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_exact_for_programs_and_short_for_people() {
        let amount = Cell::Money(1_234_567_895_000_000_000);
        assert_eq!([exact(&amount), short(&amount)], ["1234567.895000000000", "$1,234,567.90"]);
        let time = Cell::Time(1_791_201_600_123);
        assert_eq!(
            [exact(&time), short(&time)],
            ["2026-10-05T12:00:00.123Z", "2026-10-05 12:00:00.123"]
        );
        assert_eq!(short(&Cell::Count(-1_234)), "-1,234");
        assert_eq!([exact(&Cell::Percent(-5)), short(&Cell::Percent(909))], ["-0.05", "9.09 %"]);
        assert_eq!(short(&Cell::Text("a\u{1b}[2J".into())), "a\\u{1b}[2J");
        assert_eq!([exact(&Cell::Null), short(&Cell::Null)], ["", "–"]);
    }
}
