//! Rows into Arrow arrays, column by column.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Int64Array, NullBufferBuilder,
    StringArray, TimestampMillisecondArray, UInt32Array,
};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::error::ArrowError;
use bedrock::CallId;

use crate::column::{Column, MONEY_PRECISION, MONEY_SCALE, Value};
use crate::referred::{ContextTexts, Numbers, Referred};
use crate::table::Table;

/// Stands among numbers for those rows that have no address.
const NO_ADDRESS: u32 = u32::MAX;

/// Some rows of a table, with which contexts and objects they refer to.
pub(crate) struct Batch<'a, R: 'static> {
    table: &'static Table<R>,
    rows: &'a [R],
    referred: Referred<'a>,
    /// The number of each row's context. Most columns ask, and rows are long: they are visited once.
    contexts: Vec<u32>,
    /// Of the objects; empty if no column asks.
    objects: Numbers,
}

/// The values of a column.
pub(crate) enum Values {
    /// One for each row.
    Rows(ArrayRef),
    /// Texts, and for each row the place of its own among them.
    Places { texts: ArrayRef, places: UInt32Array },
}

impl<'a, R> Batch<'a, R> {
    pub(crate) fn new(table: &'static Table<R>, rows: &'a [R], referred: Referred<'a>) -> Self {
        let asks_for_objects = table.columns.iter().any(Column::is_of_object);
        let objects = match asks_for_objects {
            true => Numbers::of(rows.iter().map(table.refers.object)),
            false => Numbers::default(),
        };
        let contexts = rows.iter().map(table.refers.context).collect();
        Batch { table, rows, referred, contexts, objects }
    }

    /// The values of a column; `texts` are those that contexts have in it.
    ///
    /// # Errors
    /// If there is more text than an array holds.
    pub(crate) fn values(
        &self,
        column: &Column<R>,
        texts: &ContextTexts,
    ) -> Result<Values, ArrowError> {
        let rows = self.rows.iter();
        let array: ArrayRef = match column.value {
            Value::Text(get) => Arc::new(rows.map(get).collect::<StringArray>()),
            Value::Id(get) => Arc::new(ids(rows.map(get))?),
            Value::Count(get) => Arc::new(rows.map(get).collect::<Int64Array>()),
            Value::Time(get) => {
                let times = rows.map(get).collect::<TimestampMillisecondArray>();
                Arc::new(times.with_timezone("UTC"))
            }
            Value::Flag(get) => Arc::new(rows.map(get).collect::<BooleanArray>()),
            Value::Money(get) => {
                let amounts = rows.map(get).collect::<Decimal128Array>();
                Arc::new(amounts.with_precision_and_scale(MONEY_PRECISION, MONEY_SCALE)?)
            }
            Value::ContextText(_) => {
                let places = self.contexts.iter().map(|context| texts.places[*context as usize]);
                let places = places.collect::<Vec<_>>().into();
                return Ok(Values::Places { texts: Arc::clone(&texts.values), places });
            }
            Value::ContextFlag(get) => {
                let contexts = self.referred.contexts;
                let flags = self.contexts.iter().map(|context| get(&contexts[*context as usize]));
                Arc::new(flags.collect::<BooleanArray>())
            }
            Value::ObjectKey => {
                let keys = self.objects.distinct.iter();
                let keys = keys.map(|object| Some(&*self.referred.objects[*object as usize]));
                let texts = Arc::new(keys.collect::<StringArray>());
                return Ok(Values::Places { texts, places: self.objects.places.clone() });
            }
            // There may be millions of them in a day: only those of these rows belong into the array.
            Value::Address => {
                let numbers =
                    rows.map(|row| (self.table.refers.address)(row).unwrap_or(NO_ADDRESS));
                let Numbers { distinct, places } = Numbers::of(numbers);
                let addresses = distinct.into_iter().map(|number| {
                    (number != NO_ADDRESS).then(|| self.referred.addresses.get(number))
                });
                let texts = Arc::new(addresses.collect::<StringArray>());
                return Ok(Values::Places { texts, places });
            }
        };
        Ok(Values::Rows(array))
    }
}

/// Ids as text: UUIDs straight into the array's buffer.
fn ids<'r>(
    ids: impl ExactSizeIterator<Item = Option<&'r CallId>>,
) -> Result<StringArray, ArrowError> {
    let n_rows = ids.len();
    let mut text = Vec::with_capacity(n_rows * 36);
    let mut ends = Vec::with_capacity(n_rows + 1);
    let mut nulls = NullBufferBuilder::new(n_rows);
    ends.push(0);
    for id in ids {
        match id {
            Some(CallId::Uuid(uuid)) => text.extend_from_slice(&bedrock::call::uuid_text(uuid)),
            Some(CallId::Text(id)) => text.extend_from_slice(id.as_bytes()),
            None => {}
        }
        nulls.append(id.is_some());
        let end =
            i32::try_from(text.len()).map_err(|_| ArrowError::OffsetOverflowError(text.len()))?;
        ends.push(end);
    }
    let ends = OffsetBuffer::new(ScalarBuffer::from(ends));
    StringArray::try_new(ends, Buffer::from_vec(text), nulls.finish())
}

impl Values {
    /// How many rows have none.
    pub(crate) fn n_nulls(&self) -> usize {
        match self {
            Values::Rows(array) => array.null_count(),
            Values::Places { texts, places } => match texts.null_count() {
                0 => 0,
                _ => places.values().iter().filter(|place| texts.is_null(**place as usize)).count(),
            },
        }
    }

    /// The values as the writer takes them.
    ///
    /// # Errors
    /// If a place is none of the texts.
    pub(crate) fn into_array(self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Values::Rows(array) => array,
            Values::Places { texts, places } => Arc::new(DictionaryArray::try_new(places, texts)?),
        })
    }
}
