//! CSV files with a header, as price books and catalogs are: read line by line, and written.

use std::fmt;

use csv::StringRecord;
use jiff::civil::Date;

/// What is wrong with one line of a file; `P` is the problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding<P> {
    /// The line, from 1 for the header.
    pub line: u64,
    /// What is wrong with it.
    pub problem: P,
}

/// A file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError<P> {
    /// The first line that cannot be used.
    pub first: Finding<P>,
    /// How many findings there are besides.
    pub n_more: usize,
}

/// What can be wrong with a line of any such file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// The CSV reader gave up.
    #[error("expected CSV: {0}")]
    Csv(String),
    /// A field goes on in the next line, and has swallowed what is there: no value of ours has a line end.
    #[error("expected a quotation mark at the end of the value, found the end of the line")]
    OpenQuote,
    /// A line has more or fewer fields than the header.
    #[error("expected {expected} fields, found {found}")]
    Fields {
        /// As many as the header has.
        expected: usize,
        /// How many the line has.
        found: usize,
    },
    /// A field that may not be empty is.
    #[error("{0}: missing")]
    Missing(&'static str),
    /// A field starts or ends with white space and would match nothing.
    #[error("{0}: white space around the value")]
    WhiteSpace(&'static str),
    /// The row applies on no day.
    #[error("valid_from must be before valid_until")]
    NeverValid,
    /// A field has a value that is not among those that are known.
    #[error("{column}: expected {expected}, found `{found}`")]
    Value {
        /// The column.
        column: &'static str,
        /// What is expected there.
        expected: String,
        /// The value.
        found: String,
    },
}

impl From<csv::Error> for LineProblem {
    fn from(error: csv::Error) -> Self {
        LineProblem::Csv(error.to_string())
    }
}

impl<P: fmt::Display> fmt::Display for Finding<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

impl<P: fmt::Display> fmt::Display for FileError<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.n_more {
            0 => write!(f, "{}", self.first),
            n_more => write!(f, "{} (and {n_more} more)", self.first),
        }
    }
}

impl<P: fmt::Debug + fmt::Display> std::error::Error for FileError<P> {}

impl<P> FileError<P> {
    /// That there are no findings. They are in the order of their lines.
    pub(crate) fn unless_empty(findings: Vec<Finding<P>>) -> Result<(), Self> {
        let n_more = findings.len().saturating_sub(1);
        findings.into_iter().next().map_or(Ok(()), |first| Err(FileError { first, n_more }))
    }
}

/// Reads the rows that can be used, and what is wrong with the other lines. Without a header that can be used,
/// there are none.
pub(crate) fn read_rows<R, P: From<LineProblem>>(
    text: &str,
    check_header: impl FnOnce(&StringRecord) -> Result<(), P>,
    read: impl Fn(Fields<'_>, u64) -> Result<R, P>,
) -> (Vec<R>, Vec<Finding<P>>) {
    let (mut rows, mut findings) = (Vec::new(), Vec::new());
    let lines = Lines::of(text).map_err(P::from);
    let lines = lines.and_then(|lines| check_header(lines.header()).map(|()| lines));
    let lines = match lines {
        Ok(lines) => lines,
        Err(problem) => return (rows, vec![Finding { line: 1, problem }]),
    };
    let header = lines.header().clone();
    for (line, record) in lines {
        let record = record.map_err(P::from);
        match record.and_then(|record| read(Fields { header: &header, record: &record }, line)) {
            Ok(row) => rows.push(row),
            Err(problem) => findings.push(Finding { line, problem }),
        }
    }
    (rows, findings)
}

/// The lines of a file after its header, with their numbers from 1 for the header. A line that is no CSV is
/// the last.
pub(crate) struct Lines<'a> {
    reader: csv::Reader<&'a [u8]>,
    header: StringRecord,
    numbers: LineNumbers<'a>,
    has_ended: bool,
}

impl<'a> Lines<'a> {
    /// Reads the header.
    pub(crate) fn of(text: &'a str) -> Result<Self, LineProblem> {
        // Fields are counted here, because the reader would stop at the first line that has too few.
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let header = reader.headers()?.clone();
        Ok(Lines { reader, header, numbers: LineNumbers::of(text), has_ended: false })
    }

    /// The header.
    pub(crate) fn header(&self) -> &StringRecord {
        &self.header
    }

    fn read(&mut self) -> Result<Option<StringRecord>, LineProblem> {
        let mut record = StringRecord::new();
        let is_read = self.reader.read_record(&mut record);
        self.has_ended = !matches!(is_read, Ok(true));
        if !is_read? {
            return Ok(None);
        }
        if record.iter().any(|field| field.contains(['\r', '\n'])) {
            return Err(LineProblem::OpenQuote);
        }
        let (expected, found) = (self.header.len(), record.len());
        if found == expected {
            Ok(Some(record))
        } else {
            Err(LineProblem::Fields { expected, found })
        }
    }
}

impl Iterator for Lines<'_> {
    type Item = (u64, Result<StringRecord, LineProblem>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let line = self.numbers.at(self.reader.position());
        Some((line, self.read().transpose()?))
    }
}

/// The fields of a line by their column.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) header: &'a StringRecord,
    pub(crate) record: &'a StringRecord,
}

impl<'a> Fields<'a> {
    /// The text of a field; empty if the file does not have the column.
    pub(crate) fn optional_text(&self, column: &'static str) -> Result<&'a str, LineProblem> {
        let position = self.header.iter().position(|name| name == column);
        let text = position.and_then(|position| self.record.get(position)).unwrap_or_default();
        let is_bare = text.trim().len() == text.len();
        if is_bare { Ok(text) } else { Err(LineProblem::WhiteSpace(column)) }
    }

    /// The text of a field that may not be empty.
    pub(crate) fn text(&self, column: &'static str) -> Result<&'a str, LineProblem> {
        match self.optional_text(column)? {
            "" => Err(LineProblem::Missing(column)),
            text => Ok(text),
        }
    }

    /// One of a few values, by its name.
    pub(crate) fn one_of<T: Copy>(
        &self,
        column: &'static str,
        known: &[(&str, T)],
    ) -> Result<T, LineProblem> {
        let text = self.text(column)?;
        if let Some((_, value)) = known.iter().find(|(name, _)| *name == text) {
            return Ok(*value);
        }
        let names = known.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        let expected = format!("one of {}", names.join(", "));
        Err(LineProblem::Value { column, expected, found: text.to_owned() })
    }

    /// A number of tokens.
    pub(crate) fn tokens(&self, column: &'static str) -> Result<i64, LineProblem> {
        let text = self.text(column)?;
        let is_plain = text.bytes().all(|b| b.is_ascii_digit());
        let expected = "a number of tokens".to_owned();
        let problem = LineProblem::Value { column, expected, found: text.to_owned() };
        if is_plain { text.parse().map_err(|_| problem) } else { Err(problem) }
    }

    /// The first day on which a row applies, and the first day on which it no longer does; `None` is open.
    pub(crate) fn valid_days(&self) -> Result<[Option<Date>; 2], LineProblem> {
        match [self.day("valid_from")?, self.day("valid_until")?] {
            [Some(from), Some(until)] if from >= until => Err(LineProblem::NeverValid),
            days => Ok(days),
        }
    }

    /// A date written `YYYY-MM-DD` and nothing else; `None` for an empty field.
    pub(crate) fn day(&self, column: &'static str) -> Result<Option<Date>, LineProblem> {
        let text = self.optional_text(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        let is_dashed = text.len() == 10 && [4, 7].iter().all(|&at| text.as_bytes()[at] == b'-');
        let date = if is_dashed { text.parse::<Date>().ok() } else { None };
        let expected = "a date YYYY-MM-DD".to_owned();
        date.map(Some).ok_or_else(|| LineProblem::Value {
            column,
            expected,
            found: text.to_owned(),
        })
    }
}

/// Counts lines. The reader's own count is late by what it has not yet skipped: empty lines, and the
/// second half of `\r\n`.
struct LineNumbers<'a> {
    text: &'a [u8],
    /// The line that contains `offset`.
    line: u64,
    offset: usize,
}

impl<'a> LineNumbers<'a> {
    /// Starts at the header.
    fn of(text: &'a str) -> Self {
        LineNumbers { text: text.as_bytes(), line: 1, offset: 0 }
    }

    /// The line of the record that starts at a position or, after line ends, behind it.
    fn at(&mut self, position: &csv::Position) -> u64 {
        let start = usize::try_from(position.byte()).unwrap_or(usize::MAX).min(self.text.len());
        let is_line_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
        let n_skipped = self.text[start..].iter().take_while(is_line_end).count();
        let passed = &self.text[self.offset..start + n_skipped];
        self.line += passed.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        self.offset = start + n_skipped;
        self.line
    }
}

/// The text of a file.
///
/// # Errors
/// None in practice: writing to memory does not fail.
pub(crate) fn to_csv<'a, R>(
    header: impl Iterator<Item = &'a str>,
    rows: impl Iterator<Item = R>,
) -> Result<String, csv::Error>
where
    R: IntoIterator<Item: AsRef<[u8]>>,
{
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    String::from_utf8(bytes).map_err(|error| std::io::Error::other(error).into())
}
