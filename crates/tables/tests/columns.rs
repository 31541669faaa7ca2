//! Columns whose pages are written here, read back by Parquet's own reader: whatever stands in them.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type, TimestampMillisecondType};
use bedrock::{CallId, Caller, Context, Knowledge, Said};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::basic::{BoundaryOrder, Encoding, PageType};
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tables::column::Value::{
    CallerText, ContextText, Count, Flag, Id, Money, ObjectKey, OneOf, Text, Time,
};
use tables::column::{optional, required};
use tables::{BATCH_ROWS, ContextMeaning, Referred, Refers, Table, TableWriter};

#[derive(Debug, Clone, Default)]
struct Row {
    context: u32,
    caller: u32,
    object: u32,
    id: Option<CallId>,
    few: Option<usize>,
    word: Option<String>,
    number: Option<i64>,
    amount: Option<i128>,
    flag: Option<bool>,
}

const FEW: &[&str] = &["full", "", "é"];

static TABLE: Table<Row> = Table {
    name: "columns",
    grain: "",
    doc: "",
    columns: &[
        optional("agent", ContextText(|c| c.context.user_agent()), "."),
        required("event", ContextText(|c| Some(c.context.event_name())), "."),
        optional("arn", CallerText(Caller::arn), "."),
        optional("session", CallerText(Caller::session_name), "."),
        required("object", ObjectKey, "."),
        optional("address", CallerText(Caller::address), "."),
        optional("id", Id(|row| row.id.as_ref()), "."),
        optional("few", OneOf(FEW, |row| row.few), "."),
        optional("word", Text(|row| row.word.as_deref()), "."),
        optional("number", Count(|row| row.number), "."),
        optional("time", Time(|row| row.number), "."),
        optional("amount", Money(|row| row.amount), "."),
        optional("flag", Flag(|row| row.flag), "."),
    ],
    order: |_, _| std::cmp::Ordering::Equal,
    refers: Refers {
        context: |row| row.context,
        has_context: |_| true,
        caller: |row| row.caller,
        object: |row| row.object,
    },
};

/// What rows may refer to.
#[derive(Debug)]
struct Things {
    contexts: Vec<ContextMeaning>,
    callers: Vec<Caller>,
    objects: Vec<Arc<str>>,
}

/// The values of a row as texts, in the order of the columns.
type Texts = [Option<String>; 13];

/// The first columns are texts, the seventh of them of ids.
const TEXTS: usize = 9;
const OBJECTS: usize = 4;
const IDS: usize = 6;

impl Things {
    fn new(
        contexts: &[(Option<String>, String)],
        callers: &[[Option<String>; 3]],
        objects: &[String],
    ) -> Self {
        static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(Knowledge::embedded);
        let context = |(agent, event_name): &(Option<String>, String)| {
            let said = Said { event_name, user_agent: agent.as_deref(), ..Said::default() };
            let context = Context::new(&said);
            let meaning = Arc::new(KNOWLEDGE.meaning_of(&context));
            ContextMeaning { context: Arc::new(context), meaning }
        };
        let caller = |texts: &[Option<String>; 3]| {
            let [arn, session, address] = texts.each_ref().map(Option::as_deref);
            Caller::new(arn, session, address)
        };
        Things {
            contexts: contexts.iter().map(context).collect(),
            callers: callers.iter().map(caller).collect(),
            objects: objects.iter().map(|key| Arc::from(key.as_str())).collect(),
        }
    }

    fn file(&self, batches: &[Vec<Row>]) -> Bytes {
        let Things { contexts, callers, objects } = self;
        let referred = Referred { contexts, callers, objects };
        let mut writer = TableWriter::new(&TABLE, referred, Vec::new()).expect("a table of ours");
        for batch in batches {
            writer.write(batch).expect("the rows fit");
        }
        writer.finish().expect("the rows fit").into()
    }

    fn texts(&self, row: &Row) -> Texts {
        let context = &self.contexts[row.context as usize].context;
        let caller = &self.callers[row.caller as usize];
        [
            context.user_agent().map(str::to_owned),
            Some(context.event_name().to_owned()),
            caller.arn().map(str::to_owned),
            caller.session_name().map(str::to_owned),
            Some(self.objects[row.object as usize].to_string()),
            caller.address().map(str::to_owned),
            row.id.as_ref().map(ToString::to_string),
            row.few.map(|place| FEW[place].to_owned()),
            row.word.clone(),
            row.number.map(|number| number.to_string()),
            row.number.map(|number| number.to_string()),
            row.amount.map(|amount| amount.to_string()),
            row.flag.map(|flag| flag.to_string()),
        ]
    }
}

/// A file with all that it says of itself.
fn open(file: Bytes) -> ParquetRecordBatchReaderBuilder<Bytes> {
    let options = ArrowReaderOptions::new()
        .with_page_index_policy(PageIndexPolicy::Required)
        .with_encoding_stats_as_mask(false);
    ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).expect("Parquet")
}

fn read(file: ParquetRecordBatchReaderBuilder<Bytes>) -> Vec<Texts> {
    let mut rows = Vec::new();
    for batch in file.build().expect("Parquet") {
        let batch = batch.expect("a batch");
        for row in 0..batch.num_rows() {
            let text = |column: usize| {
                let column = batch.column(column);
                column.is_valid(row).then(|| match column.data_type() {
                    DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
                    DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
                    DataType::Timestamp(..) => {
                        column.as_primitive::<TimestampMillisecondType>().value(row).to_string()
                    }
                    DataType::Decimal128(38, 12) => {
                        column.as_primitive::<Decimal128Type>().value(row).to_string()
                    }
                    DataType::Boolean => column.as_boolean().value(row).to_string(),
                    other => panic!("a column of {other}"),
                })
            };
            rows.push(std::array::from_fn(text));
        }
    }
    rows
}

/// Writes rows, compares what is read, and gives the numbers of rows of the row groups.
fn check(things: &Things, batches: &[Vec<Row>]) -> Vec<usize> {
    let file = things.file(batches);
    let expected = batches.concat().iter().map(|row| things.texts(row)).collect::<Vec<_>>();
    assert_eq!(read(open(file.clone())), expected);
    // A few rows in the middle of a page, which the index of pages leads to.
    let selected = expected.len() / 3..expected.len() / 2;
    let selection =
        RowSelection::from_consecutive_ranges(std::iter::once(selected.clone()), expected.len());
    assert_eq!(read(open(file.clone()).with_row_selection(selection)), expected[selected]);

    let reader = SerializedFileReader::new(file.clone()).expect("Parquet");
    let metadata = Arc::clone(open(file).metadata());
    let row_groups = metadata.row_groups();
    let n_rows = row_groups.iter().map(|group| usize::try_from(group.num_rows()).expect("rows"));
    let n_rows = n_rows.collect::<Vec<_>>();
    assert_eq!(n_rows.iter().sum::<usize>(), expected.len());
    let mut others = &expected[..];
    for (place, (row_group, n_rows)) in row_groups.iter().zip(&n_rows).enumerate() {
        let rows;
        (rows, others) = others.split_at(*n_rows);
        for (index, column) in row_group.columns().iter().enumerate() {
            let pages = metadata.page_index_for_row_group(place);
            let pages = pages.offset_index(index).expect("it was read").page_locations();
            assert_eq!(pages[0].offset, column.data_page_offset(), "column {index}");
            let texts = || rows.iter().filter_map(|texts| texts[index].as_deref());
            let statistics = column.statistics().expect("every column has them");
            let n_nulls = (rows.len() - texts().count()) as u64;
            assert_eq!(statistics.null_count_opt(), Some(n_nulls), "column {index}");
            if index >= TEXTS {
                continue;
            }
            // Objects that are called the same are none.
            if index != OBJECTS && plain_pages(column) == 0 {
                let row_group = reader.get_row_group(place).expect("it is there");
                let mut pages = row_group.get_column_page_reader(index).expect("it is there");
                let dictionary =
                    pages.get_next_page().expect("a page").map(|page| page.num_values());
                let n_texts = texts().collect::<BTreeSet<_>>().len();
                assert_eq!(dictionary.map(|n| n as usize), Some(n_texts), "column {index}");
            }
            // Ids have no bounds, and neither have long texts.
            let has_bounds = index != IDS && texts().all(|text| text.len() <= 256);
            let bound = |text: Option<&str>| {
                text.filter(|_| has_bounds).map(|text| text.as_bytes().to_vec())
            };
            let (least, greatest) = (bound(texts().min()), bound(texts().max()));
            assert_eq!(statistics.min_bytes_opt(), least.as_deref(), "column {index}");
            assert_eq!(statistics.max_bytes_opt(), greatest.as_deref(), "column {index}");
        }
    }
    check_bounds(&expected, &metadata, &n_rows);
    n_rows
}

/// How many pages of a column have the values themselves.
fn plain_pages(column: &ColumnChunkMetaData) -> i32 {
    let stats = column.page_encoding_stats().expect("every column has them");
    let of_data = stats.iter().filter(|found| found.page_type == PageType::DATA_PAGE);
    of_data.filter(|found| found.encoding == Encoding::PLAIN).map(|found| found.count).sum()
}

/// What the footer and the page index say of numbers, money and flags.
fn check_bounds(expected: &[Texts], metadata: &ParquetMetaData, n_rows: &[usize]) {
    let mut others = expected;
    for (place, n_rows) in n_rows.iter().enumerate() {
        let rows;
        (rows, others) = others.split_at(*n_rows);
        let pages = metadata.page_index_for_row_group(place);
        for index in TEXTS..rows.first().map_or(TEXTS, |row| row.len()) {
            let numbers = |rows: &[Texts]| {
                let numbers = rows.iter().filter_map(|texts| texts[index].as_deref());
                let number = |text: &str| text.parse().unwrap_or(i128::from(text == "true"));
                let numbers = numbers.map(number).collect::<Vec<_>>();
                (numbers.iter().min().copied(), numbers.iter().max().copied())
            };
            let number = |bytes: &[u8]| match bytes.len() {
                1 => i128::from(bytes[0]),
                8 => i128::from(i64::from_le_bytes(bytes.try_into().expect("eight"))),
                _ => i128::from_be_bytes(bytes.try_into().expect("sixteen")),
            };
            let column = metadata.row_group(place).column(index);
            let statistics = column.statistics().expect("every column has them");
            let found =
                (statistics.min_bytes_opt().map(number), statistics.max_bytes_opt().map(number));
            assert_eq!(found, numbers(rows), "column {index}");

            let bounds = pages.column_index(index).expect("it was read");
            let locations = pages.offset_index(index).expect("it was read").page_locations();
            let start = |page: usize| {
                locations.get(page).map_or(rows.len(), |page| page.first_row_index as usize)
            };
            let bounds_of = |page: usize| {
                let (least, greatest) = numbers(&rows[start(page)..start(page + 1)]);
                least.zip(greatest)
            };
            let in_order = (0..locations.len()).filter_map(bounds_of).collect::<Vec<_>>();
            let is_ascending = in_order.is_sorted_by(|a, b| a.0 <= b.0 && a.1 <= b.1);
            let is_said = bounds.get_boundary_order() == Some(BoundaryOrder::ASCENDING);
            assert_eq!(is_said, is_ascending, "column {index}");
            for page in 0..locations.len() {
                let of_page = &rows[start(page)..start(page + 1)];
                let n_nulls = of_page.iter().filter(|texts| texts[index].is_none()).count() as i64;
                assert_eq!(bounds.null_count(page), Some(n_nulls), "column {index}");
                let found = match bounds {
                    ColumnIndexMetaData::INT64(bounds) => (
                        bounds.min_value(page).copied().map(i128::from),
                        bounds.max_value(page).copied().map(i128::from),
                    ),
                    ColumnIndexMetaData::BOOLEAN(bounds) => (
                        bounds.min_value(page).copied().map(i128::from),
                        bounds.max_value(page).copied().map(i128::from),
                    ),
                    ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(bounds) => {
                        (bounds.min_value(page).map(number), bounds.max_value(page).map(number))
                    }
                    other => panic!("an index of {other:?}"),
                };
                assert_eq!(found, numbers(of_page), "column {index}");
            }
        }
    }
}

fn row() -> impl Strategy<Value = Row> {
    let id = prop_oneof![
        any::<[u8; 16]>().prop_map(CallId::Uuid),
        "\\PC{0,12}".prop_map(|text| CallId::new(&text)),
    ];
    let refers = (0..7u32, 0..40u32, 0..5u32);
    let texts = (option::of(id), option::of(0..FEW.len()), option::of("[a-c]{0,2}"));
    let numbers = (option::of(any::<i64>()), option::of(any::<i128>()), option::of(any::<bool>()));
    (refers, texts, numbers).prop_map(
        |((context, caller, object), (id, few, word), (number, amount, flag))| Row {
            context,
            caller,
            object,
            id,
            few,
            word,
            number,
            amount: amount.map(|amount| amount % 10i128.pow(38)),
            flag,
        },
    )
}

fn caller() -> impl Strategy<Value = [Option<String>; 3]> {
    let text = || option::of("[ab]{1,2}");
    (text(), text(), option::of("[0-9]{1,2}|x{250,260}"))
        .prop_map(|(arn, session, address)| [arn, session, address])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_rows_come_back(
        contexts in vec((option::of("\\PC{0,9}"), "[a-c]{0,2}"), 7),
        // Some say the same, in one of their texts or in both.
        callers in vec(caller(), 40),
        objects in vec("[a-c]{0,3}", 5),
        // The same many times in a row is written otherwise than what changes.
        batches in vec(vec((row(), 1..30usize), 1..20), 0..5),
    ) {
        let things = Things::new(&contexts, &callers, &objects);
        let repeated = |batch: Vec<(Row, usize)>| {
            let rows = batch.into_iter().flat_map(|(row, times)| std::iter::repeat_n(row, times));
            rows.collect::<Vec<_>>()
        };
        check(&things, &batches.into_iter().map(repeated).collect::<Vec<_>>());
    }
}

/// A reader holds all different texts of a row group at once.
#[test]
fn a_row_group_ends_with_many_texts() {
    let n_rows = BATCH_ROWS + 100;
    let objects = (0..n_rows).map(|n| format!("{n:04000}")).collect::<Vec<_>>();
    let things = Things::new(&[(None, "Converse".to_owned())], &[[const { None }; 3]], &objects);
    let row = |object| Row { object, ..Row::default() };
    let rows = (0u32..).take(n_rows).map(row).collect::<Vec<_>>();
    assert_eq!(check(&things, &[rows]), [BATCH_ROWS, 100]);
}

/// A dictionary is given up where most texts stand in one row, and kept where they come again.
#[test]
fn texts_that_hardly_come_again_stand_in_the_rows() {
    let n_rows = 3 * BATCH_ROWS;
    let caller = |n: usize| {
        let (arn, address) = (format!("arn/{n}"), format!("10.0.{}", n % 4000));
        [(!n.is_multiple_of(5)).then_some(arn), None, Some(address)]
    };
    let callers = (0..n_rows).map(caller).collect::<Vec<_>>();
    let objects = (0..n_rows).map(|n| format!("key/{n:06}")).collect::<Vec<_>>();
    let things = Things::new(&[(None, "Converse".to_owned())], &callers, &objects);
    let row = |n: usize| {
        let word = Some(format!("word {}", n / 2));
        let number = n as u32;
        Row { caller: number, object: number, word, ..Row::default() }
    };
    let rows = (0..n_rows).map(row).collect::<Vec<_>>();
    assert_eq!(check(&things, std::slice::from_ref(&rows)), [n_rows]);

    let file = open(things.file(&[rows]));
    let columns = file.metadata().row_group(0).columns();
    // ARNs and objects are given up after the first page; addresses and words come again.
    assert_eq!([2, 4, 5, 8].map(|index| plain_pages(&columns[index])), [2, 2, 0, 0]);
}

/// Random ids take the four bits a digit that they have and a little; of what repeats, little is left,
/// though both are compressed by the same thread one after the other.
#[test]
fn ids_are_coded_and_repetitions_are_found() {
    let id = |n: usize| {
        let mut state = n as u64;
        let mut bytes = [0; 16];
        for word in bytes.as_chunks_mut::<8>().0 {
            state = (state ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            state ^= state >> 29;
            *word = state.to_be_bytes();
        }
        CallId::Uuid(bytes)
    };
    let things =
        Things::new(&[(None, "Converse".to_owned())], &[[const { None }; 3]], &["key".to_owned()]);
    let row = |n: usize| Row { id: Some(id(n)), number: Some((n % 7) as i64), ..Row::default() };
    let rows = (0..BATCH_ROWS).map(row).collect::<Vec<_>>();
    assert_eq!(check(&things, &[rows.clone(), rows.clone()]), [2 * BATCH_ROWS]);

    let file = open(things.file(&[rows.clone(), rows]));
    let bytes_per_row = |index: usize| {
        let column = file.metadata().row_group(0).column(index);
        column.compressed_size() as f64 / (2 * BATCH_ROWS) as f64
    };
    let (ids, numbers) = (bytes_per_row(IDS), bytes_per_row(TEXTS));
    assert!((17.0..24.0).contains(&ids), "{ids} bytes an id");
    assert!(numbers < 1.0, "{numbers} bytes a number");
}
