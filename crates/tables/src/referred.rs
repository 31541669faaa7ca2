//! What rows refer to by number: contexts with what they mean, and objects.
//!
//! A day has many more calls than contexts, and many more contexts than texts of one column. A row that
//! names its context by a number is small, and each text of a column is held once.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, UInt32Array};
use bedrock::resolve::ResolvedModel;
use bedrock::{Context, Meaning};
use rustc_hash::FxHashMap;

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
    /// The keys of objects, relative to the source.
    pub objects: &'a [Arc<str>],
}

/// Which numbers some rows have: each once, in the order in which they come first, and for each row
/// its place among them.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) distinct: Vec<u32>,
    pub(crate) places: UInt32Array,
}

/// Those of no rows.
impl Default for Numbers {
    fn default() -> Self {
        Numbers::of(std::iter::empty())
    }
}

/// The texts that contexts have in one column: each once, in the order in which they come first, and
/// for each context the place of its own.
#[derive(Debug)]
pub(crate) struct ContextTexts {
    pub(crate) values: ArrayRef,
    /// [`NOT_LOOKED_UP`] for contexts that no row refers to.
    pub(crate) places: Vec<u32>,
}

const NOT_LOOKED_UP: u32 = u32::MAX;

impl ContextTexts {
    /// Those of a column that contexts do not decide.
    pub(crate) fn none() -> Self {
        ContextTexts { values: Arc::new(StringArray::new_null(0)), places: Vec::new() }
    }

    /// Looks up the texts of those contexts that rows may refer to.
    pub(crate) fn new(
        contexts: &[ContextMeaning],
        has_context: fn(&ContextMeaning) -> bool,
        text: fn(&ContextMeaning) -> Option<&str>,
    ) -> Self {
        let mut known = FxHashMap::<Option<&str>, u32>::default();
        let mut values = Vec::new();
        let place = |context| {
            if !has_context(context) {
                return NOT_LOOKED_UP;
            }
            let text = text(context);
            *known.entry(text).or_insert_with(|| {
                values.push(text);
                u32::try_from(values.len() - 1).unwrap_or(NOT_LOOKED_UP)
            })
        };
        let places = contexts.iter().map(place).collect();
        ContextTexts { values: Arc::new(StringArray::from(values)), places }
    }
}

impl ContextMeaning {
    /// The model that was called, if it is known.
    pub fn model(&self) -> Option<&ResolvedModel> {
        self.meaning.resolution.model.as_ref().ok()
    }
}

impl Numbers {
    pub(crate) fn of(numbers: impl Iterator<Item = u32>) -> Self {
        let mut distinct = Vec::new();
        let mut known = FxHashMap::<u32, u32>::default();
        let mut next = 0;
        let place = |number| {
            *known.entry(number).or_insert_with(|| {
                distinct.push(number);
                next += 1;
                next - 1
            })
        };
        let places = numbers.map(place).collect::<Vec<_>>().into();
        Numbers { distinct, places }
    }
}
