//! Groups the rows of files, and puts the groups into order.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, Int64Type, TimestampMillisecondType};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, SortField};
use bedrock::Accounts;
use jiff::civil::Date;
use parquet::file::reader::ChunkReader;

use super::batch::{completed, filtered, key_values};
use super::{Aggregate, Key, Measure, Question};
use crate::column::Type;
use crate::read::{ReadError, scan};
use crate::table::{TableSpec, all};

/// A question on its way to an answer: it takes in the files of the days, in any order.
#[derive(Debug)]
pub struct Answering {
    question: Question,
    table: TableSpec,
    converter: RowConverter,
    accounts: Arc<Accounts>,
    /// The places of the groups, by their keys as rows of Arrow.
    places: HashMap<Box<[u8]>, usize>,
    /// The states of the measures, by the places of their groups.
    states: Vec<Vec<State>>,
    rows: u64,
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The names of the columns: keys, then measures.
    pub columns: Vec<String>,
    /// How many of them are keys.
    pub n_keys: usize,
    /// The rows, in the order that was asked for.
    pub rows: Vec<Row>,
    /// All rows of which there is none of their own, and how many they are.
    pub others: Option<(usize, Row)>,
    /// The same measures over all rows.
    pub total: Row,
    /// How many rows of the table passed the filters.
    pub rows_read: u64,
}

/// The cells of a row, one for each column.
pub type Row = Vec<Cell>;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// None.
    Null,
    /// A boolean.
    Flag(bool),
    /// A text.
    Text(Arc<str>),
    /// A count.
    Count(i64),
    /// US dollars, in units of 10^-12.
    Money(i128),
    /// A time in milliseconds since 1970, UTC.
    Time(i64),
    /// A part of a whole, in hundredths of a percent.
    Percent(i64),
}

/// What is known of a measure of a group.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    value: Option<i128>,
    /// Of an upper end: whether there is an estimate.
    has_upper_end: bool,
}

impl Answering {
    /// Begins.
    ///
    /// # Errors
    /// If Arrow cannot compare a column, which it can.
    ///
    /// # Panics
    /// If there is no table of the question's name, or it lacks a column of the question.
    pub fn new(question: Question) -> Result<Self, ReadError> {
        let table = all().into_iter().find(|spec| spec.name == question.table);
        #[expect(clippy::expect_used, reason = "documented")]
        let table = table.expect("a table of the registry");
        let fields =
            question.keys.iter().map(|key| SortField::new(key_type(key, &table))).collect();
        let converter = RowConverter::new(fields).map_err(failed(table.name))?;
        let (places, states) = (HashMap::new(), Vec::new());
        let accounts = Arc::default();
        Ok(Answering { question, table, converter, accounts, places, states, rows: 0 })
    }

    /// The same, with what accounts are called. Without, their names are null.
    #[must_use]
    pub fn with_accounts(self, accounts: Arc<Accounts>) -> Self {
        Answering { accounts, ..self }
    }

    fn columns(&self) -> impl Iterator<Item = (&'static str, Type)> {
        let columns = self.question.read_columns().into_iter();
        columns.map(|name| (name, type_of(&self.table, name)))
    }

    fn add_batch(&mut self, batch: &RecordBatch, day: &str) -> Result<(), ReadError> {
        let failed = failed(self.table.name);
        let columns = self.columns().collect::<Vec<_>>();
        let batch = completed(batch, &columns).map_err(failed)?;
        let batch = filtered(batch, &self.question).map_err(failed)?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.rows += batch.num_rows() as u64;
        let values = |key| key_values(&batch, key, day, &self.accounts);
        let keys = self.question.keys.iter().map(values).collect::<Vec<_>>();
        let keys = self.converter.convert_columns(&keys).map_err(failed)?;
        let measures = self.question.measures.iter().map(|measure| Values::of(measure, &batch));
        let measures = measures.collect::<Vec<_>>();
        for row in 0..batch.num_rows() {
            let key = keys.row(row);
            let place = match self.places.get(key.as_ref()) {
                Some(place) => *place,
                None => {
                    self.places.insert(key.as_ref().into(), self.states.len());
                    self.states.push(vec![State::default(); measures.len()]);
                    self.states.len() - 1
                }
            };
            for (state, values) in self.states[place].iter_mut().zip(&measures) {
                state.add(values.at(row)).ok_or_else(|| too_large(self.table.name))?;
            }
        }
        Ok(())
    }

    /// Ends: puts the groups into order.
    ///
    /// # Errors
    /// If sums grow too large.
    pub fn finish(self) -> Result<Answer, ReadError> {
        let table = self.table.name;
        let (keys, places) = self.places.into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
        let parser = self.converter.parser();
        let keys = self.converter.convert_rows(keys.iter().map(|key| parser.parse(key)));
        let keys = keys.map_err(failed(table))?;
        let measures = &self.question.measures;
        let kinds =
            measures.iter().map(|measure| measure_type(measure, &self.table)).collect::<Vec<_>>();
        let mut total = vec![State::default(); measures.len()];
        let mut groups = Vec::with_capacity(places.len());
        for (row, place) in places.into_iter().enumerate() {
            let states = &self.states[place];
            absorb(&mut total, states, measures).ok_or_else(|| too_large(table))?;
            let key = keys.iter().map(|column| Cell::of(column.as_ref(), row)).collect::<Row>();
            groups.push((cells(key, states, measures, &kinds, table)?, place));
        }
        let (sort, n_keys) = (self.question.sort.clone(), self.question.keys.len());
        groups.sort_by(|(a, _), (b, _)| {
            let by_column = nulls_last(&a[sort.place], &b[sort.place], sort.is_descending);
            let of_keys = { 0..n_keys }.map(|key| nulls_last(&a[key], &b[key], false));
            by_column.then_with(|| of_keys.fold(Ordering::Equal, Ordering::then))
        });
        let no_keys = || vec![Cell::Null; n_keys];
        let total = cells(no_keys(), &total, measures, &kinds, table)?;
        let top = self.question.top.unwrap_or(groups.len()).min(groups.len());
        let rest = groups.split_off(top);
        let others = match rest.len() {
            0 => None,
            n => {
                let mut sums = vec![State::default(); measures.len()];
                for (_, place) in &rest {
                    absorb(&mut sums, &self.states[*place], measures)
                        .ok_or_else(|| too_large(table))?;
                }
                Some((n, cells(no_keys(), &sums, measures, &kinds, table)?))
            }
        };
        let rows = groups.into_iter().map(|(row, _)| row).collect();
        let columns = self.question.columns();
        Ok(Answer { columns, n_keys, rows, others, total, rows_read: self.rows })
    }
}

/// Gives questions about one table the file of a day, which is decoded once for all of them.
///
/// # Errors
/// If it is no file of the table, of a later schema than this build knows, damaged, or sums grow too large.
pub fn add_file(
    questions: &mut [&mut Answering],
    file: impl ChunkReader + 'static,
    day: Date,
) -> Result<(), ReadError> {
    let Some(table) = questions.first().map(|first| first.table.name) else { return Ok(()) };
    let mut columns = questions.iter().flat_map(|question| question.columns()).collect::<Vec<_>>();
    columns.sort_unstable_by_key(|(name, _)| *name);
    columns.dedup();
    let day = day.to_string();
    scan(file, table, &columns, |batch| {
        questions.iter_mut().try_for_each(|question| question.add_batch(&batch, &day))
    })
}

/// A value of a measure in a row, and how it joins the others.
#[derive(Debug, Clone, Copy)]
enum Step {
    Sum(Option<i128>),
    Least(Option<i128>),
    Greatest(Option<i128>),
    UpperEnd(Option<i128>, bool),
}

impl State {
    /// Takes in a value; `None` if the sum grows too large.
    fn add(&mut self, step: Step) -> Option<()> {
        let mine = self.value;
        let joined = |other: Option<i128>, join: fn(i128, i128) -> Option<i128>| match (mine, other)
        {
            (Some(a), Some(b)) => join(a, b).map(Some),
            (a, b) => Some(a.or(b)),
        };
        self.value = match step {
            Step::Sum(value) => joined(value, i128::checked_add)?,
            Step::Least(value) => joined(value, |a, b| Some(a.min(b)))?,
            Step::Greatest(value) => joined(value, |a, b| Some(a.max(b)))?,
            Step::UpperEnd(value, is_estimate) => {
                self.has_upper_end |= is_estimate;
                joined(value, i128::checked_add)?
            }
        };
        Some(())
    }

    /// The same as a step of a larger group.
    fn step(self, measure: &Measure) -> Step {
        match measure.of {
            Aggregate::Rows | Aggregate::RowsWith(..) | Aggregate::Sum(_) => Step::Sum(self.value),
            Aggregate::First(_) => Step::Least(self.value),
            Aggregate::Last(_) => Step::Greatest(self.value),
            Aggregate::UpperEnd(..) => Step::UpperEnd(self.value, self.has_upper_end),
        }
    }
}

fn absorb(into: &mut [State], states: &[State], measures: &[Measure]) -> Option<()> {
    into.iter_mut()
        .zip(states)
        .zip(measures)
        .try_for_each(|((into, state), measure)| into.add(state.step(measure)))
}

/// The values of a measure in the rows of a batch.
struct Values<'b> {
    of: Aggregate,
    first: Option<&'b dyn Array>,
    second: Option<&'b dyn Array>,
}

impl<'b> Values<'b> {
    fn of(measure: &Measure, batch: &'b RecordBatch) -> Self {
        let array = |column: &str| Some(batch[column].as_ref());
        let (first, second) = match measure.of {
            Aggregate::Rows => (None, None),
            Aggregate::RowsWith(column, _)
            | Aggregate::Sum(column)
            | Aggregate::First(column)
            | Aggregate::Last(column) => (array(column), None),
            Aggregate::UpperEnd(least, most) => (array(least), array(most)),
        };
        Values { of: measure.of, first, second }
    }

    fn at(&self, row: usize) -> Step {
        let number = |array: Option<&dyn Array>| array.and_then(|array| number(array, row));
        match self.of {
            Aggregate::Rows => Step::Sum(Some(1)),
            Aggregate::RowsWith(_, text) => {
                let texts = self.first.map(AsArray::as_string::<i32>);
                let has =
                    texts.is_some_and(|texts| texts.is_valid(row) && texts.value(row) == text);
                Step::Sum(Some(i128::from(has)))
            }
            Aggregate::Sum(_) => Step::Sum(number(self.first)),
            Aggregate::First(_) => Step::Least(number(self.first)),
            Aggregate::Last(_) => Step::Greatest(number(self.first)),
            Aggregate::UpperEnd(..) => {
                let upper = number(self.second);
                Step::UpperEnd(upper.or_else(|| number(self.first)), upper.is_some())
            }
        }
    }
}

/// A count, an amount, or a time as a number.
fn number(array: &dyn Array, row: usize) -> Option<i128> {
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Decimal128(..) => array.as_primitive::<Decimal128Type>().value(row),
        DataType::Timestamp(..) => {
            array.as_primitive::<TimestampMillisecondType>().value(row).into()
        }
        _ => array.as_primitive::<Int64Type>().value(row).into(),
    })
}

fn cells(
    mut row: Row,
    states: &[State],
    measures: &[Measure],
    kinds: &[Type],
    table: &'static str,
) -> Result<Row, ReadError> {
    for ((state, measure), kind) in states.iter().zip(measures).zip(kinds) {
        let is_shown = !matches!(measure.of, Aggregate::UpperEnd(..)) || state.has_upper_end;
        let count = |value: i128| i64::try_from(value).map_err(|_| too_large(table));
        row.push(match (state.value.filter(|_| is_shown), kind) {
            (None, _) => Cell::Null,
            (Some(value), Type::Money) => Cell::Money(value),
            (Some(value), Type::Time) => Cell::Time(count(value)?),
            (Some(value), _) => Cell::Count(count(value)?),
        });
    }
    Ok(row)
}

impl Cell {
    fn of(array: &dyn Array, row: usize) -> Self {
        if array.is_null(row) {
            return Cell::Null;
        }
        match array.data_type() {
            DataType::Boolean => Cell::Flag(array.as_boolean().value(row)),
            DataType::Timestamp(..) => {
                Cell::Time(array.as_primitive::<TimestampMillisecondType>().value(row))
            }
            _ => Cell::Text(array.as_string::<i32>().value(row).into()),
        }
    }
}

pub(super) fn nulls_last(a: &Cell, b: &Cell, is_descending: bool) -> Ordering {
    match (a, b) {
        (Cell::Null, Cell::Null) => Ordering::Equal,
        (Cell::Null, _) => Ordering::Greater,
        (_, Cell::Null) => Ordering::Less,
        _ if is_descending => b.cmp(a),
        _ => a.cmp(b),
    }
}

#[expect(clippy::expect_used, reason = "documented by Answering::new")]
fn type_of(table: &TableSpec, column: &str) -> Type {
    table.columns.iter().find(|it| it.name == column).expect("a column of the table").kind
}

fn key_type(key: &Key, table: &TableSpec) -> DataType {
    match key {
        Key::Day | Key::Entry { .. } | Key::Account(_) => DataType::Utf8,
        Key::IsDirect => DataType::Boolean,
        Key::Column(column) => type_of(table, column).arrow(),
    }
}

fn measure_type(measure: &Measure, table: &TableSpec) -> Type {
    match measure.of {
        Aggregate::Rows | Aggregate::RowsWith(..) => Type::Count,
        Aggregate::Sum(column)
        | Aggregate::First(column)
        | Aggregate::Last(column)
        | Aggregate::UpperEnd(column, _) => type_of(table, column),
    }
}

fn failed(table: &'static str) -> impl Fn(ArrowError) -> ReadError + Copy {
    move |source| ReadError::Batch { table, source }
}

fn too_large(table: &'static str) -> ReadError {
    let text = "a sum grows larger than its column can hold".to_owned();
    ReadError::Batch { table, source: ArrowError::ArithmeticOverflow(text) }
}
