//! The tables of a day's calls: those that have a row for a call, and those that count calls.

use std::io;
use std::sync::Arc;

use bedrock::Knowledge;
use jiff::civil::Date;
use tables::{BATCH_JOBS, DENIALS, INVOCATIONS};

use super::{DayJobs, TableFile};
use crate::day::calls::SortedCalls;
use crate::day::collect::ObjectRecord;
use crate::day::refusals::DeniedRequests;
use crate::day::rows::{DayJoin, DayRows, FinishedRows};
use crate::day::tiers::TierIds;
use crate::error::Error;
use crate::join::Requests;
use crate::omit::Omitted;
use crate::outcome::tally::Tally;
use crate::source::Callers;

/// What a day's calls come to.
#[derive(Debug)]
pub(super) struct OfCalls {
    pub(super) files: Vec<TableFile>,
    /// References that no alias was known for, in order.
    pub(super) without_alias: Vec<String>,
    /// The numbers of the invocation log's entries that calls took.
    pub(super) joined: Vec<u32>,
    /// Successful calls without such an entry.
    pub(super) calls_without_entry: u64,
    pub(super) callers: Callers,
    pub(super) tally: Tally,
}

/// Builds the tables of a day's calls, which refer to `objects` by number; the flag says whether network
/// activity events among them tell of refusals.
///
/// # Errors
/// If a table cannot be encoded, or calls in a temporary file cannot be read.
pub(super) fn build(
    day: Date,
    (mut calls, has_refusals): (SortedCalls, bool),
    objects: &[Arc<ObjectRecord>],
    knowledge: &Knowledge,
    requests: Option<&Requests>,
    jobs: &DayJobs,
    omitted: Omitted,
) -> Result<OfCalls, Error> {
    let keys = objects.iter().map(|object| Arc::clone(&object.key)).collect::<Vec<_>>();
    let encode = |error| Error::of_table(day, error);
    let denied_requests = match has_refusals {
        true => DeniedRequests::of(&mut calls).map_err(Error::Temporary)?,
        false => DeniedRequests::default(),
    };
    let tiers =
        TierIds::new(&mut calls).map_err(|full| Error::Temporary(io::Error::other(full)))?;
    let logs = (requests, jobs);
    let rows = DayRows::new(day, &keys, denied_requests, knowledge, logs, tiers, omitted);
    let mut rows = rows.map_err(encode)?;
    while rows.add(&mut calls)? {}
    let finished = rows.finish(calls.texts())?;
    // The tables that count calls take memory too.
    drop(calls);
    let FinishedRows { invocations, denials, batch_jobs, .. } = finished;
    let FinishedRows { group_tables, attributed, join, without_alias, callers, tally, .. } =
        finished;
    let DayJoin { taken, calls_without_entry } = join;
    let mut files = vec![
        TableFile::new(INVOCATIONS.name, day, invocations.0, invocations.1),
        TableFile::new(DENIALS.name, day, denials.0, denials.1),
        TableFile::new(BATCH_JOBS.name, day, batch_jobs.0, batch_jobs.1),
    ];
    files.extend(group_tables.write(attributed, day)?);
    Ok(OfCalls {
        files,
        without_alias: without_alias.into_iter().collect(),
        joined: taken.into_iter().collect(),
        calls_without_entry,
        callers,
        tally,
    })
}

#[cfg(test)]
mod tests {
    use bedrock::cost::{Counts, UnitCounts};
    use bedrock::price::Unit;
    use bedrock::{Attribute, Attributes, Call, CallId, Calls, EventKind, Logged, pairs};
    use jiff::civil::date;
    use logs::invocation::InvocationEntry;

    use super::*;
    use crate::day::calls::{Bounds, DayCalls, Rules};
    use crate::omit::OmittedColumn;

    /// Calls of several models, callers and outcomes, whose attributes repeat in different rhythms.
    fn calls() -> Calls {
        let mut calls = Calls::default();
        for n in 0..200u32 {
            let mut attributes = Attributes::default();
            let caller = format!("arn:aws:sts::111122223333:assumed-role/app-{}/s-{n}", n % 7);
            let agent = format!("agent {}", n % 11);
            let session = format!("session {}", n % 17);
            let unknown = format!("model-{}", n % 13);
            let account = format!("{:012}", n % 5);
            let job =
                format!("arn:aws:bedrock:us-east-1:111122223333:model-invocation-job/{}", n / 20);
            let error = format!("User: {caller} is not authorized");
            let texts = [
                (Attribute::AccountId, account.as_str()),
                (Attribute::SourceRegion, ["us-east-1", "eu-west-1"][n as usize % 2]),
                (Attribute::InferenceRegion, ["", "us-west-2", "eu-west-3"][n as usize % 3]),
                (Attribute::EventName, "Converse"),
                (Attribute::EventSource, "bedrock.amazonaws.com"),
                (
                    Attribute::ModelRef,
                    match n % 4 {
                        0 => unknown.as_str(),
                        1 => "us.anthropic.claude-sonnet-4-6",
                        3 => "arn:aws:bedrock:us-east-1:111122223333:prompt-router/abcdef123456",
                        _ => "amazon.nova-lite-v1:0",
                    },
                ),
                (Attribute::PrincipalName, &caller[43..48]),
                (Attribute::PrincipalArn, caller.as_str()),
                (Attribute::SessionName, session.as_str()),
                (Attribute::UserAgent, agent.as_str()),
                (Attribute::JobArn, if n % 10 == 9 { job.as_str() } else { "" }),
                (Attribute::ErrorCode, if n % 9 == 0 { "AccessDenied" } else { "" }),
                (Attribute::ErrorMessage, if n % 9 == 0 { error.as_str() } else { "" }),
            ];
            for (attribute, text) in texts {
                calls.texts.set(&mut attributes, attribute, Some(text)).expect("few texts");
            }
            let kind = match n % 10 {
                7 => EventKind::Refusal,
                8 => EventKind::Other,
                9 => EventKind::BatchJob,
                _ => EventKind::Call,
            };
            let list = if kind == EventKind::Call { &mut calls.rows } else { &mut calls.others };
            list.push(Call {
                kind,
                event_time_ms: 1_791_158_400_000 + i64::from(n * 7919 % 200) * 400_000,
                event_id: CallId::new(&format!("{n:08x}-2222-4333-8444-555566667777")),
                original_event_id: None,
                // Some network activity events tell of the request of a denied call.
                request_id: Some(CallId::new(&format!("request {}", n / 20))),
                input_tokens: (n % 3 != 0).then_some(i64::from(n)),
                output_tokens: Some(1),
                tier_certainty: None,
                latency: None,
                // Some were read from an invocation log.
                logged: n.is_multiple_of(17).then(|| {
                    let counts = Counts { input: Some(i64::from(n)), ..Counts::default() };
                    let latency_ms = Some(i64::from(n % 5));
                    let mut units = UnitCounts::default();
                    units.set(Unit::OutputImage, Some(i64::from(n % 3)));
                    let units = n.is_multiple_of(2).then(|| Box::new(units));
                    Box::new(Logged { counts, units, latency_ms, first_byte_ms: None })
                }),
                has_guardrail: n.is_multiple_of(3),
                attributes,
            });
        }
        calls
    }

    /// What the invocation logs say of some of them.
    fn requests() -> Requests {
        let entry = |n: u32| InvocationEntry {
            request_id: CallId::new(&format!("request {n}")),
            timestamp_ms: 1_791_158_400_000,
            account_id: None,
            region: None,
            operation: Some("Converse".into()),
            model_ref: None,
            inference_region: n.is_multiple_of(2).then(|| format!("eu-west-{n}").into()),
            invoked_model: Some("amazon.nova-lite-v1:0".into()),
            tokens: Counts { input: Some(100), output: Some(10), ..Counts::default() },
            units: None,
            tier: None,
            latency: None,
            latency_ms: None,
            first_byte_ms: Some(7),
            error_code: None,
            caller_arn: None,
            metadata: pairs::text([("team", ["a", "b", "c"][n as usize % 3])]).map(Box::from),
        };
        Requests::of_entries((0..10).map(entry).collect())
    }

    /// What a day comes to: each file's table, rows and hash, and sums as they print.
    #[derive(Debug, PartialEq)]
    struct Built {
        files: Vec<(&'static str, u64, String)>,
        without_alias: Vec<String>,
        sums: String,
    }

    fn built(bounds: Bounds, omitted: Omitted) -> Built {
        let calls = calls();
        let mut day = DayCalls::within(bounds, omitted);
        day.begin_object(&calls);
        for events in [&calls.rows, &calls.others] {
            for (index, event) in (0..).zip(events) {
                day.add(event, &calls.texts, index, 0).expect("room");
            }
        }
        let rules = Rules { ranks: &[0], is_elsewhere: &|_, _| false, keeps_identities: false };
        let distinct = day.distinct(&rules).expect("room");
        let sorted = (distinct.calls, distinct.has_refusals);
        let objects = [Arc::new(ObjectRecord::of_key("a.json.gz"))];
        let knowledge = Knowledge::embedded();
        let (requests, jobs) = (requests(), DayJobs::default());
        let day = date(2026, 10, 5);
        let of_calls = build(day, sorted, &objects, &knowledge, Some(&requests), &jobs, omitted);
        let OfCalls { files, without_alias, tally, .. } = of_calls.expect("encoded");
        let file = |file: TableFile| (file.table, file.output.rows, file.output.sha256);
        let sums = format!("{:?} {:?}", tally.costs(), (tally.routes(), tally.denials()));
        let sums = format!("{sums} {:?} {:?}", tally.unresolved(), tally.by_outcome);
        let sums = format!("{sums} {:?}", tally.log);
        let sums = format!("{sums} {:?} {:?}", tally.activity.by_name(), tally.error_reasons());
        let sums = format!("{sums} {:?}", tally.batch.by_model());
        Built { files: files.into_iter().map(file).collect(), without_alias, sums }
    }

    /// Ids mean other texts in each batch then, and groups are merged.
    #[test]
    fn tables_of_calls_from_disk_are_those_of_calls_in_memory() {
        let omitted = [OmittedColumn::SourceIp, OmittedColumn::Message].into_iter().collect();
        for omitted in [Omitted::default(), omitted] {
            let held = built(Bounds::default(), omitted);
            assert!(held.files.iter().all(|(_, rows, _)| *rows > 3), "{held:?}");
            assert!(
                !held.sums.contains("regions: 0") && !held.sums.contains("models: 0"),
                "{held:?}"
            );
            for (calls, kept_bytes, merged_calls) in [(30, 0, 17), (30, 40, 17), (7, 1 << 20, 64)] {
                let bounds = Bounds { calls, text_bytes: 1 << 20, kept_bytes, merged_calls };
                assert_eq!(built(bounds, omitted), held, "{bounds:?}");
            }
        }
    }
}
