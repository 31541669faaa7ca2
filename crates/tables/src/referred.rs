//! What rows refer to by number: contexts with what they mean, and objects.
//!
//! A day has many more calls than contexts. A row that names its context by a number is small, and the
//! texts are taken once for each context that some rows have, not once for each row.

use std::sync::Arc;

use arrow::array::UInt32Array;
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
