//! The declarations of the tables, and where their files are.

use std::collections::BTreeSet;

use tables::all;
use tables::layout::part_key;

#[test]
fn names_are_lower_case_and_unique() {
    for table in all() {
        let names = table.columns.iter().map(|column| column.name).collect::<BTreeSet<_>>();
        assert_eq!(names.len(), table.columns.len(), "{}", table.name);
        assert!(!names.contains("dt"), "{}: dt is the partition", table.name);
        for text in names.iter().copied().chain([table.name]) {
            let fits = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(text.chars().all(fits), "{text}");
        }
        for column in &table.columns {
            assert!(column.doc.ends_with('.'), "{}.{}", table.name, column.name);
            // A comment of a column in a Hive metastore has no more.
            assert!(column.doc.len() < 256, "{}.{}", table.name, column.name);
            // Athena, Spark and sqlglot disagree on how to quote an apostrophe.
            assert!(!column.doc.contains('\''), "{}.{}", table.name, column.name);
        }
    }
}

#[test]
fn key_of_a_file_has_all_digits_of_its_day() {
    let key = part_key("ingest", jiff::civil::date(2026, 8, 1));
    assert_eq!(key, "ingest/dt=2026-08-01/part-0.parquet");
}
