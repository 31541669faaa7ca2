//! Calls that ran outside `--approved-regions`, in `show` and on the page, against the rows of `invocations`.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use testkit::Dice;

use crate::world::{Row, Run, World, call, sample, with};

const DAYS: [&str; 3] = ["2026-10-05", "2026-10-06", "2026-10-07"];
const RANGE: [&str; 4] = ["--from", DAYS[0], "--to", DAYS[2]];

fn built_sample() -> World {
    let world = World::new();
    let source = sample().display().to_string();
    let run = ["run", "--source", &source, "--dest", "out"];
    world.hoptrail(&[&run[..], &RANGE].concat()).ends(0);
    world
}

fn show(world: &World, arguments: &[&str]) -> Run {
    world.hoptrail(&[&["show", "routing", "--dest", "out"][..], arguments].concat())
}

/// What the view `outside_approved_regions` says, in plain code: the calls by account, directness, profile, and Region.
fn expected(world: &World, is_approved: impl Fn(&str, &str) -> bool) -> BTreeMap<Vec<String>, i64> {
    let mut groups = BTreeMap::<Vec<String>, i64>::new();
    for row in DAYS.iter().flat_map(|day| world.rows("invocations", day)) {
        let Some(region) = row["inference_region"].as_str() else { continue };
        if is_approved(row["account_id"].as_str().unwrap_or_default(), region) {
            continue;
        }
        let is_direct = row["profile_scope"].is_null()
            && row["profile_id"].is_null()
            && row["source_region"] == region;
        let key =
            [&row["account_id"], &json!(is_direct), &row["profile_id"], &row["inference_region"]];
        *groups.entry(key.map(Value::to_string).to_vec()).or_default() += 1;
    }
    groups
}

fn found(rows: &[Row]) -> BTreeMap<Vec<String>, i64> {
    let group = |row: &Row| {
        let key = ["account_id", "is_direct", "profile_id", "inference_region"];
        let key = key.map(|column| row[column].to_string()).to_vec();
        (key, row["calls"].as_i64().unwrap())
    };
    rows.iter().map(group).collect()
}

fn answer(world: &World, list: &str) -> Vec<Row> {
    let run = show(world, &["--approved-regions", list, "--format", "jsonl"]);
    let run = if run.stdout.is_empty() { run.ends(5) } else { run.ends(0) };
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn calls_outside_the_list_are_those_of_the_rows() {
    let world = built_sample();
    let regions =
        ["us-east-1", "us-east-2", "us-west-2", "eu-central-1", "eu-west-1", "ap-northeast-1"];
    let mut dice = Dice::new(3);
    let (mut n_direct, mut n_through) = (0, 0);
    for _ in 0..12 {
        let some = regions.iter().filter(|_| dice.below(2) == 0).copied().collect::<Vec<_>>();
        let list = if some.is_empty() { vec!["us-east-1"] } else { some };
        let rows = answer(&world, &list.join(","));
        assert_eq!(found(&rows), expected(&world, |_, region| list.contains(&region)), "{list:?}");
        n_direct += rows.iter().filter(|row| row["is_direct"] == true).count();
        n_through += rows.iter().filter(|row| row["is_direct"] == false).count();
    }
    assert!(n_direct > 10 && n_through > 10, "{n_direct} {n_through}");
    // What holds for one account holds beside what holds for all.
    let csv = "account_id,region\n*,us-east-1\n111122223333,us-east-2\n111122223333,us-west-2\n";
    let file = world.write("approved.csv", csv);
    let of_file = expected(&world, |account, region| {
        region == "us-east-1"
            || account == "111122223333" && ["us-east-2", "us-west-2"].contains(&region)
    });
    assert_eq!(found(&answer(&world, &file)), of_file);
}

#[test]
fn other_columns_filters_and_sql_know_the_list() {
    let world = built_sample();
    let list = ["--approved-regions", "us-east-1,us-east-2"];
    let run = show(
        &world,
        &[&list[..], &["--by", "dt,model_name", "--account", "111122223333"]].concat(),
    );
    let stdout = run.ends(0).stdout;
    assert!(
        stdout.starts_with("routing outside the approved Regions in out (table invocations)"),
        "{stdout}"
    );
    let sql = show(&world, &[&list[..], &["--sql", "--day", DAYS[0]]].concat()).ends(0).stdout;
    for part in [
        "profile_scope IS NULL AND profile_id IS NULL AND source_region = inference_region AS is_direct",
        "AND CASE WHEN inference_region IS NULL THEN NULL WHEN inference_region IN ('us-east-1', 'us-east-2') THEN \
         TRUE ELSE FALSE END = FALSE",
        "FROM invocations",
    ] {
        assert!(sql.contains(part), "{sql}");
    }
    let all = "us-east-1,us-east-2,us-west-1,us-west-2,eu-central-1,eu-central-2,eu-west-1,eu-west-2,eu-west-3,\
        eu-north-1,eu-south-1,eu-south-2,ap-northeast-1,ap-northeast-2,ap-northeast-3,ap-southeast-1,\
        ap-southeast-2,ap-southeast-3,ap-southeast-4,ap-south-1,ap-south-2,ca-central-1,sa-east-1,us-gov-west-1,\
        us-gov-east-1,ap-east-2,me-central-1,il-central-1";
    let none = show(&world, &["--approved-regions", all, "--from", "2026-10-04", "--to", DAYS[2]]);
    none.says(
        5,
        &[
            "no call ran outside the approved Regions",
            "(2026-10-04 to 2026-10-07; 3 of 4 days built)",
        ],
    );
    show(&world, &["--approved-regions", "nowhere"])
        .says(2, &["--approved-regions: expected the code of a Region"]);
    let cost = ["show", "cost", "--dest", "out", "--approved-regions", "us-east-1"];
    world.hoptrail(&cost).says(2, &["--approved-regions: only `show routing`"]);
    let without = show(&world, &["--by", "is_direct"]);
    without.says(2, &["--by: routing has no column `is_direct`"]);
}

/// A call whose source Region is its inference Region, through nothing, a profile of AWS, and one of a user.
#[test]
fn filter_without_a_match_is_no_all_clear() {
    let world = built_sample();
    let outside = ["--approved-regions", "us-east-1", "--account"];
    let run = show(&world, &[&outside[..], &["999999999999"]].concat()).ends(5);
    let named = "--account: nothing matches `999999999999`; there is `";
    assert!(run.stderr.contains(named) && run.stderr.contains("no such call"), "{}", run.stderr);
    let slip = ["--approved-regions", "us-esat-1"];
    let run = show(&world, &slip).ends(0);
    let named =
        "warning: --approved-regions: unknown Region `us-esat-1`; did you mean `us-east-1`?";
    assert!(run.stderr.contains(named), "{}", run.stderr);
}

#[test]
fn direct_calls_are_those_through_no_profile() {
    let world = World::new();
    let models = [
        "anthropic.claude-sonnet-4-6",
        "us.anthropic.claude-sonnet-4-6",
        "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abcdefghijkl",
    ];
    let record = |(n, model): (usize, &&str)| {
        let record = with(
            call(&format!("e{n}"), "2026-10-05T12:00:00Z"),
            "/requestParameters/modelId",
            *model,
        );
        with(record, "/additionalEventData/inferenceRegion", "us-east-1")
    };
    let records = models.iter().enumerate().map(record).collect::<Vec<_>>();
    world.object("20261005T1210Z", "x", &records);
    world.run(&["--day", "2026-10-05"]).ends(0);
    let rows = answer(&world, "eu-central-1");
    let direct = rows.iter().map(|row| row["is_direct"].as_bool().unwrap()).collect::<Vec<_>>();
    assert_eq!(direct.iter().filter(|is_direct| **is_direct).count(), 1, "{rows:?}");
    assert_eq!(rows.len(), 3);
}

fn page(world: &World, arguments: &[&str]) -> String {
    let arguments =
        [&["report", "--dest", "out", "-o", "page.html"][..], &RANGE, arguments].concat();
    world.hoptrail(&arguments).ends(0);
    fs::read_to_string(world.path("page.html")).unwrap()
}

#[test]
fn page_has_a_chapter_of_its_own_with_a_list_only() {
    let world = built_sample();
    let plain = page(&world, &[]);
    assert!(!plain.contains("approved Regions"));
    let list = "us-east-1,us-east-2,us-west-2";
    let page = page(&world, &["--approved-regions", list]);
    let section = page.split("<section id=\"approved\">").nth(1).unwrap();
    let section = section.split("</section>").next().unwrap();
    let total = expected(&world, |_, region| list.contains(region)).values().sum::<i64>();
    assert!(total > 20, "{total}");
    let foot = section.split("<tfoot>").nth(1).unwrap();
    assert!(foot.contains(&format!("<data value=\"{total}\">")), "{foot}");
    assert!(section.contains("class=\"bar-outside\"") && section.contains(">direct<"), "{section}");
    let figure = page.split("<h2>Ran outside the approved Regions</h2>").nth(1).unwrap();
    assert!(
        figure.starts_with(&format!("<p class=\"value\"><data value=\"{total}\">")),
        "{figure:.200}"
    );
    // The command beside it prints the same rows.
    let command = section.split("<code>").nth(1).unwrap().split("</code>").next().unwrap();
    let words = command.split(' ').collect::<Vec<_>>();
    let csv = world.hoptrail(&words[1..]).ends(0).stdout;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    assert_eq!(rows.map(|row| row["calls"].parse::<i64>().unwrap()).sum::<i64>(), total);
    let in_place_of_it = page.replace(section, "");
    assert!(in_place_of_it.len() > plain.len() - 100, "all other chapters are there");
}
