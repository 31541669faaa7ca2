//! What rows refer to by number: contexts with what they mean, callers, and objects.
//!
//! A day has many more calls than contexts, and many more contexts than texts of one column. A row that
//! names its context by a number is small, and each text of a column is held once.

use std::sync::Arc;

use bedrock::resolve::ResolvedModel;
use bedrock::{Caller, Context, Meaning};
use rustc_hash::FxHashMap;

use crate::column::{Column, Value};
use crate::table::Table;

/// A context with what it means.
#[derive(Debug, Clone)]
pub struct ContextMeaning {
    /// What many calls have in common, as logged.
    pub context: Arc<Context>,
    /// What it means.
    pub meaning: Arc<Meaning>,
}

/// What the rows of a table refer to, by number. A table whose rows refer to nothing takes the empty
/// one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Referred<'a> {
    /// Contexts.
    pub contexts: &'a [ContextMeaning],
    /// Who called.
    pub callers: &'a [Caller],
    /// The keys of objects, relative to the source.
    pub objects: &'a [Arc<str>],
}

/// Stands among the numbers of texts where there is none.
pub(crate) const NO_TEXT: u32 = u32::MAX;

/// Which numbers some rows have: each once, in the order in which they come first, and for each row
/// its place among them.
#[derive(Debug, Default, Clone)]
pub(crate) struct Numbers {
    pub(crate) distinct: Vec<u32>,
    pub(crate) places: Vec<u32>,
}

/// The texts that contexts have in one column: each once, in the order in which they come first, and
/// for each context the number of its own, or [`NO_TEXT`]. Empty in a column that contexts do not
/// decide.
#[derive(Debug, Default)]
pub(crate) struct ContextTexts<'a> {
    pub(crate) texts: Vec<&'a str>,
    pub(crate) numbers: Vec<u32>,
}

/// Looks up the texts of those contexts that rows may refer to, for each column of a table. A context
/// is visited once for all columns, because what costs is to have its texts come from memory.
pub(crate) fn context_texts<'a, R>(
    table: &Table<R>,
    contexts: &'a [ContextMeaning],
) -> Vec<ContextTexts<'a>> {
    let mut lookups = table.columns.iter().map(Lookup::new).collect::<Vec<_>>();
    for context in contexts {
        let is_referred_to = (table.refers.has_context)(context);
        for lookup in &mut lookups {
            lookup.add(context, is_referred_to);
        }
    }
    lookups.into_iter().map(|lookup| lookup.found).collect()
}

#[derive(Default)]
struct Lookup<'a> {
    text: Option<fn(&ContextMeaning) -> Option<&str>>,
    known: FxHashMap<&'a str, u32>,
    found: ContextTexts<'a>,
}

impl<'a> Lookup<'a> {
    fn new<R>(column: &Column<R>) -> Self {
        let text = match column.value {
            Value::ContextText(text) => Some(text),
            _ => None,
        };
        Lookup { text, ..Lookup::default() }
    }

    fn add(&mut self, context: &'a ContextMeaning, is_referred_to: bool) {
        let Some(text) = self.text else { return };
        let text = if is_referred_to { text(context) } else { None };
        let number = text.map_or(NO_TEXT, |text| {
            let next = u32::try_from(self.found.texts.len()).unwrap_or(NO_TEXT);
            let number = *self.known.entry(text).or_insert(next);
            if number == next {
                self.found.texts.push(text);
            }
            number
        });
        self.found.numbers.push(number);
    }
}

impl ContextMeaning {
    /// The model that was called, if it is known.
    pub fn model(&self) -> Option<&ResolvedModel> {
        self.meaning.resolution.model.as_ref().ok()
    }
}

impl Numbers {
    /// The texts of rows: each once, and their numbers.
    pub(crate) fn of_texts<'t>(
        texts: impl Iterator<Item = Option<&'t str>>,
    ) -> (Vec<&'t str>, Self) {
        let mut found = Vec::new();
        let mut known = FxHashMap::<&str, u32>::default();
        let number = |text: Option<&'t str>| {
            let Some(text) = text else { return NO_TEXT };
            *known.entry(text).or_insert_with(|| {
                found.push(text);
                u32::try_from(found.len() - 1).unwrap_or(NO_TEXT)
            })
        };
        let numbers = texts.map(number).collect::<Vec<_>>();
        (found, Numbers::of(&numbers))
    }

    /// The numbers of rows, among which [`NO_TEXT`] may be.
    pub(crate) fn of(numbers: &[u32]) -> Self {
        let mut distinct = Vec::new();
        let mut found = Places::for_numbers(numbers);
        let place = |number: &u32| {
            let next = u32::try_from(distinct.len()).unwrap_or(NO_TEXT);
            let place = found.of(*number);
            if *place == NO_TEXT {
                *place = next;
                distinct.push(*number);
            }
            *place
        };
        let places = numbers.iter().map(place).collect();
        Numbers { distinct, places }
    }
}

/// The place of each number among the distinct ones: [`NO_TEXT`] until it has one.
enum Places {
    /// By the number and one, so that that of [`NO_TEXT`] itself stands first.
    List(Vec<u32>),
    /// By the number.
    Map(FxHashMap<u32, u32>),
}

impl Places {
    /// A list is several times as fast, unless most of it would be left empty.
    fn for_numbers(numbers: &[u32]) -> Self {
        const MAX_UNUSED: usize = 16;
        let greatest = numbers.iter().map(|number| number.wrapping_add(1)).max();
        let n_places = greatest.unwrap_or_default() as usize + 1;
        match n_places / MAX_UNUSED <= numbers.len() {
            true => Places::List(vec![NO_TEXT; n_places]),
            false => Places::Map(FxHashMap::default()),
        }
    }

    fn of(&mut self, number: u32) -> &mut u32 {
        match self {
            Places::List(places) => &mut places[number.wrapping_add(1) as usize],
            Places::Map(places) => places.entry(number).or_insert(NO_TEXT),
        }
    }
}
