//! What comes on standard input: the text of an error, or references, one a line or in a column of CSV.
//!
//! References are read as they come. Memory is bounded: of a field, no more than [`MAX_FIELD`] bytes are kept.

use std::fmt;
use std::io::{BufRead, BufReader, Cursor, Read};

use anyhow::{Context, bail};
use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

use super::column::{self, Column};
use super::denial;
use crate::exit::Failure;
use crate::number::{counted, grouped};

/// How much is looked at to see what the input is.
const HEAD: usize = 64 << 10;

/// How much of a field or line is kept. A reference has at most 2,048 characters.
const MAX_FIELD: usize = 64 << 10;

/// The longest text of an error.
const MAX_ERROR: u64 = 1 << 20;

/// How much is read at a time.
const CHUNK: usize = 64 << 10;

/// What standard input is.
#[derive(Debug)]
pub(super) enum Input {
    /// The text of an error.
    Error(String),
    /// References.
    References(Box<References>),
}

/// A reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// Without blanks and quotes around it.
    pub(super) text: String,
    /// The line on which it begins.
    pub(super) line: u64,
}

/// References on their way.
pub(super) struct References {
    source: Box<dyn BufRead>,
    column: Option<Column>,
    csv: Reader,
    /// The line that is read, or on which the record that is read begins.
    line: u64,
    /// Records without a value in the column.
    n_empty: u64,
    n_records: u64,
    /// How many fields or lines were longer than what is kept, and the line of the first.
    too_long: Option<(u64, u64)>,
    /// The line of a last record whose quotes are not closed.
    unclosed: Option<u64>,
    is_at_end: bool,
}

impl Input {
    /// Sees what the input is.
    ///
    /// # Errors
    /// If it cannot be read, is no text, or lacks the column.
    pub(super) fn open(source: Box<dyn Read>, column: Option<&str>) -> Result<Self, Failure> {
        let mut source = source;
        let mut head = Vec::new();
        let reading = || "could not read standard input";
        source.by_ref().take(HEAD as u64).read_to_end(&mut head).with_context(reading)?;
        check_text(&head)?;
        if head.starts_with(b"\xef\xbb\xbf") {
            head.drain(..3);
        }
        let text = String::from_utf8_lossy(&head);
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let of_header = column::of_header(first, column);
        let is_csv = matches!(of_header, Ok(Some(_)));
        let is_error = !is_list(&text) && denial::is_error_text(&text);
        if column.is_none() && !is_csv && is_error {
            let mut whole = head;
            source.take(MAX_ERROR + 1).read_to_end(&mut whole).with_context(reading)?;
            if whole.len() as u64 > MAX_ERROR {
                return Err(anyhow::anyhow!(
                    "standard input looks like the text of an error, and has more than 1 MiB"
                )
                .into());
            }
            return Ok(Input::Error(String::from_utf8_lossy(&whole).into_owned()));
        }
        let column = if first.is_empty() { None } else { of_header? };
        let delimiter = column.as_ref().map_or(b',', |column| column.delimiter);
        let rest = BufReader::with_capacity(CHUNK, source);
        let mut references = References {
            source: Box::new(BufReader::with_capacity(CHUNK, Cursor::new(head).chain(rest))),
            column,
            csv: ReaderBuilder::new().delimiter(delimiter).build(),
            line: 1,
            n_empty: 0,
            n_records: 0,
            too_long: None,
            unclosed: None,
            is_at_end: false,
        };
        if references.column.is_some() {
            // The header.
            references.record()?;
            references.n_records = 0;
            references.n_empty = 0;
        }
        Ok(Input::References(Box::new(references)))
    }
}

/// Whether most lines look like IDs or ARNs: of the text of an error, few do, wherever it is wrapped.
fn is_list(text: &str) -> bool {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_id = |line: &&str| !line.contains(char::is_whitespace) && line.contains(['.', ':', '/']);
    let n_lines = lines.clone().count();
    2 * lines.filter(is_id).count() > n_lines
}

/// Rejects what is no text, by how it begins.
pub(crate) fn check_text(head: &[u8]) -> anyhow::Result<()> {
    const BINARY: [(&[u8], &str); 5] = [
        (b"\x1f\x8b", "compressed with gzip: expected text, such as that of `gunzip -c`"),
        (
            b"\x28\xb5\x2f\xfd",
            "compressed with Zstandard: expected text, such as that of `zstdcat`",
        ),
        (b"PAR1", "a Parquet file: expected lines or CSV"),
        (b"PK\x03\x04", "a ZIP file, as spreadsheets are: expected lines or CSV"),
        (b"\xff\xfe", "UTF-16: expected UTF-8"),
    ];
    for (start, what) in BINARY {
        if head.starts_with(start) {
            bail!("standard input is {what}");
        }
    }
    if let Some(place) = head.iter().position(|byte| *byte == 0) {
        bail!("standard input is not text (NUL at byte {place})");
    }
    Ok(())
}

impl References {
    /// The column that is read, if this is CSV.
    pub(super) fn column(&self) -> Option<&str> {
        self.column.as_ref().map(|column| column.name.as_str())
    }

    /// The next reference.
    ///
    /// # Errors
    /// If standard input cannot be read.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Reference>> {
        while !self.is_at_end {
            let found = if self.column.is_some() { self.record()? } else { self.one_line()? };
            let Some((line, bytes)) = found else { continue };
            let text = String::from_utf8_lossy(&bytes);
            let text = unquoted(text.trim());
            if text.is_empty() {
                self.n_empty += 1;
                continue;
            }
            return Ok(Some(Reference { text: text.to_owned(), line }));
        }
        Ok(None)
    }

    /// What is not as it should be, a sentence each.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let (Some(column), 1..) = (&self.column, self.n_empty) {
            let all = counted(self.n_records, "record");
            let name = &column.name;
            warnings.push(format!(
                "{} of {all} have no value in the column {name} and are left out",
                grouped(self.n_empty)
            ));
        }
        if let Some((n, line)) = self.too_long {
            let what = if self.column.is_some() { "field" } else { "line" };
            let why =
                if self.column.is_some() { ": is there a quote that is not closed?" } else { "" };
            let kept = MAX_FIELD >> 10;
            warnings.push(format!(
                "{} of more than {kept} KiB cut, the first on line {line}{why}",
                counted(n, what)
            ));
        }
        if let Some(line) = self.unclosed {
            warnings.push(format!(
                "the record on line {line} has a quote that is not closed: everything after it was read as a part of \
                 this value"
            ));
        }
        warnings
    }

    /// Whether references may be missing.
    pub(super) fn is_partial(&self) -> bool {
        self.too_long.is_some() || self.unclosed.is_some()
    }

    fn note_too_long(&mut self, line: u64) {
        let (n, first) = self.too_long.unwrap_or((0, line));
        self.too_long = Some((n + 1, first));
    }

    fn chunk(&mut self) -> anyhow::Result<&[u8]> {
        self.source.fill_buf().context("could not read standard input")
    }

    /// The next line, without its end, and its number; `None` at the end.
    fn one_line(&mut self) -> anyhow::Result<Option<(u64, Vec<u8>)>> {
        let line = self.line;
        let mut kept = Vec::new();
        let mut length = 0;
        loop {
            let chunk = self.chunk()?;
            if chunk.is_empty() {
                self.is_at_end = true;
                break;
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            kept.extend(part.iter().take(MAX_FIELD.saturating_sub(kept.len())));
            length += part.len();
            let used = part.len() + usize::from(end.is_some());
            self.source.consume(used);
            if end.is_some() {
                self.line += 1;
                break;
            }
        }
        if length > MAX_FIELD {
            self.note_too_long(line);
        }
        let is_nothing = self.is_at_end && length == 0;
        Ok((!is_nothing).then_some((line, kept)))
    }

    /// The value of the column in the next record, empty if the record is too short, and the line on which the record
    /// begins; `None` at the end.
    fn record(&mut self) -> anyhow::Result<Option<(u64, Vec<u8>)>> {
        self.skip_line_ends()?;
        let line = self.line;
        let wanted = self.column.as_ref().map_or(0, |column| column.place);
        let mut value = Vec::new();
        let (mut place, mut quotes, mut length) = (0, 0, 0);
        let mut output = [0; 4096];
        loop {
            let chunk = self.source.fill_buf().context("could not read standard input")?;
            let (result, n_in, n_out) = self.csv.read_field(chunk, &mut output);
            let count = |wanted: u8| chunk[..n_in].iter().filter(|byte| **byte == wanted).count();
            quotes += count(b'"');
            self.line += count(b'\n') as u64;
            self.source.consume(n_in);
            length += n_out;
            if place == wanted {
                value.extend(output[..n_out].iter().take(MAX_FIELD.saturating_sub(value.len())));
            }
            match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
                ReadFieldResult::Field { record_end } => {
                    if length > MAX_FIELD {
                        self.note_too_long(line);
                    }
                    length = 0;
                    place += 1;
                    if record_end {
                        break;
                    }
                }
                ReadFieldResult::End => {
                    self.is_at_end = true;
                    return Ok(None);
                }
            }
        }
        if self.line > line + 1 && quotes % 2 == 1 && self.chunk()?.is_empty() {
            self.unclosed = Some(line);
        }
        self.n_records += 1;
        Ok(Some((line, value)))
    }

    /// Skips blank lines, and what is left of the end of the last record: of `\r\n`, it has the first byte.
    fn skip_line_ends(&mut self) -> anyhow::Result<()> {
        while let Some(byte @ (b'\r' | b'\n')) = self.chunk()?.first().copied() {
            self.line += u64::from(byte == b'\n');
            self.source.consume(1);
        }
        Ok(())
    }
}

/// The text without the quotes around it.
fn unquoted(text: &str) -> &str {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.unwrap_or(text).trim()
}

impl fmt::Debug for References {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("References").field("column", &self.column).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The references with their lines, and the warnings.
    fn read(input: &[u8], column: Option<&str>) -> (String, String) {
        let input = Cursor::new(input.to_vec());
        let Input::References(mut references) =
            Input::open(Box::new(input), column).expect("input")
        else {
            return ("error".to_owned(), String::new());
        };
        let mut found = Vec::new();
        while let Some(Reference { text, line }) = references.next().expect("readable") {
            found.push(format!("{line}:{text}"));
        }
        (found.join(" "), references.warnings().join(" "))
    }

    #[test]
    fn references_are_lines_or_a_column() {
        for (input, expected) in [
            ("a.b\nc.d", "1:a.b 2:c.d"),
            ("\u{feff}a.b\r\n\r\n  \"c.d\"  \r\n", "1:a.b 3:c.d"),
            ("\n\n a.b \n", "3:a.b"),
            ("modelId\na.b\nc.d\n", "2:a.b 3:c.d"),
            ("\u{feff}\"n\",\"model_id\"\r\n1,\"a.b\"\r\n2,c.d\r\n", "2:a.b 3:c.d"),
            ("n,model_id,x\n\"1\n2\",a.b,\"x,\"\"y\"\"\"\n2,c.d,\n", "2:a.b 4:c.d"),
            ("", ""),
            ("\n \n", ""),
            ("modelId\n", ""),
        ] {
            assert_eq!(
                read(input.as_bytes(), None),
                (expected.to_owned(), String::new()),
                "{input}"
            );
        }
        assert_eq!(read(b"x;y\n1;a.b\n", Some("y")).0, "2:a.b");
    }

    #[test]
    fn record_without_a_value_is_counted() {
        let (found, warnings) = read(b"n,model_id\n1,a.b\n2,\n3\n4,\" \"\n5,c.d\n", None);
        assert_eq!(found, "2:a.b 6:c.d");
        assert_eq!(
            warnings,
            "3 of 5 records have no value in the column model_id and are left out"
        );
    }

    #[test]
    fn long_line_is_cut_and_said() {
        let long = format!("a.b\n{}\nc.d\n", "x".repeat(10 << 20));
        let (found, warnings) = read(long.as_bytes(), None);
        assert_eq!(found.len(), "1:a.b ".len() + "2:".len() + MAX_FIELD + " 3:c.d".len());
        assert_eq!(warnings, "1 line of more than 64 KiB cut, the first on line 2");
        let long = format!("model_id,n\na.b,{}\nc.d,1\n", "x".repeat(10 << 20));
        let (found, warnings) = read(long.as_bytes(), None);
        assert_eq!(found, "2:a.b 3:c.d");
        assert!(warnings.starts_with("1 field of more than 64 KiB cut, the first on line 2"));
    }

    #[test]
    fn quote_that_is_not_closed_is_said() {
        let (found, warnings) = read(b"model_id,n\na.b,\"1\nc.d,2\ne.f,3\n", None);
        assert_eq!(found, "2:a.b");
        assert!(warnings.starts_with("the record on line 2 has a quote"), "{warnings}");
        assert_eq!(read(b"model_id,n\na.b,5\" disk\n", None), ("2:a.b".into(), String::new()));
    }

    #[test]
    fn what_is_no_text_is_named() {
        for (input, expected) in [
            (&b"\x1f\x8b\x08\0"[..], "gzip"),
            (b"PAR1\x15", "Parquet"),
            (b"PK\x03\x04", "ZIP"),
            (b"\xff\xfea\0", "UTF-16"),
            (b"a.b\n\0", "NUL at byte 4"),
        ] {
            let error = Input::open(Box::new(Cursor::new(input)), None).expect_err("no text");
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
