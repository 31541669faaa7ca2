//! Several entries of one request, in one log or in several, without a trail or beside one.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use testkit::Dice;

use crate::costs::{entry, units};
use crate::without_trail::{assert_ingest_adds_up, by_request, log, requests, run, run_with_trail};
use crate::world::{Row, World, assert_same, call, tables, with, without};

const FIVE: &str = "2026-10-05";
const SIX: &str = "2026-10-06";
const BOTH: [&str; 4] = ["--from", FIVE, "--to", SIX];

/// What decides on a call's cost, and what else an entry says of it.
const FIGURES: [&str; 13] = [
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "images",
    "guardrail_units",
    "latency_ms",
    "service_tier",
    "inference_region",
    "token_source",
    "list_cost_usd",
    "cost_basis",
    "cost_gap",
];

/// An entry, with the hour and the name of its log.
#[derive(Clone)]
struct Logged {
    hour: &'static str,
    name: &'static str,
    entry: Value,
}

/// What is true of a request, and what its entries say of it.
fn random_requests(dice: &mut Dice, are_consistent: bool) -> Vec<Logged> {
    let mut all = Vec::new();
    let hours = ["2026/10/05/12", "2026/10/05/23", "2026/10/06/00"];
    for n in 0..40 {
        let hour = dice.index(2);
        let mut counts = [(); 4].map(|()| dice.below(100_000));
        for _ in 0..=dice.below(3) {
            // Those about midnight may be on either side of it.
            let hour = hours[if hour == 1 { 1 + dice.index(2) } else { 0 }];
            let minutes = if hour.ends_with("00") { dice.below(20) } else { 40 + dice.below(20) };
            let day = hour[..10].replace('/', "-");
            let time = format!("{day}T{}:{minutes:02}:00Z", &hour[11..]);
            if !are_consistent {
                counts = counts.map(|count| count + dice.below(3));
            }
            let mut part = |count: u64| match dice.below(2) {
                0 => Value::Null,
                _ => json!(count),
            };
            let [input, output, read, write] = counts.map(&mut part);
            let input = json!({
                "inputTokenCount": input, "cacheReadInputTokenCount": read, "cacheWriteInputTokenCount": write,
            });
            let usage = json!({ "topicPolicyUnits": part(counts[0] % 7) });
            let assessment = json!({ "g": { "invocationMetrics": { "usage": usage } } });
            let body = json!({
                "metrics": { "latencyMs": part(counts[2]) },
                "trace": match dice.below(4) {
                    0 => json!({ "guardrail": { "inputAssessment": assessment } }),
                    _ => Value::Null,
                },
            });
            let images = if dice.below(4) == 0 { json!(counts[3] % 5) } else { Value::Null };
            let output = json!({
                "outputTokenCount": output, "outputBodyJson": body, "outputImageCount": images,
            });
            let mut entry = entry(&format!("request-of-e{n}"), &time, &input, &output);
            if !are_consistent && dice.below(3) == 0 {
                entry["serviceTier"] = json!(*dice.pick(&["flex", "priority"]));
                entry["inferenceRegion"] = json!(*dice.pick(&["us-west-2", "us-east-2"]));
            }
            let name = *dice.pick(&["a", "b", "c"]);
            all.push(Logged { hour, name, entry });
        }
    }
    all
}

/// Writes the logs; `rename` gives each another name.
fn write(world: &World, all: &[Logged], rename: impl Fn(&'static str) -> &'static str) {
    let mut logs = BTreeMap::<_, Vec<Value>>::new();
    for Logged { hour, name, entry } in all {
        logs.entry((*hour, rename(name))).or_default().push(entry.clone());
    }
    for ((hour, name), entries) in logs {
        log(world, hour, name, &entries);
    }
}

/// The figures of each request of both days.
fn figures(world: &World) -> BTreeMap<String, Value> {
    let figures = |row: Row| json!(FIGURES.map(|column| row[column].clone()));
    let rows = [FIVE, SIX].map(|day| by_request(world, day)).into_iter().flatten();
    rows.map(|(request, row)| (request, figures(row))).collect()
}

/// A call of CloudTrail's for each request, at the time of its first entry, without counts.
fn write_trail(world: &World, all: &[Logged]) {
    let mut first = BTreeMap::<&str, &str>::new();
    for Logged { entry, .. } in all {
        let [request, time] = ["requestId", "timestamp"].map(|name| entry[name].as_str().unwrap());
        let known = first.entry(request).or_insert(time);
        *known = time.min(known);
    }
    let call = |(request, time): (&&str, &&str)| {
        let id = request.strip_prefix("request-of-").unwrap();
        without(call(id, time), "additionalEventData")
    };
    world.object("20261006T0105Z", "z", &first.iter().map(call).collect::<Vec<_>>());
}

/// The same figures as beside a trail, whatever the names of the logs, and whichever day is built first.
#[test]
fn entries_complete_each_other_without_a_trail_as_beside_one() {
    for seed in 0..3 {
        let all = random_requests(&mut Dice::new(seed), false);
        for rename in [
            |name| name,
            |name| match name {
                "a" => "c",
                "c" => "a",
                other => other,
            },
        ] {
            let world = World::new();
            write(&world, &all, rename);
            run(&world, &BOTH).ends(0);
            let alone = figures(&world);
            let once = tables(&world.out());
            [FIVE, SIX].iter().for_each(|day| assert_ingest_adds_up(&world, day));
            fs::remove_dir_all(world.out()).unwrap();
            for day in [SIX, FIVE] {
                run(&world, &["--day", day, "--threads", "1"]).ends(0);
            }
            run(&world, &BOTH).ends(0);
            assert_same(&tables(&world.out()), &once, &format!("day by day, seed {seed}"));
            fs::remove_dir_all(world.out()).unwrap();
            // Beside a trail of other calls, they are all without one.
            world.object("20261005T1205Z", "x", &[call("five", "2026-10-05T12:00:00Z")]);
            world.object("20261006T1205Z", "y", &[call("six", "2026-10-06T12:00:00Z")]);
            run_with_trail(&world, &[&BOTH[..], &["--include-orphans"]].concat()).ends(0);
            let mut orphans = figures(&world);
            orphans
                .retain(|request, _| !["request-of-five", "request-of-six"].contains(&&**request));
            assert_eq!(orphans, alone, "seed {seed}");
            fs::remove_dir_all(world.out()).unwrap();
            write_trail(&world, &all);
            run_with_trail(&world, &BOTH).ends(0);
            let beside = figures(&world);
            for (request, figures) in &alone {
                assert_eq!(beside[request], *figures, "{request}, seed {seed}");
            }
            assert_eq!(alone.len(), 40);
        }
    }
}

/// Entries on both sides of midnight are one call of the earlier day, which has what either counts.
#[test]
fn entries_on_both_sides_of_midnight_complete_each_other() {
    let input = json!({ "inputTokenCount": 1000 });
    let output = json!({ "outputTokenCount": 200 });
    let at = |time: &str, input: &Value, output: &Value| entry("halves", time, input, output);
    let late = at("2026-10-05T23:59:59Z", &input, &json!({}));
    let early = at("2026-10-06T00:00:01Z", &json!({}), &output);
    let far = with(at("2026-10-06T01:00:00Z", &json!({}), &output), "/requestId", "far");
    let alone = with(late.clone(), "/requestId", "far");
    for days in [&[FIVE][..], &[FIVE, SIX], &[SIX, FIVE]] {
        let world = World::new();
        log(&world, "2026/10/05/23", "a", &[late.clone(), alone.clone()]);
        log(&world, "2026/10/06/00", "b", &[early.clone(), far.clone()]);
        for day in days {
            run(&world, &["--day", day]).ends(0);
        }
        let rows = by_request(&world, FIVE);
        let found = ["halves", "far"].map(|request| {
            let row = &rows[request];
            json!([row["input_tokens"], row["output_tokens"], row["cost_basis"], row["event_time"]])
        });
        let time = &rows["far"]["event_time"];
        assert_eq!(found[0], json!([1000, 200, "full", time]), "{days:?}");
        // An entry of more than an hour later is of no call of the day before.
        assert_eq!(found[1], json!([1000, null, "lower_bound", time]), "{days:?}");
        assert_ingest_adds_up(&world, FIVE);
        if days.len() > 1 {
            run(&world, &BOTH).ends(0);
            assert_eq!(requests(&world, SIX), [""; 0], "{days:?}");
            assert_ingest_adds_up(&world, SIX);
            world.hoptrail(&["verify", "--dest", "out"]).ends(0);
        }
    }
}

/// An entry that is left out never makes a call cost more.
#[test]
fn lower_bound_does_not_rise_when_an_entry_is_left_out() {
    let mut n_compared = 0;
    for seed in 10..12 {
        let mut dice = Dice::new(seed);
        let all = random_requests(&mut dice, true);
        let mut part = all.clone();
        part.retain(|_| dice.below(3) > 0);
        let [more, less] = [&all, &part].map(|logged| {
            let world = World::new();
            write(&world, logged, |name| name);
            run(&world, &BOTH).ends(0);
            [FIVE, SIX]
                .map(|day| by_request(&world, day))
                .into_iter()
                .flatten()
                .collect::<BTreeMap<_, _>>()
        });
        for (request, less) in &less {
            let more = &more[request];
            if [more, less].iter().all(|row| row["cost_basis"] == "lower_bound") {
                let [more_cost, less_cost] = [more, less].map(|row| units(&row["list_cost_usd"]));
                assert!(more_cost >= less_cost, "{more:?} {less:?}");
                n_compared += 1;
            }
            assert!(less["list_cost_usd"].is_null() || !more["list_cost_usd"].is_null());
        }
    }
    assert!(n_compared > 20, "{n_compared}");
}
