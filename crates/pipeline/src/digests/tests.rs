//! Digests beside the logs of a trail, and everything that somebody may do to both.

use bytes::Bytes;
use jiff::civil::date;
use logs::digest::PublicKeys;
use logs::hash::{sha256, to_hex};
use serde_json::json;
use store::{Memory, Store, list_all};
use testkit::gzip;

use super::{Digests, Status, read_digests};
use crate::dates::DayRange;
use crate::outcome::digests::{Problem, ProblemKind};
use crate::settings::Settings;
use crate::work::Workers;
use maker::{Chain, FINGERPRINT, Made, OTHER_KEY, log_key, public_keys};

#[path = "../../../logs/tests/digest/maker.rs"]
mod maker;

/// The day that is asked for.
const DAY: i8 = 2;

/// What all log files hold.
const LOG: &[u8] = b"{\"Records\":[]}";

/// A place with a trail and its digests.
struct World {
    store: Memory,
    root_path: &'static str,
    runtime: tokio::runtime::Runtime,
    keys: Option<PublicKeys>,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        World { store: Memory::new(), root_path: "", runtime, keys: None }
    }

    /// Log files, one every half hour, and their digests, each from 17 minutes past an hour to the next:
    /// from the day before the one that is asked for until some hours of the day after it.
    fn full() -> (Self, Vec<Made>) {
        let world = World::new();
        let mut chain = Chain::new("trail");
        let mut all = Vec::new();
        for hour in -2..=32 {
            let logs = stamps(hour).map(|stamp| (log_key(&stamp), LOG));
            for (key, text) in &logs {
                world.put(key, &gzip(text));
            }
            all.push(chain.next(&time(hour), &time(hour + 1), &logs));
        }
        for made in &all {
            world.put(&made.object, &gzip(made.text.as_bytes()));
        }
        (world, all)
    }

    fn with_keys(mut self) -> Self {
        let mut keys = PublicKeys::default();
        keys.add_list(public_keys().as_bytes()).expect("keys");
        self.keys = Some(keys);
        self
    }

    fn put(&self, key: &str, body: &[u8]) {
        let put = self.store.put(key, Bytes::copy_from_slice(body));
        self.runtime.block_on(put).expect("memory");
    }

    fn delete(&self, key: &str) {
        self.runtime.block_on(self.store.delete(key)).expect("memory");
    }

    fn there(&self) -> Vec<String> {
        let objects = self.runtime.block_on(list_all(&self.store, "")).expect("memory");
        objects.into_iter().map(|object| object.key).collect()
    }

    fn read(&self) -> Digests {
        let range = DayRange::new(date(2026, 8, DAY), date(2026, 8, DAY)).expect("in order");
        let settings = Settings::new(Some(range));
        let workers = Workers::start(1).expect("a thread");
        let keys = self.keys.as_ref();
        let read = read_digests(&self.store, self.root_path, &settings, range, &workers, keys);
        self.runtime.block_on(read).expect("listed")
    }

    fn missing(&self, digests: &Digests) -> Vec<Problem> {
        let there = self.there();
        digests.missing_logs(|key| there.iter().any(|there| there == key))
    }
}

/// The time so many hours after the midnight before the day.
fn time(hour: i64) -> String {
    let (day, hour) = (i64::from(DAY) + hour.div_euclid(24), hour.rem_euclid(24));
    format!("2026-08-{day:02}T{hour:02}:17:00Z")
}

/// The times in the names of the log files of the digest that begins in an hour.
fn stamps(hour: i64) -> [String; 2] {
    [(hour, 30), (hour + 1, 0)].map(|(hour, minute)| {
        let (day, hour) = (i64::from(DAY) + hour.div_euclid(24), hour.rem_euclid(24));
        format!("202608{day:02}T{hour:02}{minute:02}Z")
    })
}

/// The first log file of the digest that begins in an hour.
fn log_at(hour: i64) -> String {
    log_key(&stamps(hour)[0])
}

/// The digest that begins in an hour.
fn at(made: &[Made], hour: i64) -> &Made {
    &made[usize::try_from(hour + 2).expect("it is there")]
}

fn status(digests: &Digests, key: &str) -> Status {
    digests.status(key, &sha256(LOG))
}

#[track_caller]
fn check_problems(digests: &Digests, expected: &[(ProblemKind, &str)]) {
    let found = digests.problems().iter().map(|problem| (problem.kind, problem.key.as_str()));
    assert_eq!(found.collect::<Vec<_>>(), expected, "{:#?}", digests.problems());
}

#[test]
fn unchanged_trail_has_no_problems_and_its_logs_are_valid() {
    for world in [World::full().0, World::full().0.with_keys()] {
        let digests = world.read();
        check_problems(&digests, &[]);
        assert_eq!(world.missing(&digests), []);
        for key in world.there().iter().filter(|key| !key.contains("Digest")) {
            let is_late = key.contains("_20260803T0") && *key < log_key("20260803T0600Z");
            if key.contains("/2026/08/02/") || is_late {
                assert_eq!(digests.expected(key), Some(sha256(LOG)), "{key}");
                assert_eq!(status(&digests, key), Status::Valid, "{key}");
                assert_eq!(digests.problem(key, &sha256(LOG)), None);
            } else {
                assert_eq!(digests.expected(key), None, "{key}");
            }
        }
        let counts = digests.counts();
        // From the one that ends at 0:17 to the last of the late window and three hours.
        assert_eq!((counts.digests, counts.valid, counts.invalid), (33, 33, 0));
        assert_eq!((counts.chains, counts.hashes_valid, counts.not_named), (1, 32, 1));
        assert_eq!((counts.log_files, counts.log_files_elsewhere), (60, 0));
        let signed = if world.keys.is_some() { 32 } else { 0 };
        assert_eq!(counts.signatures_valid, signed);
        assert_eq!(counts.signatures_not_checked, 33 - signed);
    }
}

#[test]
fn changed_log_file_is_a_mismatch_that_names_its_digest() {
    let (world, made) = World::full();
    let (digests, key) = (world.read(), log_at(10));
    let changed = sha256(b"{\"Records\":[{}]}");
    assert_eq!(digests.status(&key, &changed), Status::Mismatch);
    let problem = digests.problem(&key, &changed).expect("a problem");
    assert_eq!((problem.kind, &problem.key), (ProblemKind::WrongLog, &key));
    assert!(problem.reason.contains(&at(&made, 10).object), "{problem}");
}

#[test]
fn deleted_log_files_are_missing_in_the_order_of_keys() {
    let (world, made) = World::full();
    for hour in [22, 10] {
        world.delete(&log_at(hour));
    }
    let digests = world.read();
    check_problems(&digests, &[]);
    let missing = world.missing(&digests);
    let keys = missing.iter().map(|problem| &problem.key).collect::<Vec<_>>();
    assert_eq!(keys, [&log_at(10), &log_at(22)]);
    assert!(missing.iter().all(|problem| problem.kind == ProblemKind::MissingLog));
    let reason = format!("`{}` lists it, and it is not there", at(&made, 10).object);
    assert_eq!(missing[0].reason, reason);
}

/// Digests are found although nothing is left beside them.
#[test]
fn digests_without_any_log_file_are_found_and_all_logs_missing() {
    let (world, _) = World::full();
    for key in world.there().iter().filter(|key| !key.contains("Digest")) {
        world.delete(key);
    }
    assert_eq!(world.missing(&world.read()).len(), 60);
}

#[test]
fn unlisted_log_file_is_a_problem_only_where_digests_cover_its_delivery() {
    let (world, _) = World::full();
    let digests = world.read();
    let key = |stamp: &str| log_key(stamp).replace("AbCd", "EfGh");
    let check = |key: &str, expected| assert_eq!(status(&digests, key), expected, "{key}");
    check(&key("20260802T1031Z"), Status::NotListed);
    check(&key("20260802T2359Z"), Status::NotListed);
    check(&key("20260803T0559Z"), Status::NotListed);
    let unlisted = digests.problem(&key("20260802T1031Z"), &sha256(LOG)).expect("a problem");
    assert_eq!(unlisted.kind, ProblemKind::UnlistedLog);
    // The last digest ends at 8:17, and the next one may list what came in the hour before.
    check(&key("20260803T0717Z"), Status::NotListed);
    check(&key("20260803T0718Z"), Status::NoDigest);
    check(&key("20260801T2300Z"), Status::NoDigest);
    check(&key("20260802T1031Z").replace("us-east-1", "us-east-2"), Status::NoDigest);
    let folder = "AWSLogs/012345678901/CloudTrail/us-east-1/2026/08/02";
    check(&format!("{folder}/without-a-time.json.gz"), Status::NoDigest);
    check("x.json.gz", Status::NoDigest);
}

#[test]
fn deleted_digest_is_missing_and_covers_nothing() {
    let (world, made) = World::full();
    world.delete(&at(&made, 10).object);
    let digests = world.with_keys().read();
    check_problems(&digests, &[(ProblemKind::MissingDigest, &at(&made, 10).object)]);
    let reason = format!(
        "`{}` names it as the one before, and it is not there; no digest covers {} to {}",
        at(&made, 11).object,
        time(10),
        time(11)
    );
    assert_eq!(digests.problems()[0].reason, reason);
    assert_eq!(status(&digests, &log_at(10)), Status::NoDigest);
    assert_eq!(status(&digests, &log_at(11)), Status::Valid);
}

/// Of several in a row only the last one is named, but the whole time is in the message (aws/aws-cli#7054).
#[test]
fn deleted_digests_in_a_row_are_one_problem_with_the_whole_time() {
    let (world, made) = World::full();
    for hour in 8..=10 {
        world.delete(&at(&made, hour).object);
    }
    let digests = world.read();
    check_problems(&digests, &[(ProblemKind::MissingDigest, &at(&made, 10).object)]);
    let gap = format!("no digest covers {} to {}", time(8), time(11));
    assert!(digests.problems()[0].reason.ends_with(&gap), "{}", digests.problems()[0]);
}

/// A log file is replaced, and its digest with it.
#[test]
fn changed_digest_is_invalid_and_all_before_it_without_keys() {
    let (world, made) = World::full();
    let (forged, unchanged) = (sha256(b"forged"), &at(&made, 10).text);
    let text = unchanged.replace(&to_hex(&sha256(LOG)), &to_hex(&forged));
    assert_ne!(&text, unchanged);
    world.put(&at(&made, 10).object, &gzip(text.as_bytes()));
    let digests = world.read();
    check_problems(&digests, &[(ProblemKind::WrongHash, &at(&made, 10).object)]);
    assert!(digests.problems()[0].reason.contains(&at(&made, 11).object));
    assert_eq!(digests.status(&log_at(10), &forged), Status::NoDigest);
    assert_eq!(status(&digests, &log_at(11)), Status::Valid);
    // Those before it may have been changed too.
    assert_eq!(status(&digests, &log_at(9)), Status::NoDigest);
    assert_eq!(digests.counts().invalid, 12);
    // Their signatures show that they were not.
    let digests = world.with_keys().read();
    let key = at(&made, 10).object.as_str();
    check_problems(&digests, &[(ProblemKind::WrongHash, key), (ProblemKind::WrongSignature, key)]);
    assert_eq!(status(&digests, &log_at(9)), Status::Valid);
    assert_eq!(digests.counts().invalid, 1);
}

/// Whoever changes a digest and makes the one after it fit is found out by the one after that.
#[test]
fn changed_digests_that_fit_each_other_are_invalid_by_the_next_one() {
    let (world, made) = World::full();
    let mut chain = Chain::new("trail");
    chain.previous = Some(at(&made, 8).clone());
    for hour in [9, 10] {
        let made = chain.next(&time(hour), &time(hour + 1), &[(log_at(hour), b"forged")]);
        world.put(&made.object, &gzip(made.text.as_bytes()));
    }
    let digests = world.read();
    check_problems(&digests, &[(ProblemKind::WrongHash, &at(&made, 10).object)]);
    for hour in [9, 10] {
        assert_eq!(digests.status(&log_at(hour), &sha256(b"forged")), Status::NoDigest);
    }
}

/// A chain that was made anew from some hour on: only signatures show it.
#[test]
fn forged_end_of_a_chain_is_invalid_only_with_keys() {
    let (world, made) = World::full();
    let mut chain = Chain::new("trail");
    chain.previous = Some(at(&made, 9).clone());
    chain.key = OTHER_KEY;
    for hour in 10..=32 {
        let made = chain.next(&time(hour), &time(hour + 1), &[(log_at(hour), b"forged")]);
        world.put(&made.object, &gzip(made.text.as_bytes()));
    }
    let forged = sha256(b"forged");
    let digests = world.read();
    check_problems(&digests, &[]);
    assert_eq!(
        digests.status(&log_at(10), &forged),
        Status::Valid,
        "nothing shows it without keys"
    );
    assert_eq!(digests.counts().signatures_valid, 0);

    let digests = world.with_keys().read();
    assert!(digests.problems().iter().all(|p| p.kind == ProblemKind::WrongSignature));
    for hour in 10..=28 {
        assert_eq!(digests.status(&log_at(hour), &forged), Status::NoDigest, "{hour}");
    }
    assert_eq!(status(&digests, &log_at(9)), Status::Valid);
}

/// Whoever forges a digest may also give a false hash of the one before it. That one has its signature.
#[test]
fn digest_that_contradicts_the_one_before_does_not_invalidate_its_signature() {
    let (world, made) = World::full();
    let mut chain = Chain::new("trail");
    chain.previous = Some(at(&made, 9).clone());
    let forged = chain.make(&time(10), &time(11), &[], |digest| {
        digest["previousDigestHashValue"] = json!("00".repeat(32));
    });
    world.put(&forged.object, &gzip(forged.text.as_bytes()));
    for hour in 11..=32 {
        world.delete(&at(&made, hour).object);
    }
    let digests = world.read();
    check_problems(&digests, &[(ProblemKind::WrongHash, &at(&made, 9).object)]);
    assert_eq!(status(&digests, &log_at(9)), Status::NoDigest);
    let digests = world.with_keys().read();
    check_problems(&digests, &[(ProblemKind::WrongHash, &at(&made, 9).object)]);
    assert_eq!(status(&digests, &log_at(9)), Status::Valid);
    assert_eq!(digests.counts().invalid, 1);
}

#[test]
fn signature_without_its_public_key_is_not_checked() {
    let (mut world, made) = World::full();
    world.keys = Some(PublicKeys::default());
    let digests = world.read();
    let [problem] = digests.problems() else { panic!("{:#?}", digests.problems()) };
    assert_eq!(problem.kind, ProblemKind::NoPublicKey);
    assert_eq!(problem.key, at(&made, 30).object);
    assert!(problem.reason.contains(FINGERPRINT));
    assert_eq!(status(&digests, &log_at(10)), Status::Valid);
    assert_eq!(digests.counts().signatures_not_checked, 33);
}

#[test]
fn unreadable_and_misplaced_digests_are_invalid() {
    let (world, made) = World::full();
    let body = gzip(at(&made, 10).text.as_bytes());
    world.put(&at(&made, 10).object, &[&body[..], &gzip(b" ")].concat());
    world.put(&at(&made, 12).object, b"{}");
    world.put(&at(&made, 14).object, &body);
    let digests = world.read();
    check_problems(
        &digests,
        &[
            (ProblemKind::Unreadable, &at(&made, 10).object),
            (ProblemKind::Unreadable, &at(&made, 12).object),
            (ProblemKind::Misplaced, &at(&made, 14).object),
        ],
    );
    let reasons = digests.problems().iter().map(|problem| problem.reason.as_str());
    let expected = [
        "bytes after the gzip member: a CloudTrail object is one member, so this may be forged",
        "digestStartTime: expected a text that is not empty, found nothing",
        &format!("it says that it is `{}`", at(&made, 10).object),
    ];
    assert_eq!(reasons.collect::<Vec<_>>(), expected);
    for hour in [10, 12, 14] {
        assert_eq!(status(&digests, &log_at(hour)), Status::NoDigest, "{hour}");
    }
    assert_eq!((digests.counts().digests, digests.counts().invalid), (33, 3));
}

#[test]
fn chain_that_restarts_is_a_problem_with_both_times() {
    let (world, made) = World::full();
    for hour in 10..=32 {
        world.delete(&at(&made, hour).object);
    }
    let mut chain = Chain::new("trail");
    let first = chain.next(&time(12), &time(13), &[]);
    let second = chain.next(&time(13), &time(14), &[]);
    for made in [&first, &second] {
        world.put(&made.object, &gzip(made.text.as_bytes()));
    }
    let digests = world.with_keys().read();
    check_problems(&digests, &[(ProblemKind::Restarted, &first.object)]);
    let times = format!("the last of them ends at {}, and it begins at {}", time(10), time(12));
    assert!(digests.problems()[0].reason.ends_with(&times), "{}", digests.problems()[0]);
}

/// Another trail's digests, and those that were written later, are chains of their own.
#[test]
fn digests_of_several_trails_and_backfills_are_chains_of_their_own() {
    let (world, made) = World::full();
    let extra = log_key("20260802T1045Z");
    for (trail, variant) in [("other_trail", ""), ("trail", "_backfill")] {
        let mut chain = Chain { variant: variant.to_owned(), ..Chain::new(trail) };
        for hour in 9..=11 {
            let logs = if hour == 10 { vec![(extra.clone(), LOG)] } else { Vec::new() };
            let made = chain.next(&time(hour), &time(hour + 1), &logs);
            world.put(&made.object, &gzip(made.text.as_bytes()));
        }
    }
    let world = world.with_keys();
    let digests = world.read();
    check_problems(&digests, &[]);
    assert_eq!((digests.counts().chains, digests.counts().signatures_not_checked), (3, 3));
    assert_eq!(status(&digests, &extra), Status::Valid);
    world.delete(&at(&made, 10).object);
    let digests = world.read();
    check_problems(&digests, &[(ProblemKind::MissingDigest, &at(&made, 10).object)]);
}

#[test]
fn log_file_in_two_digests_with_different_hashes_is_a_contradiction() {
    let (world, made) = World::full();
    let mut chain = Chain::new("other");
    let other = chain.next(&time(10), &time(11), &[(log_at(10), b"forged")]);
    world.put(&other.object, &gzip(other.text.as_bytes()));
    let digests = world.read();
    check_problems(&digests, &[(ProblemKind::Contradiction, &log_at(10))]);
    for object in [&other.object, &at(&made, 10).object] {
        assert!(digests.problems()[0].reason.contains(object.as_str()), "{object}");
    }
}

#[test]
fn digest_that_names_a_later_one_is_not_its_successor() {
    let (world, made) = World::full();
    let mut chain = Chain::new("other");
    chain.previous = Some(at(&made, 10).clone());
    let later = chain.make(&time(8), &time(9), &[], |_| {});
    world.put(&later.object, &gzip(later.text.as_bytes()));
    let digests = world.read();
    check_problems(&digests, &[(ProblemKind::NotAPredecessor, &later.object)]);
    assert!(digests.problems()[0].reason.contains(&at(&made, 10).object));
}

/// What a digest lists elsewhere is counted, and not reported as missing.
#[test]
fn log_files_delivered_elsewhere_are_counted_and_not_missing() {
    let world = World::new();
    let mut chain = Chain { prefix: "audit/".to_owned(), ..Chain::new("trail") };
    let here = format!("audit/{}", log_at(10));
    let elsewhere = ["other/x.json.gz", &log_at(10), "audit/AWSLogs/x.json.gz"].map(str::to_owned);
    let logs = elsewhere.into_iter().chain([here.clone()]).map(|key| (key, LOG));
    let made = chain.next(&time(10), &time(11), &logs.collect::<Vec<_>>());
    let account = format!("audit/AWSLogs/{}/", maker::ACCOUNT);
    // The source is the bucket, the prefix, or a copy of an account's folder.
    for (written, found) in [("", ""), ("audit/", ""), (&account, "copies/012345678901/")] {
        let key = |key: &str| format!("{found}{}", key.strip_prefix(written).expect("below it"));
        world.put(&key(&made.object), &gzip(made.text.as_bytes()));
        let digests = world.read();
        check_problems(&digests, &[]);
        let counts = digests.counts();
        assert_eq!((counts.log_files, counts.log_files_elsewhere), (1, 3), "{written}");
        assert_eq!(status(&digests, &key(&here)), Status::Valid, "{written}");
        world.delete(&key(&made.object));
    }
}

#[test]
fn source_without_digests_is_a_problem() {
    let (world, _) = World::full();
    for key in world.there().iter().filter(|key| key.contains("Digest")) {
        world.delete(key);
    }
    let digests = world.read();
    check_problems(&digests, &[(ProblemKind::NoDigests, "memory:")]);
    assert!(digests.problems()[0].reason.contains("is log file validation on?"));
    assert_eq!(status(&digests, &log_at(10)), Status::NoDigest);
    assert_eq!(digests.counts().digests, 0);
}

/// From inside `CloudTrail/` the folder beside it cannot be seen.
#[test]
fn source_below_the_account_is_a_problem() {
    let (mut world, _) = World::full();
    world.root_path = "AWSLogs/012345678901/CloudTrail/";
    let digests = world.read();
    check_problems(&digests, &[(ProblemKind::NoDigests, "memory:")]);
    assert!(digests.problems()[0].reason.contains("at or above the account's folder"));
}
