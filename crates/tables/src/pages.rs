//! The pages of a column, and what they are in the file (Parquet format, "Data Pages", "Dictionary
//! Encoding").
//!
//! Parquet's own writer of Arrow's arrays looks up every text of a dictionary in every row, and makes a
//! compressor and a decompressor for every column of every file, which took a seventh of the time of a
//! run over many small days.

use std::cell::RefCell;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, PageType, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder, PageEncodingStats};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;
use zstd::zstd_safe::{CParameter, ParamSwitch};

use crate::hybrid;

/// The pages of a column that is being written.
pub(crate) struct Pages {
    descriptor: ColumnDescPtr,
    encoding: Encoding,
    content: Content,
    pages: Vec<CompressedPage>,
}

/// What a compressor can find in a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// What stood there before.
    Usual,
    /// Digits that take a byte each.
    RandomDigits,
}

/// The texts that pages name by their place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dictionary<'a> {
    /// As [`append_text`] puts one behind the other.
    pub(crate) texts: &'a [u8],
    pub(crate) n_texts: usize,
}

/// A column that was written, as it is appended to a row group.
pub(crate) struct WrittenColumn {
    pub(crate) bytes: Bytes,
    pub(crate) close: ColumnCloseResult,
}

impl Pages {
    pub(crate) fn new(descriptor: ColumnDescPtr, encoding: Encoding) -> Self {
        Pages { descriptor, encoding, content: Content::Usual, pages: Vec::new() }
    }

    /// Pages of texts that are random digits. What a compressor finds there are chance repetitions of a
    /// few of them: to look for them would take most of its time, for a thirteenth of the bytes.
    pub(crate) fn of_random_digits(descriptor: ColumnDescPtr) -> Self {
        Pages { content: Content::RandomDigits, ..Pages::new(descriptor, Encoding::PLAIN) }
    }

    /// Begins a page with which of its rows have a value, if the column asks for that. `n_values` have.
    pub(crate) fn begin(
        &self,
        has_value: impl ExactSizeIterator<Item = bool>,
        n_values: usize,
    ) -> Vec<u8> {
        let mut page = Vec::new();
        if self.descriptor.max_def_level() == 0 {
            return page;
        }
        page.extend_from_slice(&[0; 4]);
        let n_rows = has_value.len();
        if n_values == n_rows || n_values == 0 {
            hybrid::repeat(u32::from(n_values > 0), n_rows, 1, &mut page);
        } else {
            let levels = has_value.map(u32::from).collect::<Vec<_>>();
            hybrid::encode(&levels, 1, &mut page);
        }
        let n_bytes = u32::try_from(page.len() - 4).unwrap_or(u32::MAX);
        page[..4].copy_from_slice(&n_bytes.to_le_bytes());
        page
    }

    /// Adds a page, which was begun here and has its values.
    ///
    /// # Errors
    /// If it cannot be compressed.
    pub(crate) fn push(&mut self, page: &[u8], n_rows: usize) -> Result<(), ParquetError> {
        self.push_encoded(page, n_rows, self.encoding)
    }

    /// Adds a page that has the values themselves, whatever those before it have.
    ///
    /// # Errors
    /// If it cannot be compressed.
    pub(crate) fn push_plain(&mut self, page: &[u8], n_rows: usize) -> Result<(), ParquetError> {
        self.push_encoded(page, n_rows, Encoding::PLAIN)
    }

    fn push_encoded(
        &mut self,
        page: &[u8],
        n_rows: usize,
        encoding: Encoding,
    ) -> Result<(), ParquetError> {
        let compressed = Page::DataPage {
            buf: compressed(page, self.content)?,
            num_values: fitting(n_rows)?,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        self.pages.push(CompressedPage::new(compressed, page.len()));
        Ok(())
    }

    /// Ends the column. A dictionary comes before the pages, as readers expect it. `column_index` has the
    /// bounds of each page, where these tell something.
    ///
    /// # Errors
    /// If the dictionary cannot be compressed, or the column is too large.
    pub(crate) fn finish(
        self,
        dictionary: Option<Dictionary<'_>>,
        statistics: Statistics,
        column_index: Option<ColumnIndexMetaData>,
    ) -> Result<WrittenColumn, ParquetError> {
        let mut sink = TrackedWrite::new(Vec::new());
        let mut writer = SerializedPageWriter::new(&mut sink);
        let stats = |page_type, encoding, count| PageEncodingStats { page_type, encoding, count };
        // Readers ask these whether a value that is not in the dictionary is in no page.
        let mut encoding_stats = Vec::<PageEncodingStats>::new();
        for encoding in self.pages.iter().map(CompressedPage::encoding) {
            match encoding_stats.iter_mut().find(|known| known.encoding == encoding) {
                Some(known) => known.count += 1,
                None => encoding_stats.push(stats(PageType::DATA_PAGE, encoding, 1)),
            }
        }
        let (mut n_bytes, mut dictionary_bytes) = (0, None);
        if let Some(Dictionary { texts, n_texts }) = dictionary {
            let page = Page::DictionaryPage {
                buf: compressed(texts, Content::Usual)?,
                num_values: fitting(n_texts)?,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            };
            let written = writer.write_page(CompressedPage::new(page, texts.len()))?;
            n_bytes += written.uncompressed_size;
            dictionary_bytes = Some(fitting(written.bytes_written)?);
            encoding_stats.insert(0, stats(PageType::DICTIONARY_PAGE, Encoding::PLAIN, 1));
        }
        let mut n_rows = 0;
        let mut index = OffsetIndexBuilder::new();
        for page in self.pages {
            let written = writer.write_page(page)?;
            n_rows += u64::from(written.num_values);
            n_bytes += written.uncompressed_size;
            index.append_row_count(written.num_values.into());
            index.append_offset_and_size(
                fitting(written.offset)?,
                fitting(written.compressed_size)?,
            );
        }
        writer.close()?;
        let bytes = Bytes::from(sink.into_inner()?);
        let mut encodings = vec![Encoding::PLAIN, Encoding::RLE];
        encodings.extend(dictionary_bytes.map(|_| self.encoding));
        let metadata = ColumnChunkMetaData::builder(self.descriptor)
            .set_compression(Compression::ZSTD(level()))
            .set_encodings(encodings)
            .set_page_encoding_stats(encoding_stats)
            .set_num_values(fitting(n_rows)?)
            .set_total_compressed_size(fitting(bytes.len())?)
            .set_total_uncompressed_size(fitting(n_bytes)?)
            .set_dictionary_page_offset(dictionary_bytes.map(|_: i64| 0))
            .set_data_page_offset(dictionary_bytes.unwrap_or_default())
            .set_statistics(statistics)
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: n_rows,
            metadata,
            bloom_filter: None,
            column_index,
            offset_index: Some(index.build()),
        };
        Ok(WrittenColumn { bytes, close })
    }
}

/// Level 1 writes as little as level 3 on these columns, in two thirds of the time.
fn level() -> ZstdLevel {
    ZstdLevel::default()
}

fn compressed(page: &[u8], content: Content) -> Result<Bytes, ParquetError> {
    /// Most pages of small days have no more: of those, looking for the code of each byte takes longer
    /// than all else that is done for them, and saves little.
    const SMALL_BYTES: usize = 1024;
    /// The first level without such codes.
    const WITHOUT_CODES: i32 = -1;
    thread_local! {
        /// Making one costs as much as compressing some thousand bytes.
        static COMPRESSOR: RefCell<Compressor<'static>> = RefCell::default();
    }
    COMPRESSOR.with_borrow_mut(|compressor| {
        let is_small = page.len() <= SMALL_BYTES;
        let level = if is_small { WITHOUT_CODES } else { level().compression_level() };
        compressor.set_compression_level(level)?;
        let search = if content == Content::RandomDigits && !is_small { NO_SEARCH } else { USUAL };
        for parameter in search {
            compressor.set_parameter(parameter)?;
        }
        Ok(compressor.compress(page)?.into())
    })
}

/// The search for repetitions as the level says.
const USUAL: [CParameter; 3] = [
    CParameter::HashLog(0),
    CParameter::TargetLength(0),
    CParameter::LiteralCompressionMode(ParamSwitch::Auto),
];

/// As good as none: few places are remembered (as a power of two), as many as can be are skipped, and
/// bytes get codes of their own, which a level that passes over places leaves out by itself.
const NO_SEARCH: [CParameter; 3] = [
    CParameter::HashLog(6),
    CParameter::TargetLength(1 << 17),
    CParameter::LiteralCompressionMode(ParamSwitch::Enable),
];

/// What a text's length takes before it.
pub(crate) const TEXT_LENGTH_BYTES: usize = size_of::<u32>();

/// Appends a text behind its length.
pub(crate) fn append_text(text: &[u8], bytes: &mut Vec<u8>) {
    let n_bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&n_bytes.to_le_bytes());
    bytes.extend_from_slice(text);
}

/// A number as Parquet has it.
fn fitting<N, P: TryFrom<N>>(number: N) -> Result<P, ParquetError>
where
    P::Error: std::error::Error + Send + Sync + 'static,
{
    P::try_from(number).map_err(|error| ParquetError::External(Box::new(error)))
}
