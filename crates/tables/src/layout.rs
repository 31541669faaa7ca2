//! Where the tables lie below the destination.

use jiff::civil::Date;

/// The key of a table's file for a day: `<table>/dt=YYYY-MM-DD/part-0.parquet`.
pub fn part_key(table: &str, day: Date) -> String {
    format!("{table}/dt={day}/part-0.parquet")
}
