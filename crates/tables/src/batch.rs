//! Some rows of a table, and what each column has of them to be encoded.

use std::borrow::Cow;
use std::sync::Arc;

use bedrock::{CallId, Caller};

use crate::column::{Column, Value};
use crate::referred::{ContextTexts, NO_TEXT, Numbers, Referred};
use crate::table::{Refers, Table};

/// Some rows of a table, with what they refer to.
pub(crate) struct Batch<'a, R: 'static> {
    rows: &'a [R],
    referred: Referred<'a>,
    /// Which contexts they refer to. Most columns ask, and rows are long: they are visited once.
    contexts: Numbers,
    /// Of the callers; empty if no column asks.
    callers: Numbers,
    /// Of the objects; empty if no column asks.
    objects: Numbers,
}

/// The values of a column, one for each row.
pub(crate) enum Values<'b> {
    Texts(Texts<'b>),
    Ids(Vec<Option<&'b CallId>>),
    /// Numbers, and times in milliseconds.
    Numbers(Vec<Option<i64>>),
    /// US dollars, in units of 10^-12.
    Money(Vec<Option<i128>>),
    Flags(Vec<Option<bool>>),
}

/// The texts of some rows, by number.
pub(crate) struct Texts<'b> {
    source: Source<'b>,
    /// What the rows refer to.
    referred: Cow<'b, Numbers>,
}

enum Source<'b> {
    /// Those of these rows, by the order in which they come first.
    Rows(Vec<&'b str>),
    /// A few that are always the same.
    Few(&'static [&'static str]),
    Contexts(&'b ContextTexts<'b>),
    Callers(&'b [Caller], fn(&Caller) -> Option<&str>),
    Objects(&'b [Arc<str>]),
}

impl<'a, R> Batch<'a, R> {
    pub(crate) fn new(table: &Table<R>, rows: &'a [R], referred: Referred<'a>) -> Self {
        let asks = |is_of: fn(&Column<R>) -> bool| table.columns.iter().any(is_of);
        let numbers = |is_asked_for: bool, number: &dyn Fn(&R) -> u32| match is_asked_for {
            true => Numbers::of(&rows.iter().map(number).collect::<Vec<_>>()),
            false => Numbers::default(),
        };
        let Refers { context, caller, object, .. } = table.refers;
        Batch {
            rows,
            referred,
            contexts: numbers(asks(Column::is_of_context), &context),
            callers: numbers(asks(|column| matches!(column.value, Value::CallerText(_))), &caller),
            objects: numbers(asks(|column| matches!(column.value, Value::ObjectKey)), &object),
        }
    }

    /// The values of a column; `of_contexts` are the texts that contexts have in it.
    pub(crate) fn values<'b>(
        &'b self,
        column: &Column<R>,
        of_contexts: &'b ContextTexts<'b>,
    ) -> Values<'b> {
        let rows = self.rows.iter();
        let texts = |source, referred| Values::Texts(Texts { source, referred });
        match column.value {
            Value::Text(get) => {
                let (words, numbers) = Numbers::of_texts(rows.map(get));
                texts(Source::Rows(words), Cow::Owned(numbers))
            }
            Value::OneOf(all, get) => {
                let number = |row| get(row).and_then(|place| u32::try_from(place).ok());
                let numbers = rows.map(|row| number(row).unwrap_or(NO_TEXT)).collect::<Vec<_>>();
                texts(Source::Few(all), Cow::Owned(Numbers::of(&numbers)))
            }
            Value::ContextText(_) => {
                texts(Source::Contexts(of_contexts), Cow::Borrowed(&self.contexts))
            }
            Value::CallerText(get) => {
                texts(Source::Callers(self.referred.callers, get), Cow::Borrowed(&self.callers))
            }
            Value::ObjectKey => {
                texts(Source::Objects(self.referred.objects), Cow::Borrowed(&self.objects))
            }
            Value::Id(get) => Values::Ids(rows.map(get).collect()),
            Value::Count(get) | Value::Time(get) => Values::Numbers(rows.map(get).collect()),
            Value::Money(get) => Values::Money(rows.map(get).collect()),
            Value::Flag(get) => Values::Flags(rows.map(get).collect()),
            Value::ContextFlag(get) => {
                let Numbers { distinct, places } = &self.contexts;
                let contexts = self.referred.contexts;
                let flags = distinct.iter().map(|context| get(&contexts[*context as usize]));
                let flags = flags.collect::<Vec<_>>();
                Values::Flags(places.iter().map(|place| flags[*place as usize]).collect())
            }
        }
    }
}

impl Values<'_> {
    /// Whether a row has none.
    pub(crate) fn has_nulls(&self) -> bool {
        match self {
            // What no row refers to is not among them.
            Values::Texts(texts) => texts.numbers().any(|number| number == NO_TEXT),
            Values::Ids(ids) => ids.iter().any(Option::is_none),
            Values::Numbers(numbers) => numbers.iter().any(Option::is_none),
            Values::Money(amounts) => amounts.iter().any(Option::is_none),
            Values::Flags(flags) => flags.iter().any(Option::is_none),
        }
    }
}

impl Texts<'_> {
    /// For each thing that is referred to, the number of its text, or [`NO_TEXT`].
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        let referred = self.referred.distinct.iter().copied();
        referred.map(|number| match &self.source {
            Source::Contexts(found) => found.numbers[number as usize],
            Source::Callers(callers, get) if get(&callers[number as usize]).is_none() => NO_TEXT,
            _ => number,
        })
    }

    /// How many numbers of texts there may be.
    pub(crate) fn n_numbers(&self) -> usize {
        match &self.source {
            Source::Rows(words) => words.len(),
            Source::Few(all) => all.len(),
            Source::Contexts(found) => found.texts.len(),
            Source::Callers(callers, _) => callers.len(),
            Source::Objects(keys) => keys.len(),
        }
    }

    /// Whether a number stands for the same text in all batches.
    pub(crate) fn numbers_last(&self) -> bool {
        !matches!(self.source, Source::Rows(_))
    }

    /// Whether numbers that last stand for different texts.
    pub(crate) fn are_distinct(&self) -> bool {
        !matches!(self.source, Source::Rows(_) | Source::Callers(..))
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
        match &self.source {
            Source::Rows(words) => words[number as usize],
            Source::Few(all) => all[number as usize],
            Source::Contexts(found) => found.texts[number as usize],
            Source::Callers(callers, get) => get(&callers[number as usize]).unwrap_or_default(),
            Source::Objects(keys) => &keys[number as usize],
        }
    }
}
