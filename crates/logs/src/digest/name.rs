//! What the key of a digest file says.
//!
//! `[prefix/]AWSLogs/[o-xxxx/]<account>/CloudTrail-Digest/<region>/YYYY/MM/DD/<account>_CloudTrail-Digest_<region>_<trail>_<home region>_YYYYMMDDTHHmmssZ[_backfill].json.gz`,
//! the time being the end of the digest.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// What the key of a digest file says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DigestName {
    /// Which chain it belongs to: its key with `*` for the day's folder and the time. A trail has one
    /// for each account and Region, and another one for digests that were written later (`_backfill`).
    pub chain: String,
    /// The end of the digest.
    pub end: Timestamp,
}

/// The length of `YYYYMMDDTHHmmssZ`.
const STAMP_BYTES: usize = 16;

impl DigestName {
    /// Reads a key; `None` if it is not that of a digest file.
    pub fn of_key(key: &str) -> Option<Self> {
        let mut parts = key.rsplitn(5, '/');
        let file = parts.next()?;
        let folder = parts.nth(3)?;
        let stem = file.strip_suffix(".json.gz").or_else(|| file.strip_suffix(".json"))?;
        // A trail's name may look like a time; what follows the last time says what kind it is.
        let mut end = stem.len();
        loop {
            let start = stem[..end].rfind('_')? + 1;
            if let Some(time) = time(&stem[start..end]) {
                let (before, after) = (&stem[..start], &stem[end..]);
                return Some(DigestName {
                    chain: format!("{folder}/*/{before}*{after}"),
                    end: time,
                });
            }
            end = start - 1;
        }
    }
}

/// The time of `YYYYMMDDTHHmmssZ`.
pub(crate) fn time(stamp: &str) -> Option<Timestamp> {
    let fixed = stamp.len() == STAMP_BYTES && stamp.ends_with('Z') && stamp.is_ascii();
    let digits = |range: std::ops::Range<usize>| {
        let digits = &stamp[range];
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i16>().ok())?
    };
    if !fixed || stamp.as_bytes()[8] != b'T' {
        return None;
    }
    let small = |range| digits(range).and_then(|number| i8::try_from(number).ok());
    let time = DateTime::new(
        digits(0..4)?,
        small(4..6)?,
        small(6..8)?,
        small(9..11)?,
        small(11..13)?,
        small(13..15)?,
        0,
    );
    TimeZone::UTC.to_timestamp(time.ok()?).ok()
}
