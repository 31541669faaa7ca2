//! A column of ids: each as text, because hardly one stands twice.
//!
//! UUIDs are held packed, and are written out straight into the page. Their lengths in front of them
//! all (`DELTA_LENGTH_BYTE_ARRAY`) would make files a twentieth smaller, but Spark 3.3 cannot read that,
//! and later ones read it wrongly for a while (public issues SPARK-40128, SPARK-52240).

use bedrock::{CallId, uuid};
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescPtr;

use crate::pages::{Pages, WrittenColumn, append_text};
use crate::statistics::Bounds;

/// The bytes of most ids, with their length.
const ID_BYTES: usize = 40;

/// A column that is being written, a page for each batch of rows. The least and the greatest id tell
/// nothing, so that only nulls are counted.
pub(crate) struct IdColumn {
    pages: Pages,
    bounds: Bounds,
}

impl IdColumn {
    pub(crate) fn new(descriptor: ColumnDescPtr) -> Self {
        IdColumn { pages: Pages::of_random_digits(descriptor), bounds: Bounds::default() }
    }

    /// Writes the ids of some rows.
    ///
    /// # Errors
    /// If they cannot be compressed.
    pub(crate) fn write(&mut self, ids: &[Option<&CallId>]) -> Result<(), ParquetError> {
        let n_ids = ids.iter().flatten().count();
        self.bounds.add_nulls(ids.len() - n_ids);
        let mut page = self.pages.begin(ids.iter().map(Option::is_some), n_ids);
        page.reserve(n_ids * ID_BYTES);
        for id in ids.iter().flatten() {
            match id {
                CallId::Uuid(bytes) => append_text(&uuid::text(bytes), &mut page),
                CallId::Text(text) => append_text(text.as_bytes(), &mut page),
            }
        }
        self.pages.push(&page, ids.len())
    }

    /// Ends the column.
    ///
    /// # Errors
    /// If it is too large.
    pub(crate) fn close(self) -> Result<WrittenColumn, ParquetError> {
        self.pages.finish(None, self.bounds.into_statistics(), None)
    }
}
