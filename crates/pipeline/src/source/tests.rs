//! Buckets with trails in every layout among other logs, against a searcher that lists everything.

mod given;

use std::collections::BTreeSet;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::civil::date;
use logs::layout::{FileClass, LogKind};
use store::{
    Content, Deleted, Error as StoreError, Guard, ListPage, ListRequest, Memory, Object, Put, Store,
};
use testkit::Dice;
use tokio::sync::mpsc;

use super::list::{LISTED_AHEAD, Listed, ListedObject, list_all};
use crate::dates::DayRange;
use crate::error::Error;
use crate::settings::Settings;

const ACCOUNTS: [&str; 3] = ["012345678901", "210987654321", "999988887777"];
const REGIONS: [&str; 3] = ["us-east-1", "eu-central-1", "us-gov-west-1"];

/// A bucket that remembers what was listed of it.
#[derive(Debug, Default)]
struct Bucket {
    objects: Memory,
    listed: Mutex<Vec<ListRequest>>,
}

#[async_trait]
impl Store for Bucket {
    fn location(&self) -> String {
        "s3://bucket/".to_owned()
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, StoreError> {
        self.listed.lock().expect("no holder panics").push(request.clone());
        self.objects.list(request).await
    }

    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        self.objects.get(key).await
    }

    async fn put_if(&self, key: &str, content: Content, on: &Guard) -> Result<Put, StoreError> {
        self.objects.put_if(key, content, on).await
    }

    async fn delete_if(&self, key: &str, on: &Guard) -> Result<Deleted, StoreError> {
        self.objects.delete_if(key, on).await
    }
}

impl Bucket {
    fn of(keys: &[String]) -> Self {
        let bucket = Bucket::default();
        for key in keys {
            testkit::block_on(bucket.objects.put(key, Bytes::from_static(b"x"))).expect("memory");
        }
        bucket
    }

    /// What is listed with some settings, as pairs of names and keys.
    fn list(&self, settings: &Settings) -> Result<(BTreeSet<(String, String)>, Listed), Error> {
        let (sender, mut receiver) = mpsc::channel::<ListedObject>(LISTED_AHEAD);
        let taking = async {
            let mut found = BTreeSet::new();
            while let Some(object) = receiver.recv().await {
                let key = object.key();
                assert!(found.insert((object.meta.key, key.clone())), "{key} came twice");
            }
            found
        };
        let listing = list_all(self, settings, sender);
        let (listed, found) =
            testkit::block_on(async { futures::future::join(listing, taking).await });
        Ok((found, listed?))
    }

    /// Whether a folder was listed, itself or as a part of another one.
    fn was_listed(&self, folder: &str) -> bool {
        let listed = self.listed.lock().expect("no holder panics");
        listed.iter().any(|request| match request.delimiter {
            true => request.prefix == folder,
            false => folder.starts_with(&request.prefix),
        })
    }
}

fn settings() -> Settings {
    let day = date(2026, 9, 14);
    Settings { late_window_minutes: 0, ..Settings::new(DayRange::new(day, day)) }
}

/// Some folders above.
fn prefix(dice: &mut Dice, max_depth: usize) -> String {
    const NAMES: [&str; 17] = [
        "logs",
        "prod",
        "lab",
        "AWSLogs",
        "CloudTrail",
        "111122223333",
        "o-abc123",
        "2024",
        "a b",
        "%2F",
        "ü",
        "CloudTrail-Digest",
        "Config",
        "backup-2026",
        "20260914",
        "2026-09-01",
        "",
    ];
    let depth = dice.index(max_depth + 1);
    (0..depth).map(|_| format!("{}/", NAMES[dice.index(NAMES.len())])).collect()
}

fn file(dice: &mut Dice, account: &str, log: &str, region: &str, day: i64) -> String {
    let unique = dice.index(1_000_000);
    format!("{account}_{log}_{region}_202609{day:02}T1015Z_{unique:016}.json.gz")
}

/// A trail in one of the layouts.
fn trail(dice: &mut Dice, keys: &mut Vec<String>) {
    let above = prefix(dice, 4);
    let layout = dice.index(9);
    for _ in 0..=dice.index(3) {
        let account = ACCOUNTS[dice.index(ACCOUNTS.len())];
        let region = REGIONS[dice.index(REGIONS.len())];
        for day in 12..=15 {
            let name = file(dice, account, "CloudTrail", region, day);
            let of_account = format!("{account}/CloudTrail/{region}");
            let padded = format!("2026/09/{day:02}");
            let below = match layout {
                0 => format!("AWSLogs/{of_account}/{padded}/{name}"),
                1 => format!("AWSLogs/o-x1/{of_account}/{padded}/{name}"),
                2 => format!("o-x1/AWSLogs/o-x1/{of_account}/{padded}/10/{name}"),
                3 => format!("CloudTrail/{region}/{padded}/{name}"),
                4 => format!("{region}/{padded}/restored/{name}"),
                5 => name,
                6 => format!("dt=2026-09-{day:02}/{name}"),
                7 => format!("AWSLogs/{of_account}/year=2026/month=09/day={day:02}/{name}"),
                _ => format!("{of_account}/{padded}/{name}"),
            };
            keys.push(format!("{above}{below}"));
        }
    }
}

/// What is no trail.
fn other(dice: &mut Dice, keys: &mut Vec<String>) {
    let above = prefix(dice, 6);
    let account = ACCOUNTS[dice.index(ACCOUNTS.len())];
    let region = REGIONS[dice.index(REGIONS.len())];
    let of_service = |dice: &mut Dice, log: &str| {
        let name = file(dice, account, log, region, 14);
        format!("{account}/{log}/{region}/2026/09/14/{name}")
    };
    let below = match dice.index(7) {
        0 => format!("AWSLogs/{}", of_service(dice, "Config")),
        1 => format!("AWSLogs/{}", of_service(dice, "CloudTrail-Digest")),
        2 => of_service(dice, "elasticloadbalancing"),
        3 => "datalake/events/year=2026/month=09/day=14/part-0.parquet".to_owned(),
        4 => "firehose/2026/09/14/10/s-1-2026-09-14-10-02-11-u".to_owned(),
        5 => "photos/cat.jpg".to_owned(),
        _ => format!("flow/{region}/2026/09/14/{}", file(dice, account, "vpcflowlogs", region, 14)),
    };
    keys.push(format!("{above}{below}"));
}

#[test]
fn every_trail_is_found_once_and_every_folder_that_was_not_searched_is_named() {
    let mut n_found = 0;
    let mut n_hidden = 0;
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let mut keys = Vec::new();
        for _ in 0..=dice.index(4) {
            trail(&mut dice, &mut keys);
        }
        for _ in 0..dice.index(6) {
            other(&mut dice, &mut keys);
        }
        let bucket = Bucket::of(&keys);
        let (found, listed) = match bucket.list(&settings()) {
            Ok(found) => found,
            // All of its trails are below folders that are known by what is above them.
            Err(Error::NoLogs { .. }) => continue,
            Err(error) => panic!("{seed}: {error}"),
        };
        let not_searched = &listed.discovery.not_searched.folders;
        let is_hidden = |key: &str| not_searched.keys().any(|folder| key.starts_with(folder));
        let kind = LogKind::CloudTrail;
        let (mut expected, mut hidden) = (BTreeSet::new(), 0);
        for key in &keys {
            let day = kind.delivery(key).map(|delivery| delivery.day);
            if kind.class(key) != FileClass::Named || day != Some(date(2026, 9, 14)) {
                continue;
            }
            if is_hidden(key) {
                hidden += 1;
            } else {
                expected.insert((kind.name(key).expect("a name"), key.clone()));
            }
        }
        if expected.is_empty() {
            continue;
        }
        assert_eq!(found, expected, "{seed}: {keys:#?} {not_searched:#?}");
        n_found += found.len();
        n_hidden += hidden;
        let trails = &listed.discovery.others;
        for key in &keys {
            for (slash, _) in key.match_indices('/') {
                let folder = &key[..=slash];
                // Days that were not asked for are pruned.
                let is_below = trails.iter().any(|trail| {
                    trail.has_days && folder.len() > trail.prefix.len() && {
                        folder.starts_with(&trail.prefix) && kind.delivery(key).is_some()
                    }
                });
                let is_in_region = listed
                    .discovery
                    .regions
                    .iter()
                    .any(|region| folder.starts_with(&region.prefix));
                assert!(
                    is_below || is_in_region || bucket.was_listed(folder) || is_hidden(folder),
                    "{seed}: {folder} {not_searched:#?}"
                );
            }
        }
    }
    assert!(n_found > 1000 && n_hidden < n_found / 4, "{n_found} {n_hidden}");
}

/// Control Tower's default bucket, before and after its migration.
fn control_tower() -> Vec<String> {
    let mut keys =
        vec!["o-x1/AWSLogs/012345678901/Config/us-east-1/2026/9/14/c.json.gz".to_owned()];
    let mut dice = Dice::new(7);
    for (above, days) in [("AWSLogs/o-x1/", 10..=12), ("o-x1/AWSLogs/o-x1/", 13..=15)] {
        for day in days {
            for account in ACCOUNTS {
                for region in REGIONS {
                    let name = file(&mut dice, account, "CloudTrail", region, day);
                    let of_account = format!("{account}/CloudTrail/{region}");
                    keys.push(format!("{above}{of_account}/2026/09/{day:02}/{name}"));
                }
            }
        }
    }
    keys
}

#[test]
fn names_do_not_depend_on_the_level_of_the_source() {
    let keys = control_tower();
    let range = DayRange::new(date(2026, 9, 10), date(2026, 9, 15));
    let settings = Settings { late_window_minutes: 0, ..Settings::new(range) };
    let names = |below: &str, settings: &Settings| {
        let keys = keys.iter().filter_map(|key| key.strip_prefix(below)).map(str::to_owned);
        let (found, _) = Bucket::of(&keys.collect::<Vec<_>>()).list(settings).expect("trails");
        found.into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>()
    };
    let all = names("", &settings);
    assert_eq!(all.len(), 6 * 9);
    let after = names("o-x1/", &settings);
    assert_eq!(after.len(), 3 * 9);
    assert!(after.is_subset(&all));
    for level in ["o-x1/AWSLogs/", "o-x1/AWSLogs/o-x1/"] {
        assert_eq!(names(level, &settings), after, "{level}");
    }
    let of_account = names("o-x1/AWSLogs/o-x1/012345678901/", &settings);
    assert_eq!(of_account.len(), 3 * 3);
    for level in ["CloudTrail/", "CloudTrail/us-east-1/", "CloudTrail/us-east-1/2026/09/14/"] {
        let names = names(&format!("o-x1/AWSLogs/o-x1/012345678901/{level}"), &settings);
        assert!(!names.is_empty() && names.is_subset(&of_account), "{level} {names:?}");
    }
    let one = |text: &str| BTreeSet::from([text.to_owned()]);
    let filtered =
        Settings { accounts: one("012345678901"), regions: one("us-east-1"), ..settings };
    for level in ["", "o-x1/", "o-x1/AWSLogs/", "o-x1/AWSLogs/o-x1/"] {
        let expected = if level.is_empty() { 6 } else { 3 };
        assert_eq!(names(level, &filtered).len(), expected, "{level}");
    }
}

#[test]
fn search_ends_at_its_limit_and_names_what_is_left() {
    let mut keys = control_tower();
    keys.extend((0..50).map(|n| format!("other/{n:02}/data/x.bin")));
    let limited = |max_search_requests| Settings { max_search_requests, ..settings() };
    let (found, listed) = Bucket::of(&keys).list(&limited(12)).expect("a trail");
    assert_eq!(found.len(), 9, "what looks like a trail is searched first");
    assert!(listed.discovery.has_reached_limit);
    let left = &listed.discovery.not_searched;
    assert!(left.count > 30 && left.count == left.folders.len() as u64, "{left:?}");
    let error = Bucket::of(&keys).list(&limited(2)).expect_err("no trail within two requests");
    assert!(error.to_string().contains("--max-search-requests"), "{error}");
    let (_, listed) = Bucket::of(&keys).list(&settings()).expect("a trail");
    assert!(!listed.discovery.has_reached_limit);
}

/// Replication, and restored copies: one delivery under two keys.
#[test]
fn first_by_key_of_objects_of_one_name_is_read() {
    let day = "210987654321/CloudTrail/us-east-1/2026/09/14";
    let name = "210987654321_CloudTrail_us-east-1_20260914T1015Z_a.json.gz";
    let other = name.replace("_a.", "_b.");
    let region = "a/AWSLogs/210987654321/CloudTrail/us-east-1";
    let keys = [
        format!("b/AWSLogs/{day}/{name}"),
        format!("a/AWSLogs/{day}/{name}"),
        format!("c/{name}"),
        format!("{region}/restored/2026/09/14/{name}"),
        format!("{region}/restored/2026/09/14/{other}"),
    ];
    let bucket = Bucket::of(&keys);
    let (found, listed) = bucket.list(&settings()).expect("a trail");
    let expected = [(name, &keys[1]), (&other, &keys[4])];
    let expected = expected.map(|(name, key)| (format!("{day}/{name}"), key.clone()));
    assert_eq!(found, BTreeSet::from(expected));
    assert_eq!((listed.listing.copies, listed.listing.copies_of_other_size.len()), (3, 0));
    testkit::block_on(bucket.put(&keys[2], Bytes::from_static(b"xy"))).expect("memory");
    let (_, listed) = bucket.list(&settings()).expect("a trail");
    assert_eq!(listed.listing.copies_of_other_size[0].key, keys[2]);
}

/// Files right in a Region's folder, whose names sort after all days; days that are not padded, which sort
/// among them. A range of many days is listed in many stretches, but no key twice.
#[test]
fn keys_beside_the_days_of_a_region_are_listed_once() {
    const FILES: usize = 2500;
    let region = "AWSLogs/333344445555/CloudTrail/us-east-1";
    let file = |n: usize, day: usize| {
        format!("333344445555_CloudTrail_us-east-1_202609{day:02}T1015Z_{n:016}.json.gz")
    };
    let beside = (0..FILES).map(|n| format!("{region}/{}", file(n, 1 + n % 28)));
    let unpadded = (0..FILES).map(|n| (n, 1 + n % 28));
    let unpadded = unpadded.map(|(n, day)| format!("{region}/2026/9/{day}/{}", file(n, day)));
    let padded = (0..FILES).map(|n| (n, 1 + n % 28));
    let padded = padded.map(|(n, day)| format!("{region}/2026/09/{day:02}/{}", file(n, day)));
    let range = DayRange::new(date(2026, 9, 1), date(2026, 9, 30));
    let settings = Settings { late_window_minutes: 0, ..Settings::new(range) };
    let first = format!("{region}/2026/09/01/{}", file(FILES, 1));
    let lists = |keys: Vec<String>| {
        let bucket = Bucket::of(&keys);
        // Fails if a key comes twice.
        let (found, listed) = bucket.list(&settings).expect("a trail");
        assert_eq!(found.len(), keys.len());
        listed.lists
    };
    let few = lists(vec![first.clone()]);
    let pages = FILES as u64 / 1000;
    for keys in [beside.collect::<Vec<_>>(), unpadded.collect(), padded.collect()] {
        let lists = lists([vec![first.clone()], keys].concat());
        // Each stretch may end within a page, and there are at most as many as days.
        assert!(lists <= few + pages + 30, "{lists} listings, {few} without the files");
    }
}

#[test]
fn folders_by_day_are_read_only_where_there_is_no_trail() {
    let firehose = "firehose/2026/09/14/10/s-1-2026-09-14-10-02-11-u".to_owned();
    let late = "firehose/2026/09/16/10/s-1-2026-09-16-10-02-11-u".to_owned();
    let failed = "firehose/processing-failed/2026/09/14/10/s-1-2026-09-14-10-02-11-u".to_owned();
    let keys = [firehose.clone(), late, failed];
    let (found, listed) = Bucket::of(&keys).list(&settings()).expect("a folder by day");
    assert_eq!(found, BTreeSet::from([(firehose.clone(), firehose.clone())]));
    let named = listed.discovery.not_searched.folders.keys().collect::<Vec<_>>();
    assert_eq!(named, ["firehose/processing-failed/"]);
    let layout = crate::settings::Layout::Trail;
    let error = Bucket::of(&keys).list(&Settings { layout, ..settings() }).expect_err("no trail");
    assert!(matches!(error, Error::NoLogs { .. }), "{error}");
    let trail = "012345678901_CloudTrail_us-east-1_20260914T1015Z_a.json.gz".to_owned();
    let (found, listed) = Bucket::of(&[firehose, trail]).list(&settings()).expect("a trail");
    assert_eq!(found.len(), 1);
    assert!(listed.discovery.not_searched.folders.contains_key("firehose/2026/"));
}

#[test]
fn filter_that_matches_nothing_is_an_error_that_names_what_there_is() {
    let bucket = Bucket::of(&control_tower());
    let list = |accounts: &[&str], regions: &[&str]| {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let settings = Settings { accounts: set(accounts), regions: set(regions), ..settings() };
        bucket.list(&settings).map(|(_, listed)| listed.unmatched)
    };
    for (accounts, regions, expected) in [
        (
            &["444455556666"][..],
            &[][..],
            "--account: nothing below s3://bucket/ matches `444455556666`",
        ),
        (&[], &["ap-south-1"], "--source-region: nothing below s3://bucket/ matches `ap-south-1`"),
    ] {
        let error = list(accounts, regions).expect_err("no match").to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let error = list(&[], &["ap-south-1"]).expect_err("no match").to_string();
    assert!(error.contains("found `eu-central-1`, `us-east-1`"), "{error}");
    let unmatched = list(&["012345678901", "444455556666"], &[]).expect("one matches");
    assert_eq!(unmatched, ["--account 444455556666"]);
}
