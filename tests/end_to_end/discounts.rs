//! Contracted costs beside list costs, from a discount file.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::world::{Row, World, call, repository, sample, with};

const DAYS: [&str; 3] = ["2026-10-05", "2026-10-06", "2026-10-07"];

/// What rows of the file below have in common with a call, the narrowest last, and their factors in millionths.
const FILE: &str = "\
factor,provider,model_id,source_region,valid_from,valid_until,source
0.9,,,,,,everything
0.333333,Anthropic,,,2026-10-06,2026-10-07,\"PPA of 2026, annex B\"
0.87,,anthropic.claude-haiku-4-5-20251001-v1:0,,,,
0.123457,,anthropic.claude-haiku-4-5-20251001-v1:0,ap-northeast-1,,,
";

/// The same as [`FILE`], written as conditions.
fn factor(row: &Row, day: &str) -> i128 {
    let is = |column: &str, text: &str| row[column] == text;
    if is("model_id", "anthropic.claude-haiku-4-5-20251001-v1:0") {
        return if is("source_region", "ap-northeast-1") { 123_457 } else { 870_000 };
    }
    if is("model_provider", "Anthropic") && day == "2026-10-06" { 333_333 } else { 900_000 }
}

/// Runs over the bundled sample, with options of its own.
fn run_sample(world: &World, out: &str, arguments: &[&str]) -> String {
    let (source, out) = (sample().display().to_string(), world.text(out));
    let mut all = vec!["run", "--source", &source, "--dest", &out];
    all.extend(["--from", DAYS[0], "--to", DAYS[2], "--summary-json", "summary.json"]);
    all.extend(arguments);
    world.hoptrail(&all).ends(0).stdout
}

/// A decimal in units of 10^-12; `None` if it is null.
fn units(value: &Value) -> Option<i128> {
    let text = value.as_str()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    Some(format!("{whole}{fraction:0<12}").parse().unwrap())
}

/// The sum of a column by model; a model without any value has none.
fn by_model(rows: &[Row], column: &str) -> BTreeMap<String, Option<i128>> {
    let mut sums = BTreeMap::<String, Option<i128>>::new();
    for row in rows {
        let sum = sums.entry(row["model_id"].to_string()).or_default();
        if let Some(usd) = units(&row[column]) {
            *sum.get_or_insert(0) += usd;
        }
    }
    sums
}

fn without_contracted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.iter_mut().for_each(|row| drop(row.remove("contracted_cost_usd").unwrap()));
    rows
}

#[test]
fn contracted_costs_add_up_everywhere_and_list_costs_stay() {
    let world = World::new();
    run_sample(&world, "list", &[]);
    let listed = world.summary();
    let file = world.write("discounts.csv", FILE);
    let stdout = run_sample(&world, "out", &["--discount", &file]);
    let (mut sum, mut n_changed, mut n_priced) = (0, 0, 0);
    let mut factors = BTreeMap::<i128, u64>::new();
    for day in DAYS {
        let rows = world.rows("invocations", day);
        for row in &rows {
            let list = units(&row["list_cost_usd"]);
            let factor = factor(row, day);
            let expected = list.map(|list| (list * factor + 500_000) / 1_000_000);
            assert_eq!(units(&row["contracted_cost_usd"]), expected, "{day} {row:?}");
            *factors.entry(factor).or_default() += u64::from(list.is_some_and(|usd| usd > 0));
            sum += expected.unwrap_or(0);
            n_changed += u64::from(expected != list);
            n_priced += u64::from(list.is_some());
        }
        let costs = world.rows("model_costs", day);
        let column = "contracted_cost_usd";
        assert_eq!(by_model(&costs, column), by_model(&rows, column), "{day}");
        // Without a file, the columns are null, and nothing else is different.
        for (table, rows) in [("invocations", rows), ("model_costs", costs)] {
            let path = world.path(&format!("list/{table}/dt={day}/part-0.parquet"));
            let list_rows = crate::world::rows(&path);
            assert!(list_rows.iter().all(|row| row["contracted_cost_usd"].is_null()), "{table}");
            assert_eq!(without_contracted(list_rows), without_contracted(rows), "{table} {day}");
        }
    }
    assert_eq!(factors.len(), 4, "each row of the file has calls: {factors:?}");
    assert!(factors.values().all(|calls| *calls > 0), "{factors:?}");

    let summary = world.summary();
    let cost = &summary["cost"];
    assert_eq!(units(&cost["contracted_cost_usd"]), Some(sum));
    assert_eq!(
        (&cost["calls_discounted"], &cost["calls_priced"]),
        (&n_changed.into(), &n_priced.into())
    );
    let models = summary["costs"].as_array().unwrap().iter();
    let of_models = models.filter_map(|model| units(&model["coverage"]["contracted_cost_usd"]));
    assert_eq!(of_models.sum::<i128>(), sum);
    assert_eq!(cost["list_cost_usd"], listed["cost"]["list_cost_usd"]);
    assert_eq!(listed["cost"]["contracted_cost_usd"], Value::Null);
    let source = sample().display().to_string();
    let arguments = ["run", "--source", &source, "--dest", "out", "--discount", &file];
    let days = ["--from", DAYS[0], "--to", DAYS[2]];
    let page = world.page(&[&arguments[..], &days].concat()).ends(0);
    let cents = sum / 10_i128.pow(10);
    let total = format!("Contracted cost: at least ${}.{:02}\n", cents / 100, cents % 100);
    assert_eq!(page.stdout.matches(&total).count(), 2, "first and last: {}", page.stdout);
    let shown = format!("discounts change the cost of {n_changed} of {n_priced} priced calls");
    assert!(stdout.contains("\nContracted   $") && stdout.contains(&shown), "{stdout}");
}

#[test]
fn day_is_rebuilt_when_the_discounts_are_others() {
    let world = World::new();
    world.object("20261005T1205Z", "a", &[call("a", "2026-10-05T12:00:00Z")]);
    world.write("one.csv", "factor\n0.9\n");
    world.write("again.csv", "factor\n0.9\n");
    world.write("two.csv", "factor\n0.8\n");
    // 10 input tokens at $3.30 and 2 output tokens at $16.50 per million.
    let check = |file: Option<&str>, is_rebuilt: bool, expected: Option<i128>| {
        let mut arguments = vec!["--day", DAYS[0]];
        arguments.extend(file.into_iter().flat_map(|file| ["--discount", file]));
        let run = world.run(&arguments).ends(0);
        let because = run.stdout.contains("rebuilt: 2026-10-05 (other discounts)");
        assert_eq!(because, is_rebuilt, "{file:?} {}", run.stdout);
        assert_eq!(run.stdout.contains("Unchanged"), !is_rebuilt, "{file:?}");
        let row = &world.rows("invocations", DAYS[0])[0];
        assert_eq!(units(&row["list_cost_usd"]), Some(66_000_000));
        assert_eq!(units(&row["contracted_cost_usd"]), expected, "{file:?}");
    };
    world.run(&["--day", DAYS[0]]).ends(0);
    check(None, false, None);
    check(Some("one.csv"), true, Some(59_400_000));
    check(Some("one.csv"), false, Some(59_400_000));
    check(Some("again.csv"), false, Some(59_400_000));
    check(Some("two.csv"), true, Some(52_800_000));
    check(None, true, None);
}

/// Which tier a call had decides on its discount too; a call without a cost has none.
#[test]
fn call_without_list_cost_has_no_contracted_cost() {
    let world = World::new();
    let noon = "2026-10-05T12:00:00Z";
    let unknown =
        with(call("b", noon), "/requestParameters/modelId", "anthropic.claude-zeppelin-9");
    world.object("20261005T1205Z", "a", &[call("a", noon), unknown]);
    let file = world.write("discounts.csv", "factor,service_tier\n0.5,flex\n1,standard\n");
    let run = world.run(&["--day", DAYS[0], "--discount", &file]).ends(0);
    let rows = world.rows("invocations", DAYS[0]);
    let costs = |row: &Row| [units(&row["list_cost_usd"]), units(&row["contracted_cost_usd"])];
    assert_eq!([costs(&rows[0]), costs(&rows[1])], [[Some(66_000_000); 2], [None; 2]]);
    let shown = "Contracted   $0.000066 (discounts change the cost of 0 of 1 priced call)\n";
    assert!(run.stdout.contains(shown), "{}", run.stdout);
}

#[test]
fn file_that_cannot_be_used_is_an_error_by_line() {
    let world = World::new();
    world.object("20261005T1205Z", "a", &[call("a", "2026-10-05T12:00:00Z")]);
    let text = "factor,model_id,provider\n0.9,,Anthropic\n0.9,anthropic.claude-sonnet-4-7,\n15,,\n";
    let file = world.write("wrong.csv", text);
    let (trail, out) = (world.text("trail"), world.text("out"));
    let run = ["run", "--source", &trail, "--dest", &out, "--day", DAYS[0], "--discount", &file];
    let nearest = "unknown model `anthropic.claude-sonnet-4-7`; the nearest is `anthropic.claude-";
    world.hoptrail(&run).says(2, &["wrong.csv", "line 3", nearest, "(and 1 more)"]);
    assert!(!world.path("out/invocations").exists());
    let check = world.hoptrail(&["prices", "check", "--discounts", &file]).ends(1);
    for line in ["wrong.csv:3: model_id: ", "wrong.csv:4: factor: ", "3 lines, 2 findings"] {
        assert!(check.stdout.contains(line), "{}", check.stdout);
    }
    let file = world.write("right.csv", FILE);
    let check = world.hoptrail(&["prices", "check", "--discounts", &file]).ends(0);
    assert!(check.stdout.contains("4 lines, 0 findings"), "{}", check.stdout);
}

#[test]
fn check_knows_what_a_run_knows() {
    let world = World::new();
    let model = "model_id,canonical_id,provider,name,on_demand_regions,profile_only_regions,source\n\
        acme.one-v1:0,acme.one-v1:0,Acme,One,us-east-1,,own\n";
    let override_row = "model_id,routing,source_region,service_tier,context_over_tokens,\
        token_kind,usd_per_million,valid_from,valid_until,source,source_date\n\
        acme.one-v1:0,regional,*,standard,500000,input,3,,,own,2026-10-01\n";
    let models = world.write("models.csv", model);
    let overrides = world.write("overrides.csv", override_row);
    let discount = "factor,model_id,provider,context_over_tokens\n0.5,acme.one-v1:0,Acme,500000\n";
    let file = world.write("discounts.csv", discount);
    let check = ["prices", "check", "--discounts", &file];
    world.hoptrail(&check).ends(1);
    let known = ["--catalog-add", &models, "--price-overrides", &overrides];
    world.hoptrail(&[&check[..], &known].concat()).ends(0);
}

#[test]
fn explain_and_prices_show_have_the_contracted_price_beside_the_list_price() {
    let world = World::new();
    let file = "factor,usd_per_million,model_id,token_kind\n0.85,,,\n\
        ,2.5,anthropic.claude-sonnet-4-6,input\n";
    let file = world.write("discounts.csv", file);
    let model = "global.anthropic.claude-sonnet-4-6";
    let show = ["prices", "show", model, "--at", "2026-10-05", "--output", "json"];
    let shown = |arguments: &[&str]| {
        let run = world.hoptrail(&[&show, arguments].concat()).ends(0);
        let rows = serde_json::from_str::<Vec<Value>>(&run.stdout).unwrap();
        let is_meant =
            |row: &&Value| row["service_tier"] == "standard" && row["routing"] == "global";
        let price = |row: &Value| {
            let columns = ["token_kind", "usd_per_million", "contracted_usd_per_million"];
            columns.map(|column| row[column].as_str().unwrap_or("-").to_owned()).join(" ")
        };
        rows.iter().filter(is_meant).map(price).collect::<Vec<_>>()
    };
    let listed = shown(&[]);
    assert!(listed.contains(&"output 15 -".to_owned()), "{listed:?}");
    let contracted = shown(&["--discount", &file]);
    for expected in ["input 3 2.5", "output 15 12.75", "cache_read 0.3 0.255"] {
        assert!(contracted.contains(&expected.to_owned()), "{contracted:?}");
    }
    let run = world.hoptrail(&["prices", "show", model, "--discount", &file]).ends(0);
    assert!(run.stdout.contains("US dollars per million tokens, list and contracted"));
    let run = world.hoptrail(&["explain", model, "--discount", &file]).ends(0);
    assert!(run.stdout.contains("contracted    input 2.5, output 12.75, cache_read 0.255"));
}

/// The example of the documentation is a file that can be used.
#[test]
fn documented_example_is_valid() {
    let text = fs::read_to_string(repository().join("docs/discounts.md")).unwrap();
    let blocks = text.split("```csv\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let world = World::new();
    let mut n_examples = 0;
    for block in blocks {
        let file = world.write("example.csv", block);
        world.hoptrail(&["prices", "check", "--discounts", &file]).ends(0);
        n_examples += 1;
    }
    assert_eq!(n_examples, 1);
}
