//! Calls and rows for the micro-benchmarks, from a synthetic document.

use std::sync::Arc;

use bedrock::cost::{TokenSource, Unpriced, Usage, price_key};
use bedrock::{Call, Caller, Context, Knowledge};
use logs::{Limits, Scratch, Shape, read_whole};
use rustc_hash::FxHashMap;
use tables::{ContextMeaning, Invocation};

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
        let reading = read_whole(&text, Shape::Trail, &limits, &mut Scratch::default());
        calls.extend(reading.expect("a readable document").calls);
    }
    calls.sort_by(|a, b| (a.event_time_ms, &a.event_id).cmp(&(b.event_time_ms, &b.event_id)));
    calls
}

/// Rows of the table `invocations`, in its order, with what they refer to.
pub(crate) struct Rows {
    pub(crate) rows: Vec<Invocation>,
    pub(crate) contexts: Vec<ContextMeaning>,
    pub(crate) callers: Vec<Caller>,
    pub(crate) objects: Vec<Arc<str>>,
}

/// So many of them.
pub(crate) fn invocations(count: u64) -> Rows {
    let knowledge = Knowledge::embedded();
    let mut contexts = Vec::new();
    let mut numbers = FxHashMap::<Arc<Context>, u32>::default();
    let mut callers = Vec::new();
    let mut caller_numbers = FxHashMap::<Caller, u32>::default();
    let row = |call: Call| {
        let number = *numbers.entry(Arc::clone(&call.context)).or_insert_with(|| {
            let context = Arc::clone(&call.context);
            let meaning = Arc::new(knowledge.meaning_of(&context));
            contexts.push(ContextMeaning { context, meaning });
            u32::try_from(contexts.len() - 1).expect("few contexts")
        });
        let context = &contexts[number as usize];
        let usage = usage(&call);
        let cost = usage.map_or(Err(Unpriced::NoTokens), |usage| cost(&knowledge, context, &usage));
        Invocation {
            event_time_ms: call.event_time_ms,
            event_id: call.event_id,
            request_id: call.request_id,
            usage,
            cost,
            context: number,
            caller: *caller_numbers.entry(call.caller).or_insert_with_key(|caller| {
                callers.push(caller.clone());
                u32::try_from(callers.len() - 1).expect("few callers")
            }),
            object: 0,
        }
    };
    let rows = calls(count).into_iter().map(row).collect();
    let key = "AWSLogs/o-exampleorg1/012345678901/CloudTrail/us-east-1/x.json.gz";
    Rows { rows, contexts, callers, objects: vec![key.into()] }
}

fn cost(
    knowledge: &Knowledge,
    ContextMeaning { context, meaning }: &ContextMeaning,
    usage: &Usage,
) -> Result<bedrock::Cost, Unpriced> {
    let (region, tier) = (context.source_region(), context.service_tier());
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
