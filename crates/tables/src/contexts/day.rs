//! The contexts of one day, from its files.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int32Type, TimestampMillisecondType};
use arrow::error::ArrowError;
use jiff::civil::Date;
use parquet::file::reader::ChunkReader;

use super::codes::{Codes, Keys, NULL};
use super::{ContextQuestion, ContextSource, Count, day_text};
use crate::column::Type;
use crate::denials::DENIALS;
use crate::invocations::INVOCATIONS;
use crate::read::{ReadError, dictionary_rows, rows_at, surviving};
use crate::table::TableSpec;

const EVENT_TIME: &str = "event_time";
const EVENT_ID: &str = "event_id";
const OUTCOME: &str = "outcome";
const DENIED: &str = "denied";
const EVENT_CATEGORY: &str = "event_category";
const NETWORK_ACTIVITY: &str = "NetworkActivity";

/// The contexts of a day, in the order of their first calls.
#[derive(Debug)]
pub struct DayContexts {
    columns: Vec<Codes>,
    keys: Keys,
    /// How often each occurs, and the row of its first call.
    counts: Vec<(Count, u64)>,
    /// The rows of `denials` that are calls, in the order of the calls.
    denied: Vec<Denied>,
}

/// A row of `denials` that is a call.
#[derive(Debug)]
struct Denied {
    time_ms: i64,
    /// What it has in the columns of the question, in their order.
    codes: Vec<u32>,
}

impl DayContexts {
    /// None so far.
    pub fn new(question: &ContextQuestion) -> Self {
        let n_columns = question.columns.len();
        let columns = (0..n_columns).map(|_| Codes::default()).collect();
        let keys = Keys::new(n_columns);
        DayContexts { columns, keys, counts: Vec::new(), denied: Vec::new() }
    }

    /// Reads the day's file of `denials`, if the question asks for it: before its calls.
    ///
    /// # Errors
    /// If the file is not that table, is of a later schema than this build knows, or is damaged.
    pub fn add_denials(
        &mut self,
        question: &ContextQuestion,
        file: impl ChunkReader + 'static,
    ) -> Result<(), ReadError> {
        self.denied = surviving(DENIALS.name, || self.denied(question, file))?;
        Ok(())
    }

    /// Groups the calls of the day's file of `invocations`.
    ///
    /// # Errors
    /// As [`DayContexts::add_denials`].
    pub fn add_calls(
        &mut self,
        question: &ContextQuestion,
        day: Date,
        file: impl ChunkReader + 'static,
    ) -> Result<(), ReadError> {
        let denied = std::mem::take(&mut self.denied);
        surviving(INVOCATIONS.name, || self.read(question, day, file, &denied))
    }

    pub(super) fn columns(&self) -> &[Codes] {
        &self.columns
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(super) fn counts(&self) -> &[(Count, u64)] {
        &self.counts
    }

    /// The rows of `denials` that are calls, in the order of the calls.
    fn denied(
        &mut self,
        question: &ContextQuestion,
        file: impl ChunkReader + 'static,
    ) -> Result<Vec<Denied>, ReadError> {
        let (table, spec) = (DENIALS.name, DENIALS.spec());
        let places = question.places(|of| matches!(of, ContextSource::Denial(_)));
        let mut columns = vec![(EVENT_TIME, Type::Time), (EVENT_CATEGORY, Type::Text)];
        for place in &places {
            if let ContextSource::Denial(name) = question.columns[*place].of {
                columns.push((name, type_of(&spec, name).unwrap_or(Type::Text)));
            }
        }
        let mut readers = places.iter().map(|_| Reader::default()).collect::<Vec<_>>();
        let mut categories = (Codes::default(), Reader::default());
        let network = categories.0.code(NETWORK_ACTIVITY);
        let mut found = Vec::new();
        for batch in dictionary_rows(file, table, &columns)? {
            let batch = batch.map_err(|source| ReadError::Batch { table, source })?;
            let category = categories.1.codes(&batch, EVENT_CATEGORY, None, &mut categories.0);
            let own = places.iter().zip(&mut readers).map(|(place, reader)| {
                let column = &question.columns[*place];
                let ContextSource::Denial(name) = column.of else { return Vec::new() };
                reader.codes(&batch, name, column.part, &mut self.columns[*place])
            });
            let own = own.collect::<Vec<_>>();
            let times = batch[EVENT_TIME].as_primitive::<TimestampMillisecondType>();
            for row in (0..batch.num_rows()).filter(|row| category[*row] != network) {
                let codes = own.iter().map(|codes| codes[row]).collect();
                found.push(Denied { time_ms: times.value(row), codes });
            }
        }
        Ok(found)
    }

    fn read(
        &mut self,
        question: &ContextQuestion,
        day: Date,
        file: impl ChunkReader + 'static,
        denied: &[Denied],
    ) -> Result<(), ReadError> {
        let (table, spec) = (INVOCATIONS.name, INVOCATIONS.spec());
        let mut columns = vec![(EVENT_TIME, Type::Time), (OUTCOME, Type::Text)];
        for column in &question.columns {
            if let ContextSource::Call(name) = column.of
                && let Some(kind) = type_of(&spec, name)
            {
                columns.push((name, kind));
            }
        }
        columns.sort_unstable_by_key(|(name, _)| *name);
        columns.dedup();
        let reader = dictionary_rows(file, table, &columns)?;
        let constants = self.constants(question, day, reader.all_columns());
        let mut readers = question.columns.iter().map(|_| Reader::default()).collect::<Vec<_>>();
        let mut outcomes = (Codes::default(), Reader::default());
        let is_denied = outcomes.0.code(DENIED);
        let of_denials = question.places(|of| matches!(of, ContextSource::Denial(_)));
        let of_time = question.places(|of| of == ContextSource::Time);
        let n_times = question.cuts_ms.len() + 1;
        let time_codes = |place: &usize| {
            (0..n_times).map(|n| self.columns[*place].code(&n.to_string())).collect::<Vec<_>>()
        };
        let time_codes = of_time.iter().map(time_codes).collect::<Vec<_>>();
        let mut denied = denied.iter().peekable();
        let mut key = vec![NULL; question.columns.len()];
        let mut first_row = 0;
        for batch in reader {
            let batch = batch.map_err(|source| ReadError::Batch { table, source })?;
            let mut of_calls = Vec::new();
            for (place, (column, reader)) in question.columns.iter().zip(&mut readers).enumerate() {
                if let ContextSource::Call(name) = column.of {
                    let codes = &mut self.columns[place];
                    of_calls.push((place, reader.codes(&batch, name, column.part, codes)));
                }
            }
            let outcomes = outcomes.1.codes(&batch, OUTCOME, None, &mut outcomes.0);
            let times = batch[EVENT_TIME].as_primitive::<TimestampMillisecondType>().values();
            for (row, time_ms) in times.iter().copied().enumerate() {
                key.copy_from_slice(&constants);
                for (place, codes) in &of_calls {
                    key[*place] = codes[row];
                }
                for (place, codes) in of_time.iter().zip(&time_codes) {
                    key[*place] = codes[question.cuts_ms.partition_point(|cut| *cut <= time_ms)];
                }
                if outcomes[row] == is_denied {
                    // Both tables are in one order; therefore, the next row of this time is that of the call.
                    while denied.next_if(|it| it.time_ms < time_ms).is_some() {}
                    if let Some(own) = denied.next_if(|it| it.time_ms == time_ms) {
                        for (place, code) in of_denials.iter().zip(&own.codes) {
                            key[*place] = *code;
                        }
                    }
                }
                let count = Count { calls: 1, first_ms: time_ms, last_ms: time_ms };
                match self.keys.place_of(&key) {
                    (_, true) => self.counts.push((count, first_row + row as u64)),
                    (place, false) => self.counts[place].0.add(count),
                }
            }
            first_row += batch.num_rows() as u64;
        }
        Ok(())
    }

    /// What all calls of the day have in the columns that are not of the call.
    fn constants(&mut self, question: &ContextQuestion, day: Date, present: &[String]) -> Vec<u32> {
        let columns = question.columns.iter().zip(&mut self.columns);
        let of_column = |(column, codes): (&super::ContextColumn, &mut Codes)| match column.of {
            ContextSource::Day => codes.code(&day_text(day)),
            ContextSource::Has(name) => {
                let has = present.iter().any(|column| column == name);
                codes.code(if has { "true" } else { "false" })
            }
            ContextSource::Call(_) | ContextSource::Denial(_) | ContextSource::Time => NULL,
        };
        columns.map(of_column).collect()
    }
}

impl ContextQuestion {
    fn places(&self, is_asked: impl Fn(ContextSource) -> bool) -> Vec<usize> {
        (0..self.columns.len()).filter(|place| is_asked(self.columns[*place].of)).collect()
    }

    /// Whether the table `denials` has to be read.
    pub fn asks_denials(&self) -> bool {
        self.columns.iter().any(|column| matches!(column.of, ContextSource::Denial(_)))
    }
}

/// The type of a column, if this build knows it.
fn type_of(spec: &TableSpec, name: &str) -> Option<Type> {
    spec.columns.iter().find(|column| column.name == name).map(|column| column.kind)
}

/// Reads a column; batches of a row group share a dictionary.
#[derive(Debug, Default)]
struct Reader {
    dictionary: Option<(ArrayRef, Vec<u32>)>,
}

impl Reader {
    /// The numbers of the texts of a batch.
    fn codes(
        &mut self,
        batch: &RecordBatch,
        name: &str,
        part: Option<fn(&str) -> &str>,
        codes: &mut Codes,
    ) -> Vec<u32> {
        let Some(array) = batch.column_by_name(name) else { return vec![NULL; batch.num_rows()] };
        if *array.data_type() == DataType::Boolean {
            let [no, yes] = ["false", "true"].map(|flag| codes.code(flag));
            let code = |flag: Option<bool>| flag.map_or(NULL, |flag| if flag { yes } else { no });
            return array.as_boolean().iter().map(code).collect();
        }
        let array = array.as_dictionary::<Int32Type>();
        let known = self.dictionary.take().filter(|known| is_same(&known.0, array.values()));
        let (values, of_values) = known.unwrap_or_else(|| {
            let texts = array.values().as_string::<i32>().iter();
            let code = |text: Option<&str>| {
                text.map_or(NULL, |text| codes.code(part.map_or(text, |part| part(text))))
            };
            (Arc::clone(array.values()), texts.map(code).collect())
        });
        let code = |key: Option<i32>| {
            let key = key.and_then(|key| usize::try_from(key).ok());
            key.and_then(|key| of_values.get(key).copied()).unwrap_or(NULL)
        };
        let found = match array.nulls() {
            None => array.keys().values().iter().map(|key| of_values[*key as usize]).collect(),
            Some(_) => array.keys().iter().map(code).collect(),
        };
        self.dictionary = Some((values, of_values));
        found
    }
}

/// Whether two dictionaries are one: they lie at the same place.
fn is_same(one: &ArrayRef, other: &ArrayRef) -> bool {
    let [one, other] = [one, other].map(AsArray::as_string::<i32>);
    std::ptr::eq(one.value_data(), other.value_data())
        && std::ptr::eq::<[i32]>(one.value_offsets(), other.value_offsets())
}

/// Gives the event IDs of some rows of a file of `invocations`, which are in order, to `take`.
///
/// # Errors
/// If it is no such file, or damaged.
pub fn event_ids_of_rows(
    file: impl ChunkReader + 'static,
    rows: &[u64],
    mut take: impl FnMut(Option<&str>),
) -> Result<(), ReadError> {
    let table = INVOCATIONS.name;
    surviving(table, || {
        for batch in rows_at(file, table, (EVENT_ID, Type::Text), rows)? {
            let batch: RecordBatch =
                batch.map_err(|source: ArrowError| ReadError::Batch { table, source })?;
            batch[EVENT_ID].as_string::<i32>().iter().for_each(&mut take);
        }
        Ok(())
    })
}
