//! Reads CloudTrail's objects on the workers, up to what the days hold of them.

use std::io::BufRead;

use logs::{Limits, Reading, Scratch, Shape, Unreadable};

use crate::day::calls::ObjectCalls;
use crate::source::fetch::Decoder;

/// Reads CloudTrail's objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrailDecoder {
    pub(crate) shape: Shape,
    pub(crate) limits: Limits,
}

/// What an object of a trail held.
pub type TrailReading = Reading<ObjectCalls>;

impl Decoder for TrailDecoder {
    type Reading = TrailReading;

    fn whole(&self, body: &[u8], scratch: &mut Scratch) -> Result<TrailReading, Unreadable> {
        logs::read_whole(body, self.shape, &self.limits, scratch).map(packed)
    }

    fn stream(&self, body: impl BufRead) -> Result<TrailReading, Unreadable> {
        logs::read_stream(body, self.shape, &self.limits).map(packed)
    }
}

fn packed(reading: Reading) -> TrailReading {
    reading.map_calls(ObjectCalls::new)
}
