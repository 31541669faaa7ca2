//! What an object whose records are calls gives to a day, packed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bedrock::alias::DiscoveredAlias;
use bedrock::{Calls, JobStatus};
use jiff::civil::Date;
use logs::Reading;
use logs::invocation::MetadataCounts;
use serde::{Deserialize, Serialize};

use super::{Counts, Packer, PayloadError, Unpacker};
use crate::row::TrailPart;

/// What is packed besides calls and texts.
#[derive(Serialize, Deserialize)]
pub(crate) struct Trail<'a> {
    events_without_id: u64,
    rejections: Cow<'a, [String]>,
    rejected_counts: u64,
    notes: Cow<'a, [String]>,
    metadata_cut: u64,
    metadata_not_strings: u64,
    discovered: Cow<'a, [DiscoveredAlias]>,
    job_states: Cow<'a, [(Box<str>, JobStatus)]>,
    unknown_operations: Cow<'a, BTreeMap<String, u64>>,
    calls_by_day: Cow<'a, BTreeMap<Date, u64>>,
    others_by_day: Cow<'a, BTreeMap<Date, u64>>,
    others_by_region: Cow<'a, BTreeMap<String, u64>>,
    elsewhere: Cow<'a, BTreeMap<Date, u64>>,
}

impl Trail<'_> {
    /// Packs a part, and gives what has columns of its own: the counts, and the hash.
    pub(crate) fn pack(
        part: &TrailPart,
        packer: &mut Packer,
    ) -> postcard::Result<(Counts, Option<[u8; 32]>)> {
        let TrailPart {
            reading,
            places,
            other_places,
            beside,
            beside_places,
            calls_by_day,
            others_by_day,
            others_by_region,
            elsewhere,
        } = part;
        let Reading {
            records,
            skipped,
            rejected,
            calls: Calls { rows, others, texts },
            events_without_id,
            rejections,
            rejected_counts,
            notes,
            metadata: MetadataCounts { cut, not_strings },
            discovered,
            job_states,
            unknown_operations,
            sha256,
        } = reading;
        packer.put(&Trail {
            events_without_id: *events_without_id,
            rejections: Cow::Borrowed(rejections),
            rejected_counts: *rejected_counts,
            notes: Cow::Borrowed(notes),
            metadata_cut: *cut,
            metadata_not_strings: *not_strings,
            discovered: Cow::Borrowed(discovered),
            job_states: Cow::Borrowed(job_states),
            unknown_operations: Cow::Borrowed(unknown_operations),
            calls_by_day: Cow::Borrowed(calls_by_day),
            others_by_day: Cow::Borrowed(others_by_day),
            others_by_region: Cow::Borrowed(others_by_region),
            elsewhere: Cow::Borrowed(elsewhere),
        })?;
        packer.put_texts(texts)?;
        packer.put_calls(rows, places)?;
        packer.put_calls(beside, beside_places)?;
        packer.put_calls(others, other_places)?;
        let calls = calls_by_day.values().sum();
        let counts = Counts { records: *records, calls, skipped: *skipped, rejected: *rejected };
        Ok((counts, *sha256))
    }

    /// Unpacks a part that has these counts and this hash.
    pub(crate) fn unpack(
        mut payload: Unpacker<'_>,
        counts: Counts,
        sha256: Option<[u8; 32]>,
    ) -> Result<TrailPart, PayloadError> {
        let trail = payload.take::<Trail<'_>>()?;
        let texts = payload.take_texts()?;
        let (rows, places) = payload.take_calls(&texts)?;
        let (beside, beside_places) = payload.take_calls(&texts)?;
        let (others, other_places) = payload.take_calls(&texts)?;
        payload.finish()?;
        let calls_by_day = trail.calls_by_day.into_owned();
        if calls_by_day.values().sum::<u64>() != counts.calls {
            return Err(PayloadError::Wrong("it has another number of calls than its column"));
        }
        let reading = Reading {
            records: counts.records,
            skipped: counts.skipped,
            rejected: counts.rejected,
            calls: Calls { rows, others, texts },
            events_without_id: trail.events_without_id,
            rejections: trail.rejections.into_owned(),
            rejected_counts: trail.rejected_counts,
            notes: trail.notes.into_owned(),
            metadata: MetadataCounts {
                cut: trail.metadata_cut,
                not_strings: trail.metadata_not_strings,
            },
            discovered: trail.discovered.into_owned(),
            job_states: trail.job_states.into_owned(),
            unknown_operations: trail.unknown_operations.into_owned(),
            sha256,
        };
        Ok(TrailPart {
            reading,
            places,
            other_places,
            beside,
            beside_places,
            calls_by_day,
            others_by_day: trail.others_by_day.into_owned(),
            others_by_region: trail.others_by_region.into_owned(),
            elsewhere: trail.elsewhere.into_owned(),
        })
    }
}
