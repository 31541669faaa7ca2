//! Where CloudTrail and Bedrock put their log files, and what their keys say.
//!
//! CloudTrail: `[prefix/]AWSLogs/[o-xxxx/]<account>/CloudTrail/<region>/YYYY/MM/DD/<account>_CloudTrail_<region>_YYYYMMDDTHHmmZ_<unique>.json.gz`
//! (CloudTrail user guide, "Finding your CloudTrail log files"). The dates are those of the delivery.
//!
//! Digest files, beside `CloudTrail/`: see [`DigestName`].
//!
//! Model invocation logs: `[prefix/]AWSLogs/<account>/BedrockModelInvocationLogs/<region>/YYYY/MM/DD/HH/<file>.json.gz`
//! (Bedrock user guide, "Monitor model invocation"), with bodies in `data/` beside the files.

use bedrock::region::is_region_shaped;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::digest::DigestName;

/// The logs that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogKind {
    /// CloudTrail's.
    CloudTrail,
    /// CloudTrail's digests of its own log files.
    Digest,
    /// Bedrock's model invocation logs.
    ModelInvocation,
}

/// Where a folder stands above the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Above `AWSLogs/`.
    AboveLogs,
    /// `AWSLogs/`, or an organization's folder in it: holds accounts.
    Logs,
    /// An account's folder.
    Account,
    /// An account's folder of one kind of logs, such as `CloudTrail/`: holds Regions.
    Trail,
}

/// What a folder is, seen from the folder that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Child {
    /// A level to look into.
    Level(Level),
    /// A Region's folder of a trail: holds days.
    Region,
    /// Another kind of CloudTrail file, or of log: not looked into.
    Sibling,
}

/// What an object's key says of its delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// The day of the path.
    pub day: Date,
    /// Minutes since that day's midnight, UTC, by the time in the file's name. It is negative or
    /// above 1,439 if the two disagree; `None` if the name has no time.
    pub minute: Option<i64>,
}

/// Folders beside `CloudTrail/` that hold other things about the same events.
const SIBLINGS: &[&str] = &[
    "CloudTrail-Digest",
    "CloudTrail-Insight",
    "CloudTrail-NetworkActivity",
    "CloudTrail-Aggregated",
];

const MINUTES_PER_DAY: i64 = 24 * 60;

impl LogKind {
    /// The name of an account's folder of these logs.
    pub fn folder(self) -> &'static str {
        match self {
            LogKind::CloudTrail => "CloudTrail",
            LogKind::Digest => "CloudTrail-Digest",
            LogKind::ModelInvocation => "BedrockModelInvocationLogs",
        }
    }

    /// What a key of these logs says of its delivery.
    pub fn delivery(self, key: &str) -> Option<Delivery> {
        match self {
            LogKind::CloudTrail => Delivery::of_key(key),
            LogKind::Digest => Delivery::of_digest(key),
            LogKind::ModelInvocation => Delivery::of_hourly_key(key),
        }
    }

    /// True for a file that may hold records of these logs.
    pub fn is_log_file(self, key: &str) -> bool {
        let is_of_kind = match self {
            LogKind::CloudTrail => true,
            LogKind::Digest => DigestName::of_key(key).is_some(),
            LogKind::ModelInvocation => !is_body_of_invocation(key),
        };
        is_log_file(key) && is_of_kind
    }
}

impl Level {
    /// The level of the folder that a location names, by the last name of its path: a copy of a
    /// trail may lie anywhere.
    pub fn of_path(path: &str, kind: LogKind) -> Self {
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        match Level::AboveLogs.child(name, kind) {
            Child::Level(level) => level,
            Child::Region | Child::Sibling => Level::AboveLogs,
        }
    }

    /// What a folder of this name is here.
    pub fn child(self, name: &str, kind: LogKind) -> Child {
        match self {
            _ if name != kind.folder() && SIBLINGS.contains(&name) => Child::Sibling,
            // Digests lie beside the log files, never below them, which are many.
            _ if kind == LogKind::Digest && name == LogKind::CloudTrail.folder() => Child::Sibling,
            Level::AboveLogs if name == "AWSLogs" => Child::Level(Level::Logs),
            // A copy of a trail may begin at any level.
            Level::AboveLogs if name == kind.folder() => Child::Level(Level::Trail),
            Level::AboveLogs | Level::Logs if is_account(name) => Child::Level(Level::Account),
            Level::AboveLogs | Level::Logs if is_organization(name) => Child::Level(Level::Logs),
            Level::AboveLogs => Child::Level(Level::AboveLogs),
            Level::Account if name == kind.folder() => Child::Level(Level::Trail),
            Level::Trail if is_region_shaped(name) => Child::Region,
            Level::Logs | Level::Account | Level::Trail => Child::Sibling,
        }
    }
}

impl Delivery {
    /// Reads the end of a key: `.../YYYY/MM/DD/<file>`. `None` if the key does not end so.
    pub fn of_key(key: &str) -> Option<Self> {
        let mut parts = key.rsplit('/');
        let file = parts.next()?;
        let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
        let fixed = year.len() == 4 && month.len() == 2 && day.len() == 2;
        // A number may have a sign, a day has none.
        let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        if !fixed || ![year, month, day].into_iter().all(is_number) {
            return None;
        }
        let day = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
        Some(Delivery { day, minute: minute_of(file, day) })
    }

    /// Reads the end of a digest's key, whose time has seconds.
    pub fn of_digest(key: &str) -> Option<Self> {
        let Delivery { day, .. } = Delivery::of_key(key)?;
        let minute = DigestName::of_key(key).and_then(|name| {
            let end = TimeZone::UTC.to_datetime(name.end);
            let days = i64::from(end.date().since(day).ok()?.get_days());
            Some(days * MINUTES_PER_DAY + i64::from(end.hour()) * 60 + i64::from(end.minute()))
        });
        Some(Delivery { day, minute })
    }

    /// Reads the end of a key with an hour: `.../YYYY/MM/DD/HH/<file>`.
    pub fn of_hourly_key(key: &str) -> Option<Self> {
        let (folder, _) = key.rsplit_once('/')?;
        let (_, hour) = folder.rsplit_once('/')?;
        let is_number = hour.len() == 2 && hour.bytes().all(|byte| byte.is_ascii_digit());
        let hour = is_number.then(|| hour.parse::<i64>().ok()).flatten()?;
        let delivery = Delivery::of_key(folder)?;
        (0..24).contains(&hour).then_some(Delivery { minute: Some(hour * 60), ..delivery })
    }
}

/// True for what lies among model invocation logs and is none: bodies over 100 KB and binary ones in
/// `data/`, and the empty object that proves the permission to write.
fn is_body_of_invocation(key: &str) -> bool {
    let mut names = key.rsplit('/');
    let file = names.next().unwrap_or_default();
    file == "amazon-bedrock-logs-permission-check" || names.next() == Some("data")
}

/// The folder of a day below a Region's folder: `2026/08/01/`.
pub fn day_folder(day: Date) -> String {
    format!("{:04}/{:02}/{:02}/", day.year(), day.month(), day.day())
}

/// True for a file that may hold records.
pub fn is_log_file(key: &str) -> bool {
    key.ends_with(".json.gz") || key.ends_with(".json")
}

/// True for a key in one of the folders beside `CloudTrail/`.
pub fn is_in_sibling_folder(key: &str) -> bool {
    key.split('/').any(|name| SIBLINGS.contains(&name))
}

/// Twelve digits. Account ids may begin with zeros.
pub fn is_account(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|b| b.is_ascii_digit())
}

/// `o-` and an id.
fn is_organization(name: &str) -> bool {
    name.strip_prefix("o-").is_some_and(|id| {
        !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

/// The time in `<account>_CloudTrail_<region>_YYYYMMDDTHHmmZ_<unique>.json.gz`, seen from a day.
fn minute_of(file: &str, day: Date) -> Option<i64> {
    let stamp = file.split('_').find(|part| {
        let is_right = |(place, byte): (usize, u8)| match place {
            8 => byte == b'T',
            13 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        };
        part.len() == 14 && part.bytes().enumerate().all(is_right)
    })?;
    let date =
        Date::new(stamp[..4].parse().ok()?, stamp[4..6].parse().ok()?, stamp[6..8].parse().ok()?)
            .ok()?;
    let hour = stamp[9..11].parse::<i64>().ok().filter(|hour| *hour < 24)?;
    let minute = stamp[11..13].parse::<i64>().ok().filter(|minute| *minute < 60)?;
    let days = i64::from(date.since(day).ok()?.get_days());
    Some(days * MINUTES_PER_DAY + hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn levels_of_paths() {
        for (path, expected) in [
            ("", Level::AboveLogs),
            ("any/prefix/", Level::AboveLogs),
            ("any/AWSLogs", Level::Logs),
            ("AWSLogs/o-abc123", Level::Logs),
            ("AWSLogs/o-abc123/012345678901/", Level::Account),
            ("AWSLogs/012345678901/CloudTrail", Level::Trail),
            ("copies/012345678901", Level::Account),
        ] {
            assert_eq!(Level::of_path(path, LogKind::CloudTrail), expected, "{path}");
        }
    }

    #[test]
    fn children() {
        for (level, name, expected) in [
            (Level::Account, "CloudTrail-Digest", Child::Sibling),
            (Level::Account, "Config", Child::Sibling),
            (Level::Account, "BedrockModelInvocationLogs", Child::Sibling),
            (Level::Trail, "eusc-de-east-1", Child::Region),
            (Level::Trail, "readme", Child::Sibling),
            (Level::Logs, "o-exampleorgid", Child::Level(Level::Logs)),
            (Level::Logs, "12345", Child::Sibling),
        ] {
            assert_eq!(level.child(name, LogKind::CloudTrail), expected, "{level:?} {name}");
        }
    }

    #[test]
    fn deliveries() {
        let check = |key: &str, expected: Option<(Date, Option<i64>)>| {
            let found = Delivery::of_key(key).map(|found| (found.day, found.minute));
            assert_eq!(found, expected, "{key}");
        };
        let day = date(2026, 8, 1);
        let key = |file: &str| format!("AWSLogs/1/CloudTrail/us-east-1/2026/08/01/{file}");
        let name = "012345678901_CloudTrail_us-east-1_20260801T0310Z_AbCd.json.gz";
        check(&key(name), Some((day, Some(190))));
        check(&key(&name.replace("0801T", "0802T")), Some((day, Some(1440 + 190))));
        check(&key(&name.replace("0801T", "0731T")), Some((day, Some(190 - 1440))));
        check(&key("other.json"), Some((day, None)));
        check(&key("a_20260801T+3-9Z_b.json"), Some((day, None)));
        check(&key("a_20260801T2561Z_b.json"), Some((day, None)));
        check("2026/13/01/x.json", None);
        check("26/8/1/x.json", None);
        check("2026/08/+1/x.json", None);
        check("-026/08/01/x.json", None);
        check("x.json", None);
        assert_eq!(Delivery::of_key(&format!("{}x", day_folder(day))).map(|d| d.day), Some(day));
    }

    #[test]
    fn invocation_logs() {
        let folder = "AWSLogs/1/BedrockModelInvocationLogs/us-east-1/2026/08/01/07/";
        let file = format!("{folder}20260801T071500123Z_0a1b2c3d4e5f6789.json.gz");
        let found = LogKind::ModelInvocation.delivery(&file);
        assert_eq!(found, Some(Delivery { day: date(2026, 8, 1), minute: Some(420) }));
        assert!(LogKind::ModelInvocation.is_log_file(&file));
        for other in ["data/r_input.json.gz", "amazon-bedrock-logs-permission-check"] {
            assert!(!LogKind::ModelInvocation.is_log_file(&format!("{folder}{other}")), "{other}");
        }
        for hour in ["24", "-0", "+7", "7"] {
            let key = format!("2026/08/01/{hour}/x.json.gz");
            assert_eq!(LogKind::ModelInvocation.delivery(&key), None, "{key}");
        }
        assert_eq!(LogKind::ModelInvocation.delivery("2026/08/01/x.json.gz"), None);
    }

    #[test]
    fn digests() {
        let kind = LogKind::Digest;
        let folder = "AWSLogs/1/CloudTrail-Digest/us-east-1/2026/08/01/";
        let key = |stamp: &str| {
            format!("{folder}1_CloudTrail-Digest_us-east-1_t_us-east-1_{stamp}.json.gz")
        };
        let check = |key: &str, minute| {
            let expected = Some(Delivery { day: date(2026, 8, 1), minute });
            assert_eq!(kind.delivery(key), expected, "{key}");
            assert_eq!(kind.is_log_file(key), minute.is_some(), "{key}");
        };
        check(&key("20260801T031059Z"), Some(190));
        check(&key("20260802T000000Z"), Some(1440));
        check(&key("20260731T235959Z_backfill"), Some(-1));
        check(&key("20260801T0310Z"), None);
        for (level, name, expected) in [
            (Level::Account, "CloudTrail-Digest", Child::Level(Level::Trail)),
            (Level::Account, "CloudTrail", Child::Sibling),
            (Level::Account, "CloudTrail-Insight", Child::Sibling),
            (Level::AboveLogs, "CloudTrail", Child::Sibling),
            (Level::AboveLogs, "CloudTrail-Digest", Child::Level(Level::Trail)),
            (Level::Trail, "us-east-1", Child::Region),
        ] {
            assert_eq!(level.child(name, kind), expected, "{level:?} {name}");
        }
    }

    #[test]
    fn sibling_folders() {
        assert!(is_in_sibling_folder("a/CloudTrail-Digest/x.json.gz"));
        assert!(!is_in_sibling_folder("a/CloudTrail/x.json.gz"));
    }

    proptest! {
        #[test]
        fn reading_never_fails(key in "([0-9]{2,4}/){0,4}[0-9A-Za-z_TZé/]{0,30}") {
            let _ = Delivery::of_key(&key);
            let _ = Level::of_path(&key, LogKind::CloudTrail);
            let _ = LogKind::ModelInvocation.delivery(&key);
        }
    }
}
