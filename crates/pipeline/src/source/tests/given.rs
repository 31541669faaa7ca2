//! Keys and folders that are given, against a listing of the whole.

use std::collections::BTreeMap;
use std::io::Cursor;

use jiff::civil::date;
use logs::layout::LogKind;
use store::{Several, Store};
use testkit::{Dice, block_on};
use tokio::sync::mpsc;

use super::{ACCOUNTS, Bucket, REGIONS, control_tower, file, other, settings, trail};
use crate::dates::DayRange;
use crate::error::Error;
use crate::outcome::progress::Progress;
use crate::plan::{ListOf, PlanRequest, plan_folders, plan_keys};
use crate::settings::{Layout, Settings};
use crate::source::lines::Lines;
use crate::source::list::{LISTED_AHEAD, ListedObject};
use crate::sums::Sums;

fn lines(text: &str) -> Lines {
    Lines::of(Cursor::new(text.to_owned())).expect("a thread")
}

/// What is listed, by key.
fn list(
    source: &dyn Store,
    settings: &Settings,
    of: ListOf,
) -> Result<BTreeMap<String, ListedObject>, Error> {
    let (sender, mut receiver) = mpsc::channel::<ListedObject>(LISTED_AHEAD);
    let taking = async {
        let mut found = BTreeMap::new();
        while let Some(object) = receiver.recv().await {
            let key = object.key();
            assert!(found.insert(key.clone(), object).is_none(), "{key} came twice");
        }
        found
    };
    let listing = of.list(source, settings, sender);
    let (listed, found) = block_on(async { futures::future::join(listing, taking).await });
    listed.map(|_| found)
}

/// The lines of keys, and the sums.
fn keys(source: &dyn Store, settings: &Settings, of: ListOf) -> Result<(String, Sums), Error> {
    let (sender, mut receiver) = mpsc::channel(1);
    let request = PlanRequest { of, with_sums: true };
    let progress = Progress::default();
    let taking = async {
        let mut text = Vec::new();
        while let Some(chunk) = receiver.recv().await {
            text.extend(chunk);
        }
        String::from_utf8(text).expect("text")
    };
    let planning = plan_keys(source, request, settings, sender, &progress);
    let (plan, text) = block_on(async { futures::future::join(planning, taking).await });
    let sums = plan?.and_then(|plan| plan.sums).expect("sums");
    Ok((text, sums))
}

/// Lists each line of the folders for itself, and gives all that is found, with the lines.
fn list_parts(
    source: &dyn Store,
    settings: &Settings,
) -> Result<(BTreeMap<String, ListedObject>, String), Error> {
    let (folders, _) = block_on(plan_folders(source, settings))?;
    let mut all = BTreeMap::new();
    for line in folders.lines() {
        let part = list(source, settings, ListOf::Folders(lines(line)))?;
        for (key, object) in part {
            assert!(all.insert(key.clone(), object).is_none(), "{key} is in two parts: {folders}");
        }
    }
    Ok((all, folders))
}

/// A trail, with files of it copied elsewhere, or beside the days of a Region's folder.
fn hostile(dice: &mut Dice) -> Vec<String> {
    let mut keys = Vec::new();
    for _ in 0..=dice.index(4) {
        trail(dice, &mut keys);
    }
    for _ in 0..dice.index(4) {
        other(dice, &mut keys);
    }
    for _ in 0..dice.index(3) {
        let key = &keys[dice.index(keys.len())];
        let name = key.rsplit('/').next().expect("a name");
        let copies = ["AWSLogs/o-x9/", "copies/", "restored/2026/09/14/", "dt=2026-09-14/", ""];
        let above = copies[dice.index(copies.len())];
        let is_whole = dice.index(2) == 0;
        let of = LogKind::CloudTrail.name(key).filter(|_| is_whole);
        keys.push(format!("{above}{}", of.unwrap_or(name.to_owned())));
    }
    if dice.index(4) == 0 {
        // Files beside the days, which may sort before them, are read where there is nothing else.
        keys.retain(|key| !key.contains("20260914") && !key.contains("2026/09/14"));
        let (account, region) = (ACCOUNTS[dice.index(3)], REGIONS[dice.index(3)]);
        let name = file(dice, account, "CloudTrail", region, 14);
        keys.push(format!("AWSLogs/{account}/CloudTrail/{region}/{name}"));
        let day = file(dice, account, "CloudTrail", region, 12);
        keys.push(format!("AWSLogs/{account}/CloudTrail/{region}/2026/09/12/{day}"));
    }
    keys.sort();
    keys.dedup();
    keys
}

#[test]
fn folders_together_have_the_objects_of_the_whole_each_once() {
    let (mut n_objects, mut n_lines, mut n_mixed, mut n_all) = (0, 0, 0, 0);
    for seed in 0..600 {
        let mut dice = Dice::new(seed);
        let bucket = Bucket::of(&hostile(&mut dice));
        let whole = match list(&bucket, &settings(), ListOf::Source) {
            Ok(whole) => whole,
            Err(error) => {
                assert!(list_parts(&bucket, &settings()).is_err(), "{seed}: {error}");
                continue;
            }
        };
        let (parts, folders) = list_parts(&bucket, &settings()).expect("its own lines");
        let here = format!("{seed}: {folders}{:#?}", bucket.objects);
        assert_eq!(parts, whole, "{here}");
        let together = ListOf::Folders(lines(&format!("{folders}\n{folders}")));
        assert_eq!(list(&bucket, &settings(), together).expect("its own lines"), whole, "{here}");
        let (text, sums) = keys(&bucket, &settings(), ListOf::Source).expect("a trail");
        let given = list(&bucket, &settings(), ListOf::Keys(lines(&text)));
        assert_eq!(given.expect("its own lines"), whole, "{here}");
        let mut added = Sums::default();
        for line in folders.lines() {
            let part = keys(&bucket, &settings(), ListOf::Folders(lines(line)));
            added.add(&part.expect("its own lines").1);
        }
        assert_eq!(added, sums, "{here}");
        n_objects += whole.len();
        n_lines += folders.lines().count();
        n_all += usize::from(folders.contains("is_all") && !whole.is_empty());
        let is_mixed = |line: &&str| line.contains("folders") && !line.contains("is_all");
        n_mixed += folders.lines().filter(is_mixed).count();
    }
    assert!(n_objects > 1500 && n_lines > 1000, "{n_objects} objects, {n_lines} lines");
    assert!(n_mixed > 100 && n_all > 10, "{n_mixed} lines of several folders, {n_all} of all");
}

#[test]
fn folders_by_day_of_firehose_are_listed_by_their_line() {
    let of = |day: &str| format!("firehose/{day}/10/s-1-{}-10-02-11-u", day.replace('/', "-"));
    let bucket = Bucket::of(&[of("2026/09/14"), of("2026/09/15"), of("2026/09/16")]);
    let (parts, folders) = list_parts(&bucket, &settings()).expect("folders by day");
    assert_eq!(folders, "{\"folder\":\"firehose/\",\"layout\":\"days\"}\n");
    assert_eq!(parts.into_keys().collect::<Vec<_>>(), [of("2026/09/14")]);
}

/// One of several Regions' folders has a copy elsewhere: only it is listed together with the copy.
#[test]
fn region_without_copies_has_a_line_of_its_own() {
    let mut all = control_tower();
    let copied = all.iter().find(|key| key.contains("eu-central-1/2026/09/14")).expect("one");
    all.push(format!("copies/{}", copied.rsplit('/').next().expect("a name")));
    let bucket = Bucket::of(&all);
    let (parts, folders) = list_parts(&bucket, &settings()).expect("a trail");
    assert_eq!(parts.len(), 9);
    assert_eq!(folders.lines().count(), 9, "{folders}");
    let mixed = folders.lines().find(|line| line.contains("copies/")).expect("a line");
    assert_eq!(mixed.matches("/CloudTrail/").count(), 2, "{mixed}");
    assert!(mixed.contains("\"layout\":\"named_files\""), "{mixed}");
}

/// Two sources: their keys and folders are told apart by their locations.
#[test]
fn keys_of_several_sources_begin_with_their_locations() {
    let folder = |name: &str| {
        let at = tempfile::tempdir().expect("a folder");
        let key = format!("AWSLogs/{name}/CloudTrail/us-east-1/2026/09/14");
        std::fs::create_dir_all(at.path().join(&key)).expect("a folder");
        let file = format!("{key}/{name}_CloudTrail_us-east-1_20260914T1015Z_a.json.gz");
        std::fs::write(at.path().join(&file), "x").expect("a file");
        (at, file)
    };
    let ((one, of_one), (two, of_two)) = (folder(ACCOUNTS[0]), folder(ACCOUNTS[1]));
    let open = |at: &tempfile::TempDir| -> std::sync::Arc<dyn Store> {
        std::sync::Arc::new(store::Folder::open(at.path()).expect("a folder"))
    };
    let several = Several::new([(None, open(&one)), (Some("old".to_owned()), open(&two))]);
    let (text, _) = keys(&several, &settings(), ListOf::Source).expect("trails");
    for (at, key) in [(&one, &of_one), (&two, &of_two)] {
        let uri = format!("{{\"key\":\"{}/{key}\",\"size\":1,", at.path().display());
        assert!(text.contains(&uri), "{text}");
    }
    let whole = list(&several, &settings(), ListOf::Source).expect("trails");
    let given = list(&several, &settings(), ListOf::Keys(lines(&text))).expect("its own lines");
    assert_eq!((given.len(), &given), (2, &whole));
    let (parts, _) = list_parts(&several, &settings()).expect("its own lines");
    assert_eq!(parts, whole);
    for (key, expected) in [(format!("/{of_one}"), "a path below it"), (of_one.clone(), "")] {
        let line = format!("{{\"key\":\"{key}\",\"size\":1,\"etag\":\"\"}}");
        let found = list(open(&one).as_ref(), &settings(), ListOf::Keys(lines(&line)));
        let error = found.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(expected) && error.is_empty() == expected.is_empty(), "{error}");
    }
    let outside = format!("{{\"key\":\"{of_one}\",\"size\":1,\"etag\":\"\"}}");
    let error = list(&several, &settings(), ListOf::Keys(lines(&outside))).expect_err("outside");
    assert!(error.to_string().contains("expected one that begins with `/"), "{error}");
}

#[test]
fn key_that_is_none_of_a_log_file_of_the_source_is_named() {
    let source = Bucket::default();
    let day = "AWSLogs/012345678901/CloudTrail/us-east-1/2026/09/14";
    let name = "012345678901_CloudTrail_us-east-1_20260914T1015Z_a.json.gz";
    let check = |settings: &Settings, key: &str, expected: &str| {
        let good = format!("{{\"key\":\"{day}/{name}\",\"size\":1,\"etag\":\"\\\"e\\\"\"}}\n");
        let text = format!("{good}\n{{\"key\":\"{key}\",\"size\":1,\"etag\":\"e\",\"more\":1}}\n");
        let found = list(&source, settings, ListOf::Keys(lines(&text)));
        if expected.is_empty() {
            let found = found.unwrap_or_else(|error| panic!("{key}: {error}"));
            assert!(found.values().all(|object| object.meta.etag.as_deref() == Some("e")));
            return;
        }
        let error = found.expect_err(key).to_string();
        let begin = format!("line 3: `{key}` {expected}");
        assert!(error.starts_with(&begin), "{error}, not {begin}");
    };
    let auto = settings();
    check(&auto, &format!("{day}/other.json"), "");
    check(&auto, "firehose/2026/09/14/10/s-1-2026-09-14-10-02-11-u", "");
    check(&auto, &format!("{day}/../{name}"), "is outside of s3://bucket/:");
    check(&auto, &format!("/{day}/{name}"), "");
    check(&auto, &format!("s3://bucket/{day}/{name}"), "is outside of s3://bucket/:");
    check(&auto, &format!("{day}/"), "is no log file");
    check(&auto, &format!("{day}/a.parquet"), "is no log file");
    check(&auto, &format!("{day}/{}", name.replace("CloudTrail", "Config")), "is a log file of");
    let digest = day.replace("CloudTrail", "CloudTrail-Digest");
    check(&auto, &format!("{digest}/other.json"), "is in a folder of other files");
    check(&auto, "other.json", "is of no trail: expected the name of a log file, with its day");
    let trail = Settings { layout: Layout::Trail, ..settings() };
    check(&trail, "firehose/2026/09/14/10/s-1-2026-09-14-10-02-11-u", "is of no trail");
    let any = Settings { layout: Layout::Any, ..settings() };
    check(&any, "other.json", "");
    for text in ["x", "{}", "[]", r#"{"key":"a","size":-1,"etag":""}"#, "\u{fe}"] {
        let error = list(&source, &auto, ListOf::Keys(lines(text))).expect_err(text).to_string();
        assert!(error.starts_with("line 1: expected {\"key\""), "{error}");
    }
}

#[test]
fn keys_that_are_not_asked_for_are_left_out() {
    let all = control_tower();
    let line = |key: &String| format!("{{\"key\":\"{key}\",\"size\":1,\"etag\":\"\"}}\n");
    let logs = all.iter().filter(|key| !key.contains("Config"));
    let given = logs.map(line).collect::<String>();
    let days = |from, to| DayRange::new(date(2026, 9, from), date(2026, 9, to));
    let one = |text: &str| std::collections::BTreeSet::from([text.to_owned()]);
    for settings in [
        Settings { range: days(11, 14), ..settings() },
        Settings { accounts: one(ACCOUNTS[0]), ..settings() },
        Settings { regions: one(REGIONS[1]), range: days(10, 15), ..settings() },
        Settings { range: days(13, 13), late_window_minutes: 11 * 60, ..settings() },
    ] {
        let bucket = Bucket::of(&all);
        let whole = list(&bucket, &settings, ListOf::Source).expect("a trail");
        let found = list(&bucket, &settings, ListOf::Keys(lines(&given))).expect("keys");
        assert_eq!(found.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>());
        assert!(!found.is_empty() && found.len() < 6 * 9, "{}", found.len());
    }
}

#[test]
fn line_that_is_no_folder_is_named() {
    let source = Bucket::default();
    let region = "AWSLogs/012345678901/CloudTrail/us-east-1/";
    for (text, expected) in [
        ("x", "expected {\"folder\""),
        ("{}", "found neither `folder` nor `folders`"),
        (r#"{"folder":"a/","folders":[]}"#, "found `folders` beside"),
        (r#"{"folders":[],"layout":"days"}"#, "found `folders` beside"),
        (r#"{"folder":"a/","layout":"other"}"#, "unknown variant `other`"),
        (r#"{"folder":"AWSLogs/012345678901/"}"#, "`AWSLogs/012345678901/` is no Region's folder"),
        (r#"{"folder":"AWSLogs/012345678901/Config/us-east-1/"}"#, "is no Region's folder"),
        (r#"{"folder":""}"#, "is no Region's folder"),
        (r#"{"folder":"../us-east-1/"}"#, "is outside of s3://bucket/:"),
        (r#"{"folders":[{"folder":"a/"}]}"#, "`a/` is no Region's folder"),
    ] {
        let text = format!("{{\"folder\":\"{region}\"}}\n{text}\n");
        let found = list(&source, &settings(), ListOf::Folders(lines(&text)));
        let error = found.expect_err(&text).to_string();
        assert!(error.starts_with("line 2: ") && error.contains(expected), "{text}: {error}");
    }
}

/// Where no trail is read: an hour's folder may have entries of the next day.
#[test]
fn keys_of_invocation_logs_are_those_of_a_listing() {
    let key = |day: u8, hour: u8| {
        let folder = "AWSLogs/012345678901/BedrockModelInvocationLogs/us-east-1";
        let file = format!("202609{day:02}T{hour:02}1500123Z_0a1b2c3d4e5f6789.json.gz");
        format!("{folder}/2026/09/{day:02}/{hour:02}/{file}")
    };
    let all = [key(12, 23), key(13, 1), key(13, 23), key(14, 12), key(15, 1), key(15, 12)];
    let bucket = Bucket::of(&all);
    let kind = LogKind::ModelInvocation;
    let settings = Settings { kind, late_window_minutes: 6 * 60, ..settings() };
    let whole = list(&bucket, &settings, ListOf::Source).expect("logs");
    assert_eq!(whole.keys().collect::<Vec<_>>(), [&all[2], &all[3], &all[4]]);
    let line = |key: &String| format!("{{\"key\":\"{key}\",\"size\":1,\"etag\":\"\"}}\n");
    let text = all.iter().map(line).collect::<String>();
    let given = list(&bucket, &settings, ListOf::Keys(lines(&text))).expect("keys");
    assert!(given.keys().eq(whole.keys()), "{given:?}");
    let (parts, folders) = list_parts(&bucket, &settings).expect("folders");
    assert_eq!((parts, folders.lines().count()), (whole, 1), "{folders}");
}
