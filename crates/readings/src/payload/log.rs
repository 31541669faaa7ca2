//! What a model invocation log gives to a day, packed.

use std::borrow::Cow;

use logs::invocation::{InvocationReading, MetadataCounts};
use serde::{Deserialize, Serialize};

use super::entry::PackedEntry;
use super::{Counts, Packer, PayloadError, Unpacker, length};

/// What is packed besides entries.
#[derive(Serialize, Deserialize)]
pub(crate) struct Log<'a> {
    rejections: Cow<'a, [String]>,
    metadata_cut: u64,
    metadata_not_strings: u64,
    rejected_values: u64,
    notes: Cow<'a, [String]>,
}

impl Log<'_> {
    /// Packs a part, and gives its counts, which have columns of their own.
    pub(crate) fn pack(
        reading: &InvocationReading,
        packer: &mut Packer,
    ) -> postcard::Result<Counts> {
        let InvocationReading {
            records,
            skipped,
            rejected,
            entries,
            rejections,
            metadata: MetadataCounts { cut, not_strings },
            rejected_values,
            notes,
        } = reading;
        packer.put(&Log {
            rejections: Cow::Borrowed(rejections),
            metadata_cut: *cut,
            metadata_not_strings: *not_strings,
            rejected_values: *rejected_values,
            notes: Cow::Borrowed(notes),
        })?;
        packer.put(&length(entries.len()))?;
        for entry in entries {
            packer.put(&PackedEntry::of(entry))?;
        }
        let (records, skipped, rejected) = (*records, *skipped, *rejected);
        let calls = records.saturating_sub(skipped).saturating_sub(rejected);
        Ok(Counts { records, calls, skipped, rejected })
    }

    /// Unpacks a part that has these counts.
    pub(crate) fn unpack(
        mut payload: Unpacker<'_>,
        counts: Counts,
    ) -> Result<InvocationReading, PayloadError> {
        let log = payload.take::<Log<'_>>()?;
        let entries = payload.take_all(|this| Ok(this.take::<PackedEntry<'_>>()?.entry()))?;
        payload.finish()?;
        Ok(InvocationReading {
            records: counts.records,
            skipped: counts.skipped,
            rejected: counts.rejected,
            entries,
            rejections: log.rejections.into_owned(),
            metadata: MetadataCounts {
                cut: log.metadata_cut,
                not_strings: log.metadata_not_strings,
            },
            rejected_values: log.rejected_values,
            notes: log.notes.into_owned(),
        })
    }
}
