//! A source that fails as a whole ends the run, and nothing of an unfinished day is published; what fails of
//! single objects or accounts does not.

use std::time::Duration;

use s3_server::{Bucket, Config, Failure, Fault, Kind, Server, When};
use serde_json::Value;

use crate::backfill::{ACCOUNTS, DAYS, Objects, backfill};
use crate::world::{
    ACCOUNT, REGION, Run, Tree, World, assert_adds_up, assert_same, call, document, key, tables,
    tree,
};

const KMS: Failure = Failure::Refuse {
    status: 403,
    code: "AccessDenied",
    message: "User: arn:aws:sts::111122223333:assumed-role/reader/s is not authorized to perform: kms:Decrypt \
              on resource: arn:aws:kms:us-east-1:111122223333:key/1234 because no resource-based policy allows \
              the kms:Decrypt action",
};

fn server(objects: &Objects) -> Server {
    Server::start(Config::new().bucket(objects.bucket())).unwrap()
}

/// One try each: what fails for good is known to fail soon.
fn run(world: &World, server: &Server, more: &[&str]) -> Run {
    let out = world.text("out");
    let arguments = ["run", "--source", "s3://trail", "--dest", &out];
    let summary = ["--summary-json", "summary.json"];
    let mut command = world.command_on(server, &[&arguments[..], &summary, more].concat());
    Run::of(command.env("AWS_MAX_ATTEMPTS", "1").output().unwrap())
}

fn range(first: usize, last: usize) -> [&'static str; 4] {
    ["--from", DAYS[first], "--to", DAYS[last]]
}

/// What comes after `n` objects.
fn after(n: u64, failure: Failure) -> Vec<Fault> {
    // A range that nobody asks for is no fault.
    let good = Fault::always(Failure::IgnoreRange).on(Kind::Get).when(When::First(n));
    vec![good, Fault::always(failure).on(Kind::Get)]
}

/// A trail of one account with `n` objects on a day.
fn small(n: usize) -> Objects {
    let mut objects = Objects::default();
    for n in 0..n {
        let key = key(ACCOUNT, REGION, "20261005T1210Z", &format!("n{n}"));
        objects.add(&key, call(&format!("e{n}"), "2026-10-05T12:00:00Z"));
    }
    objects
}

/// Asserts that no days are published but these, and these whole.
fn assert_published(world: &World, expected: &Tree, days: &[&str]) {
    let found = tables(&world.out());
    for (name, bytes) in &found {
        assert!(expected.get(name).is_none_or(|of| of == bytes), "{name} is not whole");
    }
    for day in DAYS {
        let manifest = world.out().join(format!("_hoptrail/manifest/dt={day}.json"));
        assert!(!manifest.exists() || days.contains(&day), "{day}");
    }
}

/// What a run without faults writes.
fn expected(objects: &Objects) -> Tree {
    let world = World::new();
    run(&world, &server(objects), &range(0, 4)).ends(0);
    tables(&world.out())
}

#[test]
fn credentials_that_expire_end_the_run_at_once() {
    let objects = backfill(21, 3).plain();
    let (world, server) = (World::new(), server(&objects));
    let expected = expected(&objects);
    run(&world, &server, &range(0, 1)).ends(0);
    let before = tree(&world.out());
    let failures = [
        (Failure::ExpiredToken, "(ExpiredToken)"),
        (
            Failure::Refuse { status: 403, code: "InvalidAccessKeyId", message: "Unknown." },
            "Unknown.",
        ),
    ];
    for (failure, words) in failures {
        server.set_faults(after(7, failure));
        let parts = ["the source cannot be read: 7 objects could be read before", words];
        run(&world, &server, &range(0, 4)).says(1, &parts);
        assert_same(&tree(&world.out()), &before, "what was published stays as it is");
    }
    server.set_faults(Vec::new());
    run(&world, &server, &range(0, 4)).ends(0);
    assert_same(&tables(&world.out()), &expected, "the next run");
}

#[test]
fn source_that_begins_to_fail_ends_the_run_and_no_unfinished_day_is_published() {
    let objects = backfill(22, 12).plain();
    let (world, server) = (World::new(), server(&objects));
    let expected = expected(&objects);
    let cases = [
        (Failure::AccessDenied, "`s3:GetObject` on `s3://trail/AWSLogs/*` is likely missing"),
        (KMS, "`kms:Decrypt` on `arn:aws:kms:us-east-1:111122223333:key/1234` is likely missing"),
        (Failure::InternalError, "(InternalError)"),
        (Failure::SlowDown, "(SlowDown)"),
        (Failure::Cut(0), "broke off"),
    ];
    for (failure, words) in cases {
        server.set_faults(after(100, failure));
        let _ = std::fs::remove_dir_all(world.out());
        let parts = ["the source cannot be read: 180 of the last 200 objects failed", words];
        run(&world, &server, &range(0, 4)).says(1, &parts);
        assert_published(&world, &expected, &[DAYS[0]]);
    }
    server.set_faults(Vec::new());
    run(&world, &server, &range(0, 4)).ends(0);
    assert_same(&tables(&world.out()), &expected, "the next run");
}

/// Days are smaller than what it takes to know that the source fails: they wait for it.
#[test]
fn days_with_unreadable_objects_wait_until_it_is_known_that_the_source_fails() {
    let mut objects = Objects::default();
    let days = (1..=28).map(|day| format!("2026-09-{day:02}")).collect::<Vec<_>>();
    for day in &days {
        let stamp = format!("{}T1210Z", day.replace('-', ""));
        for n in 0..12 {
            let key = key(ACCOUNT, REGION, &stamp, &format!("n{n}"));
            objects.add(&key, call(&format!("{day}-{n}"), &format!("{day}T12:00:00Z")));
        }
    }
    let (world, server) = (World::new(), server(&objects));
    server.set_faults(after(100, Failure::AccessDenied));
    // Slow enough for days to be built meanwhile.
    server.set_latency(Duration::from_millis(10));
    let range = ["--from", &days[0], "--to", &days[27], "--concurrency", "2"];
    run(&world, &server, &range).says(1, &["180 of the last 200 objects failed"]);
    for (n, day) in days.iter().enumerate() {
        // Eight days have twelve good objects each.
        let calls = world.event_ids(day).len();
        assert!(calls == 12 && n < 8 || calls == 0, "{day}: {calls}");
    }
}

#[test]
fn fewer_than_20_answers_say_nothing_of_the_source() {
    let world = World::new();
    for n in [19, 20] {
        let server = server(&small(n));
        server.set_faults(vec![Fault::always(Failure::AccessDenied).on(Kind::Get)]);
        let ended = run(&world, &server, &["--day", DAYS[0]]);
        if n == 20 {
            let prefix = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/05/*`";
            let missing = format!("`s3:GetObject` on `s3://trail/{prefix} is likely missing");
            ended.says(1, &["20 of the last 20 objects failed", &missing]);
            assert_eq!(tree(&world.out()), Tree::new());
        } else {
            let run = ended.ends(3);
            assert!(
                run.stderr.contains("warning: 19 unreadable objects, for example"),
                "{}",
                run.stderr
            );
            assert_adds_up(&world.summary());
            std::fs::remove_dir_all(world.out()).unwrap();
        }
    }
}

/// Of 60 objects a day below the denied account, the first of the trail: it is denied alone.
#[test]
fn one_denied_account_among_others_is_partial() {
    let objects = backfill(23, 30).plain();
    let account = ACCOUNTS.iter().min().unwrap();
    for denied in [ACCOUNTS[1], account] {
        let (world, server) = (World::new(), server(&objects));
        let fault = Fault::always(Failure::AccessDenied).on(Kind::Get).key(denied);
        server.set_faults(vec![fault]);
        let run = run(&world, &server, &range(0, 4)).ends(3);
        let n = objects.0.keys().filter(|key| key.contains(denied)).count();
        assert!(n >= 300);
        assert!(
            run.stderr.contains(&format!("{n} unreadable objects, for example")),
            "{}",
            run.stderr
        );
        let summary = world.summary();
        assert_eq!(summary["objects"]["unreadable"], n);
        assert_eq!(summary["days"].as_array().unwrap().len(), 5);
        assert_adds_up(&summary);
    }
}

#[test]
fn corrupt_missing_and_archived_objects_are_no_failure_of_the_source() {
    let objects = small(30);
    let server = server(&objects);
    for key in objects.0.keys().take(5) {
        server.put_object("trail", key, "no gzip");
    }
    let gone = Fault::always(Failure::NoSuchKey).on(Kind::Get).when(When::First(20));
    let archived = Failure::Refuse { status: 403, code: "InvalidObjectState", message: "Glacier." };
    for (fault, words) in [
        (gone, "unreadable objects, for example"),
        (Fault::always(archived).on(Kind::Get), "30 of 30 objects are archived: restore them"),
    ] {
        let world = World::new();
        server.set_faults(vec![fault]);
        let run = run(&world, &server, &["--day", DAYS[0]]).ends(3);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

/// An endpoint that goes away is told as what it is.
#[test]
fn endpoint_that_cannot_be_reached_ends_the_run() {
    let (world, server) = (World::new(), server(&small(40)));
    server.set_faults(after(2, Failure::Reset));
    let parts = ["of the last ", " objects failed: ", "cannot be reached"];
    run(&world, &server, &["--day", DAYS[0]]).says(1, &parts);
    assert_eq!(tree(&world.out()), Tree::new());
}

/// The model invocation logs and the digests are sources, too.
#[test]
fn logs_and_digests_that_fail_as_a_whole_end_the_run() {
    let world = World::new();
    let mut logs = Bucket::new("logs");
    for n in 0..20 {
        let folder = format!("AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/{REGION}/2026/10/05/12");
        logs = logs.object(&format!("{folder}/20261005T12{n:02}00123Z_a.json.gz"), document(&[]));
    }
    let digests = (0..24).fold(small(1).bucket(), |bucket, hour| {
        let folder = format!("AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/2026/10/05");
        let name =
            format!("{ACCOUNT}_CloudTrail-Digest_{REGION}_trail_{REGION}_20261005T{hour:02}0000Z");
        bucket.object(&format!("{folder}/{name}.json.gz"), "")
    });
    let server = Server::start(Config::new().bucket(digests).bucket(logs)).unwrap();
    server.set_faults(vec![Fault::always(KMS).on(Kind::Get).key("Bedrock")]);
    let day = ["--day", DAYS[0]];
    let with_logs = [&day[..], &["--invocation-logs", "s3://logs"]].concat();
    let what =
        "the location of the model invocation logs cannot be read: 20 of the last 20 objects";
    run(&world, &server, &with_logs).says(1, &[what, "`kms:Decrypt` on `arn:aws:kms"]);
    server.set_faults(vec![Fault::always(Failure::AccessDenied).on(Kind::Get).key("Digest")]);
    let what = "the source's digest files cannot be read: ";
    run(&world, &server, &[&day[..], &["--verify-digests"]].concat())
        .says(1, &[what, "s3:GetObject"]);
    assert_eq!(tree(&world.out()), Tree::new());
}

/// A day that is complete is not replaced by one that lacks what cannot be read today.
#[test]
fn complete_day_is_not_replaced_while_its_objects_cannot_be_read() {
    let mut objects = backfill(24, 3);
    let late = key(ACCOUNTS[0], REGION, "20261009T1210Z", "afterwards");
    objects.add(&late, call("afterwards", "2026-10-05T12:00:00Z"));
    let (world, server) = (World::new(), server(&objects));
    run(&world, &server, &range(0, 4)).ends(0);
    let before = tree(&world.out());
    for failure in [Failure::InternalError, Failure::Reset, Failure::AccessDenied, Failure::Cut(0)]
    {
        for part in ["20261006T0800Z_n1", "afterwards"] {
            server.set_faults(vec![Fault::always(failure).on(Kind::Get).key(part)]);
            let run = run(&world, &server, &[&range(0, 4)[..], &["--force"]].concat()).ends(1);
            assert!(run.stderr.contains("cannot be read any more"), "{part}: {}", run.stderr);
            let days = world.summary()["not_replaced"].as_array().unwrap().clone();
            let days = days.iter().map(|day| day["dt"].clone()).collect::<Vec<Value>>();
            let expected: &[&str] =
                if part == "afterwards" { &[DAYS[0], DAYS[4]] } else { &[DAYS[1]] };
            assert_eq!(days, expected, "{part}");
            assert_same(&tables(&world.out()), &tables_of(&before), part);
        }
    }
}

fn tables_of(all: &Tree) -> Tree {
    let mut tables = all.clone();
    tables.retain(|name, _| !name.contains("_hoptrail/manifest/"));
    tables
}
