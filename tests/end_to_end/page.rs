//! The summary as a page: its figures are those of the tables, and it fits a terminal.

use crate::golden::check;
use crate::world::{Run, World, call, sample, with};

const RANGE: [&str; 4] = ["--from", "2026-10-05", "--to", "2026-10-07"];

fn run_sample(world: &World, options: &[&str]) -> Run {
    let (source, out) = (sample().display().to_string(), world.text("out"));
    let locations = ["run", "--source", &source, "--dest", &out];
    let run = world.page(&[&locations[..], &RANGE, options].concat()).ends(0);
    Run { stdout: run.stdout.replace(&source, "SAMPLE").replace(&out, "OUT"), ..run }
}

#[test]
fn page_of_the_sample_fits_a_terminal_and_ends_as_it_begins() {
    let page = run_sample(&World::new(), &[]);
    check("page.txt", &page.stdout);
    assert_eq!(page.stderr, "");
    for line in page.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let lines = page.stdout.lines().collect::<Vec<_>>();
    assert_eq!(lines[2..5], lines[lines.len() - 3..], "the conclusion is first and last");
}

#[test]
fn page_shows_what_exists_where_nothing_was_rebuilt() {
    let world = World::new();
    let first = run_sample(&world, &[]);
    let again = run_sample(&world, &[]);
    let without_what_was_done = |page: &str| {
        let lines = page.lines().filter(|line| !line.contains("written to")).map(str::to_owned);
        // What is known of batch jobs is that of the run.
        let of_jobs = ["Batch jobs", "no token counts", "Nova Lite 2"];
        let is_of_job = |line: &String| of_jobs.iter().any(|part| line.contains(part));
        let lines = lines.filter(|line| !is_of_job(line) && !line.is_empty()).collect::<Vec<_>>();
        lines.join("\n")
    };
    let [first, second] = [&first, &again].map(|run| without_what_was_done(&run.stdout));
    assert_eq!(first, second);
    let done = "0 days written to OUT from 0 objects, 0 B; unchanged: 3 days";
    assert!(again.stdout.contains(done), "{}", again.stdout);
    // What --full prints is about the run alone.
    assert!(run_sample(&world, &["--full"]).stdout.contains("Unchanged    3 days"));
}

#[test]
fn page_names_the_table_that_it_cannot_read() {
    let world = World::new();
    run_sample(&world, &[]);
    // Of the same size, so that the day counts as unchanged.
    let file = world.path("out/model_costs/dt=2026-10-06/part-0.parquet");
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 20;
    bytes[last] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let (source, out) = (sample().display().to_string(), world.text("out"));
    let run = ["run", "--source", &source, "--dest", &out];
    let page = world.page(&[&run[..], &RANGE].concat()).ends(3);
    let named = "model_costs/dt=2026-10-06/part-0.parquet: it is not the file that was written";
    assert!(page.stderr.contains(named), "{}", page.stderr);
}

#[test]
fn gates_are_about_days_that_were_left_as_they_are_too() {
    let world = World::new();
    run_sample(&world, &[]);
    let (source, out) = (sample().display().to_string(), world.text("out"));
    let run = ["run", "--source", &source, "--dest", &out];
    for (gate, calls) in [
        ("other-jurisdiction", "42 calls ran in another jurisdiction"),
        ("unresolved", "26 calls without a known model"),
        ("unpriced", "4 calls with counts but no cost"),
        ("policy-denial", "31 calls denied by a policy"),
        ("unapproved-region", "385 calls ran in a Region that is not approved"),
    ] {
        let approved = ["--approved-regions", "me-south-1"];
        let arguments = [&run[..], &RANGE, &["--fail-on", gate], &approved].concat();
        for again in [world.page(&arguments), world.hoptrail(&arguments)] {
            let again = again.ends(4);
            assert!(again.stderr.contains(calls), "{gate}: {}", again.stderr);
        }
        let built = world.hoptrail(&[&arguments[..], &["--force"]].concat()).ends(4);
        assert!(built.stderr.contains(calls), "{gate}: {}", built.stderr);
    }
    let unpriced_tokens = |options: &[&str]| {
        let arguments = [&run[..], &RANGE, &["--fail-on", "unpriced-tokens"], options].concat();
        world.hoptrail(&arguments).code
    };
    assert_eq!(unpriced_tokens(&[]), unpriced_tokens(&["--force"]));
}

#[test]
fn calls_in_regions_that_are_not_approved_are_counted_by_account() {
    let world = World::new();
    run_sample(&world, &[]);
    let all = ["us-east-1,us-east-2,us-west-2,eu-central-1,ap-northeast-1"];
    let says = |approved: &str, text: &str| {
        let page = run_sample(&world, &["--approved-regions", approved]).stdout;
        assert_eq!(page.contains(text), !text.is_empty(), "{page}");
        page.lines().find(|line| line.contains("in a Region not approved")).map(str::to_owned)
    };
    let of_list = says(all[0], "calls in a Region not approved").unwrap();
    let file =
        world.write("approved.csv", "account_id,region\n*,us-east-1\n111122223333,us-east-2\n");
    let of_file = says(&file, "calls in a Region not approved").unwrap();
    assert_ne!(of_list, of_file);
    let rows = ["2026-10-05", "2026-10-06", "2026-10-07"].map(|day| world.rows("invocations", day));
    let is_outside = |row: &&crate::world::Row| {
        let region = row["inference_region"].as_str();
        let is_own = row["account_id"] == "111122223333" && region == Some("us-east-2");
        row["outcome"] == "succeeded" && region.is_some() && region != Some("us-east-1") && !is_own
    };
    let calls = rows.iter().flatten().filter(is_outside).count();
    assert!(of_file.contains(&format!("  {calls} calls in a Region")), "{calls}: {of_file}");
    let (source, out) = (sample().display().to_string(), world.text("out"));
    let gate = ["run", "--source", &source, "--dest", &out, "--fail-on", "unapproved-region"];
    world.page(&[&gate[..], &RANGE].concat()).says(2, &["needs --approved-regions"]);
}

#[test]
fn texts_of_callers_are_escaped_and_nothing_is_shown_in_full() {
    let world = World::new();
    let arn = "arn:aws:sts::111122223333:assumed-role/app/x";
    let name = "evil\u{1b}[2J\u{202e}";
    let record = with(call("e1", "2026-10-05T12:00:00Z"), "/userIdentity/arn", arn);
    let record = with(record, "/userIdentity/sessionContext/sessionIssuer/userName", name);
    let denied = with(record, "/errorCode", "AccessDenied");
    let message = "User: arn:aws:sts::111122223333:assumed-role/app/x is not authorized to perform: \
                   bedrock:InvokeModel on resource: \
                   arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-6 with an explicit \
                   deny in a service control policy";
    world.object("20261005T1210Z", "x", &[with(denied, "/errorMessage", message)]);
    let (trail, out) = (world.text("trail"), world.text("out"));
    let run = ["run", "--source", &trail, "--dest", &out, "--day"];
    let page = world.page(&[&run[..], &["2026-10-05"]].concat()).ends(0).stdout;
    assert!(page.contains("SCP denies us-west-2 to us.anthropic.claude-sonnet-4-6"), "{page}");
    assert!(page.contains("evil\\u{1b}[2J") && !page.contains(['\u{1b}', '\u{202e}']), "{page}");
    let empty = world.page(&[&run[..], &["2026-10-04"]].concat()).ends(0).stdout;
    assert!(empty.contains("Wrote        0 calls on 0 days"), "nothing is published: {empty}");
}
