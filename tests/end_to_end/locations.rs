//! Sources and destinations of every kind, with any number of threads and requests: the same bytes.

use std::fs;

use s3_server::{Bucket, Config, Failure, Fault, Server};
use serde_json::Value;

use crate::world::{
    ACCOUNT, REGION, Row, Tree, World, assert_same, call, document, key, name, sample, tables,
    texts, tree, with,
};

const RANGE: [&str; 4] = ["--from", "2026-10-05", "--to", "2026-10-07"];

fn run_arguments<'a>(source: &'a str, dest: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["run", "--source", source, "--dest", dest][..], &RANGE, more].concat()
}

/// What a run of the sample from its folder writes.
fn expected() -> Tree {
    let world = World::new();
    let (source, out) = (sample().display().to_string(), world.text("out"));
    world.hoptrail(&run_arguments(&source, &out, &[])).ends(0);
    tables(&world.out())
}

fn sample_bucket() -> Bucket {
    Bucket::from_folder("org-trail", &sample()).unwrap()
}

#[test]
fn any_number_of_threads_and_requests_gives_the_same_bytes() {
    let expected = expected();
    assert_eq!(expected.len(), 10 * 3 + 1, "ten tables on three days, and what was discovered");
    for (threads, concurrency) in [("1", "1"), ("1", "64"), ("2", "3"), ("7", "1"), ("7", "200")] {
        let world = World::new();
        let (source, out) = (sample().display().to_string(), world.text("out"));
        let more = ["--threads", threads, "--concurrency", concurrency, "--fetch-ahead-mib", "1"];
        world.hoptrail(&run_arguments(&source, &out, &more)).ends(0);
        assert_same(&tables(&world.out()), &expected, &format!("{threads} {concurrency}"));
    }
}

#[test]
fn source_on_s3_gives_the_same_bytes_as_a_folder() {
    let expected = expected();
    for page_size in [1000, 7] {
        let server =
            Server::start(Config::new().bucket(sample_bucket()).page_size(page_size)).unwrap();
        for threads in ["1", "2", "7"] {
            let world = World::new();
            let out = world.text("out");
            let arguments = run_arguments("s3://org-trail", &out, &["--threads", threads]);
            world.hoptrail_on(&server, &arguments).ends(0);
            assert_same(&tables(&world.out()), &expected, &format!("{page_size} {threads}"));
        }
        let stats = server.stats();
        assert_eq!(stats.gets, 3 * 84, "each object is fetched once");
        assert_eq!(stats.puts + stats.deletes, 0, "nothing is written to the source");
    }
}

#[test]
fn destination_on_s3_has_the_same_bytes_as_a_folder() {
    let expected = expected();
    let config = Config::new().bucket(sample_bucket()).bucket(Bucket::new("analytics"));
    let server = Server::start(config).unwrap();
    let arguments = run_arguments("s3://org-trail/", "s3://analytics/bedrock", &[]);
    // Once more: a day is replaced whole, and what was discovered is read back.
    for force in [&[][..], &["--force"]] {
        let arguments = [arguments.clone(), force.to_vec()].concat();
        World::new().hoptrail_on(&server, &arguments).ends(0);
        let mut found = Tree::new();
        for key in server.keys("analytics") {
            let name = key.strip_prefix("bedrock/").unwrap().to_owned();
            if name.starts_with("_hoptrail/manifest/") {
                continue;
            }
            found.insert(name, server.object("analytics", &key).unwrap().to_vec());
        }
        assert_same(&found, &expected, "analytics");
    }
    assert_eq!(server.n_open_uploads("analytics"), 0);
}

#[test]
fn throttling_and_broken_connections_do_not_change_the_bytes() {
    use s3_server::{Kind, When};
    let flaky = |failure, kind, nth| Fault::always(failure).on(kind).when(When::Nth(nth));
    let config = Config::new()
        .bucket(sample_bucket())
        .fault(flaky(Failure::SlowDown, Kind::List, 3))
        .fault(flaky(Failure::SlowDown, Kind::Get, 5))
        .fault(flaky(Failure::Cut(100), Kind::Get, 9))
        .fault(flaky(Failure::Reset, Kind::Get, 20));
    let server = Server::start(config).unwrap();
    let world = World::new();
    let out = world.text("out");
    world.hoptrail_on(&server, &run_arguments("s3://org-trail", &out, &[])).ends(0);
    assert_eq!(server.stats().faults, 4);
    assert_same(&tables(&world.out()), &expected(), "after faults");
}

/// The ids of the calls of all days, and the accounts that they came from.
fn ids_and_accounts(world: &World) -> (Vec<String>, Vec<String>) {
    let mut ids = Vec::new();
    let mut accounts = Vec::new();
    for day in ["2026-10-05", "2026-10-06", "2026-10-07"] {
        let rows = world.rows("invocations", day);
        ids.extend(texts(&rows, "event_id"));
        accounts.extend(texts(&rows, "account_id"));
    }
    accounts.sort();
    accounts.dedup();
    (ids, accounts)
}

#[test]
fn source_at_any_level_gives_the_same_calls() {
    let prefixed = World::new();
    for (key, bytes) in tree(&sample()) {
        prefixed.write(&format!("bucket/some/deep/prefix/{key}"), bytes);
    }
    let deep = Bucket::from_folder("deep", &prefixed.path("bucket")).unwrap();
    let server = Server::start(Config::new().bucket(sample_bucket()).bucket(deep)).unwrap();
    let organization = "AWSLogs/o-exampleorg1";
    let account = format!("{organization}/012345678901");
    for (level, n_calls, n_accounts) in [
        (String::new(), 444, 3),
        ("AWSLogs".to_owned(), 444, 3),
        (organization.to_owned(), 444, 3),
        (account.clone(), 64, 1),
        (format!("{account}/CloudTrail/"), 64, 1),
    ] {
        let mut of_place = Vec::new();
        let folder = sample().join(&level).display().to_string();
        for source in [folder, format!("s3://org-trail/{level}")] {
            let world = World::new();
            let out = world.text("out");
            let run = world.hoptrail_on(&server, &run_arguments(&source, &out, &[])).ends(0);
            assert!(run.stderr.is_empty(), "{}", run.stderr);
            let (ids, accounts) = ids_and_accounts(&world);
            assert_eq!((ids.len(), accounts.len()), (n_calls, n_accounts), "{source}");
            of_place.push(tables(&world.out()));
        }
        assert_same(&of_place[1], &of_place[0], &level);
    }
    for source in ["s3://deep", "s3://deep/some", "s3://deep/some/deep/prefix"] {
        let world = World::new();
        let out = world.text("out");
        world.hoptrail_on(&server, &run_arguments(source, &out, &[])).ends(0);
        assert_eq!(ids_and_accounts(&world).0.len(), 444, "{source}");
    }
}

#[test]
fn requester_pays_and_unsigned_requests_are_sent() {
    let server = Server::start(Config::new().bucket(sample_bucket())).unwrap();
    let arguments = |flag| [&["plan", "--source", "s3://org-trail"][..], &RANGE, &[flag]].concat();
    World::new().hoptrail_on(&server, &arguments("--requester-pays")).ends(0);
    let stats = server.stats();
    assert!(stats.lists > 0 && stats.requester_pays >= stats.lists, "{stats:?}");
    assert_eq!(stats.unsigned, 0);
    server.reset_stats();
    let world = World::new();
    let mut command = world.command(&arguments("--no-sign-request"));
    command.env("AWS_ENDPOINT_URL", server.url());
    assert!(command.output().unwrap().status.success(), "no credentials are needed");
    let stats = server.stats();
    assert!(stats.lists > 0 && stats.unsigned == stats.requests(), "{stats:?}");
}

/// Options win over the environment, and the environment over the settings file.
#[test]
fn settings_come_from_options_environment_and_file() {
    let server = Server::start(Config::new().bucket(sample_bucket())).unwrap();
    let world = World::new();
    let url = server.url();
    let settings = format!(
        "source = 's3://org-trail'\ndest = 'file-out'\nendpoint-url = '{url}'\n\
         no-sign-request = true\nsource-region = ['us-west-2']\n"
    );
    world.write("hoptrail.toml", settings);
    let arguments = [&["run", "--config", "hoptrail.toml"][..], &RANGE].concat();
    let run = |environment: &[(&str, &str)], more: &[&str]| {
        let mut command = world.command(&[&arguments[..], more].concat());
        command.envs(environment.iter().copied());
        assert!(command.output().unwrap().status.success());
    };
    run(&[], &[]);
    assert!(world.path("file-out/ingest").is_dir());
    run(&[("HOPTRAIL_DEST", "environment-out")], &[]);
    assert!(world.path("environment-out/ingest").is_dir());
    run(&[("HOPTRAIL_DEST", "never")], &["--dest", "flag-out"]);
    assert!(world.path("flag-out/ingest").is_dir() && !world.path("never").exists());
    let invocations = world.path("flag-out/invocations/dt=2026-10-05/part-0.parquet");
    let rows = crate::world::rows(&invocations);
    assert!(!rows.is_empty() && rows.iter().all(|row| row["source_region"] == "us-west-2"));
}

/// Lesson 4: digests, insights and aggregated events are skipped and counted, and not even fetched.
#[test]
fn sibling_folders_are_skipped_and_not_fetched() {
    let server = Server::start(
        Config::new()
            .bucket(sample_bucket())
            .fault(Fault::always(Failure::AccessDenied).key("CloudTrail-Digest"))
            .fault(Fault::always(Failure::AccessDenied).key("CloudTrail-Insight"))
            .fault(Fault::always(Failure::AccessDenied).key("CloudTrail-Aggregated")),
    )
    .unwrap();
    let world = World::new();
    let out = world.text("out");
    let run = world.hoptrail_on(&server, &run_arguments("s3://org-trail", &out, &[])).ends(0);
    assert_eq!(server.stats().faults, 0, "nothing of them is asked for");
    assert!(run.stdout.contains("Not searched: 3 folders"), "{}", run.stdout);
    assert!(run.stdout.contains("CloudTrail-Digest/  digest files"), "{}", run.stdout);
}

#[test]
fn account_and_region_options_restrict_what_is_read() {
    let server = Server::start(Config::new().bucket(sample_bucket())).unwrap();
    let calls = |more: &[&str]| {
        let world = World::new();
        let out = world.text("out");
        world.hoptrail_on(&server, &run_arguments("s3://org-trail", &out, more)).ends(0);
        ["2026-10-05", "2026-10-06", "2026-10-07"]
            .map(|day| world.rows("invocations", day))
            .concat()
    };
    let all = calls(&[]);
    let check = |accounts: &str, regions: &str| {
        let chosen =
            |text: &str, value: &Value| text.is_empty() || text.split(',').any(|one| *value == one);
        let is_chosen = |row: &&Row| {
            chosen(accounts, &row["account_id"]) && chosen(regions, &row["source_region"])
        };
        let mut more = Vec::new();
        for (flag, text) in [("--account", accounts), ("--source-region", regions)] {
            more.extend([flag, text].iter().filter(|_| !text.is_empty()));
        }
        let found = texts(&calls(&more), "event_id");
        let expected = all.iter().filter(is_chosen).cloned().collect::<Vec<_>>();
        assert!(!expected.is_empty() && expected.len() < all.len(), "{more:?}");
        assert_eq!(found, texts(&expected, "event_id"), "{more:?}");
    };
    check("444455556666", "");
    check("", "eu-central-1");
    check("012345678901", "ap-northeast-1");
    check("444455556666,012345678901", "ap-northeast-1,us-east-1");
    server.reset_stats();
    let world = World::new();
    let out = world.text("out");
    let none = run_arguments("s3://org-trail", &out, &["--account", "000000000000"]);
    let parts = ["--account", "`000000000000`", "`012345678901`"];
    world.hoptrail_on(&server, &none).says(1, &parts);
    assert_eq!(server.stats().gets, 0);
}

/// Lesson 15: the same event in the trails of the organization and of the account is one call.
#[test]
fn event_in_two_trails_of_one_bucket_is_one_call() {
    let world = World::new();
    let stamp = "20261005T1210Z";
    let time = "2026-10-05T12:00:00Z";
    let both = document(&[call("e1", time), call("e2", time)]);
    let one = document(&[call("e2", time), call("e3", time)]);
    let key = |of_file| key(ACCOUNT, REGION, stamp, of_file);
    world.write(&format!("trail/trail-a/{}", key("x")), &both);
    world.write(&format!("trail/trail-b/{}", key("y")), &one);
    world.run(&["--day", "2026-10-05"]).ends(0);
    assert_eq!(world.event_ids("2026-10-05"), ["e1", "e2", "e3"]);
    assert_eq!(world.summary()["duplicates"], 1);
    let rows = world.rows("invocations", "2026-10-05");
    let kept = rows[1]["log_object"].as_str().unwrap();
    assert_eq!(kept, name(&key("x")), "the least name is kept");
}

/// Lesson 17: an account id that begins with zeros keeps them.
#[test]
fn account_id_keeps_its_leading_zeros() {
    let world = World::new();
    let record = with(call("e1", "2026-10-05T12:00:00Z"), "/recipientAccountId", "000000000012");
    let key = key("000000000012", REGION, "20261005T1210Z", "x");
    world.write(&format!("trail/{key}"), document(&[record]));
    world.run(&["--day", "2026-10-05", "--account", "000000000012"]).ends(0);
    assert_eq!(world.rows("invocations", "2026-10-05")[0]["account_id"], "000000000012");
}

/// Some clients decompress in transit: the content of a `.gz` is judged by its bytes.
#[test]
fn plain_json_with_a_gz_name_is_read() {
    let world = World::new();
    let key = world.object("20261005T1210Z", "x", &[]);
    let text = format!("{{ \"Records\" : [ {} ] }}\n", call("e1", "2026-10-05T12:00:00Z"));
    fs::write(world.trail().join(key), text).unwrap();
    world.run(&["--day", "2026-10-05"]).ends(0);
    assert_eq!(world.event_ids("2026-10-05"), ["e1"]);
}

/// Lesson 11: a record of several MB, in an object that is streamed or read whole.
#[test]
fn large_record_is_read_streamed_or_whole() {
    let world = World::new();
    // Hexadecimal digits of a counter do not compress much: the object is larger than a quarter of
    // the smallest `--fetch-ahead-mib`, above which objects are streamed.
    let mut noise = String::new();
    let mut state = 1u64;
    while noise.len() < 4 << 20 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        noise += &format!("{state:016x}");
    }
    let time = "2026-10-05T12:00:00Z";
    let mut large = call("e2", time);
    large["requestParameters"]["additionalModelRequestFields"] = noise.into();
    let key = world.object("20261005T1210Z", "x", &[call("e1", time), large, call("e3", time)]);
    assert!(fs::metadata(world.trail().join(key)).unwrap().len() > 1 << 20);
    world.run(&["--day", "2026-10-05"]).ends(0);
    let whole = tree(&world.out());
    world.run(&["--day", "2026-10-05", "--fetch-ahead-mib", "1", "--force"]).ends(0);
    assert_eq!(world.summary()["objects"]["read"], 1, "it was read again");
    assert_eq!(world.event_ids("2026-10-05"), ["e1", "e2", "e3"]);
    assert_same(&tree(&world.out()), &whole, "streamed");
}

/// `--concurrency` bounds listing and reading together.
#[test]
fn concurrency_bounds_requests_in_flight() {
    let latency = std::time::Duration::from_millis(5);
    let server = Server::start(Config::new().bucket(sample_bucket()).latency(latency)).unwrap();
    let world = World::new();
    let out = world.text("out");
    let arguments = run_arguments("s3://org-trail", &out, &["--concurrency", "4"]);
    world.hoptrail_on(&server, &arguments).ends(0);
    let stats = server.stats();
    assert!((2..=4).contains(&stats.max_in_flight), "{stats:?}");
}
