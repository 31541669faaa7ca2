//! What one object gives to one day.

use std::collections::BTreeMap;

use bedrock::Call;
use jiff::civil::Date;
use logs::Reading;
use logs::invocation::InvocationReading;

/// What one object gives to one day, or a part of that.
#[derive(Debug)]
pub struct Row {
    /// The day.
    pub dt: Date,
    /// Whether the object is not read for the day by its delivery. It has calls, refusals, or batch jobs of it.
    pub is_late: bool,
    /// The object.
    pub object: Object,
    /// Which part of what the object gives to the day it is, from 0.
    pub part: u32,
    /// How many parts there are: more than one only if the object has very many calls of the day.
    pub parts: u32,
    /// What it gives.
    pub given: Given,
}

/// An object as it was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key: of an object of the source the whole one, as keys are written outside of it; of a model
    /// invocation log its name.
    pub key: String,
    /// Its size as stored.
    pub size_bytes: u64,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// The day of its delivery, if its key says one.
    pub delivery_day: Option<Date>,
}

/// What an object gives; `Err` says why it is unreadable.
#[derive(Debug)]
pub enum Given {
    /// Of an object whose records are calls.
    Trail(Result<Box<TrailPart>, String>),
    /// Of a model invocation log that completes calls. An entry has the index that it has in this row, and
    /// [`MAX_ROW_EVENTS`](crate::MAX_ROW_EVENTS) more for each part before.
    InvocationLog(Result<InvocationReading, String>),
}

/// What an object whose records are calls gives to a day.
#[derive(Debug)]
pub struct TrailPart {
    /// What the object held, counts and all, but with those calls and other events alone that are of this day
    /// and part.
    pub reading: Reading,
    /// The places in the object of each of `reading.calls.rows`, from 0.
    pub places: Vec<u32>,
    /// The places in the object of each of `reading.calls.others`, from 0.
    pub other_places: Vec<u32>,
    /// Calls of an invocation log that are about midnight of another day, and may complete one of this day.
    /// Their texts are among those of `reading.calls`.
    pub beside: Vec<Call>,
    /// The places in the object of each of `beside`, among its calls.
    pub beside_places: Vec<u32>,
    /// How many calls the object has of each day.
    pub calls_by_day: BTreeMap<Date, u64>,
    /// How many other events of Bedrock's it has of each day.
    pub others_by_day: BTreeMap<Date, u64>,
    /// How many other events of Bedrock's it has by their Region, as far as that has the shape of one.
    pub others_by_region: BTreeMap<String, u64>,
    /// How many calls, refusals, and batch jobs it has of days that it is not read for.
    pub elsewhere: BTreeMap<Date, u64>,
}

impl Row {
    /// Whether its object is none of those whose sums say what the day is read from: it is late, or a model invocation
    /// log.
    pub fn is_in_no_sum(&self) -> bool {
        self.is_late || matches!(self.given, Given::InvocationLog(_))
    }

    /// How many calls, other events, and entries it holds.
    pub fn n_events(&self) -> usize {
        match &self.given {
            Given::Trail(Ok(part)) => {
                let calls = &part.reading.calls;
                calls.rows.len() + part.beside.len() + calls.others.len()
            }
            Given::InvocationLog(Ok(reading)) => reading.entries.len(),
            Given::Trail(Err(_)) | Given::InvocationLog(Err(_)) => 0,
        }
    }
}

impl Given {
    /// Why the object is unreadable, if it is.
    pub fn unreadable(&self) -> Option<&str> {
        match self {
            Given::Trail(Err(reason)) | Given::InvocationLog(Err(reason)) => Some(reason),
            Given::Trail(Ok(_)) | Given::InvocationLog(Ok(_)) => None,
        }
    }
}
