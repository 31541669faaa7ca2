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
use crate::referred::{Numbers, Referred};
use crate::table::Table;

/// Some rows of a table, with which contexts and objects they refer to.
pub(crate) struct Batch<'a, R> {
    rows: &'a [R],
    referred: Referred<'a>,
    /// Empty if no column asks, and likewise for the objects.
    contexts: Numbers,
    objects: Numbers,
}

/// The values of a column.
pub(crate) enum Values {
    /// One for each row.
    Rows(ArrayRef),
    /// Those that occur, and for each row its place among them. They may repeat.
    Distinct { values: StringArray, places: UInt32Array },
}

impl<'a, R> Batch<'a, R> {
    pub(crate) fn new(table: &Table<R>, rows: &'a [R], referred: Referred<'a>) -> Self {
        let numbers = |asks: fn(&Column<R>) -> bool, number: fn(&R) -> u32| {
            let is_asked = table.columns.iter().any(asks);
            if is_asked { Numbers::of(rows.iter().map(number)) } else { Numbers::default() }
        };
        Batch {
            rows,
            referred,
            contexts: numbers(Column::is_of_context, table.refers.context),
            objects: numbers(Column::is_of_object, table.refers.object),
        }
    }

    /// The values of a column.
    ///
    /// # Errors
    /// If there is more text than an array holds.
    pub(crate) fn values(&self, column: &Column<R>) -> Result<Values, ArrowError> {
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
            Value::ContextText(get) => {
                let contexts = self.referred.contexts;
                return Ok(distinct(&self.contexts, |n| get(&contexts[n as usize])));
            }
            Value::ObjectKey => {
                let objects = self.referred.objects;
                return Ok(distinct(&self.objects, |n| Some(&*objects[n as usize])));
            }
            Value::ContextFlag(get) => {
                let contexts = self.referred.contexts;
                let flag = |number: &u32| get(&contexts[*number as usize]);
                let flags = self.contexts.distinct.iter().map(flag).collect::<Vec<_>>();
                let places = self.contexts.places.values().iter();
                Arc::new(places.map(|place| flags[*place as usize]).collect::<BooleanArray>())
            }
        };
        Ok(Values::Rows(array))
    }
}

fn distinct<'t>(numbers: &Numbers, get: impl Fn(u32) -> Option<&'t str>) -> Values {
    let values = numbers.distinct.iter().map(|number| get(*number)).collect();
    Values::Distinct { values, places: numbers.places.clone() }
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
    /// Whether a row has none. Every distinct value is that of some row.
    pub(crate) fn has_nulls(&self) -> bool {
        match self {
            Values::Rows(array) => array.null_count() > 0,
            Values::Distinct { values, .. } => values.null_count() > 0,
        }
    }

    /// The values as the writer takes them.
    ///
    /// # Errors
    /// If a place is none of the values.
    pub(crate) fn into_array(self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Values::Rows(array) => array,
            Values::Distinct { values, places } => {
                Arc::new(DictionaryArray::try_new(places, Arc::new(values))?)
            }
        })
    }
}
