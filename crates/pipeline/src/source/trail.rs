//! Reads CloudTrail's objects on the workers.

use std::io::BufRead;

use logs::{Limits, Reading, Scratch, Shape, Unreadable};

use super::fetch::Decoder;

/// Reads CloudTrail's objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrailDecoder {
    pub(crate) shape: Shape,
    pub(crate) limits: Limits,
}

impl Decoder for TrailDecoder {
    type Reading = Reading;

    fn whole(&self, body: &[u8], scratch: &mut Scratch) -> Result<Reading, Unreadable> {
        logs::read_whole(body, self.shape, &self.limits, scratch)
    }

    fn stream(&self, body: impl BufRead) -> Result<Reading, Unreadable> {
        logs::read_stream(body, self.shape, &self.limits)
    }
}
