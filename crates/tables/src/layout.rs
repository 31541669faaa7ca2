//! Where the tables lie below the destination.

use jiff::civil::Date;

/// The key of a table's file for a day: `<table>/dt=YYYY-MM-DD/part-0.parquet`.
pub fn part_key(table: &str, day: Date) -> String {
    format!("{table}/dt={day}/part-0.parquet")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_with_all_their_digits() {
        let key = part_key("ingest", jiff::civil::date(2026, 8, 1));
        assert_eq!(key, "ingest/dt=2026-08-01/part-0.parquet");
    }
}
