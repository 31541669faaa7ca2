//! Calls and rows for the micro-benchmarks, from a synthetic document.

use std::sync::Arc;

use bedrock::cost::{TokenSource, Unpriced, Usage, price_key};
use bedrock::{Call, Context, Knowledge, Meaning};
use logs::{Limits, Shape, read_whole};
use rustc_hash::FxHashMap;
use tables::Invocation;

use bench::corpus::{Preset, Spec, Writer, objects};

/// So many calls of one day, in the order of their times.
fn calls(count: u64) -> Vec<Call> {
    let spec = Spec {
        objects: 10,
        records: count,
        calls_in_a_million: 1_000_000,
        skewed: false,
        days: 1,
        ..Spec::preset(Preset::Heavy)
    };
    let writer = Writer::new(&spec);
    let limits = Limits::new(u64::MAX, u64::MAX);
    let mut calls = Vec::new();
    for object in objects(&spec) {
        let (text, _) = writer.document(&object);
        let reading = read_whole(&text, Shape::Trail, &limits, &mut Vec::new());
        calls.extend(reading.expect("a readable document").calls);
    }
    calls.sort_by(|a, b| (a.event_time_ms, &a.event_id).cmp(&(b.event_time_ms, &b.event_id)));
    calls
}

/// So many rows of the table `invocations`, in its order.
pub(crate) fn invocations(count: u64) -> Vec<Invocation> {
    let knowledge = Knowledge::embedded();
    let mut meanings = FxHashMap::<Arc<Context>, Arc<Meaning>>::default();
    let row = |call: Call| {
        let meaning = meanings
            .entry(Arc::clone(&call.context))
            .or_insert_with(|| Arc::new(knowledge.meaning_of(&call.context)));
        let meaning = Arc::clone(meaning);
        let usage = usage(&call);
        let cost = usage
            .map_or(Err(Unpriced::NoTokens), |usage| cost(&knowledge, &call, &meaning, &usage));
        let log_object = "AWSLogs/o-exampleorg1/012345678901/CloudTrail/us-east-1/x.json.gz".into();
        Invocation { call, meaning, log_object, usage, cost }
    };
    calls(count).into_iter().map(row).collect()
}

fn cost(
    knowledge: &Knowledge,
    call: &Call,
    meaning: &Meaning,
    usage: &Usage,
) -> Result<bedrock::Cost, Unpriced> {
    let context = &call.context;
    let (region, tier) = (context.source_region.as_deref(), context.service_tier.as_deref());
    let key = price_key(&meaning.resolution, region, tier)?;
    let day = jiff::civil::date(2026, 10, 1);
    let card = knowledge.prices.rate_card(&knowledge.regions, &key, day);
    card.ok_or(Unpriced::NoPrice)?.cost(usage)
}

fn usage(call: &Call) -> Option<Usage> {
    call.input_tokens.map(|input| Usage {
        input: Some(input),
        output: call.output_tokens,
        cache_read: None,
        cache_write: None,
        cache_write_1h: None,
        source: TokenSource::CloudTrail,
        input_includes_cache: false,
    })
}
