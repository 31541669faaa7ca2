//! Some rows of a table, and what each column has of them to be encoded.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Int64Array, StringArray,
    TimestampMillisecondArray,
};
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
    /// Ids.
    Ids(Vec<Option<&'b CallId>>),
}

/// The texts of some rows in a column where they are known by number.
pub(crate) struct Texts<'b> {
    source: Source<'b>,
    /// What the rows refer to.
    referred: Cow<'b, Numbers>,
}

enum Source<'b> {
    /// A few that are always the same.
    Few(&'static [&'static str]),
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
    /// If Arrow refuses them.
    pub(crate) fn values<'b>(
        &'b self,
        column: &Column<R>,
        of_contexts: &'b ContextTexts<'b>,
    ) -> Result<Values<'b>, ArrowError> {
        let rows = self.rows.iter();
        let texts = |source, referred| {
            Ok(Values::Texts(Texts { source, referred: Cow::Borrowed(referred) }))
        };
        let array: ArrayRef = match column.value {
            Value::ContextText(_) => return texts(Source::Contexts(of_contexts), &self.contexts),
            Value::ObjectKey => {
                return texts(Source::Objects(self.referred.objects), &self.objects);
            }
            Value::Address => {
                return texts(Source::Addresses(self.referred.addresses), &self.addresses);
            }
            Value::Text(get) => Arc::new(rows.map(get).collect::<StringArray>()),
            Value::OneOf(all, get) => {
                let number = |row| get(row).and_then(|place| u32::try_from(place).ok());
                let numbers = Numbers::of(rows.map(|row| number(row).unwrap_or(NO_TEXT)));
                let (source, referred) = (Source::Few(all), Cow::Owned(numbers));
                return Ok(Values::Texts(Texts { source, referred }));
            }
            Value::Id(get) => return Ok(Values::Ids(rows.map(get).collect())),
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
            Values::Ids(ids) => ids.iter().any(Option::is_none),
        }
    }
}

impl Texts<'_> {
    /// For each thing that is referred to, the number of its text, or [`NO_TEXT`].
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        let referred = self.referred.distinct.iter().copied();
        referred.map(|number| match self.source {
            Source::Contexts(found) => found.numbers[number as usize],
            Source::Few(_) | Source::Objects(_) | Source::Addresses(_) => number,
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
            Source::Few(all) => all[number as usize],
            Source::Contexts(found) => found.texts[number as usize],
            Source::Objects(keys) => &keys[number as usize],
            Source::Addresses(addresses) => addresses.get(number),
        }
    }
}
