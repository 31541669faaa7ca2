//! What the rows of a table refer to by number.

use std::sync::{Arc, LazyLock};

use bedrock::{Attribute, Meaning, TextId, Texts};

/// What rows refer to by number. They may be given anew with each batch of rows.
#[derive(Debug, Clone, Copy)]
pub struct References<'a> {
    /// The texts of attributes.
    pub texts: &'a Texts,
    /// What calls mean, by number.
    pub meanings: &'a [Meaning],
    /// The keys of the objects, by number.
    pub objects: &'a [Arc<str>],
}

/// For rows that refer to nothing.
impl Default for References<'_> {
    fn default() -> Self {
        static NO_TEXTS: LazyLock<Texts> = LazyLock::new(Texts::default);
        References { texts: &NO_TEXTS, meanings: &[], objects: &[] }
    }
}

/// How a row names what it refers to.
pub struct Refers<R> {
    /// The id of the text of an attribute.
    pub attribute: fn(&R, Attribute) -> Option<TextId>,
    /// The number of its meaning.
    pub meaning: fn(&R) -> u32,
    /// The number of its object.
    pub object: fn(&R) -> u32,
}

impl<R> Refers<R> {
    /// For rows that refer to nothing: no column of theirs asks.
    pub const NOTHING: Refers<R> = Refers { attribute: |_, _| None, meaning: |_| 0, object: |_| 0 };
}

impl<R> std::fmt::Debug for Refers<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Refers")
    }
}
