//! Sources with all that makes days depend on one another, and what one run over all days makes of them: what any
//! other way to build the days is compared with.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use testkit::Dice;

use crate::backfill::{DAYS, backfill};
use crate::hostile::{ALL_DAYS, hostile};
use crate::world::{Run, Tree, World, assert_same, rows, sample, tree};

/// A source, its days, and how they are read.
pub(crate) struct Corpus {
    pub(crate) world: World,
    pub(crate) source: String,
    pub(crate) days: &'static [&'static str],
    pub(crate) options: Vec<String>,
    /// Days with objects that cannot be read: each run tries them once more.
    pub(crate) partial: BTreeSet<String>,
    /// What one run over all days writes.
    pub(crate) expected: Tree,
}

impl Corpus {
    pub(crate) fn new(
        world: World,
        source: String,
        days: &'static [&'static str],
        options: &[&str],
    ) -> Self {
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
    pub(crate) fn sample() -> Self {
        let days = &ALL_DAYS[..4];
        Self::new(World::new(), sample().display().to_string(), days, &["--verify-digests"])
    }

    /// With invocation logs and digest files.
    pub(crate) fn hostile(seed: u64, prepare: impl Fn(&World)) -> Self {
        let world = World::new();
        hostile(&world, seed);
        prepare(&world);
        let (source, logs) = (world.text("trail"), world.text("logs"));
        let options = ["--verify-digests", "--invocation-logs", &logs];
        Self::new(world, source, &ALL_DAYS, &options)
    }

    /// Without invocation logs or digest files, so that objects may be missing.
    pub(crate) fn backfill(seed: u64) -> Self {
        let world = World::new();
        backfill(seed, 2).write(&world);
        let source = world.text("trail");
        Self::new(world, source, &DAYS, &[])
    }

    pub(crate) fn range(&self) -> [&'static str; 4] {
        ["--from", self.days[0], "--to", self.days[self.days.len() - 1]]
    }

    pub(crate) fn arguments(&self, work: &[&str], out: &str, more: &[&str]) -> Vec<String> {
        let summary = format!("{out}.json");
        let locations = ["--source", &self.source, "--dest", out, "--summary-json", &summary];
        let all = work.iter().chain(&locations).chain(more).map(|part| (*part).to_owned());
        all.chain(self.options.iter().cloned()).collect()
    }

    /// Runs, and asserts that it ends well, perhaps with unreadable objects.
    #[track_caller]
    pub(crate) fn ends<'a>(&self, work: &[&str], out: &str, more: impl AsRef<[&'a str]>) -> Run {
        let arguments = self.arguments(work, out, more.as_ref());
        let arguments = arguments.iter().map(String::as_str).collect::<Vec<_>>();
        let run = self.world.hoptrail(&arguments);
        let code = run.code;
        assert!(matches!(code, 0 | 3), "{arguments:?}: {code}, {}{}", run.stdout, run.stderr);
        run
    }

    pub(crate) fn summary(&self, out: &str) -> Value {
        let summary = fs::read(self.world.path(&format!("{out}.json"))).unwrap();
        serde_json::from_slice(&summary).unwrap()
    }

    /// Asserts that a command changes nothing, and reads no object. Only a run builds days that are partial, and
    /// with them those that left an event to them.
    #[track_caller]
    pub(crate) fn assert_idle(&self, work: &[&str], out: &str) {
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
    pub(crate) fn assert_as_one_run(&self, out: &str, what: &str) {
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
    pub(crate) fn settles(&self, out: &str) {
        self.ends(&["settle"], out, self.range());
        self.assert_as_one_run(out, out);
        self.world.hoptrail(&["verify", "--dest", out]).ends(0);
        self.assert_idle(&["settle"], out);
        self.assert_idle(&["run"], out);
    }

    /// The places of the days, in any order.
    pub(crate) fn shuffled(&self, dice: &mut Dice) -> Vec<usize> {
        let mut places = (0..self.days.len()).collect::<Vec<_>>();
        dice.shuffle(&mut places);
        places
    }
}
