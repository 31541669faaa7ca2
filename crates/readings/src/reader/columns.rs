//! The columns of a batch, row by row.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::DataType;
use bedrock::Fingerprint;
use jiff::civil::Date;

use super::ReadError;
use crate::payload::{Counts, Log, PayloadError, Trail, Unpacker};
use crate::row::{Given, Object, Row};
use crate::schema::{CLOUDTRAIL, COLUMNS, INVOCATION_LOG};

/// The columns of a batch, and the row that comes next.
#[derive(Debug)]
pub(super) struct Columns {
    columns: [ArrayRef; COLUMNS.len()],
    rows: usize,
    next: usize,
}

/// One row of the columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct ColumnsRow<'a> {
    columns: &'a Columns,
    row: usize,
}

impl Columns {
    /// Those of a batch, by their names: an engine may have put them in another order, and have given long
    /// types to them.
    pub(super) fn of(batch: &RecordBatch) -> Result<Self, ReadError> {
        let mut columns = Vec::with_capacity(COLUMNS.len());
        for (name, expected) in COLUMNS {
            let column = batch.column_by_name(name);
            let fits = |column: &&ArrayRef| is_alike(&expected, column.data_type());
            let column = column.filter(fits).ok_or_else(|| ReadError::Column {
                name,
                expected: expected.to_string(),
                found: column.map_or("none".to_owned(), |column| column.data_type().to_string()),
            })?;
            columns.push(ArrayRef::clone(column));
        }
        let columns = columns.try_into().expect("as many as there are names");
        Ok(Columns { columns, rows: batch.num_rows(), next: 0 })
    }

    /// The next row, if there is one.
    pub(super) fn next(&mut self) -> Option<ColumnsRow<'_>> {
        let row = self.next;
        self.next += 1;
        (row < self.rows).then_some(ColumnsRow { columns: self, row })
    }
}

/// Whether a column of a type can be read as one of another type.
fn is_alike(expected: &DataType, found: &DataType) -> bool {
    match expected {
        DataType::Utf8 => matches!(found, DataType::Utf8 | DataType::LargeUtf8),
        DataType::Binary => matches!(found, DataType::Binary | DataType::LargeBinary),
        _ => expected == found,
    }
}

impl<'a> ColumnsRow<'a> {
    /// The row, with its payload unpacked.
    pub(super) fn unpack(self, made_with: Fingerprint) -> Result<Row, ReadError> {
        self.try_unpack(made_with).map_err(|reason| ReadError::Row {
            key: self.text("key").unwrap_or_default().to_owned(),
            dt: self.text("dt").unwrap_or_default().to_owned(),
            reason,
        })
    }

    fn try_unpack(self, made_with: Fingerprint) -> Result<Row, String> {
        let day = |name| self.text(name).map(|text| day(name, text)).transpose();
        let object = Object {
            key: self.expected("key", self.text("key"))?.to_owned(),
            size_bytes: self.count("bytes")?,
            etag: self.text("etag").map(str::to_owned),
            delivery_day: day("delivery_day")?,
        };
        Ok(Row {
            dt: self.expected("dt", day("dt")?)?,
            is_late: self.expected("is_late", self.flag("is_late"))?,
            object,
            part: self.part("part")?,
            parts: self.part("parts")?,
            given: self.given(made_with)?,
        })
    }

    fn given(self, made_with: Fingerprint) -> Result<Given, String> {
        let payload = self.expected("payload", self.bytes("payload"))?;
        let payload = Unpacker::new(payload, made_with).map_err(|error| error.to_string())?;
        let unreadable = self.text("unreadable").map(str::to_owned);
        let given = match (self.expected("source", self.text("source"))?, unreadable) {
            (CLOUDTRAIL, Some(reason)) => payload.finish().map(|()| Given::Trail(Err(reason))),
            (CLOUDTRAIL, None) => {
                let part = Trail::unpack(payload, self.counts()?, self.sha256()?);
                part.map(|part| Given::Trail(Ok(Box::new(part))))
            }
            (INVOCATION_LOG, Some(reason)) => {
                payload.finish().map(|()| Given::InvocationLog(Err(reason)))
            }
            (INVOCATION_LOG, None) => {
                let reading = Log::unpack(payload, self.counts()?);
                reading.map(|reading| Given::InvocationLog(Ok(reading)))
            }
            (found, _) => {
                let expected = format!("`{CLOUDTRAIL}` or `{INVOCATION_LOG}`");
                return Err(format!("expected a source of {expected}, found `{found}`"));
            }
        };
        given.map_err(|error: PayloadError| error.to_string())
    }

    fn counts(self) -> Result<Counts, String> {
        Ok(Counts {
            records: self.count("records")?,
            calls: self.count("calls")?,
            skipped: self.count("skipped")?,
            rejected: self.count("rejected")?,
        })
    }

    fn sha256(self) -> Result<Option<[u8; 32]>, String> {
        let Some(text) = self.text("sha256") else { return Ok(None) };
        let hash = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        hash.map(Some).ok_or_else(|| format!("expected a SHA-256, found `{text}`"))
    }

    fn expected<T>(self, name: &str, value: Option<T>) -> Result<T, String> {
        value.ok_or_else(|| format!("expected a value of `{name}`, found null"))
    }

    fn count(self, name: &'static str) -> Result<u64, String> {
        let column = self.column(name).as_primitive::<Int64Type>();
        let value = column.is_valid(self.row).then(|| column.value(self.row));
        let value = self.expected(name, value)?;
        u64::try_from(value).map_err(|_| format!("expected a count in `{name}`, found {value}"))
    }

    fn part(self, name: &'static str) -> Result<u32, String> {
        let column = self.column(name).as_primitive::<Int32Type>();
        let value = column.is_valid(self.row).then(|| column.value(self.row));
        let value = self.expected(name, value)?;
        u32::try_from(value).map_err(|_| format!("expected a number in `{name}`, found {value}"))
    }

    fn flag(self, name: &'static str) -> Option<bool> {
        let column: &BooleanArray = self.column(name).as_boolean();
        column.is_valid(self.row).then(|| column.value(self.row))
    }

    fn text(self, name: &'static str) -> Option<&'a str> {
        let column = self.column(name);
        column.is_valid(self.row).then(|| match column.as_string_opt::<i32>() {
            Some(texts) => texts.value(self.row),
            None => column.as_string::<i64>().value(self.row),
        })
    }

    fn bytes(self, name: &'static str) -> Option<&'a [u8]> {
        let column = self.column(name);
        column.is_valid(self.row).then(|| match column.as_binary_opt::<i32>() {
            Some(bytes) => bytes.value(self.row),
            None => column.as_binary::<i64>().value(self.row),
        })
    }

    fn column(self, name: &'static str) -> &'a dyn Array {
        let index = COLUMNS.iter().position(|(column, _)| *column == name);
        self.columns.columns[index.expect("one of the columns")].as_ref()
    }
}

fn day(name: &str, text: &str) -> Result<Date, String> {
    let expected = || format!("expected a day as YYYY-MM-DD in `{name}`, found `{text}`");
    text.parse().map_err(|_| expected())
}
