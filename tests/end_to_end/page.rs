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
        // Which models the jobs have, and what they lack, is known of those of the run alone.
        let of_jobs = ["no token counts", "Nova Lite 2"];
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
        ("policy-denial", "33 requests denied by a policy"),
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

/// The denials of the rows that the day before had not, in plain code; all of a day whose day before is not there.
fn newly_denied(world: &World, days: &[&str], before: &[Option<&str>]) -> usize {
    let kind = |row: &crate::world::Row| {
        let profile = if row["model_ref"].is_null() {
            ["profile_scope", "model_id"]
        } else {
            ["model_ref"; 2]
        };
        let columns = ["policy_type", "policy_arn", "blocked_region"].into_iter().chain(profile);
        // A policy without a name is one of the account.
        let account = row["policy_arn"].is_null().then_some("account_id");
        let columns = columns.chain(account);
        columns.map(|column| row[column].to_string()).collect::<Vec<_>>()
    };
    let denied = |day: &str| {
        let rows = world.rows("denials", day).into_iter();
        rows.filter(|row| row["error_reason"] == "policy").map(|row| kind(&row)).collect::<Vec<_>>()
    };
    let of_day = |(day, before): (&&str, &Option<&str>)| {
        let known = before.map(denied).unwrap_or_default();
        denied(day).iter().filter(|kind| !known.contains(*kind)).count()
    };
    days.iter().zip(before).map(of_day).sum()
}

#[test]
fn denials_that_the_day_before_had_are_no_news() {
    let world = World::new();
    run_sample(&world, &[]);
    let (source, out) = (sample().display().to_string(), world.text("out"));
    let run = |days: &[&str], options: &[&str]| {
        let run = ["run", "--source", &source, "--dest", &out, "--fail-on", "policy-denial"];
        world.hoptrail(&[&run[..], days, options].concat())
    };
    let [first, second, third] = ["2026-10-05", "2026-10-06", "2026-10-07"];
    let says = |run: Run, calls: usize| {
        let text = format!("--fail-on: {calls} request");
        let is_said = run.stderr.contains(&text) && run.stderr.contains("newly denied by a policy");
        assert_eq!(
            (run.code, is_said),
            (if calls > 0 { 4 } else { 0 }, calls > 0),
            "{}",
            run.stderr
        );
        run.stderr
    };
    let new = newly_denied(&world, &[second], &[Some(first)]);
    let all = newly_denied(&world, &[second], &[None]);
    assert!(0 < new && new < all, "{new} of {all}");
    for options in [&["--since-last"][..], &["--since-last", "--force"]] {
        let stderr = says(run(&["--day", second], options), new);
        assert!(
            stderr.contains("new denial: 2026-10-06: ") && !stderr.contains("is not built"),
            "{stderr}"
        );
    }
    // A range compares each day with the one before it.
    let of_range =
        newly_denied(&world, &[first, second, third], &[None, Some(first), Some(second)]);
    let stderr = says(run(&RANGE, &["--since-last"]), of_range);
    let missing = "--since-last: the day before 2026-10-05 is not built, or cannot be read: all denials of 2026-10-05 \
                   count as new";
    assert!(stderr.contains(missing), "{stderr}");
    // A day that is not built cannot have had it.
    std::fs::remove_file(world.path("out/_hoptrail/manifest/dt=2026-10-05.json")).unwrap();
    let stderr = says(run(&["--day", second], &["--since-last"]), all);
    assert!(stderr.contains("the day before 2026-10-06 is not built"), "{stderr}");
    let without_gate =
        ["run", "--source", &source, "--dest", &out, "--day", second, "--since-last"];
    world
        .hoptrail(&without_gate)
        .says(2, &["--since-last has no effect without --fail-on policy-denial"]);
}

/// The same denial on two days: no news, and the run ends as one without a gate.
#[test]
fn run_without_new_denials_succeeds() {
    let world = World::new();
    let denied = |id: &str, time: &str| {
        let message = "User: arn:aws:sts::111122223333:assumed-role/app/s is not authorized to perform: \
                       bedrock:InvokeModel on resource: arn:aws:bedrock:us-west-2::foundation-model/m with an explicit \
                       deny in a service control policy";
        let record = with(call(id, time), "/errorCode", "AccessDenied");
        with(record, "/errorMessage", message)
    };
    world.object("20261005T1210Z", "x", &[denied("e1", "2026-10-05T12:00:00Z")]);
    world.object("20261006T1210Z", "x", &[denied("e2", "2026-10-06T12:00:00Z")]);
    let gate = ["--fail-on", "policy-denial"];
    world.run(&[&["--from", "2026-10-05", "--to", "2026-10-06"][..], &gate].concat()).ends(4);
    world.run(&[&["--day", "2026-10-06", "--since-last"][..], &gate].concat()).ends(0);
    world.run(&[&["--day", "2026-10-05", "--since-last"][..], &gate].concat()).ends(4);
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
