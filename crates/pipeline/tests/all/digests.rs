//! Digests beside the logs of a trail, and everything that somebody may do to both.

use jiff::civil::date;
use logs::Limits;
use logs::digest::PublicKeys;
use logs::hash::{sha256, to_hex};
use pipeline::{DigestOutcome, Settings, Source};
use serde_json::json;
use store::{Memory, Store, list_all};
use testkit::{block_on, gzip};

use crate::settings;
use maker::{Chain, FINGERPRINT, Made, OTHER_KEY, log_key, public_keys};

#[path = "../../../logs/tests/digest/maker.rs"]
mod maker;

/// The day that is asked for.
const DAY: i8 = 2;

/// What all log files hold.
const LOG: &[u8] = b"{\"Records\":[]}";
/// What log files hold that somebody has changed.
const FORGED: &[u8] = b"{\"Records\":[ ]}";

/// A place with a trail and its digests.
#[derive(Default)]
struct World {
    store: Memory,
    root_path: &'static str,
}

impl World {
    /// Log files, one every half hour, and their digests, each from 17 minutes past an hour to the next:
    /// from the day before the one that is asked for until some hours of the day after it. A run of the
    /// day reads 60 of the log files.
    fn full() -> (Self, Vec<Made>) {
        let world = World::default();
        let mut chain = Chain::new("trail");
        let mut all = Vec::new();
        for hour in -2..=32 {
            let logs = logs_at(hour, LOG);
            for (key, text) in &logs {
                world.put(key, &gzip(text));
            }
            all.push(chain.next(&time(hour), &time(hour + 1), &logs));
        }
        all.iter().for_each(|made| world.put_digest(made));
        (world, all)
    }

    fn put(&self, key: &str, body: &[u8]) {
        block_on(crate::put(&self.store, key, body.to_vec()));
    }

    fn put_digest(&self, made: &Made) {
        self.put(&made.object, &gzip(made.text.as_bytes()));
    }

    fn delete(&self, key: &str) {
        block_on(self.store.delete(key)).expect("memory");
    }

    fn keys(&self) -> Vec<String> {
        let objects = block_on(list_all(&self.store, "")).expect("memory");
        objects.into_iter().map(|object| object.key).collect()
    }

    /// What a run says that knows no public keys.
    fn run(&self) -> DigestOutcome {
        self.run_with(None)
    }

    /// What a run says that knows the keys which CloudTrail signs with.
    fn run_with_keys(&self) -> DigestOutcome {
        let mut keys = PublicKeys::default();
        keys.add_list(public_keys().as_bytes()).expect("keys");
        self.run_with(Some(keys))
    }

    fn run_with(&self, digest_keys: Option<PublicKeys>) -> DigestOutcome {
        let settings = settings(date(2026, 8, DAY));
        let limits = Limits { sha256: true, ..settings.limits };
        let settings = Settings { verify_digests: true, digest_keys, limits, ..settings };
        let source = Source { store: &self.store, root_path: self.root_path };
        let destination = Memory::new();
        let never = std::future::pending();
        let (outcome, _) = block_on(crate::run(source, &destination, &settings, never));
        outcome.expect("all can be read").digests.expect("they were read")
    }
}

/// The time so many hours after the midnight before the day.
fn time(hour: i64) -> String {
    let (day, hour) = (i64::from(DAY) + hour.div_euclid(24), hour.rem_euclid(24));
    format!("2026-08-{day:02}T{hour:02}:17:00Z")
}

/// The log files of the digest that begins in an hour, with their text.
fn logs_at(hour: i64, text: &'static [u8]) -> [(String, &'static [u8]); 2] {
    [(hour, 30), (hour + 1, 0)].map(|(hour, minute)| {
        let (day, hour) = (i64::from(DAY) + hour.div_euclid(24), hour.rem_euclid(24));
        (log_key(&format!("202608{day:02}T{hour:02}{minute:02}Z")), text)
    })
}

/// The first log file of the digest that begins in an hour.
fn log_at(hour: i64) -> String {
    let [(key, _), _] = logs_at(hour, LOG);
    key
}

/// The digest that begins in an hour.
fn at(made: &[Made], hour: i64) -> &Made {
    &made[usize::try_from(hour + 2).expect("it is there")]
}

/// Checks the problems by kind and key, and how many log files have which status.
#[track_caller]
fn check(found: &DigestOutcome, problems: &[(&str, &str)], log_files: &[(&str, u64)]) {
    let kind = |kind| serde_json::to_value(kind).expect("a name");
    let found_problems = found.problems.iter().map(|problem| (kind(problem.kind), &*problem.key));
    // A log file is named by what is below its trail, a digest by its key.
    let name = |key| match key {
        key if str::contains(key, "CloudTrail-Digest") => key,
        key => key.trim_start_matches("AWSLogs/"),
    };
    let expected = problems.iter().map(|(kind, key)| (json!(kind), name(*key)));
    assert!(found_problems.eq(expected), "{:#?}", found.problems);
    let found_files = found.log_files.iter().map(|(status, count)| (*status, *count));
    assert_eq!(found_files.collect::<Vec<_>>(), log_files);
}

#[test]
fn unchanged_trail_has_no_problems_and_its_logs_are_valid() {
    let (world, _) = World::full();
    for (found, signed) in [(world.run(), 0), (world.run_with_keys(), 32)] {
        check(&found, &[], &[("valid", 60)]);
        let counts = found.counts;
        // From the one that ends at 0:17 to the last of the late window and three hours.
        assert_eq!((counts.digests, counts.valid, counts.invalid), (33, 33, 0));
        assert_eq!((counts.chains, counts.hashes_valid, counts.not_named), (1, 32, 1));
        assert_eq!((counts.log_files, counts.log_files_elsewhere), (60, 0));
        assert_eq!(counts.signatures_valid, signed);
        assert_eq!(counts.signatures_not_checked, 33 - signed);
    }
}

#[test]
fn changed_log_file_is_a_mismatch_that_names_its_digest() {
    let (world, made) = World::full();
    world.put(&log_at(10), &gzip(FORGED));
    let found = world.run();
    check(&found, &[("wrong_log", &log_at(10))], &[("mismatch", 1), ("valid", 59)]);
    assert!(found.problems[0].reason.contains(&at(&made, 10).object), "{}", found.problems[0]);
}

#[test]
fn deleted_log_files_are_missing_in_the_order_of_keys() {
    let (world, made) = World::full();
    for hour in [22, 10] {
        world.delete(&log_at(hour));
    }
    let found = world.run();
    let missing = [("missing_log", &*log_at(10)), ("missing_log", &log_at(22))];
    check(&found, &missing, &[("valid", 58)]);
    let reason = format!("`{}` lists it, and it is not there", at(&made, 10).object);
    assert_eq!(found.problems[0].reason, reason);
}

/// Digests are found although nothing is left beside them.
#[test]
fn digests_without_any_log_file_are_found_and_all_logs_missing() {
    let (world, _) = World::full();
    for key in world.keys().iter().filter(|key| !key.contains("Digest")) {
        world.delete(key);
    }
    world.put(&log_at(10).replace("us-east-1", "us-east-2"), &gzip(LOG));
    let found = world.run();
    assert_eq!(found.errors, 60);
    assert_eq!(found.log_files.into_iter().collect::<Vec<_>>(), [("no_digest", 1)]);
}

#[test]
fn unlisted_log_file_is_a_problem_only_where_digests_cover_its_delivery() {
    let (world, made) = World::full();
    // The last digest ends at 5:17, and the next one may list what came in the hour before.
    for hour in 29..=32 {
        world.delete(&at(&made, hour).object);
    }
    check(&world.run(), &[], &[("no_digest", 1), ("valid", 59)]);
    let key = |stamp: &str| log_key(stamp).replace("AbCd", "EfGh");
    let covered = ["20260802T1031Z", "20260802T2359Z", "20260803T0417Z"].map(key);
    let late = [key("20260803T0418Z"), key("20260802T1031Z").replace("us-east-1", "us-east-2")];
    let folder = "AWSLogs/012345678901/CloudTrail/us-east-1/2026/08/02";
    let unnamed = format!("{folder}/without-a-time.json.gz");
    for key in covered.iter().chain(&late).chain([&unnamed]) {
        world.put(key, &gzip(LOG));
    }
    let unlisted = covered.each_ref().map(|key| ("unlisted_log", &**key));
    check(&world.run(), &unlisted, &[("no_digest", 4), ("not_listed", 3), ("valid", 59)]);
}

#[test]
fn deleted_digest_is_missing_and_covers_nothing() {
    let (world, made) = World::full();
    world.delete(&at(&made, 10).object);
    let found = world.run_with_keys();
    let missing = ("missing_digest", &*at(&made, 10).object);
    check(&found, &[missing], &[("no_digest", 2), ("valid", 58)]);
    let reason = format!(
        "`{}` names it as the one before, and it is not there; no digest covers {} to {}",
        at(&made, 11).object,
        time(10),
        time(11)
    );
    assert_eq!(found.problems[0].reason, reason);
}

/// Of several in a row only the last one is named, but the whole time is in the message (aws/aws-cli#7054).
#[test]
fn deleted_digests_in_a_row_are_one_problem_with_the_whole_time() {
    let (world, made) = World::full();
    for hour in 8..=10 {
        world.delete(&at(&made, hour).object);
    }
    let found = world.run();
    let missing = ("missing_digest", &*at(&made, 10).object);
    check(&found, &[missing], &[("no_digest", 6), ("valid", 54)]);
    let gap = format!("no digest covers {} to {}", time(8), time(11));
    assert!(found.problems[0].reason.ends_with(&gap), "{}", found.problems[0]);
}

/// A log file is replaced, and its digest with it.
#[test]
fn changed_digest_is_invalid_and_all_before_it_without_keys() {
    let (world, made) = World::full();
    let (key, unchanged) = (&*at(&made, 10).object, &at(&made, 10).text);
    let text = unchanged.replacen(&to_hex(&sha256(LOG)), &to_hex(&sha256(FORGED)), 1);
    assert_ne!(&text, unchanged);
    world.put(key, &gzip(text.as_bytes()));
    world.put(&log_at(10), &gzip(FORGED));
    // Those before it may have been changed too.
    let found = world.run();
    check(&found, &[("wrong_hash", key)], &[("no_digest", 23), ("valid", 37)]);
    assert!(found.problems[0].reason.contains(&at(&made, 11).object));
    assert_eq!(found.counts.invalid, 12);
    // Their signatures show that they were not.
    let found = world.run_with_keys();
    let problems = [("wrong_hash", key), ("wrong_signature", key)];
    check(&found, &problems, &[("no_digest", 2), ("valid", 58)]);
    assert_eq!(found.counts.invalid, 1);
}

/// Whoever changes a digest and makes the one after it fit is found out by the one after that.
#[test]
fn changed_digests_that_fit_each_other_are_invalid_by_the_next_one() {
    let (world, made) = World::full();
    let mut chain = Chain::new("trail");
    chain.previous = Some(at(&made, 8).clone());
    for hour in [9, 10] {
        world.put_digest(&chain.next(&time(hour), &time(hour + 1), &logs_at(hour, FORGED)));
        world.put(&log_at(hour), &gzip(FORGED));
    }
    let wrong = ("wrong_hash", &*at(&made, 10).object);
    check(&world.run(), &[wrong], &[("no_digest", 23), ("valid", 37)]);
}

/// A chain that was made anew from some hour on: only signatures show it.
#[test]
fn forged_end_of_a_chain_is_invalid_only_with_keys() {
    let (world, made) = World::full();
    let mut chain = Chain { key: OTHER_KEY, ..Chain::new("trail") };
    chain.previous = Some(at(&made, 9).clone());
    for hour in 10..=32 {
        let logs = logs_at(hour, FORGED);
        world.put_digest(&chain.next(&time(hour), &time(hour + 1), &logs));
        logs.iter().for_each(|(key, text)| world.put(key, &gzip(text)));
    }
    let found = world.run();
    check(&found, &[], &[("valid", 60)]);
    assert_eq!(found.counts.signatures_valid, 0);

    let found = world.run_with_keys();
    let wrong = (10..=30).map(|hour| ("wrong_signature", &*at(&made, hour).object));
    check(&found, &wrong.collect::<Vec<_>>(), &[("no_digest", 39), ("valid", 21)]);
}

/// Whoever forges a digest may also give a false hash of the one before it. That one has its signature.
#[test]
fn digest_that_contradicts_the_one_before_does_not_invalidate_its_signature() {
    let (world, made) = World::full();
    let mut chain = Chain::new("trail");
    chain.previous = Some(at(&made, 9).clone());
    world.put_digest(&chain.make(&time(10), &time(11), &[], |digest| {
        digest["previousDigestHashValue"] = json!("00".repeat(32));
    }));
    for hour in 11..=32 {
        world.delete(&at(&made, hour).object);
    }
    let wrong = ("wrong_hash", &*at(&made, 9).object);
    check(&world.run(), &[wrong], &[("no_digest", 60)]);
    let found = world.run_with_keys();
    check(&found, &[wrong], &[("no_digest", 39), ("valid", 21)]);
    assert_eq!(found.counts.invalid, 1);
}

#[test]
fn signature_without_its_public_key_is_not_checked() {
    let (world, made) = World::full();
    let found = world.run_with(Some(PublicKeys::default()));
    check(&found, &[("no_public_key", &at(&made, 30).object)], &[("valid", 60)]);
    assert!(found.problems[0].reason.contains(FINGERPRINT));
    assert_eq!((found.errors, found.warnings), (0, 1));
    assert_eq!(found.counts.signatures_not_checked, 33);
}

#[test]
fn unreadable_and_misplaced_digests_are_invalid() {
    let (world, made) = World::full();
    let [key, other, third] = [10, 12, 14].map(|hour| &*at(&made, hour).object);
    let body = gzip(at(&made, 10).text.as_bytes());
    world.put(key, &[&body[..], &gzip(b" ")].concat());
    world.put(other, b"{}");
    world.put(third, &body);
    let found = world.run();
    let problems = [("unreadable", key), ("unreadable", other), ("misplaced", third)];
    check(&found, &problems, &[("no_digest", 6), ("valid", 54)]);
    let reasons = found.problems.iter().map(|problem| problem.reason.as_str());
    let expected = [
        "bytes after the gzip member: a CloudTrail object is one member, so this may be forged",
        "digestStartTime: expected a text that is not empty, found nothing",
        &format!("it says that it is `{key}`"),
    ];
    assert_eq!(reasons.collect::<Vec<_>>(), expected);
    assert_eq!((found.counts.digests, found.counts.invalid), (33, 3));
}

#[test]
fn chain_that_restarts_is_a_problem_with_both_times() {
    let (world, made) = World::full();
    for hour in 10..=32 {
        world.delete(&at(&made, hour).object);
    }
    let mut chain = Chain::new("trail");
    let first = chain.next(&time(12), &time(13), &logs_at(12, LOG));
    world.put_digest(&first);
    world.put_digest(&chain.next(&time(13), &time(14), &logs_at(13, LOG)));
    let found = world.run_with_keys();
    check(&found, &[("restarted", &first.object)], &[("no_digest", 35), ("valid", 25)]);
    let times = format!("the last of them ends at {}, and it begins at {}", time(10), time(12));
    assert!(found.problems[0].reason.ends_with(&times), "{}", found.problems[0]);
}

/// Another trail's digests, and those that were written later, are chains of their own.
#[test]
fn digests_of_several_trails_and_backfills_are_chains_of_their_own() {
    let (world, made) = World::full();
    let extra = log_key("20260802T1045Z");
    world.put(&extra, &gzip(LOG));
    for (trail, variant) in [("other_trail", ""), ("trail", "_backfill")] {
        let mut chain = Chain { variant: variant.to_owned(), ..Chain::new(trail) };
        for hour in 9..=11 {
            let logs = if hour == 10 { vec![(extra.clone(), LOG)] } else { Vec::new() };
            world.put_digest(&chain.next(&time(hour), &time(hour + 1), &logs));
        }
    }
    let found = world.run_with_keys();
    check(&found, &[], &[("valid", 61)]);
    assert_eq!((found.counts.chains, found.counts.signatures_not_checked), (3, 3));
    // What it lists is covered by the digests of the other trail, and not listed there.
    world.delete(&at(&made, 10).object);
    let [first, second] = logs_at(10, LOG).map(|(key, _)| key);
    let missing = ("missing_digest", &*at(&made, 10).object);
    let problems = [missing, ("unlisted_log", &first), ("unlisted_log", &second)];
    check(&world.run_with_keys(), &problems, &[("not_listed", 2), ("valid", 59)]);
}

#[test]
fn log_file_in_two_digests_with_different_hashes_is_a_contradiction() {
    let (world, made) = World::full();
    let other = Chain::new("other").next(&time(10), &time(11), &[(log_at(10), FORGED)]);
    world.put_digest(&other);
    let found = world.run();
    let key = &*log_at(10);
    let problems = [("contradiction", key), ("wrong_log", key)];
    check(&found, &problems, &[("mismatch", 1), ("valid", 59)]);
    for object in [&other.object, &at(&made, 10).object] {
        assert!(found.problems[0].reason.contains(object.as_str()), "{object}");
    }
}

#[test]
fn digest_that_names_a_later_one_is_not_its_successor() {
    let (world, made) = World::full();
    let mut chain = Chain::new("other");
    chain.previous = Some(at(&made, 10).clone());
    let later = chain.make(&time(8), &time(9), &[], |_| {});
    world.put_digest(&later);
    let found = world.run();
    check(&found, &[("not_a_predecessor", &later.object)], &[("valid", 60)]);
    assert!(found.problems[0].reason.contains(&at(&made, 10).object));
}

/// What a digest lists elsewhere is counted, and not reported as missing.
#[test]
fn log_files_delivered_elsewhere_are_counted_and_not_missing() {
    let mut chain = Chain { prefix: "audit/".to_owned(), ..Chain::new("trail") };
    let here = format!("audit/{}", log_at(10));
    let elsewhere = ["other/x.json.gz", &log_at(10), "audit/AWSLogs/x.json.gz"].map(str::to_owned);
    let logs = elsewhere.into_iter().chain([here.clone()]).map(|key| (key, LOG));
    let made = chain.next(&time(10), &time(11), &logs.collect::<Vec<_>>());
    let account = format!("audit/AWSLogs/{}/", maker::ACCOUNT);
    // The source is the bucket, the prefix, or a copy of an account's folder.
    for (written, found) in [("", ""), ("audit/", ""), (&account, "copies/012345678901/")] {
        let world = World::default();
        let key = |key: &str| format!("{found}{}", key.strip_prefix(written).expect("below it"));
        world.put(&key(&made.object), &gzip(made.text.as_bytes()));
        world.put(&key(&here), &gzip(LOG));
        let found = world.run();
        check(&found, &[], &[("valid", 1)]);
        assert_eq!((found.counts.log_files, found.counts.log_files_elsewhere), (1, 3), "{written}");
    }
}

/// No digests, or none that can be seen: from inside `CloudTrail/` the folder beside it cannot be.
#[test]
fn source_without_digests_is_a_problem() {
    let above = "AWSLogs/012345678901/CloudTrail/";
    for (root_path, reason) in [
        ("", "is log file validation on?"),
        (above, "expected a source at or above the account's folder"),
    ] {
        let world = World { root_path, ..World::default() };
        let key = log_at(10);
        world.put(key.strip_prefix(root_path).expect("below it"), &gzip(LOG));
        let found = world.run();
        check(&found, &[("no_digests", "memory:")], &[("no_digest", 1)]);
        assert!(found.problems[0].reason.contains(reason), "{}", found.problems[0]);
        assert_eq!(found.counts.digests, 0);
    }
}
