//! A column of texts: a dictionary of those that occur in a row group, and pages of rows that name them.
//! Where a dictionary saves nothing, the pages that follow have the texts themselves, as other writers of
//! Parquet do it too.
//!
//! Parquet's own writer looks up the text of each row to find its place in the dictionary. Here a place
//! is looked up once for all rows of a batch that refer to the same thing, which takes a tenth of the
//! time; two thirds of the columns of `invocations` are such.

use std::hash::BuildHasher;

use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescPtr;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::batch::Texts;
use crate::hybrid;
use crate::pages::{Dictionary, Pages, TEXT_LENGTH_BYTES, WrittenColumn, append_text};
use crate::referred::NO_TEXT;
use crate::statistics::Bounds;

/// A column that is being written, a page for each batch of rows.
pub(crate) struct DictionaryColumn {
    /// Where in the dictionary a text is, by its number, or [`NO_TEXT`]; in columns where numbers last.
    places: Vec<u32>,
    /// The same by the hash of the text, in columns where one text may have several numbers. Of two texts
    /// with one hash, which is a freak, the dictionary may have one several times.
    by_hash: FxHashMap<u64, u32>,
    /// Where each text of the dictionary begins.
    starts: Vec<usize>,
    dictionary: Vec<u8>,
    /// Rows so far that have a text.
    n_named: usize,
    bounds: Bounds,
    pages: Pages,
}

/// A dictionary is given up that has more than half as many texts as there are rows, once there are more
/// than so many texts.
const MANY_TEXTS: usize = 4096;

impl DictionaryColumn {
    pub(crate) fn new(descriptor: ColumnDescPtr) -> Self {
        DictionaryColumn {
            places: Vec::new(),
            by_hash: FxHashMap::default(),
            starts: Vec::new(),
            dictionary: Vec::new(),
            n_named: 0,
            bounds: Bounds::default(),
            pages: Pages::new(descriptor, Encoding::RLE_DICTIONARY),
        }
    }

    /// Writes the texts of some rows.
    ///
    /// # Errors
    /// If they cannot be compressed.
    pub(crate) fn write(&mut self, texts: &Texts<'_>) -> Result<(), ParquetError> {
        if self.saves_nothing() { self.write_plain(texts) } else { self.write_named(texts) }
    }

    /// Whether most texts stand in one row. Once that is so it stays so: no more texts are added.
    fn saves_nothing(&self) -> bool {
        let n_texts = self.starts.len();
        n_texts > MANY_TEXTS && n_texts > self.n_named / 2
    }

    /// Writes a page of texts.
    fn write_plain(&mut self, texts: &Texts<'_>) -> Result<(), ParquetError> {
        let text = |number| (number != NO_TEXT).then(|| texts.text(number));
        let found = texts.numbers().map(text).collect::<Vec<_>>();
        let rows = texts.rows().iter().map(|row| found[*row as usize]);
        let (n_rows, n_named) = (rows.len(), rows.clone().flatten().count());
        self.bounds.add_nulls(n_rows - n_named);
        let mut page = self.pages.begin(rows.clone().map(|text| text.is_some()), n_named);
        for text in rows.flatten().map(str::as_bytes) {
            self.bounds.add_text(text);
            append_text(text, &mut page);
        }
        self.pages.push_plain(&page, n_rows)
    }

    /// Writes a page of places in the dictionary.
    fn write_named(&mut self, texts: &Texts<'_>) -> Result<(), ParquetError> {
        if texts.numbers_last() {
            self.places.resize(texts.n_numbers(), NO_TEXT);
        }
        let places = texts.numbers().map(|number| self.place(number, texts)).collect::<Vec<_>>();
        let rows = texts.rows().iter().map(|row| places[*row as usize]);
        let mut named = Vec::with_capacity(rows.len());
        named.extend(rows.clone().filter(|place| *place != NO_TEXT));
        let n_rows = rows.len();
        self.bounds.add_nulls(n_rows - named.len());
        self.n_named += named.len();
        let mut page = self.pages.begin(rows.map(|place| place != NO_TEXT), named.len());
        let greatest = self.starts.len().saturating_sub(1);
        let bits = hybrid::bits_of(u32::try_from(greatest).unwrap_or(NO_TEXT));
        page.extend_from_slice(&bits.to_le_bytes()[..1]);
        hybrid::encode(&named, bits, &mut page);
        self.pages.push(&page, n_rows)
    }

    /// The place of a text, which is put there if it was not in the dictionary.
    fn place(&mut self, number: u32, texts: &Texts<'_>) -> u32 {
        if number == NO_TEXT {
            return NO_TEXT;
        }
        let index = number as usize;
        if texts.numbers_last() && self.places[index] != NO_TEXT {
            return self.places[index];
        }
        let text = texts.text(number);
        let place = match texts.are_distinct() {
            true => self.append(text),
            false => self.find_or_append(text),
        };
        if texts.numbers_last() {
            self.places[index] = place;
        }
        place
    }

    /// The place of a text that may be in the dictionary.
    fn find_or_append(&mut self, text: &str) -> u32 {
        let hash = FxBuildHasher.hash_one(text);
        match self.by_hash.get(&hash) {
            Some(place) if self.has_at(*place, text) => *place,
            _ => {
                let place = self.append(text);
                self.by_hash.insert(hash, place);
                place
            }
        }
    }

    /// Puts a text at the end of the dictionary, and gives its place.
    fn append(&mut self, text: &str) -> u32 {
        let place = u32::try_from(self.starts.len()).unwrap_or(NO_TEXT);
        self.starts.push(self.dictionary.len());
        append_text(text.as_bytes(), &mut self.dictionary);
        self.bounds.add_text(text.as_bytes());
        place
    }

    /// Whether a text is the one with a place.
    fn has_at(&self, place: u32, text: &str) -> bool {
        let place = place as usize;
        let end = self.starts.get(place + 1).copied().unwrap_or(self.dictionary.len());
        self.dictionary[self.starts[place]..end].get(TEXT_LENGTH_BYTES..) == Some(text.as_bytes())
    }

    /// How long the dictionary is so far.
    pub(crate) fn dictionary_bytes(&self) -> usize {
        self.dictionary.len()
    }

    /// Ends the column.
    ///
    /// # Errors
    /// If the dictionary cannot be compressed, or the column is too large.
    pub(crate) fn close(self) -> Result<WrittenColumn, ParquetError> {
        let dictionary = Dictionary { texts: &self.dictionary, n_texts: self.starts.len() };
        self.pages.finish(Some(dictionary), self.bounds.into_statistics(), None)
    }
}
