//! Where the tables lie below the destination.

use jiff::civil::Date;

/// The folder of a table's files of a day: `<table>/dt=YYYY-MM-DD/`.
pub fn partition(table: &str, day: Date) -> String {
    format!("{table}/dt={day}/")
}

/// The table whose file of a day has this key, whatever the number of the file; `None` if it is none.
pub fn table_of_part(key: &str, day: Date) -> Option<&'static str> {
    let (table, file) = key.split_once(&format!("/dt={day}/part-"))?;
    let number = file.strip_suffix(".parquet")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let names = crate::table::by_day().map(|table| table.name);
    names.filter(|_| is_number).find(|name| *name == table)
}

/// The key of a table's file for a day: `<table>/dt=YYYY-MM-DD/part-0.parquet`.
pub fn part_key(table: &str, day: Date) -> String {
    format!("{table}/dt={day}/part-0.parquet")
}

/// The key of the file of a table that has a single one: `<table>/part-0.parquet`.
pub fn file_key(table: &str) -> String {
    format!("{table}/part-0.parquet")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn only_files_of_a_table_in_the_partition_of_the_day_are_its_parts() {
        let day = date(2026, 10, 5);
        assert_eq!(table_of_part(&part_key("denials", day), day), Some("denials"));
        assert_eq!(table_of_part("ingest/dt=2026-10-05/part-12.parquet", day), Some("ingest"));
        for other in [
            "denials/dt=2026-10-06/part-0.parquet",
            "denials/dt=2026-10-05/part-0.parquet/x",
            "denials/dt=2026-10-05/part-.parquet",
            "accounts/dt=2026-10-05/part-0.parquet",
            "denials/dt=2026-10-05/part-../../../x.parquet",
            "denials/dt=2026-10-05/part-0.csv",
            "denials/dt=2026-10-05/other-0.parquet",
            "other/dt=2026-10-05/part-0.parquet",
            "../denials/dt=2026-10-05/part-0.parquet",
            "team/denials/dt=2026-10-05/part-0.parquet",
        ] {
            assert_eq!(table_of_part(other, day), None, "{other}");
        }
    }
}
