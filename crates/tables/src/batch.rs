//! The values of a column in some rows, as an array of Arrow.

use std::sync::{Arc, OnceLock};

use arrow::array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Int64Array, LargeStringArray,
    LargeStringBuilder, TimestampMillisecondArray, UInt32Array,
};
use arrow::compute::take;
use arrow::error::ArrowError;
use bedrock::call::UUID_BYTES;
use bedrock::{Attribute, CallId, CostGaps, Meaning, Part, TextId};
use rustc_hash::FxHashMap;

use crate::column::{Column, MONEY_PRECISION, MONEY_SCALE, Value};
use crate::map;
use crate::references::{References, Refers};
use crate::table::Table;

/// Some rows of a table, with what they refer to.
pub(crate) struct Batch<'a, R: 'static> {
    rows: &'a [R],
    refers: &'a Refers<R>,
    references: References<'a>,
    /// The meanings that the rows refer to: many columns ask for them.
    meanings: OnceLock<Referred>,
    /// The same of the attributes that hold several values.
    callers: OnceLock<Referred>,
    connections: OnceLock<Referred>,
}

/// What rows refer to: each number once, in the order in which they come first.
struct Referred {
    numbers: Vec<usize>,
    /// For each row, the place of its number among them; null if it refers to nothing.
    places: UInt32Array,
}

impl<'a, R> Batch<'a, R> {
    pub(crate) fn new(table: &'a Table<R>, rows: &'a [R], references: References<'a>) -> Self {
        Batch {
            rows,
            refers: &table.refers,
            references,
            meanings: OnceLock::new(),
            callers: OnceLock::new(),
            connections: OnceLock::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The values of a column.
    ///
    /// # Errors
    /// If Arrow takes them for inconsistent, which they are not.
    ///
    /// # Panics
    /// If a row refers to what is not there.
    pub(crate) fn array(&self, column: &Column<R>) -> Result<ArrayRef, ArrowError> {
        let rows = self.rows.iter();
        Ok(match column.value {
            Value::Text(get) => texts(rows.map(get))?,
            Value::OneOf(all, get) => {
                let place = |row| get(row).and_then(|place| u32::try_from(place).ok());
                dictionary(rows.map(place).collect(), LargeStringArray::from_iter_values(all))?
            }
            Value::Gaps(get) => gaps(rows.map(get))?,
            Value::Id(get) => Arc::new(ids(rows.map(get))),
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
            Value::Attribute(attribute) => self.attribute(attribute)?,
            Value::AttributeFlag(attribute) => Arc::new(self.attribute_flag(attribute)),
            Value::Part(part) => self.part(part)?,
            Value::PartFlag(part) => Arc::new(self.part_flag(part)),
            Value::AttributeMap(attribute) => {
                let texts = &self.references.texts[attribute];
                let id = |row| (self.refers.attribute)(row, attribute);
                map::array(rows.map(|row| id(row).map(|id| texts.get(id))))?
            }
            Value::Map(get) => map::array(rows.map(get))?,
            Value::Meaning(get) => self.meaning(get)?,
            Value::MeaningCount(get) => Arc::new(self.of_meanings(get).collect::<Int64Array>()),
            Value::MeaningFlag(get) => Arc::new(self.of_meanings(get).collect::<BooleanArray>()),
            Value::ObjectKey => self.object_key()?,
        })
    }

    fn attribute(&self, attribute: Attribute) -> Result<ArrayRef, ArrowError> {
        let texts = &self.references.texts[attribute];
        self.referred(attribute).array(|number| TextId::at(number).map(|id| texts.get(id)))
    }

    fn part(&self, part: Part) -> Result<ArrayRef, ArrowError> {
        let texts = &self.references.texts[part.attribute()];
        let of_text = |number| part.of_text(texts.get(TextId::at(number)?));
        self.holding(part).array(of_text)
    }

    fn part_flag(&self, part: Part) -> BooleanArray {
        let texts = &self.references.texts[part.attribute()];
        self.holding(part).flags(|number| match part.of_text(texts.get(TextId::at(number)?)) {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        })
    }

    /// What the rows refer to of the attribute that holds a value with others.
    fn holding(&self, part: Part) -> &Referred {
        let attribute = part.attribute();
        let known = if attribute == Attribute::Caller { &self.callers } else { &self.connections };
        known.get_or_init(|| self.referred(attribute))
    }

    fn referred(&self, attribute: Attribute) -> Referred {
        let number = |row| (self.refers.attribute)(row, attribute).map(TextId::index);
        let end = self.references.texts[attribute].len();
        Referred::new(self.rows.iter().map(number), end)
    }

    fn attribute_flag(&self, attribute: Attribute) -> BooleanArray {
        let texts = &self.references.texts[attribute];
        let flag = |row| match texts.get((self.refers.attribute)(row, attribute)?) {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        self.rows.iter().map(flag).collect()
    }

    fn meaning(&self, get: fn(&Meaning) -> Option<&str>) -> Result<ArrayRef, ArrowError> {
        self.meanings().array(|number| get(&self.references.meanings[number]))
    }

    /// What the meanings of the rows say, each asked once.
    fn of_meanings<T: Copy>(
        &self,
        get: fn(&Meaning) -> Option<T>,
    ) -> impl Iterator<Item = Option<T>> {
        let Referred { numbers, places } = self.meanings();
        let values = numbers.iter().map(|number| get(&self.references.meanings[*number]));
        let values = values.collect::<Vec<_>>();
        places.iter().map(move |place| place.and_then(|place| values[place as usize]))
    }

    fn meanings(&self) -> &Referred {
        let number = |row| Some((self.refers.meaning)(row) as usize);
        let end = self.references.meanings.len();
        self.meanings.get_or_init(|| Referred::new(self.rows.iter().map(number), end))
    }

    fn object_key(&self) -> Result<ArrayRef, ArrowError> {
        let objects = self.references.objects;
        let number = |row| Some((self.refers.object)(row) as usize);
        Referred::new(self.rows.iter().map(number), objects.len())
            .array(|number| Some(&*objects[number]))
    }
}

impl Referred {
    /// Of the numbers of some rows, each less than `end`.
    fn new(rows: impl ExactSizeIterator<Item = Option<usize>>, end: usize) -> Self {
        let mut numbers = Vec::new();
        let mut place = |place: &mut u32, number: usize| {
            if *place == 0 {
                numbers.push(number);
                // A batch has fewer rows than that.
                *place = numbers.len() as u32;
            }
            *place - 1
        };
        // A map of all numbers is the quickest, unless most of them are not there.
        const NUMBERS_PER_ROW: usize = 16;
        let places = if end <= rows.len() * NUMBERS_PER_ROW {
            let mut known = vec![0; end];
            rows.map(|number| number.map(|number| place(&mut known[number], number))).collect()
        } else {
            let mut known = FxHashMap::default();
            let mut find = |number| place(known.entry(number).or_default(), number);
            rows.map(|number| number.map(&mut find)).collect()
        };
        Referred { numbers, places }
    }

    /// What is so or not of what is referred to, for each row.
    fn flags(&self, flag: impl Fn(usize) -> Option<bool>) -> BooleanArray {
        let flags = self.numbers.iter().map(|number| flag(*number)).collect::<Vec<_>>();
        if flags.iter().all(Option::is_none) {
            return BooleanArray::new_null(self.places.len());
        }
        self.places.iter().map(|place| flags[place? as usize]).collect()
    }

    /// Texts of what is referred to, one for each row.
    fn array<'t>(&self, text: impl Fn(usize) -> Option<&'t str>) -> Result<ArrayRef, ArrowError> {
        let texts = self.numbers.iter().map(|number| text(*number)).collect::<Vec<_>>();
        let mut known = 0..;
        let places = texts.iter().map(|text| text.and_then(|_| known.next())).collect::<Vec<_>>();
        let texts = LargeStringArray::from_iter_values(texts.into_iter().flatten());
        if texts.len() == places.len() {
            return dictionary(self.places.clone(), texts);
        }
        let of_row = |place: Option<u32>| places[place? as usize];
        dictionary(self.places.iter().map(of_row).collect(), texts)
    }
}

/// Texts by their places, as a dictionary where they come again.
fn dictionary(places: UInt32Array, texts: LargeStringArray) -> Result<ArrayRef, ArrowError> {
    if texts.len() > places.len() / 2 {
        return take(&texts, &places, None);
    }
    Ok(Arc::new(DictionaryArray::try_new(places, Arc::new(texts))?))
}

/// Rows are in the order of their texts, more or less: where a text comes again, it mostly follows itself.
fn texts<'t>(
    texts: impl ExactSizeIterator<Item = Option<&'t str>> + Clone,
) -> Result<ArrayRef, ArrowError> {
    let mut runs = Vec::<&str>::new();
    let place = |text: Option<&'t str>| {
        let text = text?;
        if runs.last() != Some(&text) {
            runs.push(text);
        }
        // A batch has fewer rows than that.
        Some(runs.len() as u32 - 1)
    };
    let places = texts.clone().map(place).collect::<UInt32Array>();
    if runs.len() > places.len() / 2 {
        return Ok(Arc::new(texts.collect::<LargeStringArray>()));
    }
    dictionary(places, LargeStringArray::from_iter_values(runs))
}

/// Rows have few different gaps: each is written as text once.
fn gaps(rows: impl Iterator<Item = CostGaps>) -> Result<ArrayRef, ArrowError> {
    let mut places = FxHashMap::default();
    let mut texts = Vec::new();
    let place = |gaps: CostGaps| {
        let place = *places.entry(gaps).or_insert_with(|| {
            texts.push(gaps.to_string());
            // A batch has fewer rows than that.
            texts.len() as u32 - 1
        });
        (!gaps.is_empty()).then_some(place)
    };
    let places = rows.map(place).collect();
    dictionary(places, LargeStringArray::from_iter_values(texts))
}

fn ids<'r>(ids: impl ExactSizeIterator<Item = Option<&'r CallId>>) -> LargeStringArray {
    let mut buffer = [0; UUID_BYTES];
    let mut array = LargeStringBuilder::with_capacity(ids.len(), ids.len() * UUID_BYTES);
    for id in ids {
        array.append_option(id.map(|id| id.as_text(&mut buffer)));
    }
    array.finish()
}
