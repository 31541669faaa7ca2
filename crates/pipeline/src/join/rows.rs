//! Model invocation logs that readings hold, in place of those that are listed and read.

use std::io;

use logs::Unreadable;
use logs::invocation::InvocationReading;

use super::{ListedLogs, Met, Requests, Shared};
use crate::error::Error;
use crate::settings::Settings;
use crate::source::fetch::ReadObject;
use crate::source::list::ListedObject;

/// The logs around a day, as their rows come.
#[derive(Debug, Default)]
pub(crate) struct LogRows {
    listed: ListedLogs,
    requests: Requests,
    shared: Shared,
}

impl LogRows {
    /// Takes in a part of what an object held; its first entry is the one of this index there.
    ///
    /// # Errors
    /// If there are too many texts.
    pub(crate) fn add(
        &mut self,
        listed: ListedObject,
        given: Result<InvocationReading, String>,
        (first_index, met): (u32, Met),
        settings: &Settings,
    ) -> Result<(), Error> {
        let is_first = first_index == 0;
        if is_first {
            self.listed.add(listed.clone(), settings);
            if given.is_err() {
                self.listed.add_unreadable(listed.delivery, settings);
            }
        }
        let reading = given.map_err(Unreadable::Body);
        let read = ReadObject { listed, reading };
        let added = self.requests.add_part(read, (first_index, met), &mut self.shared);
        added.map_err(|full| Error::Temporary(io::Error::other(full)))
    }

    /// The logs as if they had been listed, and what they counted.
    pub(crate) fn finish(self) -> (ListedLogs, Requests) {
        let LogRows { listed, mut requests, .. } = self;
        requests.finish(&listed);
        (listed, requests)
    }
}
