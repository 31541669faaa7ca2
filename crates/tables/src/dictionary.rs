//! The column of a row group whose texts are known by number, as the bytes of Parquet: a dictionary of
//! the texts that occur, and pages of rows that name them.
//!
//! Parquet's own writer looks up the text of each row to find its place in the dictionary. Here a place
//! is looked up once for all rows of a batch that refer to the same thing, which takes a tenth of the
//! time; two thirds of the columns of `invocations` are such.

use std::cell::RefCell;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, PageType, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder, PageEncodingStats};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use rustc_hash::FxHashMap;
use zstd::bulk::Compressor;

use crate::array::Texts;
use crate::hybrid;
use crate::referred::NO_TEXT;
use crate::statistics::Bounds;

/// A column of texts that is being written, a page for each batch of rows.
pub(crate) struct DictionaryColumn {
    descriptor: ColumnDescPtr,
    level: ZstdLevel,
    /// Where in the dictionary a text is, by its number.
    places: FxHashMap<u32, u32>,
    /// The texts, each behind its length.
    dictionary: Vec<u8>,
    bounds: Bounds,
    pages: Vec<CompressedPage>,
}

/// A column that was written, as it is appended to a row group.
pub(crate) struct WrittenColumn {
    pub(crate) bytes: Bytes,
    pub(crate) close: ColumnCloseResult,
}

impl DictionaryColumn {
    pub(crate) fn new(descriptor: ColumnDescPtr, level: ZstdLevel) -> Self {
        DictionaryColumn {
            descriptor,
            level,
            places: FxHashMap::default(),
            dictionary: Vec::new(),
            bounds: Bounds::default(),
            pages: Vec::new(),
        }
    }

    /// Writes the texts of some rows.
    ///
    /// # Errors
    /// If they cannot be compressed.
    pub(crate) fn write(&mut self, texts: &Texts<'_>) -> Result<(), ParquetError> {
        let places = texts.numbers().map(|number| self.place(number, texts)).collect::<Vec<_>>();
        let rows = texts.rows();
        let n_values = rows.len();
        let places = rows.iter().map(|row| places[*row as usize]);
        let (mut page, mut of_values) = (Vec::new(), Vec::with_capacity(n_values));
        of_values.extend(places.clone().filter(|place| *place != NO_TEXT));
        if self.descriptor.max_def_level() > 0 {
            append_levels(places, of_values.len(), &mut page);
        }
        self.bounds.add_nulls(n_values - of_values.len());
        let greatest = self.places.len().saturating_sub(1);
        let bits = hybrid::bits_of(u32::try_from(greatest).unwrap_or(NO_TEXT));
        page.extend_from_slice(&bits.to_le_bytes()[..1]);
        hybrid::encode(&of_values, bits, &mut page);
        let compressed = Page::DataPage {
            buf: self.compressed(&page)?,
            num_values: fitting(n_values)?,
            encoding: Encoding::RLE_DICTIONARY,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        self.pages.push(CompressedPage::new(compressed, page.len()));
        Ok(())
    }

    /// The place of a text, which is put there if it was not in the dictionary.
    fn place(&mut self, number: u32, texts: &Texts<'_>) -> u32 {
        if number == NO_TEXT {
            return NO_TEXT;
        }
        let next = u32::try_from(self.places.len()).unwrap_or(NO_TEXT);
        let place = *self.places.entry(number).or_insert(next);
        if place == next {
            let text = texts.text(number).as_bytes();
            let n_bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
            self.dictionary.extend_from_slice(&n_bytes.to_le_bytes());
            self.dictionary.extend_from_slice(text);
            self.bounds.add_text(text);
        }
        place
    }

    fn compressed(&self, page: &[u8]) -> Result<Bytes, ParquetError> {
        thread_local! {
            /// Making one costs as much as compressing some thousand bytes.
            static COMPRESSOR: RefCell<Compressor<'static>> = RefCell::default();
        }
        COMPRESSOR.with_borrow_mut(|compressor| {
            compressor.set_compression_level(self.level.compression_level())?;
            Ok(compressor.compress(page)?.into())
        })
    }

    /// How long the dictionary is so far.
    pub(crate) fn dictionary_bytes(&self) -> usize {
        self.dictionary.len()
    }

    /// Ends the column. The dictionary comes first, as readers expect it.
    ///
    /// # Errors
    /// If the dictionary cannot be compressed.
    pub(crate) fn close(self) -> Result<WrittenColumn, ParquetError> {
        let dictionary = Page::DictionaryPage {
            buf: self.compressed(&self.dictionary)?,
            num_values: fitting(self.places.len())?,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        let dictionary = CompressedPage::new(dictionary, self.dictionary.len());
        let mut sink = TrackedWrite::new(Vec::new());
        let mut writer = SerializedPageWriter::new(&mut sink);
        let first = writer.write_page(dictionary)?;
        let (mut n_rows, mut n_bytes) = (0, first.uncompressed_size);
        let n_pages = i32::try_from(self.pages.len()).unwrap_or(i32::MAX);
        let mut pages = OffsetIndexBuilder::new();
        for page in self.pages {
            let written = writer.write_page(page)?;
            n_rows += u64::from(written.num_values);
            n_bytes += written.uncompressed_size;
            pages.append_row_count(written.num_values.into());
            pages.append_offset_and_size(
                fitting(written.offset)?,
                fitting(written.compressed_size)?,
            );
        }
        writer.close()?;
        let bytes = Bytes::from(sink.into_inner()?);
        let stats = |page_type, encoding, count| PageEncodingStats { page_type, encoding, count };
        let metadata = ColumnChunkMetaData::builder(self.descriptor)
            .set_compression(Compression::ZSTD(self.level))
            .set_encodings(vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY])
            .set_page_encoding_stats(vec![
                stats(PageType::DICTIONARY_PAGE, Encoding::PLAIN, 1),
                stats(PageType::DATA_PAGE, Encoding::RLE_DICTIONARY, n_pages),
            ])
            .set_num_values(fitting(n_rows)?)
            .set_total_compressed_size(fitting(bytes.len())?)
            .set_total_uncompressed_size(fitting(n_bytes)?)
            .set_dictionary_page_offset(Some(0))
            .set_data_page_offset(fitting(first.bytes_written)?)
            .set_statistics(self.bounds.into_statistics())
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: n_rows,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: Some(pages.build()),
        };
        Ok(WrittenColumn { bytes, close })
    }
}

/// A number as Parquet has it.
fn fitting<N, P: TryFrom<N>>(number: N) -> Result<P, ParquetError>
where
    P::Error: std::error::Error + Send + Sync + 'static,
{
    P::try_from(number).map_err(|error| ParquetError::External(Box::new(error)))
}

/// Appends which rows have a text: a one for each that has, behind the length of it all.
fn append_levels(places: impl ExactSizeIterator<Item = u32>, n_texts: usize, page: &mut Vec<u8>) {
    page.extend_from_slice(&[0; 4]);
    let n_rows = places.len();
    if n_texts == n_rows || n_texts == 0 {
        hybrid::repeat(u32::from(n_texts > 0), n_rows, 1, page);
    } else {
        let levels = places.map(|place| u32::from(place != NO_TEXT)).collect::<Vec<_>>();
        hybrid::encode(&levels, 1, page);
    }
    let n_bytes = u32::try_from(page.len() - 4).unwrap_or(u32::MAX);
    page[..4].copy_from_slice(&n_bytes.to_le_bytes());
}
