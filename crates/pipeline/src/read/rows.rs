//! Objects on their way to whoever writes their rows: no more than a bound, because what is read is held until
//! it is written.

use std::sync::Arc;

use logs::Reading;
use logs::invocation::InvocationReading;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::settings::Settings;
use crate::source::fetch::ReadObject;

/// What was read, for the writer.
#[derive(Debug)]
pub(super) enum Given {
    /// An object whose records are calls, with its key as it is written outside of the source.
    Trail { key: String, read: Box<ReadObject<Reading>> },
    /// A model invocation log that completes calls.
    Log(Box<ReadObject<InvocationReading>>),
    /// That was all.
    End,
}

/// What may be on its way, in units of stored bytes: what objects hold is one to two times as large.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    free: Arc<Semaphore>,
    units: u32,
}

/// The way to the writer.
#[derive(Debug)]
pub(super) struct Rows {
    to_writer: UnboundedSender<Given>,
    pub(super) bound: Bound,
}

const UNIT_BYTES: u64 = 4096;

/// How many times the bytes that are fetched and not yet read may be fetched and not yet written.
const WRITTEN_BEHIND: u64 = 2;

impl Rows {
    /// The way to a writer, within the settings' bounds, and its end.
    pub(super) fn new(settings: &Settings) -> (Self, UnboundedReceiver<Given>) {
        let units = (settings.bytes_in_flight * WRITTEN_BEHIND / UNIT_BYTES).clamp(1, 1 << 28);
        let units = u32::try_from(units).unwrap_or(1 << 28);
        let bound = Bound { free: Arc::new(Semaphore::new(units as usize)), units };
        let (to_writer, given) = mpsc::unbounded_channel();
        (Rows { to_writer, bound }, given)
    }

    /// Waits for room for an object of so many bytes.
    pub(super) async fn reserve(&self, size_bytes: u64) {
        // The semaphore is never closed.
        if let Ok(room) = self.bound.free.acquire_many(self.bound.units_of(size_bytes)).await {
            room.forget();
        }
    }

    /// Gives an object to the writer, for which room was reserved.
    pub(super) fn send(&self, given: Given) {
        // The receiver is gone if writing failed, and that error is returned.
        let _ = self.to_writer.send(given);
    }

    /// That there are no more. Without, what was written is not ended.
    pub(super) fn end(&self) {
        self.send(Given::End);
    }
}

impl Bound {
    fn units_of(&self, size_bytes: u64) -> u32 {
        let units = u32::try_from(size_bytes / UNIT_BYTES + 1).unwrap_or(u32::MAX);
        units.min(self.units)
    }

    /// Gives back the room of an object that was written.
    pub(super) fn give_back(&self, size_bytes: u64) {
        self.free.add_permits(self.units_of(size_bytes) as usize);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use testkit::block_on;

    use super::*;

    #[test]
    fn no_more_is_on_its_way_than_the_bound_until_it_is_written() {
        let settings = Settings { bytes_in_flight: 8 * UNIT_BYTES, ..Settings::new(None) };
        let (rows, _given) = Rows::new(&settings);
        block_on(async {
            // Twice eight units, of which each object takes one more than it fills.
            for _ in 0..4 {
                rows.reserve(3 * UNIT_BYTES + 1).await;
            }
            assert_eq!(rows.reserve(0).now_or_never(), None, "there is no room");
            rows.bound.give_back(3 * UNIT_BYTES + 1);
            for _ in 0..4 {
                rows.reserve(0).await;
            }
            assert_eq!(rows.reserve(0).now_or_never(), None, "there is no room again");
            (0..4).for_each(|_| rows.bound.give_back(0));
            (0..3).for_each(|_| rows.bound.give_back(3 * UNIT_BYTES + 1));
            // One that is larger than the bound has it for itself.
            rows.reserve(1 << 40).await;
            assert_eq!(rows.reserve(0).now_or_never(), None, "a large one");
            rows.bound.give_back(1 << 40);
            rows.reserve(0).await;
        });
    }
}
