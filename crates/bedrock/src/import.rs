//! Importing what AWS prints: models and profiles into a catalog, prices into a book.
//!
//! What is understood becomes rows with their source and date. What is not is returned as
//! [`Unread`], and nothing is guessed.

mod models;
mod names;
mod offers;
mod price_list;
mod quote;
mod update;

pub use models::{CatalogImport, import_catalog};
pub use quote::{PriceImport, Quote};
pub use update::{Disagreement, Update, update};

/// Something that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// The file, and where in it.
    pub at: String,
    /// Why it has become no row.
    pub why: String,
}

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No JSON, cut off, or of another shape.
    #[error("{file}: {expected}")]
    Json {
        /// The file.
        file: String,
        /// What was expected.
        expected: &'static str,
        /// What the reader says, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// No CSV, or cut off.
    #[error("{file}: expected a price list as CSV")]
    Csv {
        /// The file.
        file: String,
        /// What the reader says, with the line.
        #[source]
        source: csv::Error,
    },
    /// A line or entry that contradicts what such files are.
    #[error("{at}: {problem}")]
    Content {
        /// The file, and where in it.
        at: String,
        /// What was expected, and what was found.
        problem: String,
    },
}

impl ImportError {
    pub(crate) fn content(at: impl Into<String>, problem: impl Into<String>) -> Self {
        ImportError::Content { at: at.into(), problem: problem.into() }
    }
}
