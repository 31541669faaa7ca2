//! Calls in *contexts*: those of `invocations` that agree in some columns, with what the table `denials` says of
//! them. Only these columns are read, and their texts are compared once for each entry of a dictionary, not once
//! for each call.
//!
//! ```text
//! file of a day ──dictionary codes──► DayContexts ──in the order of the days──► Contexts
//! ```

mod codes;
mod day;

use hashbrown::HashTable;
use jiff::civil::Date;

use codes::{Codes, Keys};

pub use day::{DayContexts, event_ids_of_rows};

/// What tells contexts apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextQuestion {
    /// The columns.
    pub columns: Vec<ContextColumn>,
    /// Times in milliseconds since 1970 UTC, in order, that calls before and after them are told apart by.
    pub cuts_ms: Vec<i64>,
}

/// A column that tells contexts apart.
#[derive(Debug, Clone, Copy)]
pub struct ContextColumn {
    /// What it has.
    pub of: ContextSource,
    /// The part of a text that matters, if that is not all of it.
    pub part: Option<fn(&str) -> &str>,
}

/// What a column of contexts has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextSource {
    /// The day.
    Day,
    /// A column of `invocations`, of texts or of true and false; null where the file lacks it.
    Call(&'static str),
    /// A column of texts of `denials`; null for calls without a row there.
    Denial(&'static str),
    /// `true` or `false`: whether the file has a column of `invocations`.
    Has(&'static str),
    /// How many of the times of the question are no later than the call.
    Time,
}

/// Calls of several days, by context, in the order of their first calls.
#[derive(Debug, Default)]
pub struct Contexts {
    columns: Vec<Codes>,
    keys: Keys,
    counts: Vec<Count>,
    first_events: Vec<Option<Box<str>>>,
}

/// How often a context occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How many calls.
    pub calls: u64,
    /// The time of the first one, in milliseconds since 1970 UTC.
    pub first_ms: i64,
    /// The time of the last one.
    pub last_ms: i64,
}

/// A context.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    contexts: &'a Contexts,
    place: usize,
}

impl PartialEq for ContextColumn {
    fn eq(&self, other: &Self) -> bool {
        self.of == other.of
    }
}

impl Eq for ContextColumn {}

impl ContextColumn {
    /// A column as it is.
    pub const fn whole(of: ContextSource) -> Self {
        ContextColumn { of, part: None }
    }
}

impl Count {
    fn add(&mut self, other: Count) {
        self.calls += other.calls;
        self.first_ms = self.first_ms.min(other.first_ms);
        self.last_ms = self.last_ms.max(other.last_ms);
    }
}

impl Contexts {
    /// None so far.
    pub fn new(question: &ContextQuestion) -> Self {
        let columns = question.columns.iter().map(|_| Codes::default()).collect();
        Contexts { columns, keys: Keys::new(question.columns.len()), ..Contexts::default() }
    }

    /// Adds those of a day that is later than all before. Gives the places of contexts that were not there, and the
    /// rows of their first calls.
    pub fn add(&mut self, day: &DayContexts) -> Vec<(usize, u64)> {
        let maps = self.columns.iter_mut().zip(day.columns());
        let maps = maps.map(|(all, of_day)| all.absorb(of_day)).collect::<Vec<_>>();
        let mut new = Vec::new();
        let mut key = vec![0; maps.len()];
        for (place, count) in day.counts().iter().enumerate() {
            for ((code, map), own) in key.iter_mut().zip(&maps).zip(day.keys().get(place)) {
                *code = map[*own as usize];
            }
            let (place, is_new) = self.keys.place_of(&key);
            if is_new {
                self.counts.push(count.0);
                self.first_events.push(None);
                new.push((place, count.1));
            } else {
                self.counts[place].add(count.0);
            }
        }
        new
    }

    /// Says which event the first call of a context is.
    pub fn set_first_event(&mut self, place: usize, id: Option<&str>) {
        self.first_events[place] = id.map(Into::into);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Context<'_>> {
        (0..self.len()).map(|place| Context { contexts: self, place })
    }
}

impl<'a> Context<'a> {
    /// What it has in a column, by the place of that.
    pub fn text(&self, column: usize) -> Option<&'a str> {
        self.contexts.columns[column].text(self.code(column))
    }

    /// A number for the same; two contexts have the same text if they have the same number.
    pub fn code(&self, column: usize) -> u32 {
        self.contexts.keys.get(self.place)[column]
    }

    /// How often it occurs.
    pub fn count(&self) -> Count {
        self.contexts.counts[self.place]
    }

    /// The event ID of its first call, if it has one.
    pub fn first_event(&self) -> Option<&'a str> {
        self.contexts.first_events[self.place].as_deref()
    }
}

/// The part of a key that names a day.
fn day_text(day: Date) -> String {
    day.to_string()
}

/// Places of equal things: a table of them without the things.
type Places = HashTable<u32>;
