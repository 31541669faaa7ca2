//! Batch inference jobs: a row each, what their outputs count, and what is known of them only later.

use std::fs;

use serde_json::{Value, json};

use crate::world::{
    ACCOUNT, REGION, Row, Run, Tree, World, assert_adds_up, assert_same, call, document, key,
    texts, tree, with, without,
};

const DAY: &str = "2026-10-05";
pub(crate) const OUTPUTS: [&str; 2] = ["--batch-outputs", "outputs"];
const NOVA_LITE: &str = "us.amazon.nova-lite-v1:0";

fn arn(id: &str) -> String {
    format!("arn:aws:bedrock:{REGION}:{ACCOUNT}:model-invocation-job/{id}")
}

/// The event that creates a job of this ID, whose own ID is that of the job with `event-` in front.
pub(crate) fn created(id: &str, event_time: &str) -> Value {
    created_with(id, event_time, NOVA_LITE)
}

fn created_with(id: &str, event_time: &str, model: &str) -> Value {
    let record = call(&format!("event-{id}"), event_time);
    let record = with(record, "/eventName", "CreateModelInvocationJob");
    let request = json!({
        "modelId": model, "jobName": format!("nightly-{id}"), "roleArn": "arn:aws:iam::1:role/batch",
        "inputDataConfig": { "s3InputDataConfig": { "s3Uri": "s3://in/x.jsonl" } },
        "outputDataConfig": { "s3OutputDataConfig": { "s3Uri": "s3://out/" } },
    });
    let record = with(record, "/requestParameters", request);
    let record = with(record, "/responseElements", json!({ "jobArn": arn(id) }));
    without(record, "additionalEventData")
}

/// The event that asks to stop a job, of this ARN or ID.
pub(crate) fn stopped(job: &str, event_time: &str) -> Value {
    let record = call(&format!("stop of {job}"), event_time);
    let record = with(record, "/eventName", "StopModelInvocationJob");
    let record = with(record, "/requestParameters", json!({ "jobIdentifier": job }));
    without(record, "additionalEventData")
}

/// EventBridge's event that a job is in another state.
fn changed(id: &str, status: &str) -> String {
    let detail = json!({ "version": "0.0", "batchJobArn": arn(id), "status": status });
    let kind = "Batch Inference Job State Change";
    json!({ "version": "0", "detail-type": kind, "source": "aws.bedrock", "detail": detail })
        .to_string()
}

/// The summary of an output.
pub(crate) fn counts(total: i64, processed: i64, input: i64, output: i64) -> String {
    json!({
        "totalRecordCount": total, "processedRecordCount": processed,
        "successRecordCount": processed - 1, "errorRecordCount": 1,
        "inputTokenCount": input, "outputTokenCount": output,
    })
    .to_string()
}

/// Writes the output of a job, with the answers beside it.
pub(crate) fn write_output(world: &World, id: &str, counts: impl AsRef<[u8]>) {
    world.write(&format!("outputs/jobs/{id}/x.jsonl.out"), "{\"recordId\":\"MARKER\"}\n");
    world.write(&format!("outputs/jobs/{id}/manifest.json.out"), counts);
}

fn run(world: &World, more: &[&str]) -> Run {
    run_of(world, DAY, more)
}

fn run_of(world: &World, day: &str, more: &[&str]) -> Run {
    let run = world.run(&[&["--day", day], more].concat());
    if run.code == 0 || run.code == 3 {
        assert_adds_up(&world.summary());
    }
    run
}

/// The only job of a day.
#[track_caller]
fn job(world: &World, day: &str) -> Row {
    let mut rows = world.rows("batch_jobs", day);
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

#[track_caller]
fn assert_has(row: &Row, expected: Value) {
    let Value::Object(expected) = expected else { panic!("expected columns") };
    for (column, value) in expected {
        assert_eq!(row[&column], value, "{column} of {row:?}");
    }
}

/// One job of this model, published without output.
fn published(model: &str) -> World {
    let world = World::new();
    fs::create_dir(world.path("outputs")).unwrap();
    world.object("20261005T1210Z", "a", &[created_with("abc1", "2026-10-05T12:00:00Z", model)]);
    run(&world, &[]).ends(0);
    world
}

#[test]
fn job_is_a_row_and_no_call() {
    let world = World::new();
    let denied =
        with(created("abc2", "2026-10-05T13:00:00Z"), "/errorCode", "AccessDeniedException");
    let denied = with(denied, "/responseElements", Value::Null);
    let records =
        [created("abc1", "2026-10-05T12:00:00Z"), denied, call("c", "2026-10-05T12:00:00Z")];
    world.object("20261005T1210Z", "a", &records);
    let run = run(&world, &[]).ends(0);
    assert_has(
        &job(&world, DAY),
        json!({
            "event_time": 1_791_201_600_000_i64, "event_id": "event-abc1", "job_arn": arn("abc1"),
            "job_name": "nightly-abc1", "account_id": ACCOUNT, "source_region": REGION,
            "principal_name": "app", "target_type": "geo_profile", "profile_scope": "us",
            "profile_id": NOVA_LITE, "model_id": "amazon.nova-lite-v1:0", "model_name": "Nova Lite",
            "model_provider": "Amazon", "model_match": "exact", "model_ref": NOVA_LITE,
            "status": "Submitted", "records": null, "input_tokens": null, "output_tokens": null,
            "token_source": null, "list_cost_usd": null, "cost_basis": null,
            "cost_gap": "no_count_input,no_count_output", "output_object": null,
            "contracted_cost_usd": null,
        }),
    );
    assert_eq!(world.event_ids(DAY), ["c"]);
    assert_eq!(world.rows("model_costs", DAY).len(), 1);
    // The event is counted by name as well, as the one that created no job.
    let activity = &world.rows("other_activity", DAY)[0];
    assert_has(
        activity,
        json!({ "event_name": "CreateModelInvocationJob", "events": 2, "errors": 1 }),
    );
    let summary = world.summary();
    assert_eq!(summary["batch_cost"]["jobs"], 1);
    assert_eq!(summary["batch_cost"]["list_cost_usd"], Value::Null);
    assert_eq!(summary["cost"]["calls"], 1);
    let text = "\nBatch jobs   1, cost unknown; not in the list cost\n             Nova Lite 1\n             \
                no token counts (--batch-outputs): 1\n";
    assert!(run.stdout.contains(text), "{}", run.stdout);
}

/// 2 million tokens at 0.03, and half a million at 0.12 for a million: the prices of the batch tier.
#[test]
fn output_gives_records_tokens_and_cost() {
    let world = World::new();
    let records = [created("abc1", "2026-10-05T12:00:00Z"), call("c", "2026-10-05T12:00:00Z")];
    world.object("20261005T1210Z", "a", &records);
    write_output(&world, "abc1", counts(1000, 1000, 2_000_000, 500_000));
    let run = run(&world, &OUTPUTS).ends(0);
    assert_has(
        &job(&world, DAY),
        json!({
            "status": "Completed", "records": 1000, "processed_records": 1000,
            "succeeded_records": 999, "failed_records": 1, "input_tokens": 2_000_000,
            "output_tokens": 500_000, "token_source": "job_output", "list_cost_usd": "0.120000000000",
            "cost_basis": "full", "cost_gap": null, "list_cost_max_usd": null,
            "output_object": "jobs/abc1/manifest.json.out",
        }),
    );
    // The call costs what it costs without any job.
    let summary = world.summary();
    let costs = world.rows("model_costs", DAY);
    assert_eq!((costs.len(), &costs[0]["calls"]), (1, &json!(1)));
    assert_eq!(costs[0]["list_cost_usd"], "0.000066000000");
    assert_eq!(summary["cost"]["list_cost_usd"], "0.000066");
    assert_eq!(summary["batch_cost"]["list_cost_usd"], "0.12");
    let outputs = json!({ "found": 1, "read": 1, "without_job": 0, "unusable": [] });
    assert_eq!(summary["batch_outputs"], outputs);
    let text = "\nBatch jobs   $0.1200 for 1 of 1 job at list prices; not in the list cost\n";
    assert!(run.stdout.contains(text), "{}", run.stdout);
    // Nothing of the answers is held.
    let marker = b"MARKER";
    for (name, bytes) in tree(&world.out()) {
        assert!(!bytes.windows(marker.len()).any(|window| window == marker), "{name}");
    }
}

#[test]
fn discount_of_the_batch_tier_is_contracted_cost() {
    let world = published(NOVA_LITE);
    write_output(&world, "abc1", counts(10, 10, 1_000_000, 1_000_000));
    world.write("discounts.csv", "service_tier,factor\nbatch,0.9\nflex,0.5\n");
    let run = run(&world, &[&OUTPUTS[..], &["--discount", "discounts.csv"]].concat()).ends(0);
    let text = "$0.1500 for 1 of 1 job at list prices, contracted $0.1350; not in the list cost";
    assert!(run.stdout.contains(text), "{}", run.stdout);
    let costs =
        json!({ "list_cost_usd": "0.150000000000", "contracted_cost_usd": "0.135000000000" });
    assert_has(&job(&world, DAY), costs);
    assert_eq!(world.summary()["batch_cost"]["contracted_cost_usd"], "0.135");
}

#[test]
fn model_without_a_batch_price_has_no_cost_and_says_why() {
    for (model, gap) in [
        ("us.anthropic.claude-opus-5-5", "no_price"),
        (
            "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/x1",
            "unresolved_model",
        ),
        ("nobody.knows-v1:0", "unresolved_model"),
    ] {
        let world = published(model);
        write_output(&world, "abc1", counts(10, 10, 1000, 1000));
        run(&world, &OUTPUTS).ends(0);
        let expected = json!({ "list_cost_usd": null, "cost_gap": gap, "input_tokens": 1000 });
        assert_has(&job(&world, DAY), expected);
    }
}

#[test]
fn output_that_comes_later_has_its_day_built_again() {
    let world = published(NOVA_LITE);
    run(&world, &OUTPUTS).ends(0);
    assert_eq!(world.summary()["unchanged"], json!([DAY]));
    write_output(&world, "abc1", counts(10, 4, 1000, 1000));
    assert!(run(&world, &OUTPUTS).ends(0).stdout.contains("new state or output of 1 batch job"));
    assert_has(&job(&world, DAY), json!({ "status": "PartiallyCompleted", "input_tokens": 1000 }));
    run(&world, &OUTPUTS).ends(0);
    assert_eq!(world.summary()["unchanged"], json!([DAY]));
    write_output(&world, "abc1", counts(10, 10, 3000, 3000));
    run(&world, &OUTPUTS).ends(0);
    assert_has(&job(&world, DAY), json!({ "status": "Completed", "input_tokens": 3000 }));
    assert_as_in_one_run(&world, &["--day", DAY]);
}

/// Asserts that a destination is as one run leaves it that has all at once.
#[track_caller]
fn assert_as_in_one_run(world: &World, range: &[&str]) {
    let without_manifests = |mut files: Tree| {
        files.retain(|name, _| !name.contains("_hoptrail/manifest"));
        files
    };
    let found = tree(&world.out());
    fs::remove_dir_all(world.out()).unwrap();
    world.run(&[range, &OUTPUTS].concat()).ends(0);
    let expected = tree(&world.out());
    let manifests = |files: &Tree| {
        let of_days = files.iter().filter(|(name, _)| name.contains("_hoptrail/manifest"));
        let jobs = of_days.map(|(name, bytes)| {
            let manifest: Value = serde_json::from_slice(bytes).unwrap();
            (name.clone(), manifest["batch_jobs"].clone())
        });
        jobs.collect::<Vec<_>>()
    };
    assert_eq!(manifests(&found), manifests(&expected));
    assert_same(&without_manifests(found), &without_manifests(expected), "one run");
}

/// A nightly run over later days reads the stop, lists the output, and opens the day of the job again.
#[test]
fn state_and_output_that_come_later_open_a_day_before_the_range() {
    let world = published(NOVA_LITE);
    let next = "2026-10-07";
    world.object("20261007T0810Z", "b", &[stopped(&arn("abc1"), "2026-10-07T08:00:00Z")]);
    run_of(&world, next, &[]).ends(0);
    assert_has(&job(&world, DAY), json!({ "status": "Stopping" }));
    let summary = world.summary();
    let opened = summary["days"].as_array().unwrap().iter().find(|day| day["dt"] == DAY).unwrap();
    assert_eq!(opened["is_reopened"], true);
    write_output(&world, "abc1", counts(10, 4, 1000, 1000));
    run_of(&world, "2026-10-08", &OUTPUTS).ends(0);
    assert_has(&job(&world, DAY), json!({ "status": "Stopped", "output_tokens": 1000 }));
    run_of(&world, "2026-10-08", &OUTPUTS).ends(0);
    assert!(world.summary()["days"].as_array().unwrap().is_empty());
    run_of(&world, "2026-10-06", &OUTPUTS).ends(0);
    assert_as_in_one_run(&world, &["--from", DAY, "--to", "2026-10-08"]);
}

#[test]
fn state_change_of_eventbridge_counts() {
    let world = World::new();
    let lines = [created("abc1", "2026-10-05T12:00:00Z").to_string(), changed("abc1", "Failed")];
    world.write("trail/x.json", lines.join("\n"));
    // Whatever its output counts.
    write_output(&world, "abc1", counts(10, 10, 1000, 1000));
    world.run(&["--layout", "any", OUTPUTS[0], OUTPUTS[1]]).ends(0);
    assert_has(&job(&world, DAY), json!({ "status": "Failed", "records": 10 }));
}

/// AWS gives the job of before to whoever asks again with the same `clientRequestToken`.
#[test]
fn job_that_is_created_twice_is_one() {
    let world = World::new();
    let first = created("abc1", "2026-10-05T12:00:00Z");
    let again =
        with(with(first.clone(), "/eventID", "again"), "/eventTime", "2026-10-05T12:00:01Z");
    world.object("20261005T1210Z", "a", &[again, first.clone()]);
    world.object("20261005T1215Z", "b", &[first]);
    write_output(&world, "abc1", counts(10, 10, 1_000_000, 0));
    run(&world, &OUTPUTS).ends(0);
    assert_has(
        &job(&world, DAY),
        json!({ "event_id": "event-abc1", "list_cost_usd": "0.030000000000" }),
    );
    assert_eq!(world.rows("other_activity", DAY)[0]["events"], 2);
    assert_eq!(world.summary()["batch_cost"]["jobs"], 1);
}

#[test]
fn jobs_of_two_regions_are_two_whatever_their_ids() {
    let world = World::new();
    let first = created("abc1", "2026-10-05T12:00:00Z");
    let other = first.to_string().replace(REGION, "us-west-2").replace("event-abc1", "other");
    let other = serde_json::from_str(&other).unwrap();
    world.object("20261005T1210Z", "a", &[first, other]);
    write_output(&world, "abc1", counts(10, 10, 1000, 1000));
    let run = run(&world, &OUTPUTS).ends(3);
    let rows = world.rows("batch_jobs", DAY);
    assert_eq!(texts(&rows, "event_id"), ["event-abc1", "other"]);
    // Nothing says whose output it is.
    assert!(rows.iter().all(|row| row["input_tokens"].is_null()), "{rows:?}");
    let why = "several jobs have the ID abc1, and it counts for none: arn:aws:bedrock:us-east-1:";
    assert!(run.stderr.contains(why), "{}", run.stderr);
    let again = self::run(&world, &OUTPUTS).ends(3);
    assert_eq!(world.summary()["unchanged"], json!([DAY]));
    assert!(again.stderr.contains(why), "{}", again.stderr);
}

#[test]
fn job_without_an_arn_is_a_row_without_output() {
    let world = World::new();
    let without_arn = |response: Value, n: usize| {
        let record = created("abc1", "2026-10-05T12:00:00Z");
        with(with(record, "/responseElements", response), "/eventID", format!("e{n}"))
    };
    let responses = [Value::Null, json!({}), json!({ "jobArn": "" }), json!({ "jobArn": 5 })];
    let records = responses.into_iter().enumerate().map(|(n, response)| without_arn(response, n));
    world.object("20261005T1210Z", "a", &records.collect::<Vec<_>>());
    write_output(&world, "abc1", counts(10, 10, 1000, 1000));
    let run = run(&world, &OUTPUTS).ends(0);
    let rows = world.rows("batch_jobs", DAY);
    assert_eq!(texts(&rows, "event_id"), ["e0", "e1", "e2", "e3"]);
    assert!(rows.iter().all(|row| row["job_arn"].is_null() && row["records"].is_null()));
    // The output of a job that no event names is counted.
    assert_eq!(world.summary()["batch_outputs"]["without_job"], 1);
    let text = "outputs: 1 found · 1 of jobs that are not of these days\n";
    assert!(run.stdout.contains(text), "{}", run.stdout);
}

#[test]
fn job_that_was_delivered_late_reaches_its_day() {
    let world = World::new();
    world.object("20261005T1210Z", "a", &[call("c", "2026-10-05T12:00:00Z")]);
    run(&world, &[]).ends(0);
    world.object("20261009T1210Z", "b", &[created("abc1", "2026-10-05T12:00:00Z")]);
    run_of(&world, "2026-10-09", &[]).ends(0);
    assert_has(&job(&world, DAY), json!({ "event_id": "event-abc1" }));
    assert_eq!(world.event_ids(DAY), ["c"]);
}

/// Two days with one job: rows of `batch_jobs` on each.
fn events_on(world: &World, days: [&str; 2]) -> [Vec<String>; 2] {
    days.map(|day| texts(&world.rows("batch_jobs", day), "event_id"))
}

#[test]
fn job_that_was_delivered_late_on_the_day_before_is_that_days() {
    let world = World::new();
    let (next, later) = ("2026-10-06", "2026-10-09");
    world.object("20261005T1210Z", "a", &[call("c", "2026-10-05T12:00:00Z")]);
    world.object("20261006T0010Z", "b", &[created("abc1", "2026-10-06T00:00:01Z")]);
    write_output(&world, "abc1", counts(10, 10, 1_000_000, 0));
    world.run(&[&["--from", DAY, "--to", next], &OUTPUTS[..]].concat()).ends(0);
    assert_eq!(events_on(&world, [DAY, next]), [vec![], vec!["event-abc1"]]);
    let early = with(created("abc1", "2026-10-05T23:59:59Z"), "/eventID", "early");
    world.object("20261009T1210Z", "late", &[early]);
    run_of(&world, later, &OUTPUTS).ends(0);
    assert_eq!(events_on(&world, [DAY, next]), [vec!["early"], vec![]]);
    assert_has(&job(&world, DAY), json!({ "list_cost_usd": "0.030000000000" }));
    world.hoptrail(&["verify", "--dest", "out"]).ends(0);
    assert_as_in_one_run(&world, &["--from", DAY, "--to", later]);
    assert_eq!(world.summary()["batch_cost"]["jobs"], 1);
}

/// What a day left to the day before comes back if that one does not have it any more.
#[test]
fn job_that_the_day_before_has_lost_comes_back() {
    let world = World::new();
    fs::create_dir(world.path("outputs")).unwrap();
    let next = "2026-10-06";
    let first = world.object("20261005T2359Z", "a", &[created("abc1", "2026-10-05T23:59:59Z")]);
    world.object("20261005T1210Z", "b", &[call("c", "2026-10-05T12:00:00Z")]);
    world.object("20261006T0010Z", "c", &[created("abc1", "2026-10-06T00:00:01Z")]);
    let range = ["--from", DAY, "--to", next];
    world.run(&range).ends(0);
    assert_eq!(events_on(&world, [DAY, next]), [vec!["event-abc1"], vec![]]);
    fs::remove_file(world.path(&format!("trail/{first}"))).unwrap();
    run(&world, &["--allow-shrink"]).ends(0);
    assert_eq!(events_on(&world, [DAY, next]), [vec![], vec!["event-abc1"]]);
    assert_as_in_one_run(&world, &range);
}

#[test]
fn output_that_cannot_be_used_is_named_and_makes_the_run_partial() {
    for (counts, reason, input) in [
        ("{\"totalRecordCount\":10,\"inputTok", "truncated JSON: it ends at line 1", Value::Null),
        ("[]", "expected an object, found an array", Value::Null),
        ("", "expected an object, found nothing", Value::Null),
        (
            "{\"totalRecordCount\":-1,\"inputTokenCount\":\"70\"}",
            "totalRecordCount: expected a whole number from 0 to 2^40, found another number: null instead",
            json!(70),
        ),
        (
            "{\"totalRecordCount\":1,\"inputTokenCount\":9223372036854775807}",
            "inputTokenCount: expected a whole number from 0 to 2^40",
            Value::Null,
        ),
        (&" ".repeat((1 << 20) + 1), "expected at most 1048576 bytes, found 1048577", Value::Null),
    ] {
        let world = published(NOVA_LITE);
        write_output(&world, "abc1", counts);
        let run = run(&world, &OUTPUTS).ends(3);
        for part in ["1 output of batch jobs", "jobs/abc1/manifest.json.out", reason] {
            assert!(run.stderr.contains(part), "no `{part}` in {}", run.stderr);
        }
        assert_has(&job(&world, DAY), json!({ "input_tokens": input, "status": "Submitted" }));
        // A file that is no summary may still be written: it is read again. One with a wrong count is not, but is
        // named again.
        let again = self::run(&world, &OUTPUTS).ends(3);
        assert!(again.stderr.contains(reason), "no `{reason}` in {}", again.stderr);
        let is_read_again = input.is_null() && !reason.contains("TokenCount");
        assert_eq!(world.summary()["unchanged"] == json!([DAY]), !is_read_again, "{reason}");
    }
}

/// A job that failed counts nothing.
#[test]
fn output_of_a_failed_job_counts_what_it_says() {
    let zeros = "{\"totalRecordCount\":0,\"processedRecordCount\":0,\"successRecordCount\":0,\
                 \"errorRecordCount\":0,\"inputTokenCount\":0,\"outputTokenCount\":0}";
    let world = published(NOVA_LITE);
    write_output(&world, "abc1", zeros);
    run(&world, &OUTPUTS).ends(0);
    let expected = json!({ "status": "Submitted", "records": 0, "list_cost_usd": "0.000000000000", "cost_basis": "full" });
    assert_has(&job(&world, DAY), expected);
    write_output(&world, "abc1", "{\"totalRecordCount\":5,\"processedRecordCount\":0}");
    run(&world, &OUTPUTS).ends(0);
    let expected = json!({ "records": 5, "list_cost_usd": null, "token_source": null, "cost_gap": "no_count_input,no_count_output" });
    assert_has(&job(&world, DAY), expected);
}

#[test]
fn of_two_outputs_of_a_job_the_one_that_counts_more_is_taken() {
    let world = published(NOVA_LITE);
    world.write("outputs/a/abc1/manifest.json.out", counts(10, 4, 1000, 1000));
    world.write("outputs/b/abc1/manifest.json.out", counts(10, 10, 3000, 3000));
    // A copy of either says nothing new.
    world.write("outputs/c/abc1/manifest.json.out", counts(10, 10, 3000, 3000));
    let run = run(&world, &OUTPUTS).ends(3);
    let named = "a/abc1/manifest.json.out: the job abc1 has another output, which counts more: b/abc1/manifest";
    assert!(run.stderr.contains(named), "{}", run.stderr);
    let expected = json!({ "input_tokens": 3000, "output_object": "b/abc1/manifest.json.out" });
    assert_has(&job(&world, DAY), expected.clone());
    let again = self::run(&world, &OUTPUTS).ends(3);
    assert_eq!(world.summary()["unchanged"], json!([DAY]));
    assert!(again.stderr.contains(named), "{}", again.stderr);
    // The one that counts more is deleted, with its copy.
    for folder in ["outputs/b", "outputs/c"] {
        fs::remove_dir_all(world.path(folder)).unwrap();
    }
    for _ in 0..2 {
        self::run(&world, &[&OUTPUTS[..], &["--force"]].concat()).ends(0);
        assert_has(&job(&world, DAY), expected.clone());
    }
}

#[test]
fn outputs_may_be_at_several_locations_and_in_the_job_itself() {
    let world = published(NOVA_LITE);
    let later = created("abc2", "2026-10-05T13:00:00Z");
    world.object("20261005T1310Z", "b", &[later]);
    write_output(&world, "abc1", counts(10, 10, 1000, 1000));
    world.write("other/abc2/manifest.json.out", counts(10, 10, 2000, 2000));
    let two = ["--batch-outputs", "other/abc2", "--batch-outputs", "outputs"];
    run(&world, &two).ends(0);
    let rows = world.rows("batch_jobs", DAY);
    let counts = rows.iter().map(|row| row["input_tokens"].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(counts, [1000, 2000]);
    run(&world, &["--batch-outputs", "nowhere"]).says(1, &["the location of the batch outputs"]);
    let twice = ["--batch-outputs", "outputs", "--batch-outputs", "./outputs"];
    run(&world, &twice).says(2, &["--batch-outputs", "is named twice"]);
}

#[test]
fn counts_of_an_output_that_is_not_there_any_more_are_kept() {
    let world = published(NOVA_LITE);
    write_output(&world, "abc1", counts(10, 10, 1000, 1000));
    run(&world, &OUTPUTS).ends(0);
    // Neither a run without the option nor an output that expired is a reason to rebuild.
    let before = tree(&world.out());
    run(&world, &[]).ends(0);
    fs::remove_dir_all(world.path("outputs/jobs")).unwrap();
    run(&world, &OUTPUTS).ends(0);
    assert_same(&tree(&world.out()), &before, "unchanged");
    for more in [&["--force"][..], &["--force", OUTPUTS[0], OUTPUTS[1]]] {
        run(&world, more).ends(0);
        assert_eq!(world.summary()["batch_cost"]["jobs_with_tokens"], 1);
        assert_same(&tree(&world.out()), &before, "kept");
    }
    run(&world, &["--force", "--allow-shrink"]).ends(0);
    assert_has(&job(&world, DAY), json!({ "input_tokens": null, "output_object": null }));
    run(&world, &["--force"]).ends(0);
    assert_has(&job(&world, DAY), json!({ "input_tokens": null }));
}

/// Of two jobs of a day, the output of one is deleted before that of the other is written.
#[test]
fn output_of_another_job_is_taken_in_beside_one_that_was_deleted() {
    let world = published(NOVA_LITE);
    world.object("20261005T1310Z", "b", &[created("abc2", "2026-10-05T13:00:00Z")]);
    write_output(&world, "abc1", counts(10, 10, 1000, 1000));
    run(&world, &OUTPUTS).ends(0);
    fs::remove_dir_all(world.path("outputs/jobs/abc1")).unwrap();
    write_output(&world, "abc2", counts(10, 10, 2000, 2000));
    // Also where a later day opens it again.
    run_of(&world, "2026-10-08", &OUTPUTS).ends(0);
    let tokens =
        || world.rows("batch_jobs", DAY).into_iter().map(|row| row["input_tokens"].clone());
    assert_eq!(tokens().collect::<Vec<_>>(), [1000, 2000]);
    run(&world, &OUTPUTS).ends(0);
    assert_eq!(world.summary()["unchanged"], json!([DAY]));
    // It comes back.
    write_output(&world, "abc1", counts(20, 20, 500, 500));
    run(&world, &OUTPUTS).ends(0);
    assert_eq!(tokens().collect::<Vec<_>>(), [500, 2000]);
}

#[test]
fn output_that_cannot_be_read_any_more_is_named_and_its_counts_are_kept() {
    let world = published(NOVA_LITE);
    write_output(&world, "abc1", counts(10, 10, 1000, 1000));
    run(&world, &OUTPUTS).ends(0);
    write_output(&world, "abc1", "{\"MARKER");
    for _ in 0..2 {
        let partial = run(&world, &OUTPUTS).ends(3);
        let why = "jobs/abc1/manifest.json.out: expected an object, found truncated JSON";
        assert!(partial.stderr.contains(why), "{}", partial.stderr);
        assert_has(&job(&world, DAY), json!({ "input_tokens": 1000 }));
    }
    write_output(&world, "abc1", counts(10, 9, 900, 900));
    run(&world, &OUTPUTS).ends(0);
    assert_has(&job(&world, DAY), json!({ "input_tokens": 900 }));
}

/// The states of published jobs are in the manifests of their days too.
#[test]
fn deleted_file_of_states_sets_no_job_back() {
    let world = published(NOVA_LITE);
    let stops = "2026-10-07";
    world.object("20261007T0810Z", "b", &[stopped("abc1", "2026-10-07T08:00:00Z")]);
    let range = ["--from", DAY, "--to", stops];
    world.run(&range).ends(0);
    assert_has(&job(&world, DAY), json!({ "status": "Stopping" }));
    let before = tree(&world.out());
    fs::remove_file(world.path("out/_hoptrail/batch_jobs.csv")).unwrap();
    for day in [DAY, "2026-10-08"] {
        run_of(&world, day, &[]).ends(0);
        assert_eq!(world.summary()["days"], json!([]), "{day}");
    }
    for more in [&["--force"][..], &["--force", "--allow-shrink"]] {
        run(&world, more).ends(0);
        assert_has(&job(&world, DAY), json!({ "status": "Stopping" }));
    }
    // Its event writes the file anew.
    run_of(&world, stops, &["--force"]).ends(0);
    assert_same(&tree(&world.out()), &before, "as before");
}

/// Whatever a file has in it, none of it is quoted.
#[test]
fn text_of_an_output_is_nowhere() {
    for body in [
        "{\"totalRecordCount\":10,\"inputTokenCount\":\"MARKER\",\"outputTokenCount\":[\"MARKER\"]}",
        "{\"MARKER\":\"MARKER\"}",
        "\"MARKER\"",
        "{\"inputTokenCount\": MARKER}",
    ] {
        let world = published(NOVA_LITE);
        write_output(&world, "abc1", body);
        let run = run(&world, &OUTPUTS).ends(3);
        let texts = [run.stdout, run.stderr, world.summary().to_string()];
        assert!(texts.iter().all(|text| !text.contains("MARKER")), "{texts:?}");
        for (name, bytes) in tree(&world.out()) {
            assert!(!bytes.windows(6).any(|window| window == b"MARKER"), "{name}");
        }
    }
}

#[test]
fn counts_that_cannot_be_right_give_no_full_cost() {
    let body = |all: i64, input: i64, output: i64| {
        json!({
            "totalRecordCount": all, "processedRecordCount": 10, "successRecordCount": 10,
            "errorRecordCount": 0, "inputTokenCount": input, "outputTokenCount": output,
        })
        .to_string()
    };
    let both = "no_count_input,no_count_output";
    for (body, cost, basis, gap, ends) in [
        (body(10, 0, 0), Value::Null, Value::Null, both, 0),
        (
            body(10, 0, 1_000_000),
            json!("0.120000000000"),
            json!("lower_bound"),
            "no_count_input",
            0,
        ),
        (body(9, 1000, 1000), Value::Null, Value::Null, both, 3),
    ] {
        let world = published(NOVA_LITE);
        write_output(&world, "abc1", body);
        let run = run(&world, &OUTPUTS).ends(ends);
        let why = "jobs/abc1/manifest.json.out\n      it counts more records as processed";
        assert_eq!(run.stdout.contains(why) || run.stderr.contains("more records as"), ends == 3);
        let expected = json!({ "list_cost_usd": cost, "cost_basis": basis, "cost_gap": gap });
        assert_has(&job(&world, DAY), expected);
    }
}

/// What somebody asks to stop may be any text; it must not break the file of states.
#[test]
fn job_identifier_that_is_no_id_is_passed_over() {
    let world = published(NOVA_LITE);
    let long = "a".repeat(20_000);
    let texts = ["x\nabc1,Failed", "x\ny", "abc1\r", "a,b", "../abc1", " ", &arn(&long), "ABC-1"];
    let stops = texts.map(|text| stopped(text, "2026-10-05T12:30:00Z"));
    let created = created(&long, "2026-10-05T12:00:00Z");
    world.object("20261005T1235Z", "b", &[&stops[..], &[created]].concat());
    for _ in 0..2 {
        run(&world, &["--force"]).ends(0);
        let states = fs::read_to_string(world.path("out/_hoptrail/batch_jobs.csv")).unwrap();
        assert_eq!(states, "ABC-1,Stopping\n");
    }
    let rows = world.rows("batch_jobs", DAY);
    let lengths = rows.iter().map(|row| row["job_arn"].as_str().unwrap().len());
    assert_eq!(lengths.max(), Some(2048));
    assert!(rows.iter().all(|row| row["status"] == "Submitted"), "{rows:?}");
}

#[test]
fn plan_says_that_the_day_of_a_job_is_built_again() {
    let world = published(NOVA_LITE);
    write_output(&world, "abc1", counts(10, 10, 1000, 1000));
    let plan = |day: &str| {
        let arguments = ["plan", "--source", "trail", "--dest", "out", "--day", day];
        world.hoptrail(&[&arguments, &OUTPUTS[..]].concat()).ends(0).stdout
    };
    assert!(plan(DAY).contains("new state or output of 1 batch job"), "{}", plan(DAY));
    let later = plan("2026-10-08");
    assert!(later.contains("Reopens") && later.contains(DAY), "{later}");
}

#[test]
fn file_of_states_that_is_corrupt_is_named() {
    let world = published(NOVA_LITE);
    world.write("out/_hoptrail/batch_jobs.csv", "abc1,Stopping\nabc2;Failed\n");
    run(&world, &[]).says(1, &["_hoptrail/batch_jobs.csv", "line 2", "repair or delete it"]);
}

/// Jobs among so many events that the day goes to disk.
#[test]
fn jobs_of_a_day_with_several_objects_are_in_the_order_of_their_times() {
    let world = World::new();
    for n in (0..40).rev() {
        let id = format!("job{n:02}");
        let time = format!("2026-10-05T12:00:{:02}Z", n % 40);
        let records = [created(&id, &time), call(&format!("c{n}"), &time)];
        let key = key(ACCOUNT, REGION, &format!("20261005T12{:02}Z", n % 7), &id);
        world.write(&format!("trail/{key}"), document(&records));
        if n % 2 == 0 {
            write_output(&world, &id, counts(10, 10, i64::from(n), 1));
        }
    }
    run(&world, &OUTPUTS).ends(0);
    let rows = world.rows("batch_jobs", DAY);
    let names = texts(&rows, "job_name");
    assert_eq!(names, (0..40).map(|n| format!("nightly-job{n:02}")).collect::<Vec<_>>());
    for (n, row) in rows.iter().enumerate() {
        let expected = if n % 2 == 0 { json!(n) } else { Value::Null };
        assert_eq!(row["input_tokens"], expected, "{row:?}");
    }
}
