//! End-to-end tests: the built `hoptrail` runs on trails in temporary folders and on an S3 server on
//! 127.0.0.1, and its tables are read back.
//!
//! Where a new test goes:
//! - what the bundled sample holds: `sample`; a text that people read: `golden`
//! - several sources, and invocation logs at several locations: `several_sources`
//! - sources and destinations, threads and requests: `locations`; large listings: `listing`
//! - what goes along with requests to S3, how it is reached, archives: `s3_options`
//! - where trails are found, and what is beside them: `sources`
//! - which day a call belongs to, and whether it counts once: `days`
//! - invalid input, and exit codes: `bad_input`
//! - options, environment, and settings file: `precedence`
//! - catalogs and price books of users: `catalog`; old ones that are brought up to date: `aged`
//! - tokens and prices: `costs`; negotiated ones: `discounts`; a month of calls against published prices: `month`;
//!   the README: `readme`
//! - who called, and what is left out of the tables: `attribution`; what accounts are called: `accounts`
//! - two runs on one destination, signals: `at_once`; many runs at the same time: `side_by_side`
//! - how many requests a day takes: `requests`
//! - S3 that fails: `faults`; a source that fails as a whole: `failing_source`
//! - days with invocation logs that are not there any more: `lost_logs`
//! - runs in any order: `any_order`
//! - published days, and which of them are rebuilt: `rebuild`
//! - calls that are delivered after their day was published: `late`
//! - days that are listed in windows: `windows`
//! - calls that are read from invocation logs: `without_trail`; several entries of one request: `entries`
//! - days that are built side by side: `settle`; from readings: `readings`; both on the sources of `corpus`, one of
//!   which is that of `hostile`
//! - answers from the tables: `show`; the summary as a page: `page`; a page for browsers: `report`
//! - what `verify` finds: `verify`; changed log files: `tampering`
//! - what `plan` says of a run, and `--preflight`: `plan`; keys, folders, and sums: `plan_keys`
//! - what `read` writes: `read`; in shards: `read_shards`; as calls: `read_calls`
//! - runs that are killed, and the next run: `killed`, on the trail of `backfill`
//! - refused and failed calls: `denials`; events that are no calls: `other_activity`,
//!   `batch_jobs`
//! - model identifiers and aliases: `references`; many of them, errors, and Regions in use: `explain`
//! - what policies make of calls: `policy`; organizations of them `policy_org`; invalid input `policy_input`; faults of
//!   policies `policy_lint`
//! - what policies make of calls: `policy`; policies for goals `policy_generate`; organizations of them `policy_org`; invalid input `policy_input`
//! - what policies make of calls: `policy`; organizations of them `policy_org`; invalid input `policy_input`;
//!   shorter and compared `policy_minify`
//!   what they make of logged calls: `policy_replay`
//! - files that are not a trail: `layout_any`
//!
//! `world` builds trails, runs the program with an environment of its own and reads tables.
//! `UPDATE=1 cargo test -p cli --test end_to_end` renews the golden files under `tests/expected`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod world;

mod access;
mod accounts;
mod aged;
mod any_order;
mod approved;
mod at_once;
mod attribution;
mod backfill;
mod bad_input;
mod batch_jobs;
mod catalog;
mod corpus;
mod costs;
mod days;
mod denials;
mod destination;
mod discounts;
mod entries;
mod explain;
mod failing_source;
mod faults;
mod generate;
mod golden;
mod hostile;
mod killed;
mod late;
mod layout_any;
mod listing;
mod locations;
mod lost_logs;
mod metrics;
mod month;
mod other_activity;
mod page;
mod plan;
mod plan_keys;
mod policy;
mod policy_events;
mod policy_explain;
mod policy_generate;
mod policy_input;
mod policy_lint;
mod policy_minify;
mod policy_org;
mod policy_replay;
mod precedence;
mod rates;
mod read;
mod read_calls;
mod read_shards;
mod readings;
mod readme;
mod rebuild;
mod reconcile;
mod references;
mod report;
mod requests;
mod s3_options;
mod sample;
mod settle;
mod several_sources;
mod show;
mod side_by_side;
mod sources;
mod tampering;
mod units;
mod verify;
mod windows;
mod without_trail;
