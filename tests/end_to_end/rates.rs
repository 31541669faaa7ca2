//! `show cost --as`: the same tokens at another rate, against the calls of `invocations` one by one, with prices that
//! are looked up in the price files line by line.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use testkit::Dice;

use crate::costs::{entry, lines, log_key, units};
use crate::world::{Row, Run, World, call, repository, with};

const DAYS: [&str; 2] = ["2026-10-05", "2026-10-06"];
const RANGE: [&str; 4] = ["--from", DAYS[0], "--to", DAYS[1]];

/// A price that changes on the second day, and one that makes a band of two prices with differences of their own.
const OVERRIDES: &str = "\
model_id,routing,source_region,service_tier,context_over_tokens,token_kind,usd_per_million,valid_from,valid_until
anthropic.claude-sonnet-4-5-20250929-v1:0,global,us-east-1,standard,0,input,1.5,2026-10-06,
anthropic.claude-sonnet-4-5-20250929-v1:0,global,us-east-1,standard,200000,output,45,,
";

const MODELS: [&str; 6] = [
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "us.amazon.nova-pro-v1:0",
    "openai.gpt-oss-120b-1:0",
    "arn:aws:bedrock:us-east-1:111122223333:custom-model/x/abcdefghijkl",
];

/// Random calls of two days, most of them with an entry in the invocation log.
fn random_calls(world: &World, dice: &mut Dice) {
    for (day, hour) in [("20261005", "2026/10/05/12"), ("20261006", "2026/10/06/12")] {
        let (mut records, mut entries) = (Vec::new(), Vec::new());
        for n in 0..60 {
            let (id, model) = (format!("{day}-{n}"), *dice.pick(&MODELS));
            let time = format!("{}-{}-{}T12:00:00Z", &day[..4], &day[4..6], &day[6..]);
            let principal = *dice.pick(&["app", "batch", "web"]);
            let record = with(call(&id, &time), "/requestParameters/modelId", model);
            let record =
                with(record, "/userIdentity/sessionContext/sessionIssuer/userName", principal);
            let arn = format!("arn:aws:sts::111122223333:assumed-role/{principal}/s");
            let record = with(record, "/userIdentity/arn", arn);
            if dice.below(5) == 0 {
                records.push(record);
                continue;
            }
            // No second count that could disagree.
            let region = json!({ "inferenceRegion": "us-east-2" });
            records.push(with(record, "/additionalEventData", region));
            let mut some = |bound: u64| if dice.below(2) == 0 { 0 } else { dice.below(bound) };
            // Batch jobs have no price for cached tokens: one principal has none.
            let has_cache = model.contains("anthropic") && principal != "batch";
            let (read, write) = if has_cache { (some(150_000), some(30_000)) } else { (0, 0) };
            let input = json!({
                "inputTokenCount": some(250_000),
                "cacheReadInputTokenCount": read,
                "cacheWriteInputTokenCount": write,
            });
            let output = json!({
                "outputTokenCount": some(9_000),
                "outputBodyJson": { "usage": { "cacheDetails": [{ "ttl": "5m", "inputTokens": write }] } },
            });
            let entry = entry(&format!("request-of-{id}"), &time, &input, &output);
            entries.push(with(entry, "/modelId", model));
        }
        world.object(&format!("{day}T1210Z"), "x", &records);
        world.write(&format!("logs/{}", log_key(hour, "x")), lines(&entries));
    }
}

fn built(arguments: &[&str]) -> World {
    let world = World::new();
    random_calls(&world, &mut Dice::new(5));
    let logs = world.text("logs");
    let overrides = world.write("overrides.csv", OVERRIDES);
    let options = ["--invocation-logs", &logs, "--price-overrides", &overrides];
    world.run(&[&RANGE[..], &options, arguments].concat()).ends(0);
    world
}

fn show(world: &World, arguments: &[&str]) -> Run {
    let (out, overrides) = (world.text("out"), world.text("overrides.csv"));
    let options = ["--dest", &out, "--price-overrides", &overrides];
    world.hoptrail(&[&["show", "cost"], arguments, &options[..]].concat())
}

fn answer(world: &World, arguments: &[&str]) -> Vec<Row> {
    let run = show(world, &[arguments, &["--format", "jsonl"]].concat()).ends(0);
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The lines of the price files by the names of their columns, those that win first.
fn price_lines() -> Vec<BTreeMap<String, String>> {
    let book = fs::read_to_string(repository().join("config/prices.csv")).unwrap();
    let mut all = Vec::new();
    for text in [OVERRIDES.to_owned(), book] {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().unwrap().clone();
        let mut lines = Vec::new();
        for record in reader.records() {
            let record = record.unwrap();
            let fields = names.iter().zip(&record);
            lines.push(fields.map(|(name, field)| (name.to_owned(), field.to_owned())).collect());
        }
        let is_called = |line: &BTreeMap<String, String>| {
            MODELS.iter().any(|model| model.ends_with(&line["model_id"]))
        };
        lines.retain(is_called);
        // A Region of its own wins.
        lines.sort_by_key(|line: &BTreeMap<String, String>| line["source_region"] == "*");
        all.extend(lines);
    }
    all
}

/// Units of 10^-12 dollars for a token.
fn price(
    lines: &[BTreeMap<String, String>],
    (model, routing, tier, kind): (&str, &str, &str, &str),
    n_context: i64,
    day: &str,
) -> Option<i128> {
    let is_of = |line: &BTreeMap<String, String>| {
        line["model_id"] == model
            && line["routing"] == routing
            && ["us-east-1", "*"].contains(&line["source_region"].as_str())
            && (line["valid_from"].is_empty() || line["valid_from"].as_str() <= day)
            && (line["valid_until"].is_empty() || line["valid_until"].as_str() > day)
    };
    let over =
        |line: &BTreeMap<String, String>| line["context_over_tokens"].parse::<i64>().unwrap();
    // A band of the standard tier that this one lacks has no price.
    let is_band = |line: &&BTreeMap<String, String>| {
        is_of(line) && [tier, "standard"].contains(&line["service_tier"].as_str())
    };
    let bands = lines.iter().filter(is_band).map(over);
    let band = bands.filter(|over| *over < n_context.max(1)).max()?;
    let is_price = |line: &&BTreeMap<String, String>| {
        is_of(line)
            && line["service_tier"] == tier
            && line["token_kind"] == kind
            && over(line) == band
    };
    let line = lines.iter().find(is_price)?;
    Some(units(&json!(line["usd_per_million"])) / 1_000_000)
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    cost: i128,
    other: i128,
    compared: i64,
    already: i64,
    without: i64,
    succeeded: i64,
    priced: i64,
}

/// What every call costs at the other rate, by a column; calls of one row of `model_costs` are compared together.
fn expected(world: &World, rate: &str, by: &str) -> BTreeMap<String, Sums> {
    let lines = price_lines();
    let mut rows = BTreeMap::<Vec<String>, Vec<Row>>::new();
    for day in DAYS {
        for mut row in world.rows("invocations", day) {
            row.insert("dt".to_owned(), json!(day));
            let columns =
                [by, "dt", "model_id", "profile_scope", "principal_name", "cost_basis", "cost_gap"];
            let key = columns.map(|column| row[column].to_string()).to_vec();
            rows.entry(key).or_default().push(row);
        }
    }
    let mut sums = BTreeMap::<String, Sums>::new();
    for (key, calls) in rows {
        let of_row = sums.entry(key[0].trim_matches('"').to_owned()).or_default();
        let n_calls = calls.len() as i64;
        of_row.succeeded += n_calls;
        if calls[0]["list_cost_usd"].is_null() {
            continue;
        }
        let cost = calls.iter().map(|call| units(&call["list_cost_usd"])).sum::<i128>();
        of_row.cost += cost;
        of_row.priced += n_calls;
        let own = if calls[0]["profile_scope"] == "global" { "global" } else { "regional" };
        let (routing, tier) = match rate.split_once('=').unwrap() {
            ("routing", routing) => (routing, "standard"),
            (_, tier) => (own, tier),
        };
        if (routing, tier) == (own, "standard") {
            of_row.already += n_calls;
            of_row.other += cost;
            continue;
        }
        let at_other = calls.iter().map(|call| {
            let count = |name: &str| call[name].as_i64().unwrap_or(0);
            let kinds = [
                ("input", count("input_tokens")),
                ("output", count("output_tokens")),
                ("cache_read", count("cache_read_tokens")),
                ("cache_write_5m", count("cache_write_tokens")),
            ];
            let n_context = kinds[0].1 + kinds[2].1 + kinds[3].1;
            let model = call["model_id"].as_str().unwrap();
            let used = kinds.into_iter().filter(|(_, tokens)| *tokens > 0);
            used.map(|(kind, tokens)| {
                let key = (model, routing, tier, kind);
                price(&lines, key, n_context, call["dt"].as_str().unwrap())
                    .map(|price| price * i128::from(tokens))
            })
            .sum::<Option<i128>>()
        });
        let tokens = ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"];
        let has_tokens =
            calls.iter().any(|call| tokens.iter().any(|name| call[*name].as_i64() > Some(0)));
        match at_other.sum::<Option<i128>>() {
            Some(other) if has_tokens => {
                of_row.other += other;
                of_row.compared += n_calls;
            }
            _ => {
                of_row.other += cost;
                of_row.without += n_calls;
            }
        }
    }
    sums
}

fn found(row: &Row) -> Sums {
    let count = |name: &str| row[name].as_i64().unwrap();
    let (cost, other) = (units(&row["list_cost_usd"]), units(&row["list_cost_usd_other_rate"]));
    if !row["list_cost_usd"].is_null() {
        let change = row["list_cost_usd_change"].as_str().unwrap();
        let magnitude = units(&json!(change.trim_start_matches('-')));
        let sign = if change.starts_with('-') { -1 } else { 1 };
        assert_eq!(magnitude * sign, other - cost, "{row:?}");
    }
    Sums {
        cost,
        other,
        compared: count("calls_other_rate"),
        already: count("calls_already"),
        without: count("calls_without_rate"),
        succeeded: count("succeeded_calls"),
        priced: count("calls_priced"),
    }
}

#[test]
fn cost_at_another_rate_is_that_of_the_calls_one_by_one() {
    let world = built(&[]);
    let mut n_compared = 0;
    for rate in ["routing=global", "routing=regional", "tier=flex", "tier=batch"] {
        for by in ["model_name", "dt", "principal_name"] {
            let rows = answer(&world, &["--as", rate, "--by", by]);
            let found = rows.iter().map(|row| (comparable(&row[by]), found(row)));
            let found = found.collect::<BTreeMap<_, _>>();
            assert_eq!(found, expected(&world, rate, by), "{rate} {by}");
            n_compared += found.values().map(|sums| sums.compared).sum::<i64>();
        }
    }
    assert!(n_compared > 300, "{n_compared}");
}

fn comparable(value: &Value) -> String {
    value.to_string().trim_matches('"').to_owned()
}

#[test]
fn answer_says_how_much_and_what_it_leaves_as_it_is() {
    let world = built(&[]);
    let table = show(&world, &["--as", "routing=global"]).ends(0).stdout;
    assert!(table.contains("global routing of price book "), "{table}");
    assert!(table.contains("At global routing, the same tokens cost "), "{table}");
    assert!(table.contains("cannot be called so, as far as the catalog knows: "), "{table}");
    let run = show(&world, &["--as", "tier=batch", "--format", "json"]).ends(0);
    let document = serde_json::from_str::<Value>(&run.stdout).unwrap();
    assert_eq!(document["other_rate"]["rate"], "tier=batch");
    let reasons = document["other_rate"]["calls_without_rate"].as_object().unwrap();
    let n_calls = reasons.values().filter_map(Value::as_i64).sum::<i64>();
    assert_eq!(json!(n_calls), document["total"]["calls_without_rate"]);
    assert!(reasons.contains_key("no_price") && n_calls > 0, "{reasons:?}");
    assert!(
        run.stderr.contains("At batch prices, the same tokens cost at least $"),
        "{}",
        run.stderr
    );
    // First rows, others, and the order.
    let rows =
        answer(&world, &["--as", "tier=batch", "--by", "principal_name,model_name", "--top", "2"]);
    assert_eq!((rows.len(), &rows[2]["principal_name"]), (3, &json!("others")));
    let all = answer(
        &world,
        &["--as", "tier=batch", "--by", "principal_name,model_name", "--sort", "calls"],
    );
    let calls = all.iter().map(|row| row["calls"].as_i64().unwrap()).collect::<Vec<_>>();
    assert!(calls.is_sorted_by(|a, b| a >= b), "{calls:?}");
    let sum = |rows: &[Row]| rows.iter().map(|row| found(row).other).sum::<i128>();
    assert_eq!(sum(&rows), sum(&all));
}

#[test]
fn prices_of_other_runs_are_not_taken_for_those_of_the_tables() {
    let world = built(&[]);
    let out = world.text("out");
    // Without the overrides of the run, the version differs; what the book gives all the same is compared.
    let run = world.hoptrail(&[
        "show",
        "cost",
        "--as",
        "routing=global",
        "--dest",
        &out,
        "--format",
        "json",
    ]);
    let run = run.ends(0);
    assert!(run.stderr.contains("days were built with another price book than "), "{}", run.stderr);
    let document = serde_json::from_str::<Value>(&run.stdout).unwrap();
    let reasons = &document["other_rate"]["calls_without_rate"];
    assert!(reasons["other_prices"].as_i64().unwrap() > 0, "{reasons}");
    assert!(document["total"]["calls_other_rate"].as_i64().unwrap() > 0, "{document}");
}

#[test]
fn discounts_are_left_out_and_the_answer_says_so() {
    let listed = answer(&built(&[]), &["--as", "routing=global"]);
    let file = "factor,provider,valid_from,source\n0.5,,,s\n";
    let folder = World::new();
    let discounts = folder.write("discounts.csv", file);
    let world = built(&["--discount", &discounts]);
    assert_eq!(answer(&world, &["--as", "routing=global"]), listed);
    let table = show(&world, &["--as", "routing=global"]).ends(0).stdout;
    assert!(table.contains(", without discounts") && table.contains("at list prices"), "{table}");
}

/// A stream of a model whose input count may include cached tokens.
#[test]
fn estimates_count_with_their_lower_ends_and_the_answer_says_so() {
    let world = World::new();
    let record = with(call("e1", "2026-10-05T12:00:00Z"), "/eventName", "ConverseStream");
    let record = with(record, "/requestParameters/modelId", "us.openai.gpt-5.6-sol");
    let counts = json!({ "inputTokens": 1000, "outputTokens": 100 });
    world.object("20261005T1205Z", "a", &[with(record, "/additionalEventData", counts)]);
    world.run(&["--day", DAYS[0]]).ends(0);
    let (out, as_global) = (world.text("out"), ["--as", "routing=global", "--format", "json"]);
    let run = world.hoptrail(&[&["show", "cost", "--dest", &out][..], &as_global].concat()).ends(0);
    assert!(run.stderr.contains("list prices, with the lower ends of estimates"), "{}", run.stderr);
}

#[test]
fn rate_that_cannot_be_asked_for_is_named() {
    let world = World::new();
    world.write("overrides.csv", OVERRIDES);
    let says = |arguments: &[&str], expected: &str| {
        let run = show(&world, arguments).ends(2);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    };
    says(&["--as", "tier=priority"], "routing=global, routing=regional, tier=flex, tier=batch");
    says(&["--as", "tier=flex", "--day", "2026-10-05", "--sql"], "--as cannot be put as SQL");
    says(&["--as", "tier=flex", "--budget", "5"], "--as <RATE>");
    says(&["--as", "tier=flex", "--day", "2026-10-05", "--compare", "previous"], "--as <RATE>");
    let dest = world.text("out");
    let routing = ["show", "routing", "--as", "tier=flex", "--dest", &dest];
    world.hoptrail(&routing).says(2, &["--as: only `show cost` has a cost"]);
    let built = built(&[]);
    show(&built, &["--as", "tier=flex", "--sort", "size"])
        .says(2, &["--sort: an answer at another rate has no column `size`; it has model_name, list_cost_usd"]);
}

/// The headline of the page has the total of `show cost --as routing=global`.
#[test]
fn page_says_what_global_routing_would_cost() {
    let world = built(&[]);
    let page = |arguments: &[&str]| {
        let report = ["report", "--dest", "out", "-o", "page.html"];
        let run = world.hoptrail(&[&report[..], arguments].concat()).ends(0);
        (fs::read_to_string(world.path("page.html")).unwrap(), run.stderr)
    };
    let (html, _) = page(&["--price-overrides", &world.text("overrides.csv")]);
    let figure = html.split("<h2>At global routing</h2>").nth(1).unwrap();
    let figure = figure.split("</div>").next().unwrap();
    let shown = show(&world, &["--as", "routing=global", "--format", "json"]).ends(0);
    let document = serde_json::from_str::<Value>(&shown.stdout).unwrap();
    let total = |name: &str| comparable(&document["total"][name]);
    let value = format!("<data value=\"{}\">", total("list_cost_usd_change"));
    assert!(figure.contains(&value) && figure.contains(" less</data>"), "{figure}");
    for name in ["calls_other_rate", "calls_already", "calls_without_rate"] {
        assert!(figure.contains(&format!("<data value=\"{}\">", total(name))), "{name}: {figure}");
    }
    let (_, stderr) = page(&[]);
    assert!(stderr.contains("days were built with another price book than "), "{stderr}");
    // Where nothing can be compared, there is nothing to say.
    let profiles = "profile_id,source_region,destination_regions,source\n\
        us.anthropic.claude-sonnet-4-6,us-east-1,us-east-1;us-west-2,s 2026-01\n";
    world.write("none/inference_profiles.csv", profiles);
    let (none, _) = page(&["--catalog", "none"]);
    assert!(!none.contains("At global routing"));
}
