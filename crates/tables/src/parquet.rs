//! Rows into the bytes of one Parquet file, a batch at a time and its columns in parallel.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::Array as _;
use arrow::datatypes::{Field, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use rayon::prelude::*;

use crate::batch::Batch;
use crate::column::Column;
use crate::properties::{ROW_GROUP_BYTES, compression, properties};
use crate::references::References;
use crate::table::Table;

pub use crate::properties::ROW_GROUP_ROWS;

/// Rows that are encoded at a time, by one task for each column. What is held is looked at in between.
const PIECE_ROWS: usize = 16 * 1024;

/// A table that cannot be written. None of this depends on what is in the rows.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A column that is declared as never null has a row without a value.
    #[error("table {table}: expected a value in every row of {column}, found null")]
    Null {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// Parquet refused.
    #[error("table {table}: the file cannot be encoded")]
    Encode {
        /// The table.
        table: &'static str,
        /// What Parquet says.
        #[source]
        source: ParquetError,
    },
    /// The sink failed.
    #[error("table {table}: the file cannot be written")]
    Sink {
        /// The table.
        table: &'static str,
        /// What the sink says.
        #[source]
        source: io::Error,
    },
}

impl WriteError {
    fn new(table: &'static str, source: ParquetError) -> Self {
        let source = match source {
            ParquetError::External(source) => match source.downcast::<io::Error>() {
                Ok(source) => return WriteError::Sink { table, source: *source },
                Err(source) => ParquetError::External(source),
            },
            source => source,
        };
        WriteError::Encode { table, source }
    }
}

/// Writes one Parquet file into a sink, a row group at a time. The same batches give the same bytes, on
/// any number of threads.
pub struct TableWriter<R: 'static, W: Write> {
    table: &'static Table<R>,
    schema: SchemaRef,
    file: SerializedFileWriter<W>,
    columns: ArrowRowGroupWriterFactory,
    open: Option<RowGroup>,
    row_groups: usize,
}

/// A row group that is being written.
struct RowGroup {
    columns: Vec<ArrowColumnWriter>,
    rows: usize,
}

impl<R: Sync, W: Write + Send> TableWriter<R, W> {
    /// Begins a file.
    ///
    /// # Errors
    /// If Parquet refuses the declaration of the table, or the sink fails.
    pub fn new(table: &'static Table<R>, sink: W) -> Result<Self, WriteError> {
        Self::of_rows(table, usize::MAX, sink)
    }

    /// Begins a file of at most so many rows.
    fn of_rows(table: &'static Table<R>, rows: usize, sink: W) -> Result<Self, WriteError> {
        let encode = |source| WriteError::new(table.name, source);
        let schema = table.schema();
        let parquet_schema = ArrowSchemaConverter::new().convert(&schema).map_err(encode)?;
        let root = parquet_schema.root_schema_ptr();
        let file =
            SerializedFileWriter::new(sink, root, Arc::new(properties(table, compression(rows))));
        let file = file.map_err(encode)?;
        let columns = ArrowRowGroupWriterFactory::new(&file, Arc::clone(&schema));
        Ok(TableWriter { table, schema, file, columns, open: None, row_groups: 0 })
    }

    /// Writes rows, in the table's order, after those that were written before; `references` is what
    /// these rows refer to. Best are [`ROW_GROUP_ROWS`] at a time. A row group ends by itself after as
    /// many, or when it is large. The columns are encoded in parallel on the calling thread's rayon
    /// pool.
    ///
    /// # Errors
    /// If a row does not fit the declaration of its table, or the sink fails.
    ///
    /// # Panics
    /// If a row refers to what is not there.
    pub fn write(&mut self, rows: &[R], references: References<'_>) -> Result<(), WriteError> {
        let table = self.table;
        debug_assert!(rows.is_sorted_by(|a, b| (table.order)(a, b).is_le()), "{}", table.name);
        let mut rows = rows;
        while !rows.is_empty() {
            let mut group = match self.open.take() {
                Some(group) => group,
                None => self.row_group()?,
            };
            let fitting = rows.len().min(PIECE_ROWS).min(ROW_GROUP_ROWS - group.rows);
            let (piece, later) = rows.split_at(fitting);
            group.write(table, &self.schema, &Batch::new(table, piece, references))?;
            rows = later;
            if group.is_full() {
                self.close(group)?;
            } else {
                self.open = Some(group);
            }
        }
        Ok(())
    }

    fn row_group(&self) -> Result<RowGroup, WriteError> {
        let columns = self.columns.create_column_writers(self.row_groups);
        let columns = columns.map_err(|source| WriteError::new(self.table.name, source))?;
        Ok(RowGroup { columns, rows: 0 })
    }

    fn close(&mut self, group: RowGroup) -> Result<(), WriteError> {
        let table = self.table.name;
        let encode = |source| WriteError::new(table, source);
        let columns = group.columns.into_par_iter().with_min_len(columns_of_a_task(group.rows));
        let chunks = columns.map(ArrowColumnWriter::close).collect::<Result<Vec<_>, _>>();
        let mut row_group = self.file.next_row_group().map_err(encode)?;
        for chunk in chunks.map_err(encode)? {
            chunk.append_to_row_group(&mut row_group).map_err(encode)?;
        }
        row_group.close().map_err(encode)?;
        self.row_groups += 1;
        Ok(())
    }

    /// Ends the file and returns the sink.
    ///
    /// # Errors
    /// If Parquet refuses, or the sink fails.
    pub fn finish(mut self) -> Result<W, WriteError> {
        if let Some(group) = self.open.take() {
            self.close(group)?;
        }
        let table = self.table.name;
        self.file.into_inner().map_err(|source| WriteError::new(table, source))
    }
}

impl RowGroup {
    fn write<R: Sync>(
        &mut self,
        table: &'static Table<R>,
        schema: &Schema,
        batch: &Batch<'_, R>,
    ) -> Result<(), WriteError> {
        let columns = table.columns.par_iter().zip(schema.fields().par_iter());
        columns.zip(&mut self.columns).with_min_len(columns_of_a_task(batch.len())).try_for_each(
            |((column, field), writer)| write_column(table.name, column, field, batch, writer),
        )?;
        self.rows += batch.len();
        Ok(())
    }

    fn is_full(&self) -> bool {
        let bytes = self.columns.iter().map(ArrowColumnWriter::get_estimated_total_bytes);
        self.rows == ROW_GROUP_ROWS || bytes.sum::<usize>() >= ROW_GROUP_BYTES
    }
}

fn write_column<R>(
    table: &'static str,
    column: &Column<R>,
    field: &Field,
    batch: &Batch<'_, R>,
    writer: &mut ArrowColumnWriter,
) -> Result<(), WriteError> {
    let encode = |source| WriteError::new(table, source);
    let array = batch.array(column).map_err(|source| encode(source.into()))?;
    if !column.nullable && array.null_count() > 0 {
        return Err(WriteError::Null { table, column: column.name });
    }
    let leaves = compute_leaves(field, &array).map_err(encode)?;
    leaves.iter().try_for_each(|leaf| writer.write(leaf)).map_err(encode)
}

/// How many columns a thread takes at least: to wake another one costs as much as to encode some
/// thousand values.
fn columns_of_a_task(rows: usize) -> usize {
    const VALUES: usize = 8 * 1024;
    (VALUES / rows.max(1)).max(1)
}

impl<R, W: Write> std::fmt::Debug for TableWriter<R, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} after {} row groups", self.table.name, self.row_groups)
    }
}

/// Writes rows, which have to be in the table's order, as one Parquet file, and returns the sink. A file of
/// few rows is written with less effort than [`TableWriter`] takes, which does not know how many follow.
///
/// # Errors
/// As [`TableWriter::write`].
///
/// # Panics
/// As [`TableWriter::write`].
pub fn write<R: Sync, W: Write + Send>(
    table: &'static Table<R>,
    references: References<'_>,
    rows: &[R],
    sink: W,
) -> Result<W, WriteError> {
    let mut writer = TableWriter::of_rows(table, rows.len(), sink)?;
    writer.write(rows, references)?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{Int64Type, TimestampMillisecondType};
    use bedrock::cost::{TokenSource, Unpriced, Usage};
    use bedrock::meaning::MeaningKey;
    use bedrock::{Attribute, Attributes, CallId, Knowledge, Meaning, Texts};
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::basic::Compression;
    use parquet::basic::Encoding::{PLAIN, RLE, RLE_DICTIONARY};
    use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};

    use super::*;
    use crate::column::{
        Value::{self, Id},
        required,
    };
    use crate::{INVOCATIONS, Invocation, Refers};

    const NO_COLUMNS: Table<Invocation> = Table {
        name: "required",
        grain: "",
        doc: "",
        columns: &[],
        order: |_, _| std::cmp::Ordering::Equal,
        refers: Refers {
            attribute: |row, attribute| row.attributes[attribute],
            meaning: |row| row.meaning,
            object: |row| row.object,
        },
    };

    /// What the rows refer to: one has many attributes, one has few.
    struct Calls {
        texts: Texts,
        attributes: [Attributes; 2],
        meanings: Vec<Meaning>,
        objects: Vec<Arc<str>>,
    }

    impl Calls {
        fn new() -> Self {
            let mut texts = Texts::default();
            let mut attributes = |all: &[(Attribute, &str)]| {
                let mut attributes = Attributes::default();
                for (attribute, text) in all {
                    texts.set(&mut attributes, *attribute, Some(text)).expect("few texts");
                }
                attributes
            };
            let attributes = [
                attributes(&[
                    (Attribute::SourceRegion, "us-east-1"),
                    (Attribute::EventName, "Converse"),
                    (Attribute::ModelRef, "us.anthropic.claude-sonnet-4-6"),
                    (Attribute::ApiKey, "true"),
                    (Attribute::SourceIp, "192.0.2.10"),
                ]),
                attributes(&[
                    (Attribute::EventName, "InvokeModel"),
                    (Attribute::SourceIp, "2001:db8::1"),
                ]),
            ];
            let knowledge = Knowledge::embedded();
            let meaning = |all| knowledge.meaning(MeaningKey::of(all, &texts));
            let meanings = attributes.iter().map(meaning).collect();
            let objects = ["a.json.gz", "b.json.gz", "c.json.gz"].map(Arc::from).to_vec();
            Calls { texts, attributes, meanings, objects }
        }

        fn references(&self) -> References<'_> {
            References { texts: &self.texts, meanings: &self.meanings, objects: &self.objects }
        }

        /// Rows of both sorts in turn, and of all objects but the first.
        fn rows(&self, count: u32) -> Vec<Invocation> {
            let row = |index: u32| Invocation {
                event_time_ms: 1_780_000_000_000 + i64::from(index),
                event_id: match index % 3 {
                    0 => CallId::new(&format!("event-{index}")),
                    _ => CallId::Uuid(u128::from(index).to_be_bytes()),
                },
                request_id: (!index.is_multiple_of(5))
                    .then(|| CallId::Uuid(u128::MAX.to_be_bytes())),
                usage: Some(Usage {
                    input: index.is_multiple_of(2).then_some(i64::from(index)),
                    output: None,
                    cache_read: None,
                    cache_write: None,
                    cache_write_1h: None,
                    source: TokenSource::CloudTrail,
                    input_includes_cache: false,
                }),
                cost: Err(Unpriced::NoTokens),
                attributes: self.attributes[index as usize % 2],
                meaning: index % 2,
                object: 1 + index % 2,
            };
            (0..count).map(row).collect()
        }

        fn file(&self, rows: &[Invocation], batch_rows: usize) -> Bytes {
            let mut writer = TableWriter::new(&INVOCATIONS, Vec::new()).expect("a table of ours");
            for rows in rows.chunks(batch_rows) {
                writer.write(rows, self.references()).expect("the rows fit");
            }
            Bytes::from(writer.finish().expect("the rows fit"))
        }
    }

    fn metadata(file: Bytes) -> Arc<ParquetMetaData> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
        Arc::clone(reader.metadata())
    }

    #[test]
    fn what_was_written_is_read_back() {
        let calls = Calls::new();
        let rows = calls.rows(20_000);
        let bytes = calls.file(&rows, rows.len());
        assert_eq!(bytes, calls.file(&rows, rows.len()), "the same bytes");
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).expect("Parquet");
        let schema = reader.schema();
        let expected = INVOCATIONS.schema();
        let names = |schema: &Schema| {
            let field = |field: &Arc<Field>| {
                (field.name().clone(), field.data_type().clone(), field.is_nullable())
            };
            schema.fields().iter().map(field).collect::<Vec<_>>()
        };
        assert_eq!(names(schema), names(&expected));
        let mut index = 0;
        for batch in reader.build().expect("Parquet") {
            let batch = batch.expect("a batch");
            let times = batch["event_time"].as_primitive::<TimestampMillisecondType>();
            let tokens = batch["input_tokens"].as_primitive::<Int64Type>();
            let flags = batch["api_key"].as_boolean();
            let text = |column: &str, row: usize| {
                let texts = batch[column].as_string::<i32>();
                texts.is_valid(row).then(|| texts.value(row).to_owned())
            };
            for row in 0..batch.num_rows() {
                let call = &rows[index];
                let has_many = index.is_multiple_of(2);
                assert_eq!(times.value(row), call.event_time_ms);
                let found = tokens.is_valid(row).then(|| tokens.value(row));
                assert_eq!(found, call.usage.and_then(|usage| usage.input));
                let found = flags.is_valid(row).then(|| flags.value(row));
                assert_eq!(found, has_many.then_some(true));
                let expected = [
                    ("event_id", Some(call.event_id.to_string())),
                    ("request_id", call.request_id.as_ref().map(ToString::to_string)),
                    ("source_region", has_many.then(|| "us-east-1".to_owned())),
                    ("inference_region", has_many.then(|| "us-east-1".to_owned())),
                    ("model_id", has_many.then(|| "anthropic.claude-sonnet-4-6".to_owned())),
                    ("outcome", Some("succeeded".to_owned())),
                    ("token_source", Some("cloudtrail".to_owned())),
                    ("cost_basis", None),
                    ("log_object", Some(calls.objects[call.object as usize].to_string())),
                ];
                for (column, expected) in expected {
                    assert_eq!(text(column, row), expected, "{column} of row {index}");
                }
                index += 1;
            }
        }
        assert_eq!(index, rows.len());
    }

    #[test]
    fn the_same_batches_give_the_same_bytes_on_any_number_of_threads() {
        let calls = Calls::new();
        let rows = calls.rows(20_000);
        let file = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("threads").install(|| calls.file(&rows, 18_000))
        };
        assert!(file(1) == file(4));
    }

    #[test]
    fn row_groups_end_by_themselves() {
        static NARROW: Table<Invocation> = Table {
            columns: &[required("event", Value::Attribute(Attribute::EventName), ".")],
            ..NO_COLUMNS
        };
        let calls = Calls::new();
        let rows = calls.rows(u32::try_from(ROW_GROUP_ROWS).expect("a number of rows") + 7);
        for batch_rows in [rows.len(), 5000] {
            let mut writer = TableWriter::new(&NARROW, Vec::new()).expect("a table");
            for rows in rows.chunks(batch_rows) {
                writer.write(rows, calls.references()).expect("the rows fit");
            }
            let metadata = metadata(writer.finish().expect("the rows fit").into());
            let sizes = metadata.row_groups().iter().map(RowGroupMetaData::num_rows);
            let expected = [i64::try_from(ROW_GROUP_ROWS).expect("a number of rows"), 7];
            assert_eq!(sizes.collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn row_groups_say_what_they_hold() {
        let calls = Calls::new();
        let metadata = metadata(calls.file(&calls.rows(10_000), 3000));
        let statistics = |column: &str| {
            let mut columns = metadata.row_group(0).columns().iter();
            let is_it = |chunk: &&ColumnChunkMetaData| chunk.column_path().string() == column;
            columns.find(is_it).expect("a column").statistics()
        };
        let times = statistics("event_time").expect("queries ask for a part of a day");
        assert_eq!(times.min_bytes_opt(), Some(&1_780_000_000_000_i64.to_le_bytes()[..]));
        assert_eq!(times.max_bytes_opt(), Some(&1_780_000_009_999_i64.to_le_bytes()[..]));
        let basis = statistics("cost_basis").expect("texts of a few");
        assert_eq!((basis.min_bytes_opt(), basis.null_count_opt()), (None, Some(10_000)));
        for column in ["event_id", "source_region", "model_id", "user_agent", "log_object"] {
            assert!(statistics(column).is_none(), "{column}: rows are not in its order");
        }
    }

    /// The encodings that every reader supports.
    #[test]
    fn columns_say_how_they_are_encoded() {
        let calls = Calls::new();
        let metadata = metadata(calls.file(&calls.rows(100), 100));
        let encodings = |column: &str| {
            let mut columns = metadata.row_group(0).columns().iter();
            let found = columns.find(|chunk| chunk.column_path().string() == column);
            found.expect("a column").encodings().collect::<Vec<_>>()
        };
        assert_eq!(encodings("event_name"), [PLAIN, RLE, RLE_DICTIONARY]);
        assert_eq!(encodings("event_time"), [PLAIN, RLE]);
        assert_eq!(encodings("event_id"), [PLAIN, RLE]);
    }

    #[test]
    fn a_required_column_has_a_value_in_every_row() {
        static REQUIRED: Table<Invocation> = Table {
            columns: &[
                required("region", Value::Attribute(Attribute::SourceRegion), "."),
                required("request_id", Id(|row| row.request_id.as_ref()), "."),
                required("model", Value::Meaning(|m| m.model().map(|model| &*model.id)), "."),
            ],
            ..NO_COLUMNS
        };
        let calls = Calls::new();
        let check = |change: &dyn Fn(&mut Invocation), expected: Option<&str>| {
            let mut row = calls.rows(3).remove(2);
            change(&mut row);
            let mut writer = TableWriter::new(&REQUIRED, Vec::new()).expect("a table");
            let found = writer.write(&[row], calls.references()).map_err(|e| e.to_string());
            let expected = expected.map(|column| {
                format!("table required: expected a value in every row of {column}, found null")
            });
            assert_eq!(found.err(), expected);
        };
        check(&|_| {}, None);
        check(&|row| row.attributes = calls.attributes[1], Some("region"));
        check(&|row| row.request_id = None, Some("request_id"));
        check(&|row| row.meaning = 1, Some("model"));
    }

    /// A sink that takes so many bytes.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            if taken == 0 { Err(io::Error::other("no room")) } else { Ok(taken) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_sink_that_fails_says_why() {
        let calls = Calls::new();
        let rows = calls.rows(2000);
        for room in [0, 1, 4, 1000, 5000] {
            let written = write(&INVOCATIONS, calls.references(), &rows, Full(room));
            let error = written.map(drop).expect_err("no room");
            assert_eq!(error.to_string(), "table invocations: the file cannot be written");
            let source = std::error::Error::source(&error).map(ToString::to_string);
            assert_eq!(source.as_deref(), Some("no room"), "{room}");
        }
    }

    #[test]
    fn a_file_of_few_rows_is_not_compressed() {
        let calls = Calls::new();
        let compression = |count: u32| {
            let rows = calls.rows(count);
            let file = write(&INVOCATIONS, calls.references(), &rows, Vec::new());
            metadata(file.expect("the rows fit").into()).row_group(0).column(0).compression()
        };
        assert_eq!(compression(999), Compression::UNCOMPRESSED);
        assert!(matches!(compression(1000), Compression::ZSTD(_)));
    }

    #[test]
    fn a_table_without_rows_has_its_schema() {
        let bytes =
            write(&INVOCATIONS, References::default(), &[], Vec::new()).expect("no rows fit");
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).expect("Parquet");
        assert_eq!(reader.schema().fields().len(), INVOCATIONS.columns.len());
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    }
}
