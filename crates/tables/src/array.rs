//! Rows into what is encoded, column by column: Arrow arrays, or texts by number.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Int64Array, NullBufferBuilder, StringArray,
    TimestampMillisecondArray,
};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::error::ArrowError;
use bedrock::CallId;

use crate::column::{Column, MONEY_PRECISION, MONEY_SCALE, Value};
use crate::referred::{Addresses, ContextTexts, NO_TEXT, Numbers, Referred};
use crate::table::{Refers, Table};

/// Some rows of a table, with what they refer to.
pub(crate) struct Batch<'a, R: 'static> {
    rows: &'a [R],
    referred: Referred<'a>,
    /// Which contexts they refer to. Most columns ask, and rows are long: they are visited once.
    contexts: Numbers,
    /// Of the objects; empty if no column asks.
    objects: Numbers,
    /// Of the addresses, with [`NO_TEXT`] for rows without one; empty if no column asks.
    addresses: Numbers,
}

/// The values of a column.
pub(crate) enum Values<'b> {
    /// One for each row.
    Array(ArrayRef),
    /// Texts that rows name by number.
    Texts(Texts<'b>),
}

/// The texts of some rows in a column where they are known by number.
pub(crate) struct Texts<'b> {
    source: Source<'b>,
    /// What the rows refer to.
    referred: &'b Numbers,
}

enum Source<'b> {
    Contexts(&'b ContextTexts<'b>),
    Objects(&'b [Arc<str>]),
    Addresses(&'b Addresses),
}

impl<'a, R> Batch<'a, R> {
    pub(crate) fn new(table: &Table<R>, rows: &'a [R], referred: Referred<'a>) -> Self {
        let asks = |is_of: fn(&Column<R>) -> bool| table.columns.iter().any(is_of);
        let numbers = |is_asked_for: bool, number: &dyn Fn(&R) -> u32| match is_asked_for {
            true => Numbers::of(rows.iter().map(number)),
            false => Numbers::default(),
        };
        let Refers { context, object, address, .. } = table.refers;
        let address = |row: &R| address(row).unwrap_or(NO_TEXT);
        Batch {
            rows,
            referred,
            contexts: numbers(asks(Column::is_of_context), &context),
            objects: numbers(asks(|column| matches!(column.value, Value::ObjectKey)), &object),
            addresses: numbers(asks(|column| matches!(column.value, Value::Address)), &address),
        }
    }

    /// The values of a column; `of_contexts` are the texts that contexts have in it.
    ///
    /// # Errors
    /// If there is more text than an array holds.
    pub(crate) fn values<'b>(
        &'b self,
        column: &Column<R>,
        of_contexts: &'b ContextTexts<'b>,
    ) -> Result<Values<'b>, ArrowError> {
        let rows = self.rows.iter();
        let texts = |source, referred| Ok(Values::Texts(Texts { source, referred }));
        let array: ArrayRef = match column.value {
            Value::ContextText(_) => return texts(Source::Contexts(of_contexts), &self.contexts),
            Value::ObjectKey => {
                return texts(Source::Objects(self.referred.objects), &self.objects);
            }
            Value::Address => {
                return texts(Source::Addresses(self.referred.addresses), &self.addresses);
            }
            Value::Text(get) => Arc::new(rows.map(get).collect::<StringArray>()),
            Value::Id(get) => Arc::new(ids(rows.map(get))?),
            Value::Count(get) => Arc::new(rows.map(get).collect::<Int64Array>()),
            Value::Time(get) => {
                let times = rows.map(get).collect::<TimestampMillisecondArray>();
                Arc::new(times.with_timezone("UTC"))
            }
            Value::Flag(get) => Arc::new(rows.map(get).collect::<BooleanArray>()),
            Value::Money(get) => {
                let amounts = rows.map(get).collect::<Decimal128Array>();
                Arc::new(amounts.with_precision_and_scale(MONEY_PRECISION, MONEY_SCALE)?)
            }
            Value::ContextFlag(get) => {
                let Numbers { distinct, places } = &self.contexts;
                let contexts = self.referred.contexts;
                let flags = distinct.iter().map(|context| get(&contexts[*context as usize]));
                let flags = flags.collect::<Vec<_>>();
                Arc::new(
                    places.iter().map(|place| flags[*place as usize]).collect::<BooleanArray>(),
                )
            }
        };
        Ok(Values::Array(array))
    }
}

impl Values<'_> {
    /// Whether a row has none.
    pub(crate) fn has_nulls(&self) -> bool {
        match self {
            Values::Array(array) => array.null_count() > 0,
            // What no row refers to is not among them.
            Values::Texts(texts) => texts.numbers().any(|number| number == NO_TEXT),
        }
    }
}

impl Texts<'_> {
    /// For each thing that is referred to, the number of its text, or [`NO_TEXT`].
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        let referred = self.referred.distinct.iter().copied();
        referred.map(|number| match self.source {
            Source::Contexts(found) => found.numbers[number as usize],
            Source::Objects(_) | Source::Addresses(_) => number,
        })
    }

    /// For each row, which of [`numbers`](Self::numbers) is its own.
    pub(crate) fn rows(&self) -> &[u32] {
        &self.referred.places
    }

    /// The text with a number.
    ///
    /// # Panics
    /// If there is none.
    pub(crate) fn text(&self, number: u32) -> &str {
        match self.source {
            Source::Contexts(found) => found.texts[number as usize],
            Source::Objects(keys) => &keys[number as usize],
            Source::Addresses(addresses) => addresses.get(number),
        }
    }
}

/// Ids as text: UUIDs straight into the array's buffer.
fn ids<'r>(
    ids: impl ExactSizeIterator<Item = Option<&'r CallId>>,
) -> Result<StringArray, ArrowError> {
    let n_rows = ids.len();
    let mut text = Vec::with_capacity(n_rows * 36);
    let mut ends = Vec::with_capacity(n_rows + 1);
    let mut nulls = NullBufferBuilder::new(n_rows);
    ends.push(0);
    for id in ids {
        match id {
            Some(CallId::Uuid(uuid)) => text.extend_from_slice(&bedrock::call::uuid_text(uuid)),
            Some(CallId::Text(id)) => text.extend_from_slice(id.as_bytes()),
            None => {}
        }
        nulls.append(id.is_some());
        let end =
            i32::try_from(text.len()).map_err(|_| ArrowError::OffsetOverflowError(text.len()))?;
        ends.push(end);
    }
    let ends = OffsetBuffer::new(ScalarBuffer::from(ends));
    StringArray::try_new(ends, Buffer::from_vec(text), nulls.finish())
}
