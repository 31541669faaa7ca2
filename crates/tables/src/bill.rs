//! Reads Parquet files of AWS Data Exports: CUR 2.0 and FOCUS 1.2. Which of them a file is, its columns say.
//!
//! Sources: AWS Data Exports user guide, "Cost and Usage Report 2.0" and "FOCUS 1.2 with AWS columns".

mod columns;

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow::array::RecordBatch;
use bedrock::billing::BillLine;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;

use columns::{Columns, names};

/// The rows that are decoded at once.
const BATCH_ROWS: usize = 8_192;

/// A kind of export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Export {
    /// Cost and Usage Report 2.0.
    Cur2,
    /// FOCUS 1.2 with AWS columns.
    Focus12,
}

/// Why a file is no bill.
#[derive(Debug, thiserror::Error)]
pub enum BillError {
    /// The bytes have no footer of Parquet, or a broken one.
    #[error("expected a Parquet file that is not encrypted")]
    NotParquet(#[source] ParquetError),
    /// The columns are of no export.
    #[error(
        "expected the columns of a CUR 2.0 (line_item_usage_type, …) or FOCUS 1.2 export (x_UsageType, …), found {0}"
    )]
    OtherColumns(String),
    /// A column is missing.
    #[error("expected a column {0}, found none: choose it for the export")]
    NoColumn(&'static str),
    /// A value is none that the column can have.
    #[error("row {}: {column}: expected {expected}, found {found}", .row + 1)]
    Value {
        /// The row, from 0; it is shown from 1.
        row: u64,
        /// The column.
        column: &'static str,
        /// What it can hold.
        expected: &'static str,
        /// What it holds.
        found: String,
    },
    /// The columns are compressed in another way.
    #[error("expected a file compressed by Snappy, GZIP, or Zstandard, or not at all, found {0}")]
    Compression(String),
    /// Principals are asked for, which this export does not have.
    #[error(
        "expected a CUR 2.0 export with line_item_iam_principal, found FOCUS 1.2, which has no principals"
    )]
    NoPrincipals,
    /// The rows cannot be decoded.
    #[error("the rows cannot be decoded: {0}")]
    Rows(String),
}

impl Export {
    /// It in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Export::Cur2 => "CUR 2.0",
            Export::Focus12 => "FOCUS 1.2",
        }
    }
}

/// That the columns are compressed in a way that is read here.
fn check_compression(metadata: &ParquetMetaData) -> Result<(), BillError> {
    let columns = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let other = columns.map(ColumnChunkMetaData::compression).find(|it| {
        !matches!(
            it,
            Compression::UNCOMPRESSED
                | Compression::SNAPPY
                | Compression::GZIP(_)
                | Compression::ZSTD(_)
        )
    });
    match other {
        Some(other) => Err(BillError::Compression(other.to_string())),
        None => Ok(()),
    }
}

/// Reads a file, and hands over each of its lines. `with_principals` is whether they are to have principals.
///
/// # Errors
/// If it is no file of an export, lacks a column, or has a value that cannot be.
pub fn read(
    file: impl ChunkReader + 'static,
    with_principals: bool,
    mut take: impl FnMut(BillLine),
) -> Result<Export, BillError> {
    // Broken files can end in a panic of the decoder, which must not end the program.
    let reading = AssertUnwindSafe(|| read_file(file, with_principals, &mut take));
    catch_unwind(reading).unwrap_or_else(|_| Err(BillError::Rows("it is damaged".to_owned())))
}

fn read_file(
    file: impl ChunkReader + 'static,
    with_principals: bool,
    take: &mut impl FnMut(BillLine),
) -> Result<Export, BillError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(BillError::NotParquet)?;
    check_compression(builder.metadata())?;
    let has = |name: &str| builder.schema().fields().iter().any(|field| field.name() == name);
    let export = match (has("line_item_usage_type"), has("x_UsageType")) {
        (true, false) => Export::Cur2,
        (false, true) => Export::Focus12,
        _ => {
            let found = builder.schema().fields().iter().take(5).map(|field| field.name().as_str());
            return Err(BillError::OtherColumns(found.collect::<Vec<_>>().join(", ")));
        }
    };
    if with_principals && export == Export::Focus12 {
        return Err(BillError::NoPrincipals);
    }
    let wanted = names(export, with_principals);
    if let Some((name, _)) = wanted.iter().find(|(name, is_needed)| *is_needed && !has(name)) {
        return Err(BillError::NoColumn(name));
    }
    let schema = builder.parquet_schema();
    let roots = (0..schema.root_schema().get_fields().len()).filter(|place| {
        let name = schema.root_schema().get_fields()[*place].name();
        wanted.iter().any(|(wanted, _)| *wanted == name)
    });
    let mask = ProjectionMask::roots(schema, roots);
    let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
    let mut first_row = 0;
    for batch in reader.map_err(BillError::NotParquet)? {
        let batch: RecordBatch = batch.map_err(|error| BillError::Rows(error.to_string()))?;
        let columns = Columns::of(&batch, export)?;
        for row in 0..batch.num_rows() {
            if let Some(line) = columns.line(row, first_row + row as u64)? {
                take(line);
            }
        }
        first_row += batch.num_rows() as u64;
    }
    Ok(export)
}
