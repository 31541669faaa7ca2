//! Days that are built side by side, each by a process of its own, and `hoptrail settle` after them: the same
//! bytes as one run over all days.

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};
use testkit::Dice;

use crate::backfill::{DAYS, Objects};
use crate::batch_jobs::{OUTPUTS, counts, created, write_output};
use crate::hostile::{ALL_DAYS, WITH_DIGESTS, add_unreadable, hostile, write_digests};
use crate::world::{Run, Tree, World, assert_same, call, key, rows, sample, texts, tree, with};

const ALIASES: &str = "_hoptrail/aliases.csv";

/// A source, its days, and how they are read.
struct Corpus {
    world: World,
    source: String,
    days: &'static [&'static str],
    options: Vec<String>,
    /// Days with objects that cannot be read: each run tries them once more.
    partial: BTreeSet<String>,
    /// What one run over all days writes.
    expected: Tree,
}

impl Corpus {
    fn new(world: World, source: String, days: &'static [&'static str], options: &[&str]) -> Self {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        let (partial, expected) = (BTreeSet::new(), Tree::new());
        let mut corpus = Corpus { world, source, days, options, partial, expected };
        corpus.ends(&["run"], "one", corpus.range());
        corpus.expected = tree(&corpus.world.path("one"));
        for (name, manifest) in &corpus.expected {
            let Some(day) = name.strip_prefix("_hoptrail/manifest/dt=") else { continue };
            let manifest = serde_json::from_slice::<Value>(manifest).unwrap();
            if manifest["is_complete"] == false {
                corpus.partial.insert(day[..10].to_owned());
            }
        }
        corpus
    }

    /// The bundled sample, whose log files digest files list.
    fn sample() -> Self {
        let days = &ALL_DAYS[..4];
        Self::new(World::new(), sample().display().to_string(), days, &["--verify-digests"])
    }

    /// With invocation logs and digest files.
    fn hostile(seed: u64, prepare: impl Fn(&World)) -> Self {
        let world = World::new();
        hostile(&world, seed);
        prepare(&world);
        let (source, logs) = (world.text("trail"), world.text("logs"));
        let options = ["--verify-digests", "--invocation-logs", &logs];
        Self::new(world, source, &ALL_DAYS, &options)
    }

    fn range(&self) -> [&'static str; 4] {
        ["--from", self.days[0], "--to", self.days[self.days.len() - 1]]
    }

    fn arguments(&self, work: &[&str], out: &str, more: &[&str]) -> Vec<String> {
        let summary = format!("{out}.json");
        let locations = ["--source", &self.source, "--dest", out, "--summary-json", &summary];
        let all = work.iter().chain(&locations).chain(more).map(|part| (*part).to_owned());
        all.chain(self.options.iter().cloned()).collect()
    }

    /// Runs, and asserts that it ends well, perhaps with unreadable objects.
    #[track_caller]
    fn ends<'a>(&self, work: &[&str], out: &str, more: impl AsRef<[&'a str]>) -> Run {
        let arguments = self.arguments(work, out, more.as_ref());
        let arguments = arguments.iter().map(String::as_str).collect::<Vec<_>>();
        let run = self.world.hoptrail(&arguments);
        let code = run.code;
        assert!(matches!(code, 0 | 3), "{arguments:?}: {code}, {}{}", run.stdout, run.stderr);
        run
    }

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

    fn summary(&self, out: &str) -> Value {
        let summary = fs::read(self.world.path(&format!("{out}.json"))).unwrap();
        serde_json::from_slice(&summary).unwrap()
    }

    /// Asserts that a command changes nothing, and reads no object. Only a run builds days that are partial, and
    /// with them those that left an event to them.
    #[track_caller]
    fn assert_idle(&self, work: &[&str], out: &str) {
        self.ends(work, out, self.range());
        let summary = self.summary(out);
        let what = format!("{out}: {work:?}");
        if self.partial.is_empty() || work[0] == "settle" {
            assert_eq!(summary["days"], json!([]), "{what}");
            assert_eq!(summary["objects"]["read"], 0, "{what}");
        }
        self.assert_as_one_run(out, &what);
    }

    /// Asserts that a destination is as one run leaves it; rows are compared first, because they say more.
    #[track_caller]
    fn assert_as_one_run(&self, out: &str, what: &str) {
        let (found, one) = (self.world.path(out), self.world.path("one"));
        for name in self.expected.keys().filter(|name| name.ends_with(".parquet")) {
            if found.join(name).exists() {
                assert_eq!(rows(&found.join(name)), rows(&one.join(name)), "{what}: {name}");
            }
        }
        let found = tree(&found);
        let more = found.keys().filter(|name| !self.expected.contains_key(*name));
        let less = self.expected.keys().filter(|name| !found.contains_key(*name));
        assert_eq!(
            (more.collect::<Vec<_>>(), less.collect::<Vec<_>>()),
            (vec![], vec![]),
            "{what}"
        );
        assert_same(&found, &self.expected, what);
    }

    /// Settles, asserts that the days are as one run leaves them, and that there is nothing left to do.
    #[track_caller]
    fn settles(&self, out: &str) {
        self.ends(&["settle"], out, self.range());
        self.assert_as_one_run(out, out);
        self.world.hoptrail(&["verify", "--dest", out]).ends(0);
        self.assert_idle(&["settle"], out);
        self.assert_idle(&["run"], out);
    }

    fn days_in(&self, out: &str, order: impl IntoIterator<Item = usize>) {
        for n in order {
            self.ends(&["run"], out, ["--day", self.days[n]]);
        }
        self.settles(out);
    }

    fn shuffled(&self, dice: &mut Dice) -> Vec<usize> {
        let mut left = (0..self.days.len()).collect::<Vec<_>>();
        std::iter::from_fn(|| (!left.is_empty()).then(|| left.remove(dice.index(left.len()))))
            .collect()
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
        let found = world.hoptrail(&["verify", "--dest", "out"]).ends(1).stdout;
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
