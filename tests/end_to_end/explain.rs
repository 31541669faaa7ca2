//! `explain`: many references at a time, errors that were pasted, Regions in use. Model identifiers one by one are in
//! `references`.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::{Value, json};

use crate::world::{Run, World, call, repository, sample, with, without};

const SONNET: &str = "us.anthropic.claude-sonnet-4-6";
const SONNET_ARN: &str =
    "arn:aws:bedrock:us-east-2:111122223333:inference-profile/us.anthropic.claude-sonnet-4-6";

/// Runs `explain` with something on standard input, which it need not read to its end.
fn piped(world: &World, arguments: &[&str], input: impl Into<Vec<u8>>) -> Run {
    let mut command = world.command(&[&["explain", "-"], arguments].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let writing = feed(&mut child, input.into());
    let run = Run::of(child.wait_with_output().unwrap());
    writing.join().unwrap();
    run
}

fn feed(child: &mut Child, input: Vec<u8>) -> thread::JoinHandle<()> {
    let mut stdin = child.stdin.take().unwrap();
    thread::spawn(move || drop(stdin.write_all(&input)))
}

/// The rows of a CSV, by column.
fn csv_rows(text: &str) -> Vec<Value> {
    let mut lines = text.lines();
    let header = lines.next().unwrap().split(',').collect::<Vec<_>>();
    let row = |line: &str| header.iter().copied().zip(line.split(',')).collect::<Value>();
    lines.map(row).collect()
}

#[test]
fn lines_become_rows_in_their_order() {
    let world = World::new();
    let input = format!("{SONNET}\n\nno-such-model\n{SONNET_ARN}\r\n{SONNET}\n");
    let run = piped(&world, &["--output", "csv", "--region", "us-west-2"], input.as_str()).ends(5);
    assert!(run.stderr.contains("4 references: 3 with a known model; 1 without"), "{}", run.stderr);
    let rows = csv_rows(&run.stdout);
    let columns =
        ["model_ref", "model_id", "model_name", "profile_scope", "reason", "source_region"];
    let found = rows.iter().map(|row| columns.map(|column| row[column].as_str().unwrap()));
    let (model, name) = ("anthropic.claude-sonnet-4-6", "Claude Sonnet 4.6");
    let expected = [
        [SONNET, model, name, "us", "", "us-west-2"],
        ["no-such-model", "", "", "", "unknown_form", "us-west-2"],
        [SONNET_ARN, model, name, "us", "", "us-east-2"],
        [SONNET, model, name, "us", "", "us-west-2"],
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert_eq!(rows[0]["destination_regions"], "us-east-1;us-east-2;us-west-2");
    assert_eq!(rows[0]["is_callable"], "true");
    assert_eq!(rows[1]["is_callable"], "");

    // The same values as JSON lines, with nulls.
    let run = piped(&world, &["--output", "jsonl", "--region", "us-west-2"], input).ends(5);
    for (line, row) in run.stdout.lines().zip(&rows) {
        let line = serde_json::from_str::<Value>(line).unwrap();
        for (column, value) in line.as_object().unwrap() {
            let text = match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(row[column], text, "{column}");
        }
        assert_eq!(line.as_object().unwrap().len(), row.as_object().unwrap().len());
    }
    assert_eq!(run.stdout.lines().count(), rows.len());
}

#[test]
fn prices_come_where_they_are_asked_for() {
    let world = World::new();
    let more = ["--output", "csv", "--with-prices", "--at", "2026-11-20"];
    let input = format!("{SONNET}\nglobal.anthropic.claude-sonnet-4-6\nx\n");
    let run = piped(&world, &more, input).ends(5);
    let rows = csv_rows(&run.stdout);
    let prices = |row: &Value| {
        let columns = ["price_region", "routing", "input_usd_per_million", "price_gap"];
        columns.map(|column| row[column].as_str().unwrap().to_owned())
    };
    assert_eq!(prices(&rows[0]), ["us-east-1", "regional", "3.3", ""]);
    assert_eq!(prices(&rows[1]), ["us-east-1", "global", "3", ""]);
    assert_eq!(prices(&rows[2]), ["", "", "", "unresolved_model"]);
    let from = [&more[..], &["--region", "eu-central-1"]].concat();
    let rows = csv_rows(&piped(&world, &from, format!("{SONNET}\n")).ends(0).stdout);
    assert_eq!(prices(&rows[0]), ["eu-central-1", "", "", "not_callable"]);
    assert_eq!(rows[0]["is_callable"], "false");
    // A model that is called through profiles alone.
    let directly = [&more[..], &["--region", "us-east-1"]].concat();
    let input = "anthropic.claude-sonnet-4-6\n";
    let rows = csv_rows(&piped(&world, &directly, input).ends(0).stdout);
    assert_eq!(prices(&rows[0]), ["us-east-1", "", "", "not_callable"]);
    let text = world.hoptrail(&["explain", SONNET, "--with-prices"]);
    text.says(2, &["--with-prices has no effect without --output csv or jsonl"]);
}

/// The columns of the rows are those of the page, in its order.
#[test]
fn columns_are_documented() {
    let world = demo();
    let page = fs::read_to_string(repository().join("docs/explain.md")).unwrap();
    let cells = page.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    let names = cells.flat_map(|cell| cell.split("`, `")).map(|name| name.trim_end_matches('`'));
    let run = piped(&world, &["--output", "csv", "--with-prices"], SONNET).ends(0);
    let header = run.stdout.lines().next().unwrap();
    assert_eq!(header, names.collect::<Vec<_>>().join(","));
    let run = world.hoptrail(&["explain", "--in-use", "--dest", "out", "--output", "csv"]).ends(0);
    for column in run.stdout.lines().next().unwrap().split(',') {
        assert!(page.contains(&format!("`{column}`")), "{column}");
    }
}

#[test]
fn column_of_a_csv_is_read() {
    let world = World::new();
    let models = |input: &[u8], more: &[&str]| {
        let run = piped(&world, &[&["--output", "csv"], more].concat(), input).ends(0);
        let rows = csv_rows(&run.stdout);
        let refs = rows.iter().map(|row| row["model_ref"].as_str().unwrap().to_owned());
        (refs.collect::<Vec<_>>().join(" "), run.stderr)
    };
    // As Athena writes results, as Windows does, and with line ends inside quotes.
    for input in [
        format!("\"n\",\"modelId\"\n\"1\",\"{SONNET}\"\n\"2\",\"{SONNET_ARN}\"\n"),
        format!("\u{feff}n;Model ID\r\n1;{SONNET}\r\n2;{SONNET_ARN}\r\n"),
        format!("n,line_item_resource_id\n\"a\nb, \"\"c\"\"\",{SONNET}\n2,{SONNET_ARN}"),
        format!("modelId\n{SONNET}\n{SONNET_ARN}\n"),
    ] {
        let (found, notes) = models(input.as_bytes(), &[]);
        assert_eq!(found, format!("{SONNET} {SONNET_ARN}"), "{input}");
        assert!(notes.contains("references are read from the column "), "{notes}");
    }
    let input = format!("model_id,mine\nx,{SONNET}\n,\n");
    let (found, notes) = models(input.as_bytes(), &["--column", "mine"]);
    assert_eq!(found, SONNET);
    assert!(notes.contains("1 of 2 records have no value in the column mine"), "{notes}");
}

#[test]
fn input_that_is_not_as_it_should_be_is_named() {
    let world = World::new();
    let csv = ["--output", "csv"];
    piped(&world, &csv, "").says(5, &["standard input has no references"]);
    piped(&world, &csv, " \n\n").says(5, &["standard input has no references"]);
    piped(&world, &csv, "a,b\n1,2\n").says(2, &["name one with --column: it has `a`, `b`"]);
    let other = [&csv[..], &["--column", "model"]].concat();
    piped(&world, &other, "a,b\n1,2\n").says(2, &["no column `model`; it has `a`, `b`"]);
    piped(&world, &csv, b"\x1f\x8b\x08\0\0").says(1, &["compressed with gzip"]);
    piped(&world, &csv, b"\x7fELF\0\0").says(1, &["standard input is not text"]);

    // A line of 10 MB is one row, and the rest is read.
    let long = format!("{SONNET}\n{}\n{SONNET}\n", "x".repeat(10_000_000));
    let run = piped(&world, &csv, long).ends(5);
    assert_eq!(run.stdout.lines().count(), 4);
    assert!(run.stdout.len() < 4_000, "{}", run.stdout.len());
    assert!(run.stderr.contains("1 line of more than 64 KiB cut, the first on line 2"));
    // A quote that is not closed takes the rest of the file with it.
    let unclosed = format!("model_id,n\n{SONNET},\"1\n{SONNET},2\n");
    let run = piped(&world, &csv, unclosed).ends(3);
    assert_eq!(run.stdout.lines().count(), 2);
    assert!(run.stderr.contains("the record on line 2 has a quote that is not closed"));

    for (arguments, expected) in [
        (&["-", SONNET][..], "expected no other references beside it"),
        (&[SONNET, "--column", "x"], "--column is about standard input"),
        (&[SONNET, "--last", "2"], "are about --in-use"),
        (&[SONNET, "--region", "EU-WEST-3"], "found `EU-WEST-3`; did you mean `eu-west-3`?"),
        (&[SONNET, "--region", "Frankfurt"], "did you mean `eu-central-1`?"),
        (&["--in-use"], "--dest is missing"),
        (&["--in-use", "--dest", "out", "--with-prices"], "--in-use is about Regions"),
    ] {
        world.hoptrail(&[&["explain"], arguments].concat()).says(2, &[expected]);
    }
}

/// 80 MB of lines, all of them different, in an address space that could not hold them beside the program.
#[test]
fn many_lines_need_little_memory() {
    const LINES: usize = 50_000;
    let world = World::new();
    let binary = world.command(&[]).get_program().to_owned();
    let long = "x".repeat(1_600);
    let script = format!(
        "ulimit -v 150000; seq {LINES} | sed 's/^/{long}/' | \"$0\" explain - --output csv 2>err | wc -l"
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]).arg(binary).current_dir(world.path(""));
    let output = command.output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let err = fs::read_to_string(world.path("err")).unwrap();
    assert_eq!(lines.trim(), (LINES + 1).to_string(), "{err}");
}

#[test]
fn reader_that_goes_away_ends_the_command_quietly() {
    let world = World::new();
    let mut command = world.command(&["explain", "-", "--output", "jsonl"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let writing = feed(&mut child, format!("{SONNET}\n").repeat(100_000).into_bytes());
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(!stderr.contains("error"), "{stderr}");
}

const WHO: &str = "User: arn:aws:sts::111122223333:assumed-role/app/session";

fn denied(resource: &str, reason: &str) -> String {
    format!(
        "{WHO} is not authorized to perform: bedrock:InvokeModel on resource: {resource} {reason}"
    )
}

#[test]
fn error_that_was_pasted_is_read() {
    let world = World::new();
    let model = "arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-6";
    let scp =
        "arn:aws:organizations::444455556666:policy/o-example1/service_control_policy/p-examplepol";
    let text = denied(model, &format!("with an explicit deny in a service control policy: {scp}"));
    let prefix = "An error occurred (AccessDeniedException) when calling the Converse operation: ";
    let json_body = json!({ "Message": text }).to_string();
    let wrapped =
        format!("Traceback (most recent call last):\n{prefix}{text}").replace(' ', "\n  ");
    let quoted = format!("\"{prefix}{text}\"");
    for input in [&text, &format!("{prefix}{text}"), &json_body, &wrapped, &quoted] {
        for run in [
            world.hoptrail(&["explain", input, "--region", "us-east-1", "--output", "json"]),
            piped(&world, &["--region", "us-east-1", "--output", "json"], input.as_str()),
        ] {
            let run = run.ends(0);
            let found = &serde_json::from_str::<Value>(&run.stdout).unwrap()[0];
            assert_eq!(
                found["principal_arn"], "arn:aws:sts::111122223333:assumed-role/app/session",
                "{input}"
            );
            assert_eq!(found["denied_action"], "bedrock:InvokeModel");
            assert_eq!(found["denied_resource"], model);
            assert_eq!(found["policy_type"], "service_control_policy");
            assert_eq!(found["policy_arn"], scp);
            assert_eq!(found["blocked_region"], "us-east-2");
            assert_eq!(found["leg"], "destination_model");
            assert_eq!(found["profiles"][0]["profile_id"], SONNET);
            assert_eq!(found["profiles"].as_array().unwrap().len(), 1);
            let to_do = found["to_do"][0].as_str().unwrap();
            assert!(to_do.contains("add us-east-2 to the Regions"), "{to_do}");
            assert!(to_do.contains("inference-profile/us.anthropic.claude-sonnet-4-6"), "{to_do}");
        }
    }
    // Without quotes, the shell gives one argument for each word.
    let words = text.split(' ').collect::<Vec<_>>();
    let run = world.hoptrail(&[&["explain"], &words[..]].concat()).ends(0);
    assert!(
        run.stdout.starts_with("SCP p-examplepol denies us-east-2 to anthropic"),
        "{}",
        run.stdout
    );
    // Beside a reference, and two in one text.
    let run = world.hoptrail(&["explain", SONNET, &text]).ends(0);
    assert!(run.stdout.contains("\n\nSCP p-examplepol denies"), "{}", run.stdout);
    let two = piped(&world, &["--output", "jsonl"], format!("{text}\n{text}\n")).ends(0);
    assert_eq!(two.stdout.lines().count(), 2);
    piped(&world, &["--output", "csv"], text)
        .says(2, &["--output csv has rows of references only"]);
}

/// However long the list is.
#[test]
fn error_among_references_is_one_of_them() {
    let world = World::new();
    let error = denied("arn:aws:bedrock:us-west-2::foundation-model/m", "");
    for n in [3, 3000] {
        let input = "us.anthropic.claude-sonnet-4-6\n".repeat(n) + &error + "\n";
        let run = piped(&world, &["--output", "csv"], input).ends(5);
        assert_eq!(csv_rows(&run.stdout).len(), n + 1, "{}", run.stderr);
    }
}

#[test]
fn error_is_explained_as_far_as_it_says() {
    let world = World::new();
    let global = "arn:aws:bedrock:::foundation-model/anthropic.claude-sonnet-4-6";
    let profile = format!("arn:aws:bedrock:us-east-1:111122223333:inference-profile/{SONNET}");
    let implicit = "because no identity-based policy allows the bedrock:InvokeModel action";
    for (text, code, expected) in [
        (
            denied(global, "with an explicit deny in an identity-based policy"),
            0,
            &["denies the global leg", "allow `unspecified`", "global.anthropic.claude-sonnet-4-6"][..],
        ),
        (
            denied(&profile, implicit),
            0,
            &["No identity-based policy allows", "the profile itself", "needs us-east-1, us-east-2"],
        ),
        (
            denied("arn:aws:bedrock:us-east-1:111122223333:guardrail/x", ""),
            0,
            &["A policy that is not named denies", "the text names no policy"],
        ),
        (
            "You are not authorized to perform this operation. Encoded authorization failure message: l26L"
                .to_owned(),
            0,
            &["decode-authorization-message"],
        ),
        (
            "You don't have access to the model with the specified model ID.".to_owned(),
            0,
            &["model_access", "request access"],
        ),
        ("Access Denied".to_owned(), 5, &["the text does not say who was denied what"]),
        (
            denied("arn:aws:iam::111122223333:role/app", implicit),
            0,
            &["No identity-based policy allows bedrock:InvokeModel on arn:aws:iam::"],
        ),
    ] {
        let run = world.hoptrail(&["explain", &text]).ends(code);
        let is_global = text.contains("bedrock:::");
        assert_eq!(run.stdout.contains("unspecified"), is_global, "{}", run.stdout);
        for part in expected {
            assert!(run.stdout.contains(part), "no `{part}`:\n{}", run.stdout);
        }
    }
}

/// The sample's tables.
fn demo() -> World {
    let world = World::new();
    let source = sample().display().to_string();
    let days = ["--from", "2026-10-05", "--to", "2026-10-07"];
    world.hoptrail(&[&["run", "--source", &source, "--dest", "out"], &days[..]].concat()).ends(0);
    world
}

#[test]
fn regions_of_the_profiles_in_use_are_one_list() {
    let world = demo();
    let run = world.hoptrail(&["explain", "--in-use", "--dest", "out", "--output", "json"]).ends(0);
    let found = serde_json::from_str::<Value>(&run.stdout).unwrap();
    // What the table says, without the destinations of global profiles.
    let mut expected = BTreeSet::new();
    let mut profiles = BTreeSet::new();
    for day in ["2026-10-05", "2026-10-06", "2026-10-07"] {
        for row in world.rows("profile_destinations", day) {
            let text = |column: &str| row[column].as_str().unwrap().to_owned();
            profiles.insert((text("profile_id"), text("source_region")));
            expected.insert(text("source_region"));
            let is_global = text("profile_id").starts_with("global.");
            expected.insert(if is_global {
                "unspecified".into()
            } else {
                text("destination_region")
            });
        }
    }
    assert_eq!(found["regions"], json!(expected));
    assert_eq!(found["profiles"].as_array().unwrap().len(), profiles.len());
    assert_eq!(found["missing"], json!([]));
    assert_eq!(found["days_built"], 3);
    // An application profile without an alias, and a profile that the catalog does not have.
    let calls = found["unknown"].as_array().unwrap().iter().map(|unknown| &unknown["calls"]);
    assert_eq!(calls.collect::<Vec<_>>(), [5, 1]);
    assert!(run.stderr.contains("6 calls through profiles whose Regions are not known"));

    let run = world.hoptrail(&["explain", "--in-use", "--dest", "out"]).ends(0);
    let list = serde_json::to_string(&found["regions"]).unwrap();
    assert!(run.stdout.contains(&format!("  to paste      {list}\n")), "{}", run.stdout);
    assert!(run.stdout.contains("`unspecified` is aws:RequestedRegion"), "{}", run.stdout);
    let run = world.hoptrail(&["explain", "--in-use", "--dest", "out", "--output", "csv"]).ends(0);
    let rows = csv_rows(&run.stdout);
    let regions = rows.iter().map(|row| row["region"].as_str().unwrap().to_owned());
    assert_eq!(json!(regions.collect::<BTreeSet<_>>()), found["regions"]);
    let run =
        world.hoptrail(&["explain", "--in-use", "--dest", "out", "--output", "jsonl"]).ends(0);
    assert_eq!(run.stdout.lines().count(), rows.len());
}

#[test]
fn days_without_profiles_are_named() {
    let world = World::new();
    let direct = |id: &str, time: &str| {
        let record = with(call(id, time), "/requestParameters/modelId", "amazon.nova-pro-v1:0");
        without(record, "additionalEventData")
    };
    world.object("20261005T1210Z", "x", &[call("a", "2026-10-05T12:00:00Z")]);
    world.object("20261006T1210Z", "x", &[direct("b", "2026-10-06T12:00:00Z")]);
    world.run(&["--from", "2026-10-05", "--to", "2026-10-06"]).ends(0);
    let asked = |days: &[&str]| {
        let arguments = [&["explain", "--in-use", "--dest", "out"], days].concat();
        world.hoptrail(&arguments)
    };
    let run = asked(&["--from", "2026-10-05", "--to", "2026-10-08"]).ends(0);
    assert!(
        run.stderr.contains("days that are not built: 2026-10-07, 2026-10-08"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("days without a call through a profile: 2026-10-06\n"),
        "{}",
        run.stderr
    );
    assert!(run.stdout.contains("[\"us-east-1\",\"us-east-2\",\"us-west-2\"]"), "{}", run.stdout);
    let run = asked(&["--day", "2026-10-06"]).ends(5);
    assert!(run.stderr.contains("no call went through a profile on these days (2026-10-06)"));
    asked(&["--day", "2026-10-08"]).ends(5);
    // A table that is gone makes the list partial.
    fs::remove_file(world.out().join("profile_destinations/dt=2026-10-05/part-0.parquet")).unwrap();
    let run = asked(&["--day", "2026-10-05"]).ends(3);
    assert!(run.stderr.contains("it does not exist"), "{}", run.stderr);
    assert!(run.stderr.contains("1 call through profiles whose Regions are not known"));
}

#[test]
fn near_miss_is_answered_with_the_id_that_was_meant() {
    let world = World::new();
    for (typed, more, code, expected) in [
        (
            "us.anthropic.claude-sonet-4-6",
            &[][..],
            5,
            "did you mean  us.anthropic.claude-sonnet-4-6?",
        ),
        ("ue.anthropic.claude-sonnet-4-6", &[], 0, "did you mean  eu.anthropic.claude-sonnet-4-6?"),
        (
            "arn:aws:bedrock:us-esat-1::foundation-model/amazon.nova-pro-v1:0",
            &[],
            0,
            "the catalog has no Region `us-esat-1`; did you mean `us-east-1`?",
        ),
        (SONNET, &["--region", "us-esat-1"], 0, "did you mean `us-east-1`?"),
        ("au.amazon.nova-lite-v1:0", &[], 0, "of this model, it has apac.amazon.nova-lite-v1:0"),
    ] {
        let run = world.hoptrail(&[&["explain", typed], more].concat()).ends(code);
        assert!(run.stdout.contains(expected), "{}", run.stdout);
    }
}

#[test]
fn prices_of_a_near_miss_are_none_and_the_id_is_named() {
    let world = World::new();
    let show = |arguments: &[&str]| world.hoptrail(&[&["prices", "show"], arguments].concat());
    show(&["us.anthropic.claude-sonet-4-6"])
        .says(5, &["did you mean `us.anthropic.claude-sonnet-4-6`?"]);
    show(&[SONNET, "--region", "US-EAST-1"]).says(2, &["did you mean `us-east-1`?"]);
    show(&[SONNET, "--region", "us-east-1"]).ends(0);
}

#[test]
fn region_of_the_arn_comes_before_the_option() {
    let world = World::new();
    let run = world.hoptrail(&["explain", SONNET_ARN, "--region", "us-west-1"]).ends(0);
    let note = "the Region of the ARN is taken, us-east-2, not --region us-west-1";
    assert!(run.stdout.contains(note), "{}", run.stdout);
    assert!(
        run.stdout.contains("from us-east-2: us-east-1, us-east-2, us-west-2"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("in us-east-2 on"), "{}", run.stdout);
    let run = world.hoptrail(&["explain", SONNET_ARN, "--region", "us-east-2"]).ends(0);
    assert!(!run.stdout.contains("note"), "{}", run.stdout);
}

#[test]
fn profile_has_no_price_from_where_it_cannot_be_called() {
    let world = World::new();
    let run = world.hoptrail(&["explain", SONNET, "--region", "eu-central-1"]).ends(0);
    assert!(run.stdout.contains("none from eu-central-1: by the catalog"), "{}", run.stdout);
    assert!(
        run.stdout.contains("price         none: the profile cannot be called from eu-central-1")
    );
    assert!(!run.stdout.contains("per million"), "{}", run.stdout);
}

#[test]
fn regions_with_the_same_destinations_are_one_line() {
    let run = World::new().hoptrail(&["explain", SONNET]).ends(0);
    let same = "from us-east-1, us-east-2, us-west-2: us-east-1, us-east-2, us-west-2";
    assert!(run.stdout.contains(same), "{}", run.stdout);
}
