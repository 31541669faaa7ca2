//! Days that are built side by side, each by a process of its own, and `hoptrail settle` after them: the same
//! bytes as one run over all days.

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};
use testkit::Dice;

use crate::backfill::{DAYS, Objects};
use crate::batch_jobs::{OUTPUTS, counts, created, write_output};
use crate::corpus::Corpus;
use crate::hostile::{WITH_DIGESTS, add_unreadable, write_digests};
use crate::world::{Run, World, assert_same, call, key, texts, tree, with};

const ALIASES: &str = "_hoptrail/aliases.csv";

impl Corpus {
    /// Starts all of these at once, and waits for them.
    #[track_caller]
    fn all_at_once(&self, out: &str, runs: impl Iterator<Item = [String; 2]>) {
        let start = |(n, more): (usize, [String; 2])| {
            let mut arguments = self.arguments(&["run"], out, &[&more[0], &more[1]]);
            // Each writes a summary of its own.
            let summary = arguments.iter().position(|it| it.ends_with(".json")).unwrap();
            arguments[summary] = format!("{out}-{n}.json");
            let arguments = arguments.iter().map(String::as_str).collect::<Vec<_>>();
            let mut command = self.world.command(&arguments);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let running = runs.enumerate().map(start).collect::<Vec<_>>();
        for run in running {
            let run = Run::of(run.wait_with_output().unwrap());
            assert!(matches!(run.code, 0 | 3), "{}: {}{}", run.code, run.stdout, run.stderr);
        }
    }

    /// Builds each day at a destination of its own, where it sees no other, and puts them together.
    fn build_alone(&self, out: &str) {
        let mut aliases = BTreeSet::new();
        let mut heading = String::new();
        for day in self.days {
            let alone = format!("{out}-{day}");
            self.ends(&["run"], &alone, ["--day", day]);
            for (name, bytes) in tree(&self.world.path(&alone)) {
                if name == ALIASES {
                    let text = String::from_utf8(bytes).unwrap();
                    let (first, rest) = text.split_once('\n').unwrap();
                    first.clone_into(&mut heading);
                    aliases.extend(rest.lines().map(str::to_owned));
                } else {
                    self.world.write(&format!("{out}/{name}"), bytes);
                }
            }
        }
        if !aliases.is_empty() {
            let lines = [heading].into_iter().chain(aliases).collect::<Vec<_>>();
            self.world.write(&format!("{out}/{ALIASES}"), lines.join("\n") + "\n");
        }
    }

    fn days_in(&self, out: &str, order: impl IntoIterator<Item = usize>) {
        for n in order {
            self.ends(&["run"], out, ["--day", self.days[n]]);
        }
        self.settles(out);
    }

    fn shards_in(&self, out: &str, n_shards: usize, order: impl IntoIterator<Item = usize>) {
        for n in order {
            self.ends(&["run", "--shard", &format!("{n}/{n_shards}")], out, self.range());
        }
        self.settles(out);
    }
}

fn days_at_once(corpus: &Corpus, out: &str) {
    let days = corpus.days.iter().map(|day| ["--day".to_owned(), (*day).to_owned()]);
    corpus.all_at_once(out, days);
    corpus.settles(out);
}

#[test]
fn sample_built_in_any_order_and_settled_is_as_one_run() {
    let corpus = Corpus::sample();
    corpus.days_in("backwards", (0..4).rev());
    days_at_once(&corpus, "at-once");
    corpus.build_alone("alone");
    corpus.settles("alone");
}

#[test]
fn days_built_in_any_order_and_settled_are_as_one_run() {
    let corpus = Corpus::hostile(11, |_| {});
    corpus.days_in("forwards", 0..7);
    corpus.days_in("backwards", (0..7).rev());
    corpus.days_in("shuffled", corpus.shuffled(&mut Dice::new(1)));
}

#[test]
fn days_built_at_once_and_settled_are_as_one_run() {
    let corpus = Corpus::hostile(12, add_unreadable);
    assert_eq!(corpus.partial.len(), 4);
    days_at_once(&corpus, "at-once");
    corpus.build_alone("alone");
    corpus.settles("alone");
}

#[test]
fn shards_built_in_any_order_and_settled_are_as_one_run() {
    let corpus = Corpus::hostile(13, |_| {});
    corpus.shards_in("few", 3, [1, 2, 0]);
    corpus.shards_in("many", 8, (0..8).rev());
    for shard in ["0/2", "1/2"] {
        corpus.assert_idle(&["settle", "--shard", shard], "many");
    }
}

/// Two days with one event, each built where it sees no other, and then put together.
fn built_apart(first: &Value, second: &Value) -> World {
    let world = World::new();
    world.object("20261005T2359Z", "a", &[first.clone(), call("e1", "2026-10-05T12:00:00Z")]);
    world.object("20261006T0005Z", "b", &[second.clone(), call("e2", "2026-10-06T12:00:00Z")]);
    for day in [DAYS[1], DAYS[0]] {
        world.hoptrail(&["run", "--source", "trail", "--dest", day, "--day", day]).ends(0);
        for (name, bytes) in tree(&world.path(day)) {
            world.write(&format!("out/{name}"), bytes);
        }
    }
    world
}

#[test]
fn event_on_two_days_that_were_built_apart_is_one_call_once_they_are_settled() {
    let first = call("both", "2026-10-05T23:59:59Z");
    let second = with(first.clone(), "/eventTime", "2026-10-06T00:00:00Z");
    let mut addendum = with(second.clone(), "/eventID", "both-amended");
    addendum["addendum"] = json!({ "reason": "UPDATED_DATA", "originalEventID": "both" });
    for (second, settled) in
        [(&second, [&["e1", "both"][..], &["e2"]]), (&addendum, [&["e1"], &["both-amended", "e2"]])]
    {
        let world = built_apart(&first, second);
        let calls = || [DAYS[0], DAYS[1]].map(|day| world.event_ids(day));
        assert_eq!(calls().map(|ids| ids.len()), [2, 2], "it counts twice");
        let verify = ["verify", "--dest", "out", "--output", "json"];
        let found = world.hoptrail(&verify).ends(1).stdout;
        let found = serde_json::from_str::<Value>(&found).unwrap();
        let findings = found["findings"].as_array().unwrap();
        let [finding] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!((&finding["kind"], &finding["dt"]), (&json!("unsettled"), &json!(DAYS[1])));
        let reason = finding["reason"].as_str().unwrap();
        assert!(reason.contains("hoptrail settle") && reason.contains(DAYS[0]), "{reason}");
        let text = world.hoptrail(&["verify", "--dest", "out"]).ends(1).stdout;
        assert!(text.contains("hoptrail settle"), "{text}");

        let range = ["--from", DAYS[0], "--to", DAYS[1]];
        let settle = ["settle", "--source", "trail", "--dest", "out"];
        world.hoptrail(&[&settle[..], &range].concat()).ends(0);
        assert_eq!(calls(), settled);
        world.hoptrail(&["verify", "--dest", "out"]).ends(0);
        let found = tree(&world.out());
        fs::remove_dir_all(world.out()).unwrap();
        world.run(&range).ends(0);
        assert_same(&found, &tree(&world.out()), "one run");
    }
}

/// One event with two times, and two events that got one job.
#[test]
fn job_on_two_days_that_were_built_apart_is_one_job_once_they_are_settled() {
    let first = created("abc1", "2026-10-05T23:59:59Z");
    let second = with(first.clone(), "/eventTime", "2026-10-06T00:00:00Z");
    for second in [&second, &with(second.clone(), "/eventID", "again")] {
        let world = built_apart(&first, second);
        let jobs = || [DAYS[0], DAYS[1]].map(|day| world.rows("batch_jobs", day).len());
        assert_eq!(jobs(), [1, 1], "it counts twice");
        let verify = ["verify", "--dest", "out", "--output", "json"];
        let found = world.hoptrail(&verify).ends(1).stdout;
        assert!(found.contains("a call or batch job on both may count twice"), "{found}");
        write_output(&world, "abc1", counts(10, 10, 1_000_000, 0));
        let range = ["--from", DAYS[0], "--to", DAYS[1], OUTPUTS[0], OUTPUTS[1]];
        let settle = ["settle", "--source", "trail", "--dest", "out"];
        world.hoptrail(&[&settle[..], &range].concat()).ends(0);
        assert_eq!(jobs(), [1, 0]);
        world.hoptrail(&["verify", "--dest", "out"]).ends(0);
        let found = tree(&world.out());
        fs::remove_dir_all(world.out()).unwrap();
        world.run(&range).ends(0);
        assert_same(&found, &tree(&world.out()), "one run");
        assert_eq!(world.summary()["batch_cost"]["list_cost_usd"], "0.03");
    }
}

/// A day whose calls are as before, with one more job: the day after it was compared with other jobs.
#[test]
fn job_that_a_shard_adds_to_a_day_unsettles_the_day_after_it() {
    let world = World::new();
    world.object("20261005T1210Z", "a", &[call("e1", "2026-10-05T12:00:00Z")]);
    let second = created("abc1", "2026-10-06T00:00:00Z");
    world.object("20261006T0005Z", "b", &[call("e2", "2026-10-06T12:00:00Z"), second]);
    let range = ["--from", DAYS[0], "--to", DAYS[1]];
    world.run(&range).ends(0);
    world.hoptrail(&["verify", "--dest", "out"]).ends(0);
    world.object("20261005T2359Z", "c", &[created("abc1", "2026-10-05T23:59:59Z")]);
    world.run(&[&range[..], &["--shard", "0/2"]].concat()).ends(0);
    let jobs = || [DAYS[0], DAYS[1]].map(|day| world.rows("batch_jobs", day).len());
    assert_eq!(jobs(), [1, 1]);
    let found = world.hoptrail(&["verify", "--dest", "out"]).ends(1).stdout;
    assert!(found.contains("hoptrail settle"), "{found}");
    let settle = ["settle", "--source", "trail", "--dest", "out"];
    world.hoptrail(&[&settle[..], &range].concat()).ends(0);
    assert_eq!(jobs(), [1, 0]);
    world.hoptrail(&["verify", "--dest", "out"]).ends(0);
    let found = tree(&world.out());
    fs::remove_dir_all(world.out()).unwrap();
    world.run(&range).ends(0);
    assert_same(&found, &tree(&world.out()), "one run");
}

#[test]
fn late_object_of_a_settled_day_is_compared_with_its_digest() {
    let world = World::new();
    let (account, region) = WITH_DIGESTS;
    let mut objects = Objects::default();
    for (stamp, time) in [
        ("20261005T1205Z", "2026-10-05T12:00:00Z"),
        ("20261007T1205Z", "2026-10-05T13:00:00Z"),
        ("20261007T1210Z", "2026-10-07T12:00:00Z"),
    ] {
        let record = with(call(stamp, time), "/recipientAccountId", account);
        objects.add(&key(account, region, stamp, "a"), with(record, "/awsRegion", region));
    }
    objects.write(&world);
    write_digests(&world, &objects);
    let range = ["--from", DAYS[0], "--to", DAYS[2], "--verify-digests"];
    world.run(&range).ends(0);
    let expected = tree(&world.out());
    fs::remove_dir_all(world.out()).unwrap();
    for day in [DAYS[0], DAYS[2]] {
        world.run(&["--day", day, "--verify-digests"]).ends(0);
    }
    let settle = ["settle", "--source", "trail", "--dest", "out"];
    world.hoptrail(&[&settle[..], &range].concat()).ends(0);
    let statuses = texts(&world.rows("ingest", DAYS[0]), "digest_status");
    assert_eq!(statuses, ["valid", "valid"]);
    assert_same(&tree(&world.out()), &expected, "settled");
}

#[test]
fn settle_in_shards_settles_the_pairs_between_slices() {
    let first = call("both", "2026-10-05T23:59:59Z");
    let second = with(first.clone(), "/eventTime", "2026-10-06T00:00:00Z");
    let world = built_apart(&first, &second);
    for shard in ["0/2", "1/2"] {
        let settle = ["settle", "--source", "trail", "--dest", "out", "--shard", shard];
        let range = ["--from", DAYS[0], "--to", DAYS[1]];
        world.hoptrail(&[&settle[..], &range].concat()).ends(0);
    }
    world.hoptrail(&["verify", "--dest", "out"]).ends(0);
    assert_eq!(world.event_ids(DAYS[1]), ["e2"]);
}
