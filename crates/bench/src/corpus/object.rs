//! The objects of a corpus: keys, days, and how many records each has.

use std::fmt::Write;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use super::spec::Spec;
use crate::dice::Dice;

pub(super) const FIRST_DAY: Date = date(2026, 10, 1);
const MINUTES_PER_DAY: u64 = 24 * 60;

/// On the first day nothing is delivered earlier, so that no event lies on the day before it.
const FIRST_MINUTE: u64 = 20;

pub(super) const REGIONS: [&str; 8] = [
    "us-east-1",
    "us-west-2",
    "eu-central-1",
    "eu-west-1",
    "ap-northeast-1",
    "us-east-2",
    "ap-southeast-2",
    "eu-north-1",
];

/// A number for a Region, for the names of dice.
pub(super) fn region_number(region: &str) -> u64 {
    region.bytes().fold(0, |number, b| number.wrapping_mul(31).wrapping_add(b.into()))
}

/// How many records a file has, in parts of the average. Real trails have such a tail.
const SKEW: [u64; 16] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 130, 160, 210, 300, 640];

/// One log file that is to be written.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its key below the trail.
    pub key: String,
    /// The account that its events belong to.
    pub account: String,
    /// Their Region.
    pub region: &'static str,
    /// The first millisecond of the day that it is delivered on, in milliseconds since 1970 UTC.
    pub day_ms: i64,
    /// When it is delivered, likewise.
    pub delivered_ms: i64,
    /// How many records it has.
    pub records: u64,
    pub(super) number: u64,
}

/// The objects of a corpus.
pub fn objects(spec: &Spec) -> Vec<Object> {
    let mut dice = Dice::new(&[spec.seed, 1]);
    let weight = |dice: &mut Dice| if spec.skewed { *dice.pick(&SKEW) } else { 1 };
    let weights = (0..spec.objects).map(|_| weight(&mut dice)).collect::<Vec<_>>();
    let total = u128::from(weights.iter().sum::<u64>().max(1));
    let (mut weight_so_far, mut records_so_far) = (0, 0);
    let mut objects = Vec::with_capacity(weights.len());
    for (number, weight) in (0..spec.objects).zip(weights) {
        // Rounded along the way, so that the sum is exact.
        weight_so_far += u128::from(weight);
        let until = (weight_so_far * u128::from(spec.records) / total) as u64;
        objects.push(object(spec, number, until - records_so_far));
        records_so_far = until;
    }
    objects
}

fn object(spec: &Spec, number: u64, records: u64) -> Object {
    let mut dice = Dice::new(&[spec.seed, 2, number]);
    let account = account(spec, dice.below(spec.accounts));
    let region = REGIONS[dice.below(spec.regions) as usize];
    let day_number = number * spec.days / spec.objects;
    let day = FIRST_DAY.saturating_add((day_number as i64).days());
    let first = if day_number == 0 { FIRST_MINUTE } else { 0 };
    let minute = first + dice.below(MINUTES_PER_DAY - first);
    let mut unique = Vec::new();
    dice.base64(&mut unique, 16);
    let unique = String::from_utf8_lossy(&unique).replace(['+', '/'], "x");
    let (y, m, d) = (day.year(), day.month(), day.day());
    let (hour, minute_of_hour) = (minute / 60, minute % 60);
    let mut key = format!("AWSLogs/o-exampleorg1/{account}/CloudTrail/{region}/{y}/{m:02}/{d:02}/");
    let _ = write!(key, "{account}_CloudTrail_{region}_{y}{m:02}{d:02}T");
    let _ = write!(key, "{hour:02}{minute_of_hour:02}Z_{unique}.json.gz");
    let day_ms = day.to_zoned(TimeZone::UTC).map_or(0, |time| time.timestamp().as_millisecond());
    let delivered_ms = day_ms + minute as i64 * 60_000;
    Object { key, account, region, day_ms, delivered_ms, records, number }
}

/// Twelve digits, some of them zeros at the beginning.
fn account(spec: &Spec, number: u64) -> String {
    format!("{:012}", Dice::new(&[spec.seed, 3, number]).below(100_000_000) * 9_973 + number)
}
