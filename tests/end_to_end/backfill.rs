//! A trail of several days that has everything that makes days depend on one another, always the same
//! for the same seed.

use std::collections::BTreeMap;

use s3_server::Bucket;
use serde_json::{Value, json};
use testkit::Dice;

use crate::world::{Tree, World, call, document, key, other_event, with};

pub(crate) const DAYS: [&str; 5] =
    ["2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08", "2026-10-09"];
pub(crate) const ACCOUNTS: [&str; 3] = ["111122223333", "222233334444", "012345678901"];
const REGIONS: [&str; 2] = ["us-east-1", "eu-central-1"];
/// A profile that only an event of the last but one day tells the model of.
const PROFILE: &str =
    "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/k1a2b3c4d5e6";

/// The objects of a trail by key, as records.
#[derive(Clone, Default)]
pub(crate) struct Objects(pub(crate) BTreeMap<String, Vec<Value>>);

impl Objects {
    /// Adds a record to an object.
    pub(crate) fn add(&mut self, key: &str, record: Value) {
        self.0.entry(key.to_owned()).or_default().push(record);
    }

    /// Without what makes days depend on one another: each object has calls of its own day only.
    pub(crate) fn plain(mut self) -> Self {
        self.0.retain(|key, _| !key.contains("create") && !key.contains("both"));
        for (key, records) in &mut self.0 {
            let day = DAYS.iter().find(|day| key.contains(&day.replace('-', "/"))).unwrap();
            records.retain(|record| record["eventTime"].as_str().unwrap().starts_with(day));
        }
        self
    }

    pub(crate) fn tree(&self) -> Tree {
        self.0.iter().map(|(key, records)| (key.clone(), document(records))).collect()
    }

    /// Writes them as the trail of a world.
    pub(crate) fn write(&self, world: &World) {
        for (key, bytes) in self.tree() {
            world.write(&format!("trail/{key}"), bytes);
        }
    }

    /// A bucket `trail` of them.
    pub(crate) fn bucket(&self) -> Bucket {
        self.tree()
            .into_iter()
            .fold(Bucket::new("trail"), |bucket, (key, bytes)| bucket.object(&key, bytes))
    }
}

/// A call of an account and a Region.
fn call_in(dice: &mut Dice, time: &str, account: &str, region: &str) -> Value {
    let id = dice.uuid();
    let mut record = call(&id, time);
    record["recipientAccountId"] = account.into();
    record["awsRegion"] = region.into();
    record["requestID"] = dice.uuid().into();
    if dice.below(5) == 0 {
        record["requestParameters"]["modelId"] = PROFILE.into();
    }
    record["additionalEventData"]["inputTokens"] = dice.below(5000).into();
    record
}

/// Five days with `per_day` objects of each account and Region: duplicates within days and of the day
/// before, an addendum, objects that are delivered days late, one event on both sides of midnight, and
/// an event late in the trail that gives the alias of a profile.
pub(crate) fn backfill(seed: u64, per_day: u64) -> Objects {
    let mut dice = Dice::new(seed);
    let mut objects = Objects::default();
    let mut earlier = Vec::new();
    for day in DAYS {
        let date = day.replace('-', "");
        for account in ACCOUNTS {
            for region in REGIONS {
                for n in 0..per_day {
                    let minute = n * 1440 / per_day;
                    let (hour, minute) = (minute / 60, minute % 60);
                    let stamp = format!("{date}T{hour:02}{minute:02}Z");
                    let key = key(account, region, &stamp, &format!("n{n}"));
                    for second in 0..2 + dice.below(3) {
                        let time = format!("{day}T{hour:02}:{minute:02}:{second:02}Z");
                        let record = call_in(&mut dice, &time, account, region);
                        objects.add(&key, record.clone());
                        earlier.push(record);
                    }
                    objects.add(&key, other_event(&dice.uuid()));
                    if dice.below(8) == 0 {
                        // Once more, perhaps of another day.
                        objects.add(&key, dice.pick(&earlier).clone());
                    }
                }
            }
        }
    }
    let first = earlier[0].clone();
    let mut addendum = with(first.clone(), "/additionalEventData/inputTokens", 77);
    addendum["eventID"] = dice.uuid().into();
    addendum["addendum"] = json!({ "reason": "UPDATED_DATA", "originalEventID": first["eventID"] });
    objects.add(&key(ACCOUNTS[0], REGIONS[0], "20261006T0110Z", "addendum"), addendum);
    let late = call_in(&mut dice, "2026-10-05T13:00:00Z", ACCOUNTS[1], REGIONS[0]);
    objects.add(&key(ACCOUNTS[1], REGIONS[0], "20261008T2010Z", "late"), late);
    let both = call_in(&mut dice, "2026-10-06T23:59:59Z", ACCOUNTS[2], REGIONS[1]);
    objects.add(&key(ACCOUNTS[2], REGIONS[1], "20261006T2359Z", "both"), both.clone());
    let after = with(both, "/eventTime", "2026-10-07T00:00:00Z");
    objects.add(&key(ACCOUNTS[2], REGIONS[1], "20261007T0005Z", "both"), after);
    let create = json!({
        "eventVersion": "1.11", "eventTime": "2026-10-08T08:00:00Z", "eventID": dice.uuid(),
        "eventSource": "bedrock.amazonaws.com", "eventName": "CreateInferenceProfile",
        "awsRegion": "us-east-1", "recipientAccountId": ACCOUNTS[0],
        "requestParameters": {
            "modelSource": { "copyFrom":
                "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-pro-v1:0" },
        },
        "responseElements": { "inferenceProfileArn": PROFILE, "status": "ACTIVE" },
    });
    objects.add(&key(ACCOUNTS[0], REGIONS[0], "20261008T0810Z", "create"), create);
    objects
}
