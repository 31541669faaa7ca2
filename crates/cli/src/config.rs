//! The settings file of `--config`: the flags of a run as TOML keys, with `-` between words.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;

use crate::args::{Gate, KnowledgeArgs, LayoutArg, RunArgs, SourceArgs};

/// What the file may hold. An unknown key is an error, because a misspelled one would be ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    source: Option<String>,
    dest: Option<String>,
    invocation_logs: Option<String>,
    wait_lock: Option<String>,
    verify_digests: bool,
    digest_keys: Option<PathBuf>,
    accept_trailing_members: bool,
    last: Option<u32>,
    late_window: Option<String>,
    layout: Option<LayoutArg>,
    account: Vec<String>,
    source_region: Vec<String>,
    threads: Option<usize>,
    concurrency: Option<usize>,
    fetch_ahead_mib: Option<u64>,
    max_inflated_mib: Option<u64>,
    profile: Option<String>,
    region: Option<String>,
    endpoint_url: Option<String>,
    requester_pays: bool,
    no_sign_request: bool,
    catalog: Option<PathBuf>,
    prices: Option<PathBuf>,
    price_overrides: Option<PathBuf>,
    aliases: Vec<PathBuf>,
    jurisdictions: Option<PathBuf>,
    fail_on: Vec<Gate>,
    summary_json: Option<PathBuf>,
}

impl Config {
    /// Reads the file, if one is given.
    ///
    /// # Errors
    /// If it cannot be read or has an unknown key or a wrong type.
    pub fn read(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Config::default()) };
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the settings file {shown} cannot be read"))?;
        toml::from_str(&text).with_context(|| format!("the settings file {shown} cannot be used"))
    }

    /// Fills in what was neither typed nor set in the environment.
    pub fn complete_run(self, mut args: RunArgs) -> RunArgs {
        args.dest = args.dest.or_else(|| self.dest.clone());
        args.invocation_logs = args.invocation_logs.or_else(|| self.invocation_logs.clone());
        args.wait_lock = args.wait_lock.or_else(|| self.wait_lock.clone());
        args.verify_digests |= self.verify_digests;
        args.digest_keys = args.digest_keys.or_else(|| self.digest_keys.clone());
        args.accept_trailing_members |= self.accept_trailing_members;
        if args.fail_on.is_empty() {
            args.fail_on.clone_from(&self.fail_on);
        }
        args.summary_json = args.summary_json.or_else(|| self.summary_json.clone());
        args.knowledge = self.complete_knowledge(args.knowledge);
        args.source = self.complete_source(args.source);
        args
    }

    /// Fills in what `verify` reads.
    pub fn complete_verify(
        self,
        args: SourceArgs,
        dest: Option<String>,
    ) -> (SourceArgs, Option<String>) {
        // Without days all that stand are looked at, whatever the last ones are.
        let last = args.last;
        let dest = dest.or_else(|| self.dest.clone());
        (SourceArgs { last, ..self.complete_source(args) }, dest)
    }

    /// Fills in what to read.
    pub fn complete_source(self, mut args: SourceArgs) -> SourceArgs {
        let has_range = args.from.is_some() || args.day.is_some() || args.last.is_some();
        args.source = args.source.or(self.source);
        args.last = args.last.or(self.last.filter(|_| !has_range));
        args.late_window = args.late_window.or(self.late_window);
        args.layout = args.layout.or(self.layout);
        args.account = if args.account.is_empty() { self.account } else { args.account };
        if args.source_region.is_empty() {
            args.source_region = self.source_region;
        }
        args.threads = args.threads.or(self.threads);
        args.concurrency = args.concurrency.or(self.concurrency);
        args.fetch_ahead_mib = args.fetch_ahead_mib.or(self.fetch_ahead_mib);
        args.max_inflated_mib = args.max_inflated_mib.or(self.max_inflated_mib);
        args.aws.profile = args.aws.profile.or(self.profile);
        args.aws.region = args.aws.region.or(self.region);
        args.aws.endpoint_url = args.aws.endpoint_url.or(self.endpoint_url);
        args.aws.requester_pays |= self.requester_pays;
        args.aws.no_sign_request |= self.no_sign_request;
        args
    }

    fn complete_knowledge(&self, mut args: KnowledgeArgs) -> KnowledgeArgs {
        args.catalog = args.catalog.or_else(|| self.catalog.clone());
        args.prices = args.prices.or_else(|| self.prices.clone());
        args.price_overrides = args.price_overrides.or_else(|| self.price_overrides.clone());
        if args.aliases.is_empty() {
            args.aliases.clone_from(&self.aliases);
        }
        args.jurisdictions = args.jurisdictions.or_else(|| self.jurisdictions.clone());
        args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_names_every_key_and_can_be_used() {
        let example = include_str!("../../../config/hoptrail.toml");
        // Every setting stands in the example as a comment; taking the marks away makes it real.
        let settings = example
            .lines()
            .map(|line| line.strip_prefix("#: ").unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n");
        let config = toml::from_str::<Config>(&settings).expect("the example can be used");
        assert_eq!(config.last, Some(2));
        let shown = format!("{config:?}");
        assert!(!shown.contains("None") && !shown.contains("[]"), "a key is missing: {shown}");
        assert!(toml::from_str::<Config>(example).is_ok(), "and so can its comments");
    }

    #[test]
    fn what_was_typed_wins() {
        let config = || toml::from_str::<Config>("last = 9\nthreads = 9").expect("well-formed");
        let typed = SourceArgs { threads: Some(1), ..SourceArgs::default() };
        let completed = config().complete_source(typed);
        assert_eq!((completed.threads, completed.last), (Some(1), Some(9)));
        let typed = SourceArgs { day: Some("today".to_owned()), ..SourceArgs::default() };
        assert_eq!(config().complete_source(typed).last, None);
        assert!(toml::from_str::<Config>("treads = 9").is_err(), "unknown keys are errors");
    }
}
