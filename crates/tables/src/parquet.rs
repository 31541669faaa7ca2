//! Rows into the bytes of one Parquet file, a batch at a time and its columns in parallel.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::arrow::ArrowSchemaConverter;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use rayon::prelude::*;

use crate::batch::Batch;
use crate::chunk::ColumnWriter;
use crate::referred::{ContextTexts, Referred, context_texts};
use crate::table::{SCHEMA_VERSION, Table};

/// Rows per row group: enough for Athena to read in one go, and few enough to bound what is held.
pub const ROW_GROUP_ROWS: usize = 128 * 1024;

/// Rows that are encoded at a time, a page of each column: as many as the caller needs to hold.
pub const BATCH_ROWS: usize = 8 * 1024;

/// The different texts of a column beyond which a row group ends, in bytes: a reader holds them all.
const MAX_DICTIONARY_BYTES: usize = 16 << 20;

/// The entries of the footer.
pub(crate) const TABLE_KEY: &str = "hoptrail.table";
pub(crate) const SCHEMA_VERSION_KEY: &str = "hoptrail.schema_version";
pub(crate) const TOOL_VERSION_KEY: &str = "hoptrail.version";

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
pub struct TableWriter<'a, R: 'static, W: Write> {
    table: &'static Table<R>,
    referred: Referred<'a>,
    /// The texts of the contexts, by column.
    texts: Vec<ContextTexts<'a>>,
    file: SerializedFileWriter<W>,
    open: Option<RowGroup>,
    row_groups: usize,
}

/// A row group that is being written.
struct RowGroup {
    columns: Vec<ColumnWriter>,
    rows: usize,
}

impl<'a, R: Sync, W: Write + Send> TableWriter<'a, R, W> {
    /// Begins a file. `referred` is what the rows refer to.
    ///
    /// # Errors
    /// If Parquet refuses the declaration of the table, or the sink fails.
    pub fn new(
        table: &'static Table<R>,
        referred: Referred<'a>,
        sink: W,
    ) -> Result<Self, WriteError> {
        let encode = |source| WriteError::new(table.name, source);
        let schema = table.schema();
        let properties = properties(table);
        let parquet_schema = ArrowSchemaConverter::new().convert(&schema).map_err(encode)?;
        let root = parquet_schema.root_schema_ptr();
        let file = SerializedFileWriter::new(sink, root, Arc::new(properties));
        let file = file.map_err(encode)?;

        let texts = context_texts(table, referred.contexts);
        Ok(TableWriter { table, referred, texts, file, open: None, row_groups: 0 })
    }

    /// Writes rows, in the table's order, after those that were written before. Best are
    /// [`BATCH_ROWS`] at a time; a row group ends by itself after [`ROW_GROUP_ROWS`], or with so many
    /// different texts that a reader would mind. The columns are encoded in parallel on the calling
    /// thread's rayon pool.
    ///
    /// # Errors
    /// If a row does not fit the declaration of its table, or the sink fails.
    ///
    /// # Panics
    /// If a row refers to a context or object that is none of those that the writer was given.
    pub fn write(&mut self, rows: &[R]) -> Result<(), WriteError> {
        let table = self.table;
        debug_assert!(rows.is_sorted_by(|a, b| (table.order)(a, b).is_le()), "{}", table.name);
        let mut rows = rows;
        while !rows.is_empty() {
            let mut group = self.open.take().unwrap_or_else(|| self.row_group());
            let fitting = rows.len().min(BATCH_ROWS).min(ROW_GROUP_ROWS - group.rows);
            let (batch, later) = rows.split_at(fitting);
            self.write_batch(&mut group, batch)?;
            rows = later;
            if group.is_full() {
                self.close(group)?;
            } else {
                self.open = Some(group);
            }
        }
        Ok(())
    }

    fn row_group(&self) -> RowGroup {
        let descriptors = self.file.schema_descr().columns();
        let columns = self.table.columns.iter().zip(descriptors);
        let writer = |(column, descriptor)| ColumnWriter::new(column, Arc::clone(descriptor));
        RowGroup { columns: columns.map(writer).collect(), rows: 0 }
    }

    fn write_batch(&self, group: &mut RowGroup, rows: &[R]) -> Result<(), WriteError> {
        let (table, texts) = (self.table, &self.texts);
        let batch = Batch::new(table, rows, self.referred);
        let columns = table.columns.par_iter().zip(&mut group.columns).enumerate();
        columns.with_min_len(columns_of_a_task(rows.len())).try_for_each(
            |(index, (column, writer))| {
                let values = batch.values(column, &texts[index]);
                if !column.nullable && values.has_nulls() {
                    return Err(WriteError::Null { table: table.name, column: column.name });
                }
                let written = writer.write(&values);
                written.map_err(|source| WriteError::new(table.name, source))
            },
        )?;
        group.rows += rows.len();
        Ok(())
    }

    fn close(&mut self, group: RowGroup) -> Result<(), WriteError> {
        let table = self.table.name;
        let encode = |source| WriteError::new(table, source);
        let columns = group.columns.into_par_iter().with_min_len(columns_of_a_task(group.rows));
        let chunks = columns.map(ColumnWriter::close).collect::<Result<Vec<_>, _>>();
        let mut row_group = self.file.next_row_group().map_err(encode)?;
        for chunk in chunks.map_err(encode)? {
            row_group.append_column(&chunk.bytes, chunk.close).map_err(encode)?;
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
    fn is_full(&self) -> bool {
        self.rows == ROW_GROUP_ROWS
            || self.columns.iter().any(|column| column.held_bytes() >= MAX_DICTIONARY_BYTES)
    }
}

/// How many columns a thread takes at least: to wake another one costs as much as to encode some
/// thousand values.
fn columns_of_a_task(rows: usize) -> usize {
    const VALUES: usize = 8 * 1024;
    (VALUES / rows.max(1)).max(1)
}

impl<R, W: Write> std::fmt::Debug for TableWriter<'_, R, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} after {} row groups", self.table.name, self.row_groups)
    }
}

/// Writes rows, which have to be in the table's order, as one Parquet file, and returns the sink.
///
/// # Errors
/// As [`TableWriter::write`].
///
/// # Panics
/// As [`TableWriter::write`].
pub fn write<R: Sync, W: Write + Send>(
    table: &'static Table<R>,
    referred: Referred<'_>,
    rows: &[R],
    sink: W,
) -> Result<W, WriteError> {
    let mut writer = TableWriter::new(table, referred, sink)?;
    writer.write(rows)?;
    writer.finish()
}

fn properties<R>(table: &Table<R>) -> WriterProperties {
    let entry = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    let version = env!("CARGO_PKG_VERSION");
    WriterProperties::builder()
        .set_created_by(format!("hoptrail {version}"))
        .set_key_value_metadata(Some(vec![
            entry(TOOL_VERSION_KEY, version.to_owned()),
            entry(SCHEMA_VERSION_KEY, SCHEMA_VERSION.to_string()),
            entry(TABLE_KEY, table.name.to_owned()),
        ]))
        .build()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{Int64Type, TimestampMillisecondType};
    use bedrock::cost::{TokenSource, Unpriced, Usage};
    use bedrock::{CallId, Caller, Context, Knowledge, Said};
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

    use super::*;
    use crate::column::{
        Value::{ContextText, Id},
        required,
    };
    use crate::{ContextMeaning, INVOCATIONS, Invocation, Refers};

    /// A context with some texts, and one that lacks them.
    fn contexts() -> Vec<ContextMeaning> {
        let named = Context::new(&Said {
            source_region: Some("us-east-1"),
            event_name: "Converse",
            model_ref: Some("us.anthropic.claude-sonnet-4-6"),
            api_key: Some(true),
            ..Said::default()
        });
        let bare = Context::new(&Said { event_name: "InvokeModel", ..Said::default() });
        let knowledge = Knowledge::embedded();
        let meaning = |context: Context| {
            let meaning = Arc::new(knowledge.meaning_of(&context));
            ContextMeaning { context: Arc::new(context), meaning }
        };
        vec![meaning(named), meaning(bare)]
    }

    fn objects() -> Vec<Arc<str>> {
        ["a.json.gz", "b.json.gz", "c.json.gz"].map(Arc::from).to_vec()
    }

    fn callers() -> [Caller; 4] {
        [
            Caller::default(),
            Caller::new(Some("arn"), Some("s"), Some("192.0.2.9")),
            Caller::new(Some("arn"), None, Some("2001:db8::1")),
            Caller::new(None, None, Some("192.0.2.10")),
        ]
    }

    /// Rows of both contexts in turn, and of all objects but the first.
    fn rows(count: u32) -> Vec<Invocation> {
        let row = |index: u32| Invocation {
            event_time_ms: 1_780_000_000_000 + i64::from(index),
            event_id: match index % 3 {
                0 => CallId::new(&format!("event-{index}")),
                _ => CallId::Uuid(u128::from(index).to_be_bytes()),
            },
            request_id: (!index.is_multiple_of(5)).then(|| CallId::Uuid(u128::MAX.to_be_bytes())),
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
            context: index % 2,
            caller: index % 4,
            object: 1 + index % 2,
        };
        (0..count).map(row).collect()
    }

    fn file(rows: &[Invocation], batch_rows: usize) -> Bytes {
        let (contexts, objects) = (contexts(), objects());
        let referred = Referred { contexts: &contexts, callers: &callers(), objects: &objects };
        let mut writer =
            TableWriter::new(&INVOCATIONS, referred, Vec::new()).expect("a table of ours");
        for rows in rows.chunks(batch_rows) {
            writer.write(rows).expect("the rows fit");
        }
        Bytes::from(writer.finish().expect("the rows fit"))
    }

    #[test]
    fn what_was_written_is_read_back() {
        let (rows, contexts, objects) = (rows(20_000), contexts(), objects());
        let bytes = file(&rows, BATCH_ROWS);
        assert_eq!(bytes, file(&rows, BATCH_ROWS), "the same bytes");
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).expect("Parquet");
        let schema = reader.schema();
        let expected = INVOCATIONS.schema();
        let names = |schema: &arrow::datatypes::Schema| {
            schema
                .fields()
                .iter()
                .map(|f| (f.name().clone(), f.data_type().clone(), f.is_nullable()))
                .collect::<Vec<_>>()
        };
        assert_eq!(names(schema), names(&expected));
        let mut index = 0;
        for batch in reader.build().expect("Parquet") {
            let batch = batch.expect("a batch");
            let times = batch["event_time"].as_primitive::<TimestampMillisecondType>();
            let ids = batch["event_id"].as_string::<i32>();
            let requests = batch["request_id"].as_string::<i32>();
            let tokens = batch["input_tokens"].as_primitive::<Int64Type>();
            let regions = batch["source_region"].as_string::<i32>();
            let names = batch["event_name"].as_string::<i32>();
            let flags = batch["api_key"].as_boolean();
            let keys = batch["log_object"].as_string::<i32>();
            let [arns, sessions, from] = ["principal_arn", "session_name", "source_ip"]
                .map(|name| batch[name].as_string::<i32>());
            for row in 0..batch.num_rows() {
                let call = &rows[index];
                let context = &contexts[call.context as usize].context;
                assert_eq!(times.value(row), call.event_time_ms);
                assert_eq!(ids.value(row), call.event_id.to_string());
                let found = requests.is_valid(row).then(|| requests.value(row).to_owned());
                assert_eq!(found, call.request_id.as_ref().map(ToString::to_string));
                let found = tokens.is_valid(row).then(|| tokens.value(row));
                assert_eq!(found, call.usage.and_then(|usage| usage.input));
                let found = regions.is_valid(row).then(|| regions.value(row));
                assert_eq!(found, context.source_region());
                assert_eq!(names.value(row), context.event_name());
                let found = flags.is_valid(row).then(|| flags.value(row));
                assert_eq!(found, context.api_key());
                assert_eq!(keys.value(row), &*objects[call.object as usize]);
                let caller = &callers()[call.caller as usize];
                let found = arns.is_valid(row).then(|| arns.value(row));
                assert_eq!(found, caller.arn());
                let found = sessions.is_valid(row).then(|| sessions.value(row));
                assert_eq!(found, caller.session_name());
                let found = from.is_valid(row).then(|| from.value(row));
                assert_eq!(found, caller.address());
                index += 1;
            }
        }
        assert_eq!(index, rows.len());
    }

    #[test]
    fn row_groups_end_by_themselves() {
        let rows = rows(u32::try_from(ROW_GROUP_ROWS).expect("a number of rows") + 7);
        for batch_rows in [rows.len(), 5000] {
            let reader = ParquetRecordBatchReaderBuilder::try_new(file(&rows, batch_rows));
            let metadata = Arc::clone(reader.expect("Parquet").metadata());
            let sizes = metadata.row_groups().iter().map(RowGroupMetaData::num_rows);
            let expected = [i64::try_from(ROW_GROUP_ROWS).expect("a number of rows"), 7];
            assert_eq!(sizes.collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn row_groups_say_what_they_hold() {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file(&rows(10_000), 3000));
        let metadata = Arc::clone(reader.expect("Parquet").metadata());
        let check = |column: &str, least: Option<&str>, greatest: Option<&str>, nulls: u64| {
            let mut columns = metadata.row_group(0).columns().iter();
            let is_it = |chunk: &&ColumnChunkMetaData| chunk.column_path().string() == column;
            let statistics = columns.find(is_it).and_then(ColumnChunkMetaData::statistics);
            let statistics = statistics.expect("every column has them");
            assert_eq!(statistics.min_bytes_opt(), least.map(str::as_bytes), "{column}");
            assert_eq!(statistics.max_bytes_opt(), greatest.map(str::as_bytes), "{column}");
            assert_eq!(statistics.null_count_opt(), Some(nulls), "{column}");
        };
        check("event_name", Some("Converse"), Some("InvokeModel"), 0);
        check("source_ip", Some("192.0.2.10"), Some("2001:db8::1"), 2500);
        check("log_object", Some("b.json.gz"), Some("c.json.gz"), 0);
        check("source_region", Some("us-east-1"), Some("us-east-1"), 5000);
        check("vpc_endpoint_id", None, None, 10_000);
        check("event_id", None, None, 0);
        check("request_id", None, None, 2000);
        check("cost_basis", None, None, 10_000);
    }

    /// The encodings that every reader supports.
    #[test]
    fn columns_say_how_they_are_encoded() {
        use parquet::basic::Encoding::{PLAIN, RLE, RLE_DICTIONARY};

        let reader = ParquetRecordBatchReaderBuilder::try_new(file(&rows(100), 100));
        let metadata = Arc::clone(reader.expect("Parquet").metadata());
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
                required("source_region", ContextText(|c| c.context.source_region()), "."),
                required("request_id", Id(|r| r.request_id.as_ref()), "."),
            ],
            ..REFERRING
        };
        let (contexts, objects) = (contexts(), objects());
        let referred = Referred { contexts: &contexts, callers: &callers(), objects: &objects };
        let check = |index: usize, expected: &str| {
            let mut writer = TableWriter::new(&REQUIRED, referred, Vec::new()).expect("a table");
            let found = writer.write(&rows(20)[index..=index]).map_err(|error| error.to_string());
            assert_eq!(found.err().as_deref(), Some(expected).filter(|text| !text.is_empty()));
        };
        let null = |column| {
            format!("table required: expected a value in every row of {column}, found null")
        };
        check(1, &null("source_region"));
        check(0, &null("request_id"));
        check(2, "");
    }

    const INVOCATIONS_REFER: Refers<Invocation> = Refers {
        context: |r| r.context,
        has_context: |_| true,
        caller: |r| r.caller,
        object: |r| r.object,
    };

    const REFERRING: Table<Invocation> = Table {
        name: "required",
        grain: "",
        doc: "",
        columns: &[],
        order: |_, _| std::cmp::Ordering::Equal,
        refers: INVOCATIONS_REFER,
    };

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
        let (contexts, objects) = (contexts(), objects());
        let referred = Referred { contexts: &contexts, callers: &callers(), objects: &objects };
        for room in [0, 1, 4, 1000, 20_000] {
            let written = write(&INVOCATIONS, referred, &rows(20_000), Full(room));
            let error = written.map(drop).expect_err("no room");
            assert_eq!(error.to_string(), "table invocations: the file cannot be written");
            let source = std::error::Error::source(&error).map(ToString::to_string);
            assert_eq!(source.as_deref(), Some("no room"), "{room}");
        }
    }

    #[test]
    fn a_table_without_rows_has_its_schema() {
        let bytes = write(&INVOCATIONS, Referred::default(), &[], Vec::new()).expect("no rows fit");
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).expect("Parquet");
        assert_eq!(reader.schema().fields().len(), INVOCATIONS.columns.len());
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    }
}
