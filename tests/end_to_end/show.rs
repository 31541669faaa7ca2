//! Answers of `show`, against the rows of the tables added up in plain code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use jiff::Timestamp;
use serde_json::{Value, json};
use testkit::Dice;

use crate::world::{Row, Run, World, sample};

const DAYS: [&str; 3] = ["2026-10-05", "2026-10-06", "2026-10-07"];
const RANGE: [&str; 4] = ["--from", "2026-10-05", "--to", "2026-10-07"];

/// Tables of the sample.
fn shown_sample() -> World {
    let world = World::new();
    let (source, out) = (sample(), world.text("out"));
    let run = ["run", "--source", source.to_str().unwrap(), "--dest", &out];
    world.hoptrail(&[&run[..], &RANGE].concat()).ends(0);
    world
}

fn show(world: &World, arguments: &[&str]) -> Run {
    let out = world.text("out");
    world.hoptrail(&[&["show"][..], arguments, &["--dest", &out]].concat())
}

/// The rows of an answer in JSON lines.
fn answer(world: &World, arguments: &[&str]) -> Vec<Row> {
    let run = show(world, &[arguments, &["--format", "jsonl"]].concat()).ends(0);
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The subject, its table, a filter, and columns that it can be asked by.
type Asked = (&'static str, &'static str, [&'static str; 3], &'static [&'static str]);

const ASKED: [Asked; 4] = [
    (
        "routing",
        "routing_distribution",
        ["--profile-scope", "profile_scope", "us"],
        &[
            "dt",
            "event_hour",
            "account_id",
            "source_region",
            "inference_region",
            "residency",
            "model_id",
        ],
    ),
    (
        "cost",
        "model_costs",
        ["--model", "model_name", "Nova Pro"],
        &[
            "dt",
            "account_id",
            "model_id",
            "principal_name",
            "cost_basis",
            "cost_gap",
            "target_type",
        ],
    ),
    (
        "cost",
        "attributed_costs",
        ["--session", "session_name", "jo@example.com"],
        &["session_name", "dt", "model_name", "principal_name", "source_region"],
    ),
    (
        "denials",
        "denials",
        ["--account", "account_id", "111122223333"],
        &[
            "dt",
            "policy_type",
            "policy_arn",
            "blocked_region",
            "leg",
            "principal_name",
            "event_category",
        ],
    ),
];

/// Adds up as a reader of the table would, one row after another.
fn added_up(rows: &[Row], keys: &[&str], measures: &[String]) -> BTreeMap<Vec<String>, Vec<Value>> {
    let mut groups = BTreeMap::<Vec<String>, Vec<Value>>::new();
    for row in rows {
        let key = keys.iter().map(|key| comparable(&row[*key])).collect::<Vec<_>>();
        let sums = groups.entry(key).or_insert_with(|| vec![Value::Null; measures.len()]);
        for (sum, measure) in sums.iter_mut().zip(measures) {
            let value = match measure.as_str() {
                "denied_calls" if row.contains_key("policy_type") => json!(1),
                "first_seen" | "last_seen" => row["event_time"].clone(),
                "list_cost_max_usd" if row[measure].is_null() => continue,
                name => row[name].clone(),
            };
            *sum = match (measure.as_str(), sum.clone(), value) {
                (_, sum, Value::Null) => sum,
                (_, Value::Null, value) => value,
                ("first_seen", sum, value) => least(sum, value),
                ("last_seen", sum, value) => greatest(sum, value),
                (name, sum, value) if name.ends_with("_usd") => {
                    let units = [sum, value]
                        .map(|amount| crate::costs::units(&amount))
                        .iter()
                        .sum::<i128>();
                    json!(format!(
                        "{}.{:012}",
                        units / 1_000_000_000_000,
                        units % 1_000_000_000_000
                    ))
                }
                (_, sum, value) => json!(sum.as_i64().unwrap() + value.as_i64().unwrap()),
            };
        }
    }
    groups
}

fn least(a: Value, b: Value) -> Value {
    if a.as_i64() <= b.as_i64() { a } else { b }
}

fn greatest(a: Value, b: Value) -> Value {
    if a.as_i64() > b.as_i64() { a } else { b }
}

/// Values as one text each: times in milliseconds, as the tables have them.
fn comparable(value: &Value) -> String {
    let text = value.to_string().trim_matches('"').to_owned();
    let time = text.ends_with('Z').then(|| text.parse::<Timestamp>().ok()).flatten();
    time.map_or(text, |time| time.as_millisecond().to_string())
}

#[test]
fn answers_are_the_sums_of_the_rows() {
    let world = shown_sample();
    let mut dice = Dice::new(7);
    let mut with_filter = 0;
    for round in 0..24 {
        let (subject, table, [option, column, value], columns) = ASKED[round % ASKED.len()];
        let mut by = vec![columns[0]];
        for column in &columns[1..] {
            if dice.below(3) == 0 {
                by.push(column);
            }
        }
        let is_filtered = dice.below(2) == 0;
        let list = by.join(",");
        let mut arguments = [&[subject, "--by", &list][..], &RANGE].concat();
        if is_filtered {
            arguments.extend([option, value]);
        }
        let mut rows = Vec::new();
        for day in DAYS {
            for mut row in world.rows(table, day) {
                row.insert("dt".to_owned(), json!(day));
                if !is_filtered || row[column] == value {
                    rows.push(row);
                }
            }
        }
        let found = answer(&world, &arguments);
        assert!(!found.is_empty(), "{arguments:?}");
        with_filter += usize::from(is_filtered);
        // Names stand behind IDs; here there are none.
        let is_key = |name: &str| by.contains(&name) || name == "account_name";
        let measures = found[0].keys().filter(|name| !is_key(name));
        let measures = measures.cloned().collect::<Vec<_>>();
        let expected = added_up(&rows, &by, &measures);
        assert_eq!(found.len(), expected.len(), "{arguments:?}");
        for row in &found {
            let key = by.iter().map(|key| comparable(&row[*key])).collect::<Vec<_>>();
            let sums = expected.get(&key).unwrap_or_else(|| panic!("{arguments:?}: {key:?}"));
            for (measure, sum) in measures.iter().zip(sums) {
                assert_eq!(
                    comparable(&row[measure]),
                    comparable(sum),
                    "{arguments:?}: {key:?} {measure}"
                );
            }
        }
    }
    assert!(with_filter > 4, "some questions have a filter");
}

#[test]
fn first_rows_and_all_others_are_the_total() {
    let world = shown_sample();
    let sum =
        |rows: &[Row], name: &str| rows.iter().filter_map(|row| row[name].as_i64()).sum::<i64>();
    let by = ["routing", "--by", "model_id,inference_region"];
    let all = answer(&world, &by);
    let top = answer(&world, &[&by[..], &["--top", "3"]].concat());
    assert_eq!(top.len(), 4);
    assert_eq!(top[..3], all[..3]);
    assert_eq!(top[3]["model_id"], "others");
    assert_eq!(top[3]["inference_region"], Value::Null);
    for measure in ["calls", "succeeded_calls", "input_tokens"] {
        assert_eq!(sum(&top, measure), sum(&all, measure), "{measure}");
    }
    let text =
        show(&world, &[&by[..], &["--format", "json", "--top", "3"]].concat()).ends(0).stdout;
    let document = serde_json::from_str::<Value>(&text).unwrap();
    assert_eq!(document["total"]["calls"], sum(&all, "calls"));
    assert_eq!(document["others"], all.len() - 3);
    assert_eq!(document["total"].get("model_id"), None);
}

#[test]
fn order_is_that_of_the_column_that_is_asked_for() {
    let world = shown_sample();
    let column = |sort: &str, name: &str| {
        let rows = answer(&world, &["cost", "--by", "model_name", "--sort", sort]);
        rows.iter().map(|row| row[name].clone()).collect::<Vec<_>>()
    };
    let calls = column("calls", "calls");
    assert!(calls.is_sorted_by_key(|count| std::cmp::Reverse(count.as_i64())), "{calls:?}");
    let names = column("model_name", "model_name");
    assert_eq!(names.last(), Some(&Value::Null), "nulls last");
    let names = names.iter().filter_map(Value::as_str).collect::<Vec<_>>();
    assert!(names.is_sorted(), "{names:?}");
}

#[test]
fn what_is_missing_is_named() {
    let world = shown_sample();
    let beyond = ["--from", "2026-10-04", "--to", "2026-10-08"];
    let run = show(&world, &[&["cost"][..], &beyond].concat()).ends(0);
    assert!(
        run.stderr.contains("days that are not built: 2026-10-04, 2026-10-08"),
        "{}",
        run.stderr
    );
    assert!(run.stdout.contains("2026-10-04 to 2026-10-08, both included, 3 of 5 days built"));
    show(&world, &["cost", "--day", "2026-11-01"])
        .says(5, &["nothing is published for these days (2026-11-01)"]);
    fs::create_dir(world.path("empty")).unwrap();
    for command in [&["show", "cost"][..], &["report", "-o", "page.html"]] {
        let command = [command, &["--dest", "empty"]].concat();
        world.hoptrail(&command).says(5, &["nothing is published in empty"]);
    }
    show(&world, &["cost", "--account", "999999999999"])
        .says(5, &["cost: there are no such rows on these days (2026-10-05 to 2026-10-07)"]);
    // A file that is another one than was written is left out, and named.
    let file = world.path("out/model_costs/dt=2026-10-06/part-0.parquet");
    let other = fs::read(world.path("out/model_costs/dt=2026-10-05/part-0.parquet")).unwrap();
    fs::write(&file, other).unwrap();
    let changed = show(&world, &["cost"]).ends(3);
    assert!(
        changed.stderr.contains("model_costs/dt=2026-10-06/part-0.parquet: it is not the file")
    );
    let day = |rows: Vec<Row>| rows.iter().map(|row| row["dt"].clone()).collect::<Vec<_>>();
    let run = show(&world, &["cost", "--by", "dt", "--format", "jsonl"]).ends(3);
    let rows = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(day(rows), ["2026-10-05", "2026-10-07"]);
    fs::remove_file(&file).unwrap();
    let gone = show(&world, &["cost"]).ends(3);
    assert!(gone.stderr.contains("model_costs/dt=2026-10-06/part-0.parquet: it does not exist"));
    // Other tables are not read.
    show(&world, &["routing"]).ends(0);
}

#[test]
fn cost_that_lacks_something_is_at_least_so_much() {
    let world = shown_sample();
    let table = show(&world, &["cost", "--by", "principal_name"]).ends(0).stdout;
    let line = table.lines().find(|line| line.starts_with("chat-backend")).unwrap();
    // $4.185905 and more: not rounded up.
    assert!(line.ends_with("≥ $4.18"), "{line}");
    assert!(table.contains("Coverage: 165 of 385 successful calls, 42.9 %"), "{table}");
}

#[test]
fn answer_without_rows_is_named_and_has_its_columns() {
    let world = shown_sample();
    let none = ["denials", "--account", "999999999999", "--format"];
    let run = show(&world, &[&none[..], &["csv"]].concat()).ends(5);
    let heads =
        "policy_type,policy_arn,blocked_region,profile_scope,denied_calls,first_seen,last_seen\n";
    assert_eq!(run.stdout, heads);
    assert_eq!(show(&world, &[&none[..], &["table"]].concat()).ends(5).stdout, "");
}

/// Not the same as a filter that matches: its rows would be missed by nobody.
#[test]
fn filter_that_matches_nothing_is_named_with_what_there_is() {
    let world = shown_sample();
    const ACCOUNTS: &str = "there is `012345678901`, `111122223333`, `444455556666`";
    for (subject, filter, values, there) in [
        ("cost", "--account", "999999999999", ACCOUNTS),
        ("cost", "--account", "11112222333", ACCOUNTS),
        ("denials", "--source-region", "US-EAST-1", "there is `ap-northeast-1`, `eu-central-1`, "),
        ("routing", "--inference-region", "us-esat-1", "there is `ap-northeast-1`, "),
        ("routing", "--model", "claude", "there is `Claude"),
        ("cost", "--principal", "nobody", "there is `"),
        // A table without the names of models.
        ("denials", "--model", "nope", "there is `"),
    ] {
        let named = format!("{filter}: nothing matches `{values}`; {there}");
        let run = show(&world, &[subject, filter, values]).ends(5);
        assert!(run.stderr.contains(&named), "no `{named}`: {}", run.stderr);
    }
    // Some of the values match: the answer is there, and the others are named.
    let both = ["cost", "--account", "111122223333,999999999999", "--format", "csv"];
    let run = show(&world, &both).ends(3);
    let named = format!("warning: --account: nothing matches `999999999999`; {ACCOUNTS}\n");
    assert!(run.stderr.contains(&named), "{}", run.stderr);
    let one = show(&world, &["cost", "--account", "111122223333", "--format", "csv"]).ends(0);
    assert_eq!(run.stdout, one.stdout);
    assert!(!one.stderr.contains("matches"), "{}", one.stderr);
    // Each filter matches something, and both together nothing.
    let apart = ["routing", "--source-region", "us-west-2", "--profile-scope", "eu"];
    let run = show(&world, &apart).ends(5);
    assert!(!run.stderr.contains("nothing matches"), "{}", run.stderr);
    // What is on one of two compared days is no slip.
    let compared = ["cost", "--day", "2026-10-07", "--compare", "previous", "--account"];
    let run = show(&world, &[&compared[..], &["111122223333,x"]].concat()).ends(3);
    assert!(run.stderr.contains("nothing matches `x`"), "{}", run.stderr);
}

#[test]
fn column_that_a_subject_lacks_is_named_with_those_that_it_has() {
    let world = World::new();
    let says = |arguments: &[&str], expected: &[&str]| {
        show(&world, arguments).says(2, expected);
    };
    says(
        &["routing", "--by", "price"],
        &["--by: routing has no column `price`; it has dt, event_hour"],
    );
    says(
        &["routing", "--session", "x"],
        &["--session: routing has no column `session_name` (it is in cost)"],
    );
    says(&["cost", "--by", "request_metadata"], &["expected a key of request_metadata"]);
    says(&["unresolved", "--by", "first_seen"], &["--by: unresolved has no column `first_seen`"]);
    says(&["cost", "--by", "dt, dt"], &["--by: `dt` is named twice"]);
    says(
        &["cost", "--sort", "size"],
        &["--sort: cost has no column `size`; it has model_name, calls"],
    );
    says(&["cost", "--top", "0"], &["--top: expected 1 or more"]);
    says(&["denials", "--budget", "5"], &["--budget: only `show cost`"]);
    says(&["cost", "--budget=-5"], &["--budget: expected a number that is not negative"]);
    says(&["cost", "--sql"], &["--sql needs days"]);
}

#[test]
fn budget_is_a_gate_and_never_met_by_what_is_not_known() {
    let world = shown_sample();
    let says = |arguments: &[&str], code: i32, text: &str| {
        let run = show(&world, &[&["cost"][..], arguments].concat()).ends(code);
        assert!(run.stderr.contains(text), "{arguments:?}: {}", run.stderr);
    };
    let within = "within the budget, as far as it is known: at least $7.343199114 of $7.35";
    says(&["--budget", "7.35"], 0, within);
    says(&["--budget", "7.34"], 4, "over the budget: $7.343199114 of $7.34");
    let unknown = "cannot be told: it is not known";
    says(&["--budget", "1", "--model", "Nova Micro"], 3, unknown);
    let missing = "cannot be told, because days are missing: at least $7.343199114 of $10.00";
    says(&["--budget", "10", "--from", "2026-10-01", "--to", "2026-10-31"], 3, missing);
}

#[test]
fn comparison_has_both_days_and_the_change() {
    let world = shown_sample();
    let days = ["--from", "2026-10-06", "--to", "2026-10-06", "--compare", "previous"];
    let compared = answer(&world, &[&["cost"][..], &days].concat());
    let of_day = |day: &str| {
        let rows = answer(&world, &["cost", "--day", day]);
        let name = |row: &Row| row["model_name"].to_string();
        rows.into_iter().map(|row| (name(&row), row)).collect::<BTreeMap<_, _>>()
    };
    let (before, now) = (of_day("2026-10-05"), of_day("2026-10-06"));
    assert_eq!(compared.len(), before.keys().chain(now.keys()).collect::<BTreeSet<_>>().len());
    let mut n_changes = 0;
    for row in &compared {
        let name = row["model_name"].to_string();
        let cost = |rows: &BTreeMap<String, Row>| {
            rows.get(&name).map_or(json!("0"), |row| row["list_cost_usd"].clone())
        };
        let sides = [cost(&before), cost(&now)];
        if sides.contains(&Value::Null) {
            assert_eq!(row["list_cost_usd_change"], Value::Null, "{name}");
            continue;
        }
        let [old, new] = sides.map(|amount| amount.as_str().unwrap().parse::<f64>().unwrap());
        let change = row["list_cost_usd_change"].as_str().unwrap().parse::<f64>().unwrap();
        assert!((new - old - change).abs() < 1e-9, "{name}: {row:?}");
        n_changes += 1;
        let status = match (before.contains_key(&name), now.contains_key(&name)) {
            (false, _) => json!("new"),
            (_, false) => json!("gone"),
            _ => Value::Null,
        };
        assert_eq!(row["status"], status, "{name}");
    }
    assert!(n_changes > 5);
    let nothing = ["cost", "--day", "2026-10-05", "--compare", "previous"];
    show(&world, &nothing).says(5, &["nothing is published to compare with"]);
    let two = ["--from", "2026-10-06", "--to", "2026-10-07", "--compare", "previous"];
    let run = show(&world, &[&["cost", "--format", "json"][..], &two].concat()).ends(0);
    let missing = "days that are not built, of those compared with: 2026-10-04";
    assert!(run.stderr.contains(missing), "{}", run.stderr);
    let document = serde_json::from_str::<Value>(&run.stdout).unwrap();
    assert_eq!(document["compared_with"]["missing"], json!(["2026-10-04"]));
    show(&world, &["cost", "--compare", "previous"]).says(2, &["--compare needs days"]);
    let sorted = answer(&world, &[&["cost", "--sort", "list_cost_usd_change"][..], &days].concat());
    let changes = sorted
        .iter()
        .map(|row| row["list_cost_usd_change"].as_str().map(|it| it.parse::<f64>().unwrap()));
    let changes = changes.flatten().collect::<Vec<_>>();
    assert!(changes.len() > 5 && changes.is_sorted_by(|a, b| a >= b), "{changes:?}");
    let other = show(&world, &[&["cost", "--sort", "calls"][..], &days].concat());
    other.says(
        2,
        &["--sort: a comparison has no column `calls`; it has model_name, list_cost_usd_before"],
    );
}

#[test]
fn text_of_a_caller_is_no_control_character() {
    let world = World::new();
    let name = "a\u{1b}[2J|<script>\u{202e}";
    let record = crate::world::call("e1", "2026-10-05T12:00:00Z");
    let record = crate::world::with(record, "/requestParameters/modelId", name);
    world.object("20261005T1210Z", "x", &[record]);
    world.run(&["--day", "2026-10-05"]).ends(0);
    for format in ["table", "markdown"] {
        let run = show(&world, &["unresolved", "--format", format]).ends(0);
        assert!(run.stdout.contains("u{1b}") && run.stdout.contains("u{202e}"), "{}", run.stdout);
        let is_bare = format == "markdown" && run.stdout.contains("|<script>");
        assert!(!is_bare, "{}", run.stdout);
        assert!(!run.stdout.contains(['\u{1b}', '\u{202e}']));
    }
    let rows = answer(&world, &["unresolved"]);
    assert_eq!(rows[0]["model_ref"], name);
}
