//! Rows of every kind of column, in any batches, read back by Parquet's own reader.

use std::ops::Range;
use std::sync::Arc;

use bedrock::{Attributes, CallId, pairs};
use bytes::Bytes;
use parquet::arrow::arrow_reader::RowSelection;
use parquet::basic::BoundaryOrder;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use crate::rows::{Cells, FEW, Referred, Row, TABLE, TIME, WORD, file, no_references, open, read};

/// The text of some pairs.
fn metadata() -> impl Strategy<Value = Option<String>> {
    btree_map("[a-b]{0,2}", "[a-cé]{0,2}", 0..3).prop_map(|pairs| {
        pairs::text(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
    })
}

fn row(calls: usize, objects: usize) -> impl Strategy<Value = (usize, Row)> {
    let id = prop_oneof![
        any::<[u8; 16]>().prop_map(CallId::Uuid),
        "\\PC{0,12}".prop_map(|text| CallId::new(&text)),
    ];
    let refers = (0..calls, 0..5u32, 0..objects as u32);
    let texts = (option::of(id), option::of(0..FEW.len()), option::of("[a-c]{0,2}"), metadata());
    let numbers = (option::of(any::<i64>()), option::of(any::<i128>()), option::of(any::<bool>()));
    (refers, texts, numbers).prop_map(
        |((call, meaning, object), (id, few, word, tags), (number, amount, flag))| {
            let amount = amount.map(|amount| amount % 10i128.pow(38));
            let attributes = Attributes::default();
            let tags = tags.clone();
            (call, Row { attributes, meaning, object, id, few, word, number, amount, flag, tags })
        },
    )
}

/// A batch with what its rows refer to, which is not what those of another batch refer to.
fn batch() -> impl Strategy<Value = (Referred, Vec<Row>)> {
    let call = (
        [option::of("\\PC{0,9}"), option::of("[ab]{1,2}"), option::of("true|false|maybe")],
        metadata(),
    )
        .prop_map(|([agent, session, api_key], metadata)| [agent, session, api_key, metadata]);
    (vec(call, 7), vec("[a-c]{0,3}", 5), vec((row(7, 5), 1..30usize), 0..20)).prop_map(
        |(calls, objects, rows)| {
            let referred = Referred::new(&calls, &objects);
            let row = |((call, row), times): ((usize, Row), usize)| {
                std::iter::repeat_n(Row { attributes: referred.attributes[call], ..row }, times)
            };
            let rows = rows.into_iter().flat_map(row).collect();
            (referred, rows)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn any_rows_come_back(batches in vec(batch(), 0..4), cuts in vec(1..300usize, 8)) {
        let cells = |(referred, rows): &(Referred, Vec<Row>)| {
            rows.iter().map(|row| referred.cells(row)).collect::<Vec<_>>()
        };
        let expected = batches.iter().flat_map(cells).collect::<Vec<_>>();
        // The rows of a batch may be given in parts.
        let mut parts = Vec::new();
        let mut cuts = cuts.iter().cycle();
        for (referred, rows) in &batches {
            let mut rows = rows.as_slice();
            while !rows.is_empty() {
                let part;
                let cut = cuts.next().map_or(rows.len(), |cut| rows.len().min(*cut));
                (part, rows) = rows.split_at(cut);
                parts.push((referred, part));
            }
        }
        let file = file(parts);
        prop_assert_eq!(read(open(file.clone())), expected.clone());
        // Some rows in the middle, which the index of pages leads to.
        let selected = expected.len() / 3..expected.len() / 2;
        let selection = RowSelection::from_consecutive_ranges(
            std::iter::once(selected.clone()), expected.len(),
        );
        prop_assert_eq!(&read(open(file.clone()).with_row_selection(selection)), &expected[selected]);
        check_statistics(&expected, open(file).metadata());
    }
}

/// What the footer says of each row group: nulls of every column but ids and what calls refer to, least and
/// greatest texts.
fn check_statistics(expected: &[Cells], metadata: &ParquetMetaData) {
    let mut others = expected;
    for row_group in metadata.row_groups() {
        let rows;
        (rows, others) = others.split_at(usize::try_from(row_group.num_rows()).expect("rows"));
        // A map takes two columns of Parquet, and has none of the statistics.
        let columns = row_group.columns().iter();
        let (flat, maps) = columns.partition::<Vec<_>, _>(|c| c.column_path().parts().len() == 1);
        assert_eq!((flat.len(), maps.len()), (TABLE.columns.len() - 2, 4));
        assert!(maps.iter().all(|column| column.statistics().is_none()));
        for (index, column) in flat.into_iter().enumerate() {
            let values = || rows.iter().filter_map(|row| row[index].as_deref());
            let name = TABLE.columns[index].name;
            let of_calls = [
                "id",
                "agent",
                "session",
                "outcome",
                "model",
                "object",
                "principal",
                "invoked_by",
                "host",
            ];
            let has_order = !of_calls.contains(&name);
            assert_eq!(column.statistics().is_some(), has_order, "{name}");
            let Some(statistics) = column.statistics() else { continue };
            let n_nulls = (rows.len() - values().count()) as u64;
            assert_eq!(statistics.null_count_opt(), Some(n_nulls), "column {index}");
            if index == WORD {
                let bytes = |text: Option<&str>| text.map(|text| text.as_bytes().to_vec());
                let (least, greatest) = (bytes(values().min()), bytes(values().max()));
                assert_eq!(statistics.min_bytes_opt(), least.as_deref());
                assert_eq!(statistics.max_bytes_opt(), greatest.as_deref());
            }
        }
    }
    assert!(others.is_empty());
}

/// Athena skips pages by the index of the times that they hold.
#[test]
fn pages_say_which_times_they_hold() {
    let referred = no_references();
    let time = |n: i64| (n % 5 > 0).then_some(1_780_000_000_000 + n / 3);
    let rows = (0..50_000).map(|n| Row { number: time(n), ..Row::default() }).collect::<Vec<_>>();
    let batches = rows.chunks(20_000).map(|rows| (&referred, rows));
    let file = open(file(batches));
    let metadata = Arc::clone(file.metadata());
    let pages = metadata.page_index_for_row_group(0);
    let locations = pages.offset_index(TIME).expect("an index").page_locations();
    assert!(locations.len() >= 3, "{} pages", locations.len());
    let Some(bounds @ ColumnIndexMetaData::INT64(times)) = pages.column_index(TIME) else {
        panic!("times are numbers")
    };
    assert_eq!(bounds.get_boundary_order(), Some(BoundaryOrder::ASCENDING));
    for (page, location) in locations.iter().enumerate() {
        let start = usize::try_from(location.first_row_index).expect("a row");
        let end = locations.get(page + 1).map_or(rows.len(), |next| next.first_row_index as usize);
        let found = rows[start..end].iter().map(|row| row.number);
        let (least, greatest) = (found.clone().flatten().min(), found.clone().flatten().max());
        assert_eq!(
            (times.min_value(page).copied(), times.max_value(page).copied()),
            (least, greatest)
        );
        let n_nulls = found.filter(Option::is_none).count() as i64;
        assert_eq!(bounds.null_count(page), Some(n_nulls));
    }
}

/// The uncompressed bytes and the rows of the data pages of a column.
fn pages(file: &Bytes, column: usize, row_group: usize) -> Vec<(usize, u32)> {
    let reader = SerializedFileReader::new(file.clone()).expect("Parquet");
    let row_group = reader.get_row_group(row_group).expect("it is there");
    let mut pages = row_group.get_column_page_reader(column).expect("it is there");
    let mut found = Vec::new();
    while let Some(page) = pages.get_next_page().expect("a page") {
        if page.is_data_page() {
            found.push((page.buffer().len(), page.num_values()));
        }
    }
    found
}

const PAGE_SIZES: Range<usize> = 900 << 10..1100 << 10;

#[test]
fn pages_are_bounded_in_rows_and_bytes() {
    let referred = no_references();
    let word = |n: usize| Some(format!("{n:01000}"));
    let row = |n: usize| Row { word: word(n), ..Row::default() };
    let rows = (0..10_000).map(row).collect::<Vec<_>>();
    let file = file([(&referred, &rows[..])]);
    // A dictionary is given up when it is large.
    let large = pages(&file, WORD, 0).into_iter().filter(|(bytes, _)| *bytes > 100_000);
    let large = large.collect::<Vec<_>>();
    assert!(large.len() >= 8, "{large:?}");
    assert!(
        large[..large.len() - 1].iter().all(|(bytes, _)| PAGE_SIZES.contains(bytes)),
        "{large:?}"
    );

    let rows = vec![Row::default(); 40_000];
    let file = self::file([(&referred, &rows[..])]);
    let n_rows = pages(&file, TIME, 0).into_iter().map(|(_, rows)| rows).collect::<Vec<_>>();
    assert_eq!(n_rows, [16_384, 16_384, 7232]);
}

/// A reader holds a row group at once.
#[test]
fn a_row_group_ends_when_it_is_large() {
    const TEXT_BYTES: usize = 4 << 20;
    let referred = no_references();
    let mut state = 1u64;
    let letter = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'0' + (state >> 58) as u8)
    };
    let text = (0..TEXT_BYTES).map(letter).collect::<String>();
    let row = |n: usize| Row { word: Some(format!("{n}{text}")), ..Row::default() };
    let rows = (0..30).map(row).collect::<Vec<_>>();
    let file = file(rows.chunks(1).map(|rows| (&referred, rows)));
    let metadata = Arc::clone(open(file).metadata());
    let bytes = metadata.row_groups().iter().map(|group| group.compressed_size() >> 20);
    let bytes = bytes.collect::<Vec<_>>();
    assert!(matches!(bytes[..], [64..70, 1..64]), "{bytes:?} MiB");
}

/// Random ids take the four bits a digit that they have and a little; of what repeats, little is left.
#[test]
fn ids_and_repetitions_are_compressed() {
    let id = |n: u64| {
        let mut state = n;
        let mut bytes = [0; 16];
        for word in bytes.as_chunks_mut::<8>().0 {
            state = (state ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            state ^= state >> 29;
            *word = state.to_be_bytes();
        }
        CallId::Uuid(bytes)
    };
    let referred = no_references();
    let row = |n: u64| Row { id: Some(id(n)), number: Some((n % 7) as i64), ..Row::default() };
    let rows = (0..20_000).map(row).collect::<Vec<_>>();
    let file = open(file([(&referred, &rows[..])]));
    let bytes_per_row = |index: usize| {
        let column = file.metadata().row_group(0).column(index);
        column.compressed_size() as f64 / rows.len() as f64
    };
    let (ids, numbers) = (bytes_per_row(6), bytes_per_row(9));
    assert!((17.0..24.0).contains(&ids), "{ids} bytes an id");
    assert!(numbers < 1.0, "{numbers} bytes a number");
}
