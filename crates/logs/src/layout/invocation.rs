//! Where Bedrock puts model invocation logs, and what their keys say.
//!
//! `[prefix/]AWSLogs/<account>/BedrockModelInvocationLogs/<region>/YYYY/MM/DD/HH/<file>.json.gz`
//! (Bedrock user guide, "Monitor model invocation using CloudWatch Logs and Amazon S3"). Beside the logs
//! lie `data/` folders with long bodies, and an empty object with which Bedrock tries its permission.

use bedrock::region::is_region_shaped;
use jiff::civil::Date;

use super::{Child, Level, is_account};

/// What the key of a log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvocationKey<'k> {
    /// The account that called.
    pub account_id: &'k str,
    /// Where the requests were sent.
    pub region: &'k str,
    /// The day, UTC.
    pub day: Date,
    /// The hour of that day.
    pub hour: i8,
}

/// The folder of an account's logs.
const LOGS: &str = "BedrockModelInvocationLogs";

/// The folder of bodies, beside the logs of an hour.
const BODIES: &str = "data";

const PERMISSION_CHECK: &str = "amazon-bedrock-logs-permission-check";

impl<'k> InvocationKey<'k> {
    /// Reads the end of a key; `None` if it is not the key of a log.
    pub fn of_key(key: &'k str) -> Option<Self> {
        if !is_invocation_log(key) {
            return None;
        }
        let mut parts = key.rsplit('/').skip(1);
        let (hour, day, month, year) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let (region, logs, account_id) = (parts.next()?, parts.next()?, parts.next()?);
        if logs != LOGS || !is_account(account_id) || !is_region_shaped(region) {
            return None;
        }
        let (month, day) = (i8::try_from(digits(month, 2)?), i8::try_from(digits(day, 2)?));
        let day = Date::new(digits(year, 4)?, month.ok()?, day.ok()?).ok()?;
        let hour = i8::try_from(digits(hour, 2)?).ok().filter(|hour| *hour < 24)?;
        Some(InvocationKey { account_id, region, day, hour })
    }
}

/// What a folder of this name is at a level above the logs. [`Level::Trail`] is the folder that holds
/// the Regions.
pub fn child(level: Level, name: &str) -> Child {
    match level {
        Level::AboveLogs | Level::Account if name == LOGS => Child::Level(Level::Trail),
        Level::AboveLogs if name == "CloudTrail" => Child::Sibling,
        _ => match level.child(name) {
            Child::Level(Level::Trail) => Child::Sibling,
            child => child,
        },
    }
}

/// The level of the folder that a location names, by the last name of its path.
pub fn level_of_path(path: &str) -> Level {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    match child(Level::AboveLogs, name) {
        Child::Level(level) => level,
        Child::Region | Child::Sibling => Level::AboveLogs,
    }
}

/// The folder of an hour below a Region's folder: `2026/08/01/07/`.
pub fn hour_folder(day: Date, hour: i8) -> String {
    format!("{}{hour:02}/", super::day_folder(day))
}

/// True for a file that may hold entries, whatever the folder: no body, no trial of the permission.
pub fn is_invocation_log(key: &str) -> bool {
    let mut parts = key.rsplit('/');
    let file = parts.next().unwrap_or_default();
    super::is_log_file(file) && !file.starts_with(PERMISSION_CHECK) && parts.next() != Some(BODIES)
}

fn digits(text: &str, width: usize) -> Option<i16> {
    let fixed = text.len() == width && text.bytes().all(|b| b.is_ascii_digit());
    fixed.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const FOLDER: &str = "p/AWSLogs/012345678901/BedrockModelInvocationLogs/us-east-1";

    #[test]
    fn keys() {
        let file = "20260801T071503123Z_0a1b2c3d4e5f6071.json.gz";
        let key = format!("{FOLDER}/2026/08/01/07/{file}");
        let expected = InvocationKey {
            account_id: "012345678901",
            region: "us-east-1",
            day: date(2026, 8, 1),
            hour: 7,
        };
        assert_eq!(InvocationKey::of_key(&key), Some(expected));
        assert_eq!(InvocationKey::of_key(&key["p/".len()..]), Some(expected));
        assert!(key.ends_with(&format!("us-east-1/{}{file}", hour_folder(date(2026, 8, 1), 7))));
        for other in [
            format!("{FOLDER}/2026/08/01/07/data/0a1b_input.json.gz"),
            format!("{FOLDER}/2026/08/01/07/data/0a1b_output.json.gz"),
            format!("{FOLDER}/2026/08/01/07/data/0a1b_input_media_00.pdf"),
            format!("{FOLDER}/2026/08/01/07/amazon-bedrock-logs-permission-check"),
            format!("{FOLDER}/2026/08/01/24/{file}"),
            format!("{FOLDER}/2026/08/01/{file}"),
            format!("{FOLDER}/2026/8/1/7/{file}"),
            format!("AWSLogs/012345678901/CloudTrail/us-east-1/2026/08/01/07/{file}"),
            file.to_owned(),
        ] {
            assert_eq!(InvocationKey::of_key(&other), None, "{other}");
        }
    }

    #[test]
    fn files_of_any_folder() {
        for (key, expected) in [
            ("copies/a.json.gz", true),
            ("data/AWSLogs/a.json", true),
            ("data/a.json.gz", false),
            ("x/data/0a1b_output.json.gz", false),
            ("amazon-bedrock-logs-permission-check", false),
            ("a.pdf", false),
        ] {
            assert_eq!(is_invocation_log(key), expected, "{key}");
        }
    }

    #[test]
    fn folders() {
        for (level, name, expected) in [
            (Level::AboveLogs, "AWSLogs", Child::Level(Level::Logs)),
            (Level::AboveLogs, "prefix", Child::Level(Level::AboveLogs)),
            (Level::AboveLogs, "BedrockModelInvocationLogs", Child::Level(Level::Trail)),
            (Level::AboveLogs, "CloudTrail", Child::Sibling),
            (Level::Logs, "012345678901", Child::Level(Level::Account)),
            (Level::Account, "BedrockModelInvocationLogs", Child::Level(Level::Trail)),
            (Level::Account, "CloudTrail", Child::Sibling),
            (Level::Trail, "us-gov-west-1", Child::Region),
        ] {
            assert_eq!(child(level, name), expected, "{level:?} {name}");
        }
        assert_eq!(level_of_path("s/AWSLogs/012345678901/"), Level::Account);
        assert_eq!(level_of_path("BedrockModelInvocationLogs"), Level::Trail);
        assert_eq!(level_of_path(""), Level::AboveLogs);
    }

    proptest! {
        #[test]
        fn reading_never_fails(key in "([0-9]{2,4}/){0,4}[0-9A-Za-z_TZé/.]{0,30}") {
            let _ = InvocationKey::of_key(&key);
            let _ = level_of_path(&key);
        }
    }
}
