//! A table with every kind of column, and rows of it.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type, TimestampMillisecondType};
use bedrock::meaning::MeaningKey;
use bedrock::pairs;
use bedrock::part::{Caller, Connection};
use bedrock::{Attribute, Attributes, CallId, Knowledge, Meaning, Part, Texts};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::PageIndexPolicy;
use tables::column::Value::{
    self, AttributeFlag, AttributeMap, Count, Flag, Id, Map, Money, ObjectKey, OneOf, PartFlag,
    Text, Time,
};
use tables::column::{optional, required};
use tables::{References, Refers, Table, TableWriter};

#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) attributes: Attributes,
    pub(crate) meaning: u32,
    pub(crate) object: u32,
    pub(crate) id: Option<CallId>,
    pub(crate) few: Option<usize>,
    pub(crate) word: Option<String>,
    pub(crate) number: Option<i64>,
    pub(crate) amount: Option<i128>,
    pub(crate) flag: Option<bool>,
    /// As [`bedrock::pairs`] are written.
    pub(crate) tags: Option<String>,
}

pub(crate) const FEW: &[&str] = &["full", "", "é"];

pub(crate) const TABLE: Table<Row> = Table {
    name: "columns",
    grain: "",
    doc: "",
    is_by_day: true,
    columns: &[
        optional("agent", Value::Attribute(Attribute::UserAgent), "."),
        optional("session", Value::Attribute(Attribute::SessionName), "."),
        optional("api_key", AttributeFlag(Attribute::ApiKey), "."),
        required("outcome", Value::Meaning(|meaning| Some(meaning.outcome.as_str())), "."),
        optional("model", Value::Meaning(|meaning| meaning.model().map(|m| &*m.id)), "."),
        required("object", ObjectKey, "."),
        optional("id", Id(|row| row.id.as_ref()), "."),
        optional("few", OneOf(FEW, |row| row.few), "."),
        optional("word", Text(|row| row.word.as_deref()), "."),
        optional("number", Count(|row| row.number), "."),
        optional("time", Time(|row| row.number), "."),
        optional("amount", Money(|row| row.amount), "."),
        optional("flag", Flag(|row| row.flag), "."),
        optional("principal", Value::Part(Part::IamPrincipalArn), "."),
        optional("is_temporary", PartFlag(Part::IsTemporaryCredential), "."),
        optional("invoked_by", Value::Part(Part::InvokedBy), "."),
        optional("mfa", PartFlag(Part::MfaAuthenticated), "."),
        optional("host", Value::Part(Part::EndpointHost), "."),
        optional("metadata", AttributeMap(Attribute::RequestMetadata), "."),
        optional("tags", Map(|row| row.tags.as_deref()), "."),
    ],
    order: |_, _| std::cmp::Ordering::Equal,
    refers: Refers {
        attribute: |row, attribute| row.attributes[attribute],
        meaning: |row| row.meaning,
        object: |row| row.object,
    },
};

pub(crate) const N_COLUMNS: usize = 20;
pub(crate) const WORD: usize = 8;
pub(crate) const TIME: usize = 10;

/// The values of a row as texts, in the order of the columns.
pub(crate) type Cells = [Option<String>; N_COLUMNS];

/// What rows of a batch refer to.
pub(crate) struct Referred {
    pub(crate) texts: Texts,
    pub(crate) attributes: Vec<Attributes>,
    pub(crate) meanings: Vec<Meaning>,
    pub(crate) objects: Vec<Arc<str>>,
}

impl Referred {
    /// Attributes of calls by user agent, session name, API key and request metadata, with five meanings and the objects.
    pub(crate) fn new(calls: &[[Option<String>; 4]], objects: &[String]) -> Self {
        let mut texts = Texts::default();
        let attributes = [
            Attribute::UserAgent,
            Attribute::SessionName,
            Attribute::ApiKey,
            Attribute::RequestMetadata,
        ];
        let call = |values: &[Option<String>; 4]| {
            let mut call = Attributes::default();
            for (attribute, value) in attributes.iter().zip(values) {
                texts.set(&mut call, *attribute, value.as_deref()).expect("few texts");
            }
            let [agent, session, api_key, _] = values.each_ref().map(Option::as_deref);
            let flag = api_key.and_then(|text| text.parse().ok());
            let caller = Caller {
                iam_principal_arn: session,
                is_temporary_credential: flag,
                ..Caller::default()
            };
            let connection = Connection { endpoint_host: agent, ..Connection::default() };
            let parts =
                [(Attribute::Caller, caller.text()), (Attribute::Connection, connection.text())];
            for (attribute, text) in parts {
                texts.set(&mut call, attribute, text.as_deref()).expect("few texts");
            }
            call
        };
        let attributes = calls.iter().map(call).collect();
        let meaning = |(model_ref, error_code)| {
            let key = MeaningKey { model_ref, error_code, ..MeaningKey::default() };
            KNOWLEDGE.meaning(key)
        };
        let sonnet = Some("us.anthropic.claude-sonnet-4-6");
        let haiku = Some("anthropic.claude-haiku-4-5-20251001-v1:0");
        let errors = [None, Some("AccessDenied"), Some("ThrottlingException")];
        let [none, denied, throttled] = errors;
        let keys =
            [(sonnet, none), (None, denied), (haiku, none), (sonnet, throttled), (None, none)];
        Referred {
            texts,
            attributes,
            meanings: keys.map(meaning).to_vec(),
            objects: objects.iter().map(|key| Arc::from(key.as_str())).collect(),
        }
    }

    pub(crate) fn references(&self) -> References<'_> {
        References { texts: &self.texts, meanings: &self.meanings, objects: &self.objects }
    }

    pub(crate) fn cells(&self, row: &Row) -> Cells {
        let text = |attribute| self.texts.get(&row.attributes, attribute).map(str::to_owned);
        let meaning = &self.meanings[row.meaning as usize];
        let api_key = text(Attribute::ApiKey);
        [
            text(Attribute::UserAgent),
            text(Attribute::SessionName),
            api_key.filter(|text| ["true", "false"].contains(&text.as_str())),
            Some(meaning.outcome.as_str().to_owned()),
            meaning.model().map(|model| model.id.clone()),
            Some(self.objects[row.object as usize].to_string()),
            row.id.as_ref().map(ToString::to_string),
            row.few.map(|place| FEW[place].to_owned()),
            row.word.clone(),
            row.number.map(|number| number.to_string()),
            row.number.map(|number| number.to_string()),
            row.amount.map(|amount| amount.to_string()),
            row.flag.map(|flag| flag.to_string()),
            text(Attribute::SessionName),
            text(Attribute::ApiKey).filter(|text| ["true", "false"].contains(&text.as_str())),
            None,
            None,
            text(Attribute::UserAgent),
            text(Attribute::RequestMetadata),
            row.tags.clone(),
        ]
    }
}

pub(crate) static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(Knowledge::embedded);

pub(crate) fn file<'a>(batches: impl IntoIterator<Item = (&'a Referred, &'a [Row])>) -> Bytes {
    let mut writer = TableWriter::new(&TABLE, Vec::new()).expect("a table of ours");
    for (referred, rows) in batches {
        writer.write(rows, referred.references()).expect("the rows fit");
    }
    writer.finish().expect("the rows fit").into()
}

/// A file with all that it says of itself.
pub(crate) fn open(file: Bytes) -> ParquetRecordBatchReaderBuilder<Bytes> {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).expect("Parquet")
}

pub(crate) fn read(file: ParquetRecordBatchReaderBuilder<Bytes>) -> Vec<Cells> {
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
                    DataType::Map(..) => {
                        let pairs = column.as_map().value(row);
                        let text = |part: usize, pair: usize| {
                            pairs.column(part).as_string::<i32>().value(pair)
                        };
                        let pairs = (0..pairs.len()).map(|pair| (text(0, pair), text(1, pair)));
                        pairs::text(pairs).unwrap_or_default()
                    }
                    other => panic!("a column of {other}"),
                })
            };
            rows.push(std::array::from_fn(text));
        }
    }
    rows
}

pub(crate) fn no_references() -> Referred {
    Referred::new(&[], &["key".to_owned()])
}

impl std::fmt::Debug for Referred {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.objects)
    }
}
