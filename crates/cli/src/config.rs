//! The `--config` file: the options of `run` as TOML keys.

pub(crate) mod source;

use std::path::{Path, PathBuf};

use anyhow::Context;
use pipeline::OmittedColumn;
use serde::Deserialize;

use self::source::SourceKey;
use crate::args::{
    Acl, AddressingStyleArg, AwsArgs, ConfigArgs, DestArgs, Gate, KnowledgeArgs, LayoutArg,
    LogArgs, PerformanceArgs, RateArgs, ReadDayArgs, RunArgs, SourceArgs, Sse,
};
use crate::exit::Failure;
use crate::metrics::MetricsOutput;

/// The keys of the file. An unknown key is an error, because a misspelled one would be ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Config {
    #[serde(deserialize_with = "source::read")]
    source: Vec<SourceKey>,
    dest: Option<String>,
    #[serde(deserialize_with = "source::texts")]
    invocation_logs: Vec<String>,
    #[serde(deserialize_with = "source::texts")]
    batch_outputs: Vec<String>,
    request_metadata: Vec<String>,
    omit: Vec<OmittedColumn>,
    accounts: Option<PathBuf>,
    sse: Option<Sse>,
    sse_kms_key_id: Option<String>,
    acl: Option<Acl>,
    wait_lock: Option<String>,
    no_lease: bool,
    include_orphans: bool,
    verify_digests: bool,
    digest_keys: Option<PathBuf>,
    accept_trailing_members: bool,
    last: Option<u32>,
    late_window: Option<String>,
    reopen: Option<String>,
    layout: Option<LayoutArg>,
    max_search_requests: Option<u64>,
    account: Vec<String>,
    source_region: Vec<String>,
    threads: Option<usize>,
    concurrency: Option<usize>,
    fetch_ahead_mib: Option<u64>,
    max_inflated_mib: Option<u64>,
    profile: Option<String>,
    region: Option<String>,
    endpoint_url: Option<String>,
    addressing_style: Option<AddressingStyleArg>,
    expected_bucket_owner: Option<String>,
    requester_pays: bool,
    no_sign_request: bool,
    catalog: Option<PathBuf>,
    catalog_add: Vec<PathBuf>,
    prices: Option<PathBuf>,
    price_overrides: Option<PathBuf>,
    unit_prices: Option<PathBuf>,
    aliases: Vec<PathBuf>,
    discount: Option<PathBuf>,
    jurisdictions: Option<PathBuf>,
    fail_on: Vec<Gate>,
    summary_json: Option<PathBuf>,
    metrics: Vec<MetricsOutput>,
}

impl Config {
    /// Reads the file, if one is given.
    ///
    /// # Errors
    /// If it cannot be read, has an unknown key, or a value of the wrong type.
    pub(crate) fn read(args: &ConfigArgs) -> Result<Self, Failure> {
        match &args.config {
            Some(path) => Self::of_file(path).map_err(|error| Failure::of_options(&error)),
            None => Ok(Config::default()),
        }
    }

    fn of_file(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("could not read the settings file {shown}"))?;
        toml::from_str(&text).with_context(|| format!("invalid settings file {shown}"))
    }

    /// Fills in what neither the command line nor the environment sets.
    pub(crate) fn complete_run(&self, args: &mut RunArgs) {
        self.complete_source(&mut args.source);
        self.complete_days(&mut args.days);
        self.complete_logs(&mut args.logs);
        self.complete_dest(&mut args.dest);
        self.complete_knowledge(&mut args.knowledge);
        self.complete_performance(&mut args.performance);
        self.complete_aws(&mut args.aws);
        fill(&mut args.accounts, &self.accounts);
        fill_list(&mut args.fail_on, &self.fail_on);
        fill(&mut args.summary_json, &self.summary_json);
        fill_list(&mut args.metrics, &self.metrics);
    }

    /// Fills in what to read.
    pub(crate) fn complete_source(&self, args: &mut SourceArgs) {
        if args.source.is_empty() {
            args.of_file.clone_from(&self.source);
        }
        fill(&mut args.layout, &self.layout);
        fill(&mut args.max_search_requests, &self.max_search_requests);
        fill_list(&mut args.account, &self.account);
        fill_list(&mut args.source_region, &self.source_region);
    }

    /// Fills in the days: those of the file only if there are no others.
    pub(crate) fn complete_days(&self, args: &mut ReadDayArgs) {
        if args.days.from.is_none() && args.days.day.is_none() {
            fill(&mut args.days.last, &self.last);
        }
        self.complete_late_window(args);
    }

    /// Fills in how late objects may be delivered.
    pub(crate) fn complete_late_window(&self, args: &mut ReadDayArgs) {
        fill(&mut args.late_window, &self.late_window);
    }

    fn complete_logs(&self, args: &mut LogArgs) {
        fill_list(&mut args.invocation_logs, &self.invocation_logs);
        args.include_orphans |= self.include_orphans;
        fill_list(&mut args.batch_outputs, &self.batch_outputs);
        fill_list(&mut args.request_metadata, &self.request_metadata);
        args.verify_digests |= self.verify_digests;
        fill(&mut args.digest_keys, &self.digest_keys);
        args.accept_trailing_members |= self.accept_trailing_members;
    }

    fn complete_dest(&self, args: &mut DestArgs) {
        self.complete_location(&mut args.dest);
        fill_list(&mut args.omit, &self.omit);
        fill(&mut args.sse, &self.sse);
        fill(&mut args.sse_kms_key_id, &self.sse_kms_key_id);
        fill(&mut args.acl, &self.acl);
        fill(&mut args.reopen, &self.reopen);
        fill(&mut args.wait_lock, &self.wait_lock);
        args.no_lease |= self.no_lease;
    }

    /// Fills in the location of the destination.
    pub(crate) fn complete_location(&self, dest: &mut Option<String>) {
        fill(dest, &self.dest);
    }

    /// Fills in what rates are looked up in.
    pub(crate) fn complete_rates(&self, args: &mut RateArgs) {
        fill(&mut args.prices, &self.prices);
        fill(&mut args.price_overrides, &self.price_overrides);
        fill(&mut args.unit_prices, &self.unit_prices);
        fill(&mut args.catalog, &self.catalog);
        fill_list(&mut args.catalog_add, &self.catalog_add);
    }

    fn complete_knowledge(&self, args: &mut KnowledgeArgs) {
        fill_list(&mut args.aliases, &self.aliases);
        fill(&mut args.catalog, &self.catalog);
        fill_list(&mut args.catalog_add, &self.catalog_add);
        fill(&mut args.discount, &self.discount);
        fill(&mut args.jurisdictions, &self.jurisdictions);
        fill(&mut args.prices, &self.prices);
        fill(&mut args.price_overrides, &self.price_overrides);
        fill(&mut args.unit_prices, &self.unit_prices);
    }

    /// Fills in with how much of the machine and of S3.
    pub(crate) fn complete_performance(&self, args: &mut PerformanceArgs) {
        fill(&mut args.threads, &self.threads);
        fill(&mut args.concurrency, &self.concurrency);
        fill(&mut args.fetch_ahead_mib, &self.fetch_ahead_mib);
        fill(&mut args.max_inflated_mib, &self.max_inflated_mib);
    }

    /// Fills in how to reach S3.
    pub(crate) fn complete_aws(&self, args: &mut AwsArgs) {
        fill(&mut args.profile, &self.profile);
        fill(&mut args.region, &self.region);
        fill(&mut args.endpoint_url, &self.endpoint_url);
        fill(&mut args.addressing_style, &self.addressing_style);
        fill(&mut args.expected_bucket_owner, &self.expected_bucket_owner);
        args.requester_pays |= self.requester_pays;
        args.no_sign_request |= self.no_sign_request;
    }
}

fn fill<T: Clone>(typed: &mut Option<T>, set: &Option<T>) {
    if typed.is_none() {
        typed.clone_from(set);
    }
}

/// A list is taken whole: values of the file are not added to those of the command line.
fn fill_list<T: Clone>(typed: &mut Vec<T>, set: &[T]) {
    if typed.is_empty() {
        *typed = set.to_vec();
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Arguments, Command};

    const EXAMPLE: &str = include_str!("../../../config/hoptrail.toml");

    /// What `run` is asked for by a file and options; `None` if the options are invalid.
    fn asked(file: &str, typed: &[String]) -> Option<String> {
        let config = toml::from_str::<Config>(file).expect("valid");
        let typed = ["hoptrail", "run"].into_iter().chain(typed.iter().map(String::as_str));
        let Command::Run(mut args) = Arguments::try_parse_from(typed).ok()?.command else {
            panic!("expected `run`")
        };
        config.complete_run(&mut args);
        Some(format!("{args:?}"))
    }

    /// Every key of the example, as its comment sets it or switched on, against the option of its name: a
    /// switch, or with one of these values.
    #[test]
    fn key_of_the_example_has_an_effect_unless_its_option_is_typed() {
        assert!(toml::from_str::<Config>(EXAMPLE).is_ok(), "valid with its comments too");
        let mut n_keys = 0;
        for line in EXAMPLE.lines().filter_map(|line| line.strip_prefix("#: ")) {
            let (key, _) = line.split_once(" = ").expect("a key and its value");
            let line = &line.replace("= false", "= true");
            assert_ne!(asked(line, &[]), asked("", &[]), "{key}");
            let values = [
                "", "=typed", "=99", "=any", "=empty", "=AES256", "=private", "=virtual",
                "=message", "=emf",
            ];
            let typed = values.map(|value| [format!("--{key}{value}")]);
            let typed = typed.iter().find(|typed| asked("", *typed).is_some()).expect("an option");
            assert_eq!(asked(line, typed), asked("", typed), "{key}");
            n_keys += 1;
        }
        // The names of the keys, each followed by its value.
        assert_eq!(format!("{:?}", Config::default()).matches(": ").count(), n_keys);
    }

    #[test]
    fn unknown_key_is_an_error() {
        assert!(toml::from_str::<Config>("treads = 9").is_err());
    }

    #[test]
    fn days_of_the_file_apply_only_without_other_days() {
        for typed in ["--day=today", "--from=7d"] {
            let typed = [typed.to_owned()];
            assert_eq!(asked("last = 9", &typed), asked("", &typed));
        }
    }
}
