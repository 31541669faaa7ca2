//! The trail of `backfill` with all else that makes days depend on one another: what is built side by side
//! has to end as if it were built at once.

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use testkit::{Dice, gzip};

use crate::backfill::{ACCOUNTS, DAYS, Objects, backfill};
use crate::batch_jobs::created;
use crate::windows::write_logs;
use crate::world::{World, call, document, key, with};

/// The days with objects: the last one has mostly what is late by weeks, and is in the late window of the one
/// before it.
pub(crate) const ALL_DAYS: [&str; 7] =
    [DAYS[0], DAYS[1], DAYS[2], DAYS[3], DAYS[4], "2026-10-27", "2026-10-28"];
/// Told weeks after the calls that need it.
const PROFILE: &str =
    "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/w1a2b3c4d5e6";
const REGION: &str = "us-east-1";

/// An object of the first account in us-east-1.
fn at(stamp: &str, name: &str) -> String {
    key(ACCOUNTS[0], REGION, stamp, name)
}

/// An addendum to a call, with a time of its own.
fn addendum(dice: &mut Dice, original: &Value, time: &str) -> Value {
    let mut record = with(original.clone(), "/eventTime", time);
    record["additionalEventData"]["outputTokens"] = 99.into();
    record["eventID"] = dice.uuid().into();
    record["addendum"] =
        json!({ "reason": "UPDATED_DATA", "originalEventID": original["eventID"] });
    record
}

/// Events on days that are neighbours: the earlier one is delivered first, last, or weeks late, is amended on
/// the day before or on the day after, or is on three days and four.
fn add_shared_events(objects: &mut Objects, dice: &mut Dice) {
    let mut chain = |name: &str, parts: &[(&str, usize)]| {
        let record = call(&dice.uuid(), "");
        for (n, (stamp, n_day)) in parts.iter().enumerate() {
            // Of the last second of each day but one, of which it is the first.
            let time = if n % 2 == 0 { "23:59:59" } else { "00:00:00" };
            let record = with(record.clone(), "/eventTime", format!("{}T{time}Z", DAYS[*n_day]));
            objects.add(&at(stamp, &format!("both-{name}-{n}")), record);
        }
    };
    chain("first", &[("20261005T2355Z", 0), ("20261006T0005Z", 1)]);
    chain("last", &[("20261006T1205Z", 1), ("20261007T2005Z", 0)]);
    chain("early", &[("20261006T2355Z", 2), ("20261006T2350Z", 1)]);
    chain("weeks", &[("20261028T1005Z", 2), ("20261008T1005Z", 3)]);
    chain("three", &[("20261005T1505Z", 0), ("20261006T1505Z", 1), ("20261007T1505Z", 2)]);
    chain("back", &[("20261007T1605Z", 2), ("20261008T1605Z", 1), ("20261009T1605Z", 0)]);
    chain(
        "four",
        &[
            ("20261006T1705Z", 1),
            ("20261007T1705Z", 2),
            ("20261008T1705Z", 3),
            ("20261009T1705Z", 4),
        ],
    );
    for (name, day, other) in [("after", 2, 3), ("before", 2, 1)] {
        let [time, amended] = [day, other].map(|n| format!("{}T18:00:00Z", DAYS[n]));
        let original = call(&dice.uuid(), &time);
        let stamps = [day, other].map(|n: usize| format!("{}T1805Z", DAYS[n].replace('-', "")));
        let amendment = addendum(dice, &original, &amended);
        objects.add(&at(&stamps[0], &format!("both-{name}")), original);
        objects.add(&at(&stamps[1], &format!("both-{name}")), amendment);
    }
}

/// Batch jobs on several days in a row: the earlier event is delivered first, last, or weeks late, or is one of two
/// with one ARN.
fn add_shared_jobs(objects: &mut Objects, dice: &mut Dice) {
    for (name, parts) in [
        ("first", &[("20261005T2355Z", 0), ("20261006T0005Z", 1)][..]),
        ("last", &[("20261006T1205Z", 1), ("20261007T2005Z", 0)]),
        ("weeks", &[("20261028T1005Z", 2), ("20261008T1005Z", 3)]),
        ("three", &[("20261007T1505Z", 2), ("20261006T1505Z", 1), ("20261008T1505Z", 3)]),
    ] {
        let id = dice.uuid();
        for (n, (stamp, n_day)) in parts.iter().enumerate() {
            let record = created(&id, &format!("{}T12:00:00Z", DAYS[*n_day]));
            let record = match n % 2 {
                0 => record,
                _ => with(record, "/eventID", dice.uuid()),
            };
            objects.add(&at(stamp, &format!("both-job-{name}-{n}")), record);
        }
    }
}

/// Calls that are delivered hours after their day's late window, and weeks after it.
fn add_late_calls(objects: &mut Objects, dice: &mut Dice) {
    for (stamp, day) in [
        ("20261006T0905Z", DAYS[0]),
        ("20261007T0705Z", DAYS[1]),
        ("20261009T2305Z", DAYS[1]),
        ("20261028T0905Z", DAYS[0]),
        ("20261028T0910Z", DAYS[3]),
    ] {
        let late = call(&dice.uuid(), &format!("{day}T14:00:00Z"));
        let late = with(late, "/requestParameters/modelId", PROFILE);
        objects.add(&at(stamp, "late"), late);
    }
    let create = json!({
        "eventVersion": "1.11", "eventTime": "2026-10-28T08:00:00Z", "eventID": dice.uuid(),
        "eventSource": "bedrock.amazonaws.com", "eventName": "CreateInferenceProfile",
        "awsRegion": REGION, "recipientAccountId": ACCOUNTS[0],
        "requestParameters": {
            "modelSource": { "copyFrom":
                "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-lite-v1:0" },
        },
        "responseElements": { "inferenceProfileArn": PROFILE, "status": "ACTIVE" },
    });
    objects.add(&at("20261028T0810Z", "create"), create);
}

/// The account and Region with digest files.
pub(crate) const WITH_DIGESTS: (&str, &str) = (ACCOUNTS[2], "eu-central-1");
/// When digests end: two of them in the late window.
const DIGESTS_END: [&str; 3] = ["01:00:00", "06:00:00", "23:59:59"];

/// Objects that digests list: in the late window of the day before, and after it.
fn add_listed(objects: &mut Objects, dice: &mut Dice) {
    let (account, region) = WITH_DIGESTS;
    for day in ALL_DAYS {
        // No object is of the day before these days.
        let is_of_one_day = day == ALL_DAYS[0] || day == ALL_DAYS[5];
        for time in if is_of_one_day { &["12:00"][..] } else { &["00:40", "05:10", "12:00"] } {
            let stamp = format!("{day}T{time}Z").replace(['-', ':'], "");
            let record = call(&dice.uuid(), &format!("{day}T{time}:00Z"));
            let record = with(record, "/recipientAccountId", account);
            objects
                .add(&key(account, region, &stamp, "listed"), with(record, "/awsRegion", region));
        }
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A chain of digest files of the objects of [`WITH_DIGESTS`].
pub(crate) fn write_digests(world: &World, objects: &Objects) {
    let (account, region) = WITH_DIGESTS;
    let folder = format!("AWSLogs/{account}/CloudTrail/{region}/");
    let stamp = |day: &str, time: &str| format!("{day}T{time}Z").replace(['-', ':'], "");
    let mut previous = None::<(String, String)>;
    let mut start = format!("{}T00:00:00Z", DAYS[0]);
    for (day, end) in ALL_DAYS.into_iter().flat_map(|day| DIGESTS_END.map(|end| (day, end))) {
        let end_stamp = stamp(day, end);
        let is_listed = |key: &str| {
            let delivered = key.split('_').nth(3).unwrap();
            let delivered = format!("{}00Z", delivered.trim_end_matches('Z'));
            key.starts_with(&folder)
                && delivered >= stamp(&start[..10], &start[11..19])
                && delivered < end_stamp
        };
        let log_files = objects.0.iter().filter(|(key, _)| is_listed(key)).map(|(key, records)| {
            let text = json!({ "Records": records }).to_string();
            json!({
                "s3Bucket": "trail", "s3Object": key, "hashAlgorithm": "SHA-256",
                "hashValue": sha256(text.as_bytes()),
                "newestEventTime": null, "oldestEventTime": null,
            })
        });
        let (date, day_folder) = (&end_stamp, day.replace('-', "/"));
        let object = format!(
            "AWSLogs/{account}/CloudTrail-Digest/{region}/{day_folder}/\
             {account}_CloudTrail-Digest_{region}_trail_{region}_{date}.json.gz"
        );
        let end = format!("{day}T{end}Z");
        let (before, hash) = previous.take().unzip();
        let text = json!({
            "awsAccountId": account,
            "digestStartTime": start, "digestEndTime": end,
            "digestS3Bucket": "trail", "digestS3Object": object,
            "digestPublicKeyFingerprint": "0123456789abcdef0123456789abcdef",
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": null, "oldestEventTime": null,
            "previousDigestS3Bucket": before.as_ref().map(|_| "trail"),
            "previousDigestS3Object": before,
            "previousDigestHashAlgorithm": hash.as_ref().map(|_| "SHA-256"),
            "previousDigestSignature": hash.as_ref().map(|_| "00"),
            "previousDigestHashValue": hash,
            "logFiles": log_files.collect::<Value>(),
        })
        .to_string();
        previous = Some((object.clone(), sha256(text.as_bytes())));
        world.write(&format!("trail/{object}"), gzip(text.as_bytes()));
        start = end;
    }
}

/// Writes the trail with its digest files as `trail`, and its invocation logs as `logs`.
pub(crate) fn hostile(world: &World, seed: u64) {
    let mut dice = Dice::new(seed + 5000);
    let mut objects = backfill(seed, 1);
    write_logs(world, &objects, &mut dice);
    add_shared_events(&mut objects, &mut dice);
    add_late_calls(&mut objects, &mut dice);
    add_shared_jobs(&mut objects, &mut dice);
    add_listed(&mut objects, &mut dice);
    objects.write(world);
    write_digests(world, &objects);
    // The same objects at another place are copies.
    let copied = objects.0.iter().find(|(key, _)| key.contains("_20261006T0000Z")).unwrap();
    world.write(&format!("trail/restored/{}", copied.0), document(copied.1));
}

/// Adds objects that cannot be read, of four days: their calls are nowhere, and each run tries them once more.
pub(crate) fn add_unreadable(world: &World) {
    for day in ["20261006", "20261007"] {
        let unreadable = key(ACCOUNTS[1], REGION, &format!("{day}T0305Z"), "unreadable");
        world.write(&format!("trail/{unreadable}"), b"no gzip");
    }
    let cut = &document(&[call("cut", "2026-10-08T04:00:00Z")])[..40];
    world.write(&format!("trail/{}", key(ACCOUNTS[2], REGION, "20261008T0405Z", "cut")), cut);
}
