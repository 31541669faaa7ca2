//! The declarations of the tables, and where their files are.

use std::collections::BTreeSet;

use tables::all;
use tables::layout::part_key;
use tables::view::{ApprovedRegions, Parameters, VIEWS};

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

#[test]
fn views_are_named_apart_from_tables_and_begin_with_the_day() {
    let mut names = all().iter().map(|table| table.name).collect::<BTreeSet<_>>();
    for view in VIEWS {
        assert!(names.insert(view.name), "{}", view.name);
        assert_eq!(view.columns[0].name, "dt", "{}", view.name);
        let columns = view.columns.iter().map(|column| column.name).collect::<BTreeSet<_>>();
        assert_eq!(columns.len(), view.columns.len(), "{}", view.name);
        for column in view.columns {
            assert!(column.doc.ends_with('.'), "{}.{}", view.name, column.name);
            assert!(column.doc.len() < 256, "{}.{}", view.name, column.name);
            assert!(!column.doc.contains('\''), "{}.{}", view.name, column.name);
        }
        let query = view.query(&Parameters::default());
        // A semicolon would end the statement, and names in braces are not SQL.
        assert!(!query.contains([';', '{', '}']), "{}", view.name);
    }
}

#[test]
fn approved_regions_hold_for_all_accounts_and_for_some() {
    let list = ApprovedRegions::of_list("eu-west-1, eu-central-1,").unwrap();
    assert!(list.has("111122223333", "eu-west-1") && list.has("444455556666", "eu-central-1"));
    assert!(!list.has("111122223333", "us-east-1"));
    let csv = "\u{feff}account_id,region\r\n*,eu-west-1\r\n\r\n111122223333,us-east-1\r\n";
    let csv = ApprovedRegions::of_csv(csv).unwrap();
    assert!(csv.has("111122223333", "eu-west-1") && csv.has("111122223333", "us-east-1"));
    assert!(csv.has("444455556666", "eu-west-1") && !csv.has("444455556666", "us-east-1"));
    for csv in ["", "account_id,region", "account_id,region\n1,eu-west-1", "account_id,region\n*,*"]
    {
        assert!(ApprovedRegions::of_csv(csv).is_err(), "{csv}");
    }
}
