//! Reads CloudTrail's objects on the workers, up to what the days hold of them.

use std::io::BufRead;

use logs::{Limits, Reading, Scratch, Shape, Unreadable};

use crate::calls::ObjectCalls;
use crate::fetch::Decoder;

/// Reads CloudTrail's objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrailDecoder {
    pub(crate) shape: Shape,
    pub(crate) limits: Limits,
}

/// What an object of a trail held.
#[derive(Debug)]
pub struct TrailReading {
    /// All but the calls, whose list is empty here.
    pub reading: Reading,
    /// The calls.
    pub calls: ObjectCalls,
}

impl From<Reading> for TrailReading {
    fn from(mut reading: Reading) -> Self {
        let calls = ObjectCalls::new(std::mem::take(&mut reading.calls));
        TrailReading { reading, calls }
    }
}

impl Decoder for TrailDecoder {
    type Reading = TrailReading;

    fn whole(&self, body: &[u8], scratch: &mut Scratch) -> Result<TrailReading, Unreadable> {
        logs::read_whole(body, self.shape, &self.limits, scratch).map(TrailReading::from)
    }

    fn stream(&self, body: impl BufRead) -> Result<TrailReading, Unreadable> {
        logs::read_stream(body, self.shape, &self.limits).map(TrailReading::from)
    }
}
