//! What is billed by other units than text tokens: images, speech, queries, embeddings, guardrails.

use serde_json::{Value, json};

use crate::costs::{
    DAY, answer, assert_totals_agree, by_id, cost_of, counts, entry, lines, log_key, made, units,
};
use crate::world::{Row, World, call, sum, with};

const NOON: &str = "2026-10-05T12:00:00Z";
const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

/// A call to a model, and what the log has of it.
struct Called {
    record: Value,
    entry: Option<Value>,
}

fn called(id: &'static str, model: &str, logged: Option<(Value, Value)>) -> Called {
    let log = |(input, output): (Value, Value)| {
        let entry = entry(&format!("request-of-{id}"), NOON, &input, &output);
        with(entry, "/modelId", model)
    };
    let record = made(id, &json!({ "modelId": model }), &json!({}), None);
    Called { record, entry: logged.map(log) }
}

fn write(world: &World, calls: &[Called]) {
    let records = calls.iter().map(|called| called.record.clone()).collect::<Vec<_>>();
    world.object("20261005T1205Z", "a", &records);
    let entries = calls.iter().filter_map(|called| called.entry.clone()).collect::<Vec<_>>();
    world.write(&format!("logs/{}", log_key("2026/10/05/12", "a")), lines(&entries));
}

fn images(count: i64, size: i64) -> (Value, Value) {
    let config = json!({ "width": size, "height": size, "numberOfImages": 5 });
    (
        json!({ "inputBodyJson": { "imageGenerationConfig": config } }),
        json!({ "outputImageCount": count }),
    )
}

#[test]
fn images_and_speech_are_priced_where_the_log_counts_them() {
    let world = World::new();
    let sonic = "amazon.nova-2-sonic-v1:0";
    let side = |speech: i64, text: i64| json!({ "speechTokens": speech, "textTokens": text });
    let total = json!({ "input": side(48_210, 0), "output": side(30_000, 115) });
    let usage = json!([{ "event": { "usageEvent": { "details": { "total": total } } } }]);
    let spoken = json!({ "outputBodyJson": usage, "outputTokenCount": 30_115 });
    let canvas = "amazon.nova-canvas-v1:0";
    let embed = "amazon.titan-embed-image-v1";
    let image = json!({ "inputBodyJson": { "inputImage": "aGk=" }, "inputTokenCount": 0 });
    let calls = [
        called("large", canvas, Some(images(4, 2048))),
        called("small", canvas, Some(images(2, 512))),
        called("unknown-size", canvas, Some((json!({}), json!({ "outputImageCount": 1 })))),
        called("no-entry", canvas, None),
        called("no-images", canvas, Some((counts(0), answer(0)))),
        called("inpaint", "us.stability.stable-image-inpaint-v1:0", Some(images(1, 7))),
        called("video", "amazon.nova-reel-v1:1", None),
        called("rerank", "cohere.rerank-v3-5:0", Some((counts(300), answer(0)))),
        called("embedded", embed, Some((image, json!({})))),
        called(
            "embedded-text",
            embed,
            Some((
                json!({ "inputBodyJson": { "inputText": "a" }, "inputTokenCount": 10_000 }),
                json!({}),
            )),
        ),
        called("embedded-unseen", embed, Some((counts(10_000), json!({})))),
        called("split", sonic, Some((counts(48_210), spoken))),
        called("unsplit", sonic, Some((counts(48_210), answer(30_115)))),
    ];
    write(&world, &calls);
    let run = world.run(&["--day", DAY, "--invocation-logs", "logs"]).ends(0);
    let rows = by_id(&world.rows("invocations", DAY));
    let unit = "- - - unit_not_tokens";
    let expected = [
        ("large", "full 0.24 - -", Some(4)),
        ("small", "full 0.08 - -", Some(2)),
        ("unknown-size", "lower_bound 0.04 - unit_not_tokens", Some(1)),
        ("no-entry", unit, None),
        ("no-images", unit, None),
        ("inpaint", "full 0.07 - -", Some(1)),
        ("video", unit, None),
        ("rerank", unit, None),
        ("embedded", "full 0.00006 - -", Some(1)),
        ("embedded-text", "full 0.008 - -", Some(0)),
        ("embedded-unseen", "lower_bound 0.008 - unit_not_tokens", None),
        ("split", "full 0.50494625 - -", None),
        ("unsplit", "lower_bound 0.09872555 - unit_not_tokens", None),
    ];
    assert_eq!(rows.len(), expected.len());
    for (id, cost, images) in expected {
        assert_eq!(cost_of(&rows[id]), cost, "{id}");
        assert_eq!(rows[id]["images"].as_i64(), images, "{id}");
    }
    assert_eq!(rows["split"]["speech_tokens"], 78_210);
    assert_eq!(rows["split"]["input_tokens"], 48_210, "speech is among the tokens");
    assert_totals_agree(&world, "1.0497318");
    let costs = world.rows("model_costs", DAY);
    assert_eq!((sum(&costs, "images"), sum(&costs, "speech_tokens")), (9, 78_210));
    let of_units = costs.iter().map(|row| units(&row["list_unit_cost_usd"])).sum::<i128>();
    assert_eq!(of_units, units(&json!("0.93469")));
    let parts = ["input", "output", "cache_read", "cache_write", "unit"];
    for row in &costs {
        let parts = parts.map(|part| units(&row[format!("list_{part}_cost_usd").as_str()]));
        assert_eq!(parts.into_iter().sum::<i128>(), units(&row["list_cost_usd"]), "{row:?}");
    }
    for shown in
        ["9 images · 78,210 speech tokens: $0.9346 of the cost", "other units not counted: 2"]
    {
        assert!(run.stdout.contains(shown), "{shown}: {}", run.stdout);
    }
    assert!(!run.stdout.contains("no token counts"), "{}", run.stdout);
}

#[test]
fn call_with_a_guardrail_is_never_full_unless_all_is_counted() {
    let world = World::new();
    let usage = json!({ "topicPolicyUnits": 1, "contentPolicyUnits": 2, "wordPolicyUnits": 1 });
    let assessed = json!({ "invocationMetrics": { "usage": usage } });
    let trace = |parts: Value| json!({ "trace": { "guardrail": parts } });
    let both = trace(
        json!({ "inputAssessment": { "g": assessed }, "outputAssessments": { "g": [assessed] } }),
    );
    let mut stopped = trace(json!({ "inputAssessment": { "g": assessed } }));
    stopped["stopReason"] = json!("guardrail_intervened");
    let logged = |body: Value, output: i64| {
        (
            counts(if output == 0 { 0 } else { 500 }),
            json!({ "outputBodyJson": body, "outputTokenCount": output }),
        )
    };
    let mut calls = vec![
        called("none", HAIKU, Some(logged(json!({ "stopReason": "end_turn" }), 60))),
        called("in-trail", HAIKU, Some((counts(500), answer(60)))),
        called("by-id", HAIKU, Some((counts(500), answer(60)))),
        called(
            "in-request",
            HAIKU,
            Some((
                json!({ "inputBodyJson": { "guardrailConfig": {} }, "inputTokenCount": 500 }),
                answer(60),
            )),
        ),
        called(
            "in-answer",
            HAIKU,
            Some(logged(json!([{ "amazon-bedrock-guardrailAction": "NONE" }]), 60)),
        ),
        called("counted", HAIKU, Some(logged(both, 60))),
        called("blocked", HAIKU, Some((counts(0), answer(0)))),
        called("blocked-counted", HAIKU, Some(logged(stopped, 0))),
        called("failed", HAIKU, Some((counts(0), answer(0)))),
    ];
    calls[1].record["requestParameters"]["guardrailConfig"] = json!({ "guardrailIdentifier": "g" });
    calls[2].record["requestParameters"]["guardrailIdentifier"] = json!("g");
    calls[8].record["errorCode"] = json!("ModelErrorException");
    write(&world, &calls);
    world.run(&["--day", DAY, "--invocation-logs", "logs"]).ends(0);
    let rows = by_id(&world.rows("invocations", DAY));
    let bound = "lower_bound 0.00088 - unit_not_tokens";
    for (id, cost) in [
        ("none", "full 0.00088 - -"),
        ("in-trail", bound),
        ("by-id", bound),
        ("in-request", bound),
        ("in-answer", bound),
        ("counted", "full 0.00178 - -"),
        ("blocked", "- - - unit_not_tokens"),
        ("blocked-counted", "full 0.00045 - -"),
        ("failed", "full 0 - -"),
    ] {
        let found = cost_of(&rows[id]);
        assert_eq!(found.replace("full 0. ", "full 0 "), cost, "{id}");
    }
    assert_eq!(rows["counted"]["guardrail_units"], 6);
    assert_totals_agree(&world, "0.00663");
}

#[test]
fn gate_for_tokens_heeds_only_tokens_that_should_have_a_price() {
    let run = |model: &str, gate: &str| {
        let world = World::new();
        let record = with(call("e", NOON), "/requestParameters/modelId", model);
        world.object("20261005T1205Z", "a", &[record]);
        let run = world.run(&["--day", DAY, "--fail-on", gate]);
        assert!(run.code == 0 || run.stderr.contains("--fail-on: 1 call with"), "{}", run.stderr);
        run.code
    };
    let own = "arn:aws:bedrock:us-east-1:111122223333";
    // Each call has token counts and no cost.
    for (model, is_tripped) in [
        ("amazon.nova-canvas-v1:0", false),
        ("twelvelabs.marengo-embed-3-0-v1:0", false),
        ("cohere.rerank-v3-5:0", false),
        (&format!("{own}:provisioned-model/abcdef123456"), false),
        (&format!("{own}:imported-model/abcdef123456"), false),
        (&format!("{own}:custom-model/amazon.nova-lite-v1:0/abcdef123456"), false),
        ("anthropic.claude-zeppelin-9", true),
        ("amazon.titan-tg1-large", true),
    ] {
        assert_eq!(run(model, "unpriced"), 4, "{model}");
        assert_eq!(run(model, "unpriced-tokens"), if is_tripped { 4 } else { 0 }, "{model}");
    }
    assert_eq!(run("amazon.nova-lite-v1:0", "unpriced-tokens"), 0);
}

#[test]
fn other_prices_per_unit_rebuild_the_day() {
    let world = World::new();
    write(&world, &[called("a", "amazon.nova-canvas-v1:0", Some(images(2, 1024)))]);
    let all = ["--day", DAY, "--invocation-logs", "logs"];
    let cost = || world.rows("invocations", DAY)[0]["list_cost_usd"].clone();
    world.run(&all).ends(0);
    assert_eq!(units(&cost()), units(&json!("0.08")));
    let before = world.rows("model_costs", DAY)[0]["price_version"].clone();
    let prices = world.text("units.csv");
    world.hoptrail(&["prices", "export", "--units", "--to", &prices]).ends(0);
    world.run(&[&all[..], &["--unit-prices", &prices]].concat()).ends(0);
    assert_eq!(world.summary()["unchanged"], json!([DAY]), "the same prices");
    let text = std::fs::read_to_string(&prices).unwrap();
    world.write("units.csv", text.replace("1024 standard,0.04,", "1024 standard,0.03,"));
    world.run(&[&all[..], &["--unit-prices", &prices]].concat()).ends(0);
    assert_eq!(units(&cost()), units(&json!("0.06")));
    assert_ne!(world.rows("model_costs", DAY)[0]["price_version"], before);
    world.hoptrail(&["prices", "check", &prices]).ends(0);
    world.write("units.csv", text.replace("amazon.nova-canvas-v1:0", "amazon.nova-canvas-v9:0"));
    world.hoptrail(&["prices", "check", &prices]).ends(1);
    let run = world.run(&[&all[..], &["--unit-prices", &prices]].concat()).ends(2);
    let parts = ["units.csv", "line ", "unknown model `amazon.nova-canvas-v9:0`"];
    assert!(parts.iter().all(|part| run.stderr.contains(part)), "{}", run.stderr);
}

#[test]
fn units_are_priced_without_a_trail() {
    let world = World::new();
    let calls = [
        called("a", "amazon.nova-canvas-v1:0", Some(images(2, 2048))),
        called(
            "b",
            HAIKU,
            Some((
                json!({ "inputBodyJson": { "guardrailConfig": {} }, "inputTokenCount": 500 }),
                answer(60),
            )),
        ),
    ];
    write(&world, &calls);
    let out = world.text("out");
    world.hoptrail(&["run", "--invocation-logs", "logs", "--dest", &out, "--day", DAY]).ends(0);
    let rows = world.rows("invocations", DAY);
    let found = rows.iter().map(cost_of).collect::<std::collections::BTreeSet<_>>();
    let expected = ["full 0.12 - -", "lower_bound 0.00088 - unit_not_tokens"];
    assert_eq!(found, expected.map(str::to_owned).into());
    assert_eq!(sum(&rows, "images"), 2);
}

/// A call that was stopped has what it used until then, and one without any token is only free if nothing else can be
/// billed. Counts may be written with a decimal point.
#[test]
fn stopped_call_has_its_input_and_zero_counts_are_not_free_without_a_reason() {
    let world = World::new();
    let stopped = |reason: &str, input: Value, output: Value| {
        let answer =
            json!({ "outputBodyJson": { "stopReason": reason }, "outputTokenCount": output });
        Some((json!({ "inputTokenCount": input }), answer))
    };
    let mut calls = [
        called("filtered", HAIKU, stopped("content_filtered", json!(500), json!(0))),
        called("filtered-late", HAIKU, stopped("content_filtered", json!(500), json!(60))),
        called("filtered-at-once", HAIKU, stopped("content_filtered", json!(0), json!(0))),
        called("intervened", HAIKU, stopped("guardrail_intervened", json!(500), json!(0))),
        called("intervened-at-once", HAIKU, stopped("guardrail_intervened", json!(0), json!(0))),
        called("no-answer", HAIKU, stopped("end_turn", json!(500), json!(0))),
        called("nothing", HAIKU, Some((counts(0), answer(0)))),
        called("failed", HAIKU, Some((counts(0), answer(0)))),
        called("decimal", HAIKU, stopped("end_turn", json!(500.0), json!("60.0"))),
        called("decimal-images", "amazon.nova-canvas-v1:0", Some(images(2, 512))),
    ];
    calls[7].record["errorCode"] = json!("ThrottlingException");
    let failed = calls[7].entry.as_mut().unwrap();
    failed["errorCode"] = json!("ThrottlingException");
    let canvas = calls[9].entry.as_mut().unwrap();
    canvas["output"]["outputImageCount"] = json!(2.0);
    write(&world, &calls);
    let nothing = "- - - unit_not_tokens";
    let expected = [
        ("filtered", "full 0.00055 - -"),
        ("filtered-late", "full 0.00088 - -"),
        ("filtered-at-once", nothing),
        ("intervened", "lower_bound 0.00055 - unit_not_tokens"),
        ("intervened-at-once", nothing),
        ("no-answer", "full 0.00055 - -"),
        ("nothing", nothing),
        ("failed", "full 0. - -"),
        ("decimal", "full 0.00088 - -"),
        ("decimal-images", "full 0.08 - -"),
    ];
    let check = || {
        let rows = world.rows("invocations", DAY);
        assert_eq!(rows.len(), expected.len());
        for (id, cost) in expected {
            let of_id = |row: &&Row| row["request_id"] == format!("request-of-{id}");
            let row = rows.iter().find(of_id).unwrap();
            assert_eq!(cost_of(row), cost, "{id}");
        }
    };
    world.run(&["--day", DAY, "--invocation-logs", "logs"]).ends(0);
    check();
    assert_totals_agree(&world, "0.08341");
    std::fs::remove_dir_all(world.out()).unwrap();
    let (logs, out) = (world.text("logs"), world.text("out"));
    world.hoptrail(&["run", "--invocation-logs", &logs, "--dest", &out, "--day", DAY]).ends(0);
    check();
}
