//! The reader of model invocation logs: shapes that were seen, a slow reader to agree with, and prompts
//! that must leave no trace.

use std::io::{self, BufReader, Read};

use bedrock::call::CallId;
use bedrock::cost::{Certainty, Counts, Guardrail, Latency, Said, UnitCounts};
use bedrock::pairs;
use bedrock::price::{Quality, Unit};
use logs::invocation::{
    InvocationEntry, InvocationReading, MetadataCounts, MetadataKeys, MetadataKeysError,
};
use logs::{Limits, Unreadable};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::gzip;

use reference::dice::Dice;
use reference::invocation::{self, Slow};
use reference::text::{Node, Spelling};

mod reference {
    pub(crate) mod dice;
    pub(crate) mod invocation;
    pub(crate) mod text;
    pub(crate) mod units;
}

const LIMITS: Limits = Limits::new(1 << 20, 1 << 27);

/// The keys of request metadata that are asked for.
fn keys() -> MetadataKeys {
    MetadataKeys::new(["user_id", "team", "team"].map(str::to_owned)).expect("two keys")
}

fn read(body: impl io::BufRead, limits: &Limits) -> Result<InvocationReading, Unreadable> {
    logs::invocation::read(body, limits, &keys())
}

/// Reads a text as it is, inflated, and in narrow pieces, which must give the same.
fn found(text: &str) -> Result<InvocationReading, Unreadable> {
    let plain = read(text.as_bytes(), &LIMITS);
    let packed = gzip(text.as_bytes());
    let inflated = read(packed.as_slice(), &LIMITS);
    let narrow = read(BufReader::with_capacity(3, packed.as_slice()), &LIMITS);
    let inflated = if text.is_empty() { Err(Unreadable::Empty) } else { inflated };
    let narrow = if text.is_empty() { Err(Unreadable::Empty) } else { narrow };
    assert_eq!(format!("{plain:?}"), format!("{inflated:?}"));
    assert_eq!(format!("{plain:?}"), format!("{narrow:?}"));
    let adds_up = |reading: &InvocationReading| reading.adds_up() && reading.calls().adds_up();
    assert!(plain.as_ref().is_ok_and(adds_up) || plain.is_err());
    plain
}

fn entry(text: &str) -> InvocationEntry {
    let mut reading = found(text).expect("readable");
    assert_eq!((reading.records, reading.entries.len()), (1, 1), "{:?}", reading.rejections);
    reading.entries.remove(0)
}

fn some(text: &str) -> Option<Box<str>> {
    Some(text.into())
}

/// An entry with bodies: `input` and `output` are what follows the content type.
fn with(operation: &str, input: &str, output: &str) -> String {
    format!(
        r#"{{"schemaType":"ModelInvocationLog","schemaVersion":"1.0","timestamp":"2026-08-10T21:12:39Z","accountId":"111122223333","identity":{{"arn":"arn:aws:iam::111122223333:user/ada"}},"region":"us-east-1","requestId":"0a1b2c3d-71c0-467a-b65c-8b8655354959","operation":"{operation}","modelId":"us.anthropic.claude-haiku-4-5-20251001-v1:0","input":{{"inputContentType":"application/json",{input}}},"output":{{"outputContentType":"application/json",{output}}}}}"#
    )
}

#[test]
fn without_bodies() {
    let text = r#"{
  "timestamp": "2026-09-09T10:11:12Z", "accountId": "111122223333", "region": "ap-northeast-1",
  "requestId": "1c9b7a6d-2f30-4a5b-8c7d-9e0f1a2b3c4d", "operation": "Converse",
  "modelId": "apac.amazon.nova-micro-v1:0",
  "input": { "inputContentType": "application/json", "inputTokenCount": 1 },
  "output": { "outputContentType": "application/json", "outputTokenCount": 8 },
  "identity": { "arn": "arn:aws:sts::111122223333:assumed-role/..." },
  "schemaType": "ModelInvocationLog", "schemaVersion": "1.0"
}"#;
    let expected = InvocationEntry {
        request_id: CallId::new("1c9b7a6d-2f30-4a5b-8c7d-9e0f1a2b3c4d"),
        timestamp_ms: 1_788_948_672_000,
        account_id: some("111122223333"),
        region: some("ap-northeast-1"),
        operation: some("Converse"),
        model_ref: some("apac.amazon.nova-micro-v1:0"),
        inference_region: None,
        invoked_model: None,
        tokens: Counts { input: Some(1), output: Some(8), ..Counts::default() },
        units: None,
        tier: None,
        latency: None,
        latency_ms: None,
        first_byte_ms: None,
        error_code: None,
        caller_arn: some("arn:aws:sts::111122223333:assumed-role/..."),
        metadata: None,
    };
    assert_eq!(entry(text), expected);
}

#[test]
fn an_application_profile_with_its_body_elsewhere() {
    let text = r#"{"timestamp":"2025-08-07T02:48:23Z","accountId":"111122223333","identity":{"arn":"x"},"region":"us-east-1","requestId":"c448be01-5f60-4d31-8049-0123456789ab","operation":"InvokeModelWithResponseStream","modelId":"arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abcdef123456","input":{"inputContentType":"application/json","inputBodyS3Path":"s3://amzn-s3-demo-bucket/AWSLogs/x_input.json.gz","inputTokenCount":3,"cacheReadInputTokenCount":0,"cacheWriteInputTokenCount":28857},"output":{"outputContentType":"application/json","outputBodyJson":{},"outputTokenCount":142},"inferenceRegion":"us-east-2","schemaType":"ModelInvocationLog","schemaVersion":"1.0"}"#;
    let entry = entry(text);
    assert_eq!(entry.inference_region, some("us-east-2"));
    let tokens = Counts {
        input: Some(3),
        output: Some(142),
        cache_read: Some(0),
        cache_write: Some(28_857),
        cache_write_1h: None,
    };
    assert_eq!((entry.tokens, entry.is_stream()), (tokens, true));
}

#[test]
fn a_guardrail_that_stepped_in() {
    let text = with(
        "InvokeModelWithResponseStream",
        r#""inputBodyJson":{"messages":[{"role":"user","content":"..."}]},"inputTokenCount":0"#,
        r#""outputBodyJson":[{"type":"message_start","message":{"content":[],"usage":{"input_tokens":0,"output_tokens":0}}},{"type":"content_block_delta","delta":{"text":"Sorry."},"amazon-bedrock-guardrailAction":"INTERVENED"},{"type":"message_delta","usage":{"output_tokens":0}},"[DONE]"],"outputTokenCount":0"#,
    );
    let entry = entry(&text);
    let expected = Counts { input: Some(0), output: Some(0), ..Counts::default() };
    assert_eq!((entry.tokens, entry.error_code), (expected, None));
    assert_eq!(entry.units.expect("a guardrail").guardrail, Guardrail::Used);
}

/// What an entry says of other units than text tokens.
fn units(input: &str, output: &str) -> UnitCounts {
    entry(&with("InvokeModel", input, output)).units.map_or(UnitCounts::default(), |units| *units)
}

#[test]
fn what_is_billed_by_images_and_seconds() {
    let config = r#""inputBodyJson":{"taskType":"TEXT_IMAGE","imageGenerationConfig":{"width":2048,"height":1024,"quality":"premium","numberOfImages":4}}"#;
    let found = units(config, r#""outputImageCount":3"#);
    assert_eq!(found.get(Unit::OutputImage), Some(3));
    assert_eq!(
        (found.shape.size, found.shape.quality),
        (Some([2048, 1024]), Some(Quality::Premium))
    );
    // The count of the entry goes before the images of its answer.
    let answer = r#""outputBodyJson":{"images":["aGk=",null,"aGk="]}"#;
    assert_eq!(units(r#""x":1"#, answer).get(Unit::OutputImage), Some(2));
    let both = format!(r#""outputImageCount":0,{answer}"#);
    assert_eq!(units(r#""x":1"#, &both).get(Unit::OutputImage), Some(0));
    for (body, images, seconds) in [
        (r#"{"inputImage":"aGk=","inputText":"a cat"}"#, Some(1), None),
        (r#"{"inputText":"a cat"}"#, Some(0), None),
        (
            r#"{"singleEmbeddingParams":{"image":{"detailLevel":"DOCUMENT_IMAGE"}}}"#,
            Some(1),
            Some(0),
        ),
        (r#"{"singleEmbeddingParams":{"text":{"value":"a cat"}}}"#, Some(0), Some(0)),
        (r#"{"singleEmbeddingParams":{"video":{}}}"#, Some(0), None),
        (r#"{"inputType":"image"}"#, Some(1), Some(0)),
        (r#"{"inputType":"video"}"#, Some(0), None),
        (r#"{"inputType":"text_image"}"#, None, None),
        (r#"{"input_type":"image","images":["aGk=","aGk="]}"#, Some(2), None),
    ] {
        let found = units(&format!(r#""inputBodyJson":{body}"#), r#""x":1"#);
        let found = [found.get(Unit::InputImage), found.get(Unit::InputVideoSecond)];
        assert_eq!(found, [images, seconds], "{body}");
    }
    // Cohere's answer repeats the image that it embeds.
    let asked = r#""inputBodyJson":{"images":["aGk="]}"#;
    assert_eq!(units(asked, answer).sums().images, Some(1));
    let text = units(r#""x":1"#, r#""outputImageCount":"4""#);
    assert_eq!(text.get(Unit::OutputImage), Some(4));
    let cohere = r#""outputBodyJson":{"results":[],"meta":{"billed_units":{"search_units":2}}}"#;
    assert_eq!(units(r#""x":1"#, cohere).get(Unit::SearchUnit), Some(2));
}

#[test]
fn tier_that_nests_too_deep_is_none() {
    let deep = format!("{}\"flex\"{}", r#"{"type":"#.repeat(500), "}".repeat(500));
    let request = format!(r#""inputBodyJson":{{"serviceTier":{deep}}}"#);
    let answer = format!(r#""outputBodyJson":{{"service_tier":{deep}}}"#);
    assert_eq!(entry(&with("Converse", &request, &answer)).tier, None);
}

#[test]
fn speech_is_split_from_text_where_the_parts_add_up() {
    let event = |speech: i64| {
        format!(
            r#"{{"event":{{"usageEvent":{{"details":{{"total":{{"input":{{"speechTokens":{speech},"textTokens":10}},"output":{{"speechTokens":7,"textTokens":0}}}}}}}}}}}}"#
        )
    };
    let check = |count: &str, expected: (Option<i64>, Option<i64>)| {
        let output = format!(r#""outputBodyJson":[{},{{"x":1}},{}]"#, event(1), event(90));
        let entry = entry(&with("InvokeModelWithBidirectionalStream", count, &output));
        let speech = entry.units.and_then(|units| units.get(Unit::SpeechInputToken));
        assert_eq!((entry.tokens.input, speech), expected, "{count}");
        assert_eq!(entry.tokens.output, Some(7));
    };
    check(r#""inputTokenCount":100"#, (Some(100), Some(90)));
    check(r#""inputTokenCount":101"#, (Some(101), None));
    check(r#""inputTokenCount":null"#, (Some(100), Some(90)));
}

#[test]
fn what_a_guardrail_covered_is_counted_if_all_is_known() {
    let metrics = r#"{"invocationMetrics":{"guardrailProcessingLatency":5,"usage":{"topicPolicyUnits":1,"contentPolicyUnits":2,"wordPolicyUnits":1,"sensitiveInformationPolicyFreeUnits":1}}}"#;
    let input = format!(r#""inputAssessment":{{"g1":{metrics}}}"#);
    let outputs = format!(r#""outputAssessments":{{"g1":[{metrics}]}}"#);
    let check = |answer: String, guardrail: Guardrail, topic: Option<i64>| {
        let found = units(r#""x":1"#, &format!(r#""outputBodyJson":{answer}"#));
        let found = (found.guardrail, found.get(Unit::GuardrailTopicUnit));
        assert_eq!(found, (guardrail, topic), "{answer}");
    };
    let trace = |parts: &str| format!(r#"{{"trace":{{"guardrail":{{{parts}}}}},"#);
    let both = format!("{input},{outputs}");
    check(format!(r#"{}"stopReason":"end_turn"}}"#, trace(&both)), Guardrail::Counted, Some(2));
    let streamed = format!(r#"[{{"metadata":{}"x":1}}}}]"#, trace(&both));
    check(streamed, Guardrail::Counted, Some(2));
    // Without the output nobody knows whether it was checked, unless the input was stopped.
    check(format!(r#"{}"stopReason":"end_turn"}}"#, trace(&input)), Guardrail::Used, Some(1));
    let stopped = format!(r#"{}"stopReason":"guardrail_intervened"}}"#, trace(&input));
    check(stopped.clone(), Guardrail::Used, Some(1));
    let of_tokens = |count: &str| {
        let output = format!(r#""outputTokenCount":{count},"outputBodyJson":{stopped}"#);
        units(r#""x":1"#, &output).guardrail
    };
    // An output was checked, too, and that is not counted.
    assert_eq!([of_tokens("0"), of_tokens("60")], [Guardrail::Counted, Guardrail::Used]);
    for (part, odd, topic) in [
        (r#""topicPolicyUnits":1"#, r#""topicPolicyUnits":null"#, 1),
        (r#""topicPolicyUnits":1"#, r#""topicPolicyUnits":1,"otherPolicyUnits":1"#, 2),
        (r#""usage":{"#, r#""usage":[],"x":{"#, 1),
        (r#""usage":{"#, r#""usage":{},"x":{"#, 1),
        (r#""invocationMetrics":{"#, r#""x":{"#, 1),
    ] {
        let odd = format!("{},{outputs}", input.replace(part, odd));
        check(format!(r#"{}"x":1}}"#, trace(&odd)), Guardrail::Used, Some(topic));
    }
    let more = both.replace(r#""topicPolicyUnits":1"#, r#""topicPolicyUnits":"1","newUnits":0"#);
    check(format!(r#"{}"x":1}}"#, trace(&more)), Guardrail::Counted, Some(2));
    let odd = both.replace(r#""topicPolicyUnits":1"#, r#""topicPolicyUnits":1.5"#);
    check(format!(r#"{}"x":1}}"#, trace(&odd)), Guardrail::Used, Some(0));
    let invoke = format!(
        r#"{{"amazon-bedrock-trace":{{"guardrail":{{"input":{{"g1":{metrics}}},"outputs":[{{"g1":{metrics}}}]}}}}}}"#
    );
    check(invoke.clone(), Guardrail::Counted, Some(2));
    // What is there twice counts once: in another place of one answer, and the input in several pieces.
    let twice = invoke.replacen('{', &trace(&both), 1);
    check(twice, Guardrail::Counted, Some(2));
    let in_pieces = format!(r#"[{{"x":1}},{}"x":1}},{}"x":1}}]"#, trace(&input), trace(&both));
    check(in_pieces, Guardrail::Counted, Some(2));
    // Of the output, each piece may be another part: this much was covered at least.
    let parts = format!(r#"[{}"x":1}},{}"x":1}}]"#, trace(&both), trace(&both));
    check(parts, Guardrail::Used, Some(2));
    let other = input.replace(r#""topicPolicyUnits":1"#, r#""topicPolicyUnits":3"#);
    let differ = format!(r#"[{}"x":1}},{}"x":1}}]"#, trace(&both), trace(&other));
    check(differ, Guardrail::Used, Some(4));
    check(r#"{"amazon-bedrock-guardrailAction":"NONE"}"#.to_owned(), Guardrail::Used, None);
    check(r#"{"stopReason":"end_turn"}"#.to_owned(), Guardrail::None, None);
    let asked = r#""inputBodyJson":{"guardrailConfig":{"guardrailIdentifier":"g1"}}"#;
    assert_eq!(units(asked, r#""x":1"#).guardrail, Guardrail::Used);
}

/// An entry with this request metadata.
fn with_metadata(metadata: &str) -> String {
    let text = with("Converse", "\"x\":1", "\"x\":1");
    text.replace("\"schemaVersion\"", &format!("\"requestMetadata\":{metadata},\"schemaVersion\""))
}

#[test]
fn only_keys_that_are_asked_for_are_taken() {
    let text = with_metadata(
        r#"{"user_id":"bo","account_id":"1","user_id":"ana","dt":{"team":"in"},"te\u0061m":"payments","TEAM":"no"}"#,
    );
    let expected = pairs::text([("user_id", "ana"), ("team", "payments")]).map(Box::from);
    assert_eq!(entry(&text).metadata, expected);
    let without = logs::invocation::read(text.as_bytes(), &LIMITS, &MetadataKeys::default());
    assert_eq!(without.expect("readable").entries[0].metadata, None);
    for none in [r#"{"other":"x"}"#, "{}", "null", r#"{"team":null}"#] {
        let reading = found(&with_metadata(none)).expect("readable");
        assert_eq!(reading.entries[0].metadata, None, "{none}");
        assert_eq!(reading.metadata, MetadataCounts::default(), "{none}");
    }
}

#[test]
fn metadata_beyond_what_aws_accepts_are_cut_or_left_out_and_counted() {
    let many = (0..1000).map(|n| format!("\"key{n}\":\"v\"")).collect::<Vec<_>>().join(",");
    let (long, cut) = ("é".repeat(64 << 10), "é".repeat(256));
    let text = with_metadata(&format!("{{{many},\"team\":\"{long}\",\"user_id\":7}}"));
    let reading = found(&text).expect("readable");
    assert_eq!(reading.entries[0].metadata, pairs::text([("team", &*cut)]).map(Box::from));
    assert_eq!(reading.metadata, MetadataCounts { cut: 1, not_strings: 1 });
    for odd in [
        "[\"team\"]",
        "\"team\"",
        "1.5",
        "true",
        "{\"team\":[\"x\"]}",
        "{\"team\":{\"team\":\"x\"}}",
    ] {
        let reading = found(&with_metadata(odd)).expect("readable");
        assert_eq!(reading.entries[0].metadata, None, "{odd}");
        assert_eq!(reading.metadata, MetadataCounts { cut: 0, not_strings: 1 }, "{odd}");
    }
}

#[test]
fn keys_that_no_request_can_have_are_refused() {
    let keys = |n: usize, chars: usize| {
        MetadataKeys::new((0..n).map(|n| format!("{n:0chars$}"))).map(|keys| keys.iter().count())
    };
    assert_eq!(keys(16, 256), Ok(16));
    assert_eq!(keys(17, 3), Err(MetadataKeysError::TooMany { found: 17 }));
    assert_eq!(keys(1, 257), Err(MetadataKeysError::Length { chars: 257 }));
    assert_eq!(MetadataKeys::new([String::new()]), Err(MetadataKeysError::Length { chars: 0 }));
}

#[test]
fn a_failed_request() {
    let text = with("Converse", "\"x\":1", "\"x\":1")
        .replace("\"schemaVersion\"", "\"errorCode\":\"ThrottlingException\",\"schemaVersion\"");
    let entry = entry(&text);
    assert_eq!((entry.tokens, entry.error_code), (Counts::default(), some("ThrottlingException")));
}

/// How a call was served, wherever an entry says it: the answer goes before the request, a name that is not known
/// is not held, and what users say in their prompts is no tier.
#[test]
fn tier_and_latency_are_found_where_they_are_said() {
    use Certainty::{Requested, Resolved};
    let check =
        |top: &str, input: &str, output: &str, expected: [Option<&str>; 2], how: Certainty| {
            let input = format!("\"inputBodyJson\":{input},\"inputTokenCount\":1");
            let output = format!("\"outputBodyJson\":{output},\"outputTokenCount\":2");
            let text = with("ConverseStream", &input, &output).replacen(
                "{\"schemaType\"",
                &format!("{{{top}\"schemaType\""),
                1,
            );
            let entry = entry(&text);
            let latency = |said: Said<Latency>| {
                let name = if said.value == Latency::Optimized { "optimized" } else { "standard" };
                (name, said.certainty)
            };
            let found =
                [entry.tier.map(|said| (said.value, said.certainty)), entry.latency.map(latency)];
            assert_eq!(found, expected.map(|name| Some((name?, how))), "{top} {input} {output}");
        };
    let flex = r#"{"serviceTier":{"type":"flex"}}"#;
    let fast = r#"{"performanceConfig":{"latency":"optimized"}}"#;
    check("", "{}", "{}", [None; 2], Resolved);
    check(r#""serviceTier":"priority","#, "{}", "{}", [Some("priority"), None], Resolved);
    check(
        r#""serviceTier":"a","resolvedServiceTier":"flex","#,
        "{}",
        "{}",
        [Some("flex"), None],
        Resolved,
    );
    check(
        r#""performanceConfig":{"latency":"optimized"},"#,
        "{}",
        "{}",
        [None, Some("optimized")],
        Resolved,
    );
    check(r#""service_tier":"flex","#, "{}", "{}", [Some("flex"), None], Resolved);
    let plain = r#""performanceConfigLatency":"optimized","#;
    check(plain, "{}", "{}", [None, Some("optimized")], Resolved);
    check("", flex, "{}", [Some("flex"), None], Requested);
    check("", r#"{"service_tier":"FLEX"}"#, "{}", [Some("flex"), None], Requested);
    check("", fast, "{}", [None, Some("optimized")], Requested);
    for output in [
        flex,
        r#"{"service_tier":"flex"}"#,
        r#"{"response":{"service_tier":"flex"}}"#,
        r#"[{"x":1},{"metadata":{"serviceTier":{"type":"flex"}}},"[DONE]"]"#,
        r#"[{"service_tier":"auto"},{"service_tier":"flex"},{"service_tier":null}]"#,
    ] {
        check("", "{}", output, [Some("flex"), None], Resolved);
        check("", r#"{"serviceTier":"priority"}"#, output, [Some("flex"), None], Resolved);
    }
    check("", "{}", fast, [None, Some("optimized")], Resolved);
    let standard = r#"[{"metadata":{"performanceConfig":{"latency":"standard"}}}]"#;
    check("", fast, standard, [None, Some("standard")], Resolved);
    for prompt in
        [r#"{"serviceTier":"xyzzy-prompt"}"#, r#"{"serviceTier":{"type":"xyzzy-prompt"}}"#]
    {
        check("", "{}", prompt, [Some("other"), None], Resolved);
    }
    for prompt in [
        r#"{"messages":[{"serviceTier":"flex","usage":{"serviceTier":"flex"}}]}"#,
        r#"{"content":{"metadata":{"serviceTier":"flex"}},"usage":{"service_tier":"flex"}}"#,
        r#"{"serviceTier":["flex"],"performanceConfig":"optimized"}"#,
        r#"{"serviceTier":5,"performanceConfig":{"latency":"xyzzy-prompt"}}"#,
        r#""flex""#,
        r#"[["flex",{"serviceTier":"flex"}]]"#,
    ] {
        check("", prompt, prompt, [None; 2], Resolved);
    }
}

#[test]
fn metrics_are_found_in_answers() {
    let check = |output: &str, expected: [Option<i64>; 2], counted: Counts| {
        let output = format!("\"outputBodyJson\":{output}");
        let entry = entry(&with("InvokeModelWithResponseStream", "\"inputTokenCount\":1", &output));
        assert_eq!([entry.latency_ms, entry.first_byte_ms], expected, "{output}");
        assert_eq!(entry.tokens, Counts { input: Some(1), ..counted }, "{output}");
    };
    let none = Counts::default();
    check(r#"{"metrics":{"latencyMs":1234}}"#, [Some(1234), None], none);
    check(r#"[{"metadata":{"metrics":{"latencyMs":7}}}]"#, [Some(7), None], none);
    check(r#"{"metrics":{"latencyMs":"soon"}}"#, [None; 2], none);
    let metrics = r#""amazon-bedrock-invocationMetrics":{"inputTokenCount":9,"outputTokenCount":5,"invocationLatency":900,"firstByteLatency":300,"cacheReadInputTokenCount":4,"cacheWriteInputTokenCount":3}"#;
    let counted = Counts { output: Some(5), cache_read: Some(4), cache_write: Some(3), ..none };
    check(&format!("[{{\"type\":\"x\"}},{{{metrics}}}]"), [Some(900), Some(300)], counted);
    check(&format!("[{{\"content\":{{{metrics}}}}}]"), [None; 2], none);
}

/// The trace of a prompt router, in an answer and in the metadata of a stream.
#[test]
fn invoked_model_is_found_in_the_trace_of_an_answer() {
    let check = |output: &str, expected: Option<&str>| {
        let output = format!("\"outputBodyJson\":{output},\"outputTokenCount\":2");
        let entry = entry(&with("ConverseStream", "\"inputTokenCount\":1", &output));
        assert_eq!(entry.invoked_model.as_deref(), expected, "{output}");
    };
    let nova = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";
    let haiku = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
    let trace = |model: &str| {
        format!(
            "\"trace\":{{\"guardrail\":{{}},\"promptRouter\":{{\"invokedModelId\":\"{model}\"}}}}"
        )
    };
    check(&format!("{{{}}}", trace(nova)), Some(nova));
    check(&format!("{{\"metadata\":{{{}}}}}", trace(haiku)), Some(haiku));
    let stream = format!(
        "[{{\"metadata\":{{{}}}}},{{\"metadata\":{{{}}}}},{{\"metadata\":{{}}}}]",
        trace(haiku),
        trace(nova)
    );
    check(&stream, Some(nova));
    for no_trace in [
        "{}".to_owned(),
        format!("{{\"content\":{{{}}}}}", trace(nova)),
        format!("{{\"output\":{{\"message\":{{{}}}}}}}", trace(nova)),
        "{\"trace\":{\"promptRouter\":{\"invokedModelId\":5}}}".to_owned(),
        format!("{{\"trace\":\"{nova}\"}}"),
        format!("{{{}}}", trace("what a user wants to know of amazon.nova-lite-v1:0")),
        format!("{{{}}}", trace(&format!("amazon.{}", "x".repeat(20_000)))),
    ] {
        check(&no_trace, None);
    }
    let text = with("Converse", "\"x\":1", "\"x\":1");
    let region = |region: &str| {
        let named = format!("\"inferenceRegion\":\"{region}\",\"schemaVersion\"");
        entry(&text.replace("\"schemaVersion\"", &named)).inference_region
    };
    assert_eq!(region("eu-west-3"), some("eu-west-3"));
    assert_eq!(region("tell me more"), some("?"), "somewhere that is not known");
    assert_eq!(region(""), None);
}

/// Where the split of cache writes stands, in every wording. It counts only if it adds up.
#[test]
fn the_split_of_cache_writes() {
    let check = |write: &str, body: &str, expected: Option<i64>| {
        let input = format!("\"inputTokenCount\":1,\"cacheWriteInputTokenCount\":{write}");
        let output = format!("\"outputTokenCount\":2,\"outputBodyJson\":{body}");
        let entry = entry(&with("ConverseStream", &input, &output));
        assert_eq!(entry.tokens.cache_write_1h, expected, "{body}");
    };
    let details =
        r#"{"cacheDetails":[{"ttl":"1h","inputTokens":3000},{"ttl":"5m","inputTokens":1000}]}"#;
    let creation =
        r#"{"cache_creation":{"ephemeral_5m_input_tokens":1000,"ephemeral_1h_input_tokens":3000}}"#;
    for usage in [details, creation] {
        check("4000", &format!("{{\"usage\":{usage}}}"), Some(3000));
        check("4001", &format!("{{\"usage\":{usage}}}"), None);
        check("null", &format!("{{\"usage\":{usage}}}"), None);
        check(
            "4000",
            &format!("{{\"output\":{{\"message\":{{}},\"usage\":{usage}}}}}"),
            Some(3000),
        );
        check("4000", &format!("[{{\"metadata\":{{\"usage\":{usage}}}}},\"[DONE]\"]"), Some(3000));
        let start = format!("{{\"message\":{{\"usage\":{usage}}}}}");
        check("4000", &format!("[{start},{{\"usage\":{{\"output_tokens\":2}}}}]"), Some(3000));
        let other = usage.replace("3000", "3999").replace("1000", "1");
        check("4000", &format!("[{start},{{\"usage\":{other}}}]"), Some(3999));
        // What a tool was called with is no usage.
        check("4000", &format!("{{\"content\":[{{\"input\":{{\"usage\":{usage}}}}}]}}"), None);
        check("4000", &format!("[[{{\"usage\":{usage}}}]]"), None);
    }
    for usage in [
        r#"{"cacheDetails":[]}"#,
        r#"{"cacheDetails":null}"#,
        r#"{"cacheDetails":{"ttl":"1h","inputTokens":4000}}"#,
        r#"{"cacheDetails":[{"ttl":"1d","inputTokens":4000}]}"#,
        r#"{"cacheDetails":[{"ttl":"1h","inputTokens":4000},5]}"#,
        r#"{"cacheDetails":[{"ttl":"1h","inputTokens":-4000}]}"#,
        r#"{"cacheDetails":[{"ttl":"1h","inputTokens":9223372036854775807},{"ttl":"5m","inputTokens":4001}]}"#,
        r#"{"cache_creation":{"ephemeral_1h_input_tokens":4000}}"#,
        r#"{"cache_creation":4000}"#,
        "null",
        "[]",
        "\"usage\"",
    ] {
        check("4000", &format!("{{\"usage\":{usage}}}"), None);
    }
    check("4000", r#"{"usage":{"cacheDetails":[{"ttl":"5m","inputTokens":4000}]}}"#, Some(0));
    for body in ["null", "\"text\"", "5", "true", "[1.5,[2],null]", "{\"message\":\"text\"}"] {
        check("4000", body, None);
    }
}

#[test]
fn what_is_no_entry() {
    let one = with("Converse", "\"inputTokenCount\":1", "\"outputTokenCount\":2");
    let other = one.replace("ModelInvocationLog", "Other");
    let text = format!("{one}\n{other}\n{{}}\n5\n[{one}]\n\n{one}\n");
    let reading = found(&text).expect("readable");
    assert_eq!((reading.records, reading.entries.len()), (6, 2));
    assert_eq!((reading.skipped, reading.rejected), (2, 2));
    let sentences = [
        "entry 4: entry: expected an object, found a number",
        "entry 5: entry: expected an object, found an array",
    ];
    assert_eq!(reading.rejections, sentences);
    assert_eq!(found(" \n").expect("readable").records, 0);
    assert_eq!(found("").err(), Some(Unreadable::Empty));
}

/// What cannot be used is null and counted; only what an entry is joined by must be usable, and its error code.
#[test]
fn unusable_value_is_null_and_does_not_lose_its_entry() {
    let one = with("Converse", "\"inputTokenCount\":@", "\"outputTokenCount\":2");
    for (count, expected, n_wrong) in [
        ("1200.0", Some(1200), 0),
        ("\"1200.0\"", Some(1200), 0),
        ("1.2e3", Some(1200), 0),
        ("\"\"", None, 0),
        ("-5", None, 1),
        ("-5.0", None, 1),
        ("1200.5", None, 1),
        ("1099511627777", None, 1),
        ("1e300", None, 1),
        ("\"word\"", None, 1),
        ("[1]", None, 1),
    ] {
        let reading = found(&one.replace('@', count)).expect("readable");
        let tokens = reading.entries[0].tokens;
        assert_eq!((tokens.input, tokens.output), (expected, Some(2)), "{count}");
        assert_eq!((reading.rejected, reading.rejected_values), (0, n_wrong), "{count}");
        assert_eq!(reading.calls().rejected_counts, n_wrong, "{count}");
    }
    let mut entry = serde_json::from_str::<Value>(&one.replace('@', "1")).expect("JSON");
    for name in ["accountId", "region", "operation", "modelId", "inferenceRegion"] {
        entry[name] = 5.into();
    }
    let reading = found(&entry.to_string()).expect("readable");
    assert_eq!((reading.entries.len(), reading.rejected_values), (1, 5));
    let note = "entry 1: accountId: expected a string, found a number: null instead";
    assert_eq!(reading.notes[0], note);
    assert_eq!(reading.entries[0].inference_region.as_deref(), Some("?"));
    for name in ["requestId", "timestamp", "errorCode"] {
        let mut entry = entry.clone();
        entry[name] = 5.into();
        let reading = found(&entry.to_string()).expect("readable");
        assert_eq!((reading.entries.len(), reading.rejected), (0, 1), "{name}");
    }
}

#[test]
fn what_is_unreadable() {
    let one = with("Converse", "\"inputTokenCount\":1", "\"outputTokenCount\":2");
    let body = gzip(format!("{one}\n{one}\n").as_bytes());
    let check = |body: &[u8], expected: &str| {
        let error = read(body, &LIMITS).expect_err("unreadable");
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(&[&body[..], &body[..]].concat(), "bytes after the gzip member");
    check(&body[..body.len() - 1], "truncated gzip");
    check(format!("{one}\n{{\"a\":").as_bytes(), "truncated JSON");
    check(format!("{one}\n}}").as_bytes(), "not JSON at line 2");
    let limits = Limits { inflated_bytes: 100, ..LIMITS };
    for body in [&body[..], one.as_bytes()] {
        let error = read(body, &limits).expect_err("too large").to_string();
        assert!(error.contains("cap of 100 bytes"), "{error}");
    }
    for length in 0..body.len() {
        assert!(read(&body[..length], &LIMITS).is_err(), "{length}");
    }
}

/// What a model may well write, and a parser may not like: half a surrogate pair, deep nesting, a
/// number beyond all numbers, and that in the very places that are looked at.
#[test]
fn odd_bodies_do_no_harm() {
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    for odd in
        ["\"\\ud83d\"", "{\"\\udc00\":1}", "[1e999,-1e999]", &deep, "{\"usage\":\"\\ud83d\"}"]
    {
        for body in [
            odd.to_owned(),
            format!("[{odd},{odd}]"),
            format!("{{\"message\":{odd},\"\\ud83d\":{odd},\"x\":{odd}}}"),
            format!("[{{\"usage\":{{\"cacheDetails\":{odd},\"x\":{odd}}}}}]"),
            format!("{{\"images\":{odd},\"inputImage\":{odd},\"singleEmbeddingParams\":{odd}}}"),
            format!("{{\"trace\":{{\"guardrail\":{{\"inputAssessment\":{odd}}}}}}}"),
            format!("{{\"trace\":{{\"guardrail\":{{\"outputs\":[{{\"g\":{odd}}},{odd}]}}}}}}"),
        ] {
            let input = format!("\"inputBodyJson\":{body},\"inputTokenCount\":1");
            let output = format!("\"outputBodyJson\":{body},\"outputTokenCount\":2");
            if body == odd && odd.starts_with("[1e999")
                || body.contains("Details\":[1e999")
                || body.contains("trace") && odd.starts_with("[1e999")
            {
                continue; // Only where a number may stand that is read.
            }
            let entry = entry(&with("Converse", &input, &output));
            assert_eq!((entry.tokens.input, entry.tokens.output), (Some(1), Some(2)), "{body}");
        }
    }
}

/// A string that is in prompts and completions, and nowhere else.
const MARKER: &str = "PLANTED-9f2c";

/// The keys of bodies that are looked at.
const LOOKED_AT: [&str; 27] = [
    "usage",
    "cacheDetails",
    "ttl",
    "inputTokens",
    "cache_creation",
    "ephemeral_5m_input_tokens",
    "ephemeral_1h_input_tokens",
    "serviceTier",
    "service_tier",
    "resolvedServiceTier",
    "type",
    "performanceConfig",
    "latency",
    "metrics",
    "latencyMs",
    "amazon-bedrock-invocationMetrics",
    "inputTokenCount",
    "outputTokenCount",
    "cacheReadInputTokenCount",
    "invocationLatency",
    "metadata",
    "message",
    "output",
    "response",
    "trace",
    "promptRouter",
    "invokedModelId",
];

/// An object with all of these keys in all of these keys, and so on, and in the end a leaf.
fn nested(leaf: &Value, depth: usize) -> Value {
    if depth == 0 {
        return leaf.clone();
    }
    let below = nested(leaf, depth - 1);
    let fields = LOOKED_AT.iter().map(|key| ((*key).to_owned(), below.clone()));
    Value::Object(fields.collect())
}

/// Behind every key that is looked at, below every other one, three deep, whole and in a stream.
#[test]
fn prompts_below_keys_that_are_looked_at_leave_no_trace() {
    for leaf in [json!(MARKER), json!([MARKER]), json!({ MARKER: MARKER })] {
        let body = nested(&leaf, 3);
        for body in [body.clone(), json!([MARKER, body, [body]])] {
            let input = format!("\"inputBodyJson\":{body},\"inputTokenCount\":1");
            let output = format!("\"outputBodyJson\":{body},\"outputTokenCount\":2");
            let reading = found(&with("Converse", &input, &output)).expect("readable");
            assert_eq!(reading.entries.len(), 1);
            assert!(!format!("{reading:?}").contains("PLANTED"), "{reading:?}");
        }
    }
}

/// A prompt wherever one may stand, also where it has no business to.
#[test]
fn prompts_leave_no_trace() {
    let long = MARKER.repeat(2000);
    let bodies = [
        format!("\"{MARKER}\""),
        format!("\"{long}\""),
        format!("{{\"{MARKER}\":\"{MARKER}\",\"message\":\"{long}\",\"usage\":\"{MARKER}\"}}"),
        format!("[\"{MARKER}\",{{\"usage\":{{\"{MARKER}\":[],\"cacheDetails\":\"{MARKER}\"}}}}]"),
        format!("[{{\"metadata\":{{\"usage\":{{\"cacheDetails\":[{{\"ttl\":\"{MARKER}\"}}]}}}}}}]"),
        format!("{{\"trace\":{{\"promptRouter\":{{\"invokedModelId\":\"{MARKER}\"}}}}}}"),
        format!(
            "[{{\"metadata\":{{\"trace\":{{\"promptRouter\":{{\"invokedModelId\":\"{long}\"}}}}}}}}]"
        ),
    ];
    let mut texts = Vec::new();
    for body in &bodies {
        let input = format!("\"inputBodyJson\":{body},\"inputTokenCount\":1");
        let output = format!("\"outputBodyJson\":{body},\"outputTokenCount\":2");
        let text = with("Converse", &input, &output);
        texts.push(text.replace("\"schemaVersion\"", &format!("\"requestMetadata\":{body},\"x\"")));
        texts.push(
            text.replace("\"accountId\":\"111122223333\"", &format!("\"accountId\":[{body}]")),
        );
        texts.push(text.replace("\"2026-08-10T21:12:39Z\"", &format!("\"{MARKER}\"")));
        texts.push(text.replace("\"arn:aws:iam::111122223333:user/ada\"", body));
        texts.push(text.replace("TokenCount\":1", &format!("TokenCount\":{body}")));
        texts.push(text.replace("TokenCount\":2", &format!("TokenCount\":\"{MARKER}\"")));
        texts.push(text.replace("\"ModelInvocationLog\"", body));
        texts.push(text.replace("\"input\":{", &format!("\"input\":{body},\"x\":{{")));
        texts.push(text.replace("\"Converse\"", &format!("\"{long}\"")));
        texts.push(format!("{body} {text}"));
        texts.push(format!("{text} {{\"{MARKER}\" \"{MARKER}\"}}"));
        texts.push(format!("{text} {{\"{MARKER}\":{MARKER}}}"));
    }
    let (mut n_entries, mut n_rejected, mut n_unreadable) = (0, 0, 0);
    for text in &texts {
        for length in [text.len(), text.len() / 2, text.len() / 3] {
            let shown = match found(&text[..length]) {
                Ok(reading) => {
                    n_entries += reading.entries.len();
                    let sentences = [&reading.rejections[..], &reading.notes].concat();
                    n_rejected += sentences.len();
                    format!("{reading:?} {}", sentences.join(" "))
                }
                Err(error) => {
                    n_unreadable += 1;
                    format!("{error:?} {error}")
                }
            };
            assert!(!shown.contains("PLANTED"), "{shown}");
        }
    }
    assert!(n_entries > 5 && n_rejected > 20 && n_unreadable > 50);
}

/// Counts what is read of it.
struct Counting<R> {
    inner: R,
    n_bytes: u64,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.n_bytes += count as u64;
        Ok(count)
    }
}

/// An entry of 50 MB that nobody ever holds: the text is made while it is read, and what the parser
/// holds of a string is bounded by what is let through to it.
#[test]
fn a_huge_entry_is_read_as_it_comes() {
    const PROMPT_BYTES: u64 = 50_000_000;
    let text = with(
        "Converse",
        r#""inputBodyJson":{"prompt":"@"},"inputTokenCount":12000000"#,
        r#""outputBodyJson":{"usage":{"cacheDetails":[]}},"outputTokenCount":7"#,
    );
    let (head, tail) = text.split_once('@').expect("a place for the prompt");
    let prompt = io::repeat(b'x').take(PROMPT_BYTES);
    let inner = head.as_bytes().chain(prompt).chain(tail.as_bytes());
    let mut counting = Counting { inner, n_bytes: 0 };
    let reading = read(BufReader::new(&mut counting), &LIMITS).expect("readable");
    let tokens = reading.entries[0].tokens;
    assert_eq!((tokens.input, tokens.output), (Some(12_000_000), Some(7)));
    assert_eq!(counting.n_bytes, PROMPT_BYTES + text.len() as u64 - 1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_readers_agree(seed in 0_u64..1000, choices in vec(vec(any::<u32>(), 0..120), 0..5)) {
        let nodes = choices.iter().map(|c| invocation::entry(&mut Dice::of_choices(c)));
        check(&nodes.collect::<Vec<_>>(), seed);
    }
}

#[test]
fn the_generator_reaches_everything() {
    let mut all = Slow::default();
    let mut n_split = 0;
    for seed in 0..400 {
        let mut dice = Dice::of_seed(seed);
        let nodes = (0..4).map(|_| invocation::entry(&mut dice)).collect::<Vec<_>>();
        let slow = check(&nodes, seed);
        n_split += slow.entries.iter().filter(|e| e.tokens.cache_write_1h.is_some()).count();
        all.entries.extend(slow.entries);
        all.rejected.extend(slow.rejected);
        all.skipped += slow.skipped;
        all.metadata.add(slow.metadata);
    }
    let n_streams = all.entries.iter().filter(|entry| entry.is_stream()).count();
    let n_failed = all.entries.iter().filter(|entry| entry.error_code.is_some()).count();
    let n_with_metadata = all.entries.iter().filter(|entry| entry.metadata.is_some()).count();
    let MetadataCounts { cut, not_strings } = all.metadata;
    assert!(n_with_metadata >= 40 && cut >= 20 && not_strings >= 20, "{:?}", all.metadata);
    let reached = [all.entries.len(), all.rejected.len(), n_split, n_streams, n_failed];
    assert!(reached.iter().all(|count| *count >= 30) && all.skipped >= 20, "{reached:?}");
    let units = all.entries.iter().filter_map(|entry| entry.units.as_deref()).collect::<Vec<_>>();
    let counted = |unit| units.iter().filter(|units| units.get(unit).is_some()).count();
    let n_whole = units.iter().filter(|units| units.guardrail == Guardrail::Counted).count();
    let of_units = [
        counted(Unit::OutputImage),
        counted(Unit::InputImage),
        counted(Unit::SpeechInputToken),
        counted(Unit::SearchUnit),
        counted(Unit::GuardrailTopicUnit),
        n_whole,
    ];
    assert!(of_units.iter().all(|count| *count >= 1), "{of_units:?}");
}

fn check(nodes: &[Node], seed: u64) -> Slow {
    let (blanks, escapes) = ([0, 0, 1, 2][seed as usize % 4], [0, 0, 30, 1][seed as usize / 4 % 4]);
    let text =
        nodes.iter().map(|node| node.write(Spelling { blanks, escapes, seed })).collect::<Vec<_>>();
    let text = format!("{} \n", text.join("\n"));
    let values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let slow = invocation::slow(values.map(|value| value.expect("generated")));
    let found = found(&text).expect("readable");
    assert_eq!(found.entries, slow.entries, "{text}");
    assert_eq!(found.metadata, slow.metadata, "{text}");
    assert_eq!(
        (found.skipped, found.rejected),
        (slow.skipped, slow.rejected.len() as u64),
        "{text}"
    );
    for (sentence, number) in found.rejections.iter().zip(&slow.rejected) {
        assert!(sentence.starts_with(&format!("entry {number}: ")), "{sentence}\n{text}");
    }
    slow
}
