//! What the name of a file says: whose log it is, and whether it may be one at all.

use jiff::civil::Date;

use super::{LogKind, is_account, is_region_shaped};
use crate::digest::DigestName;

/// What a service's log file is called: `<account>_<log>_<region>_<time>_<unique>.json.gz`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileName<'k> {
    /// The account.
    pub account: &'k str,
    /// Whose log it is: `CloudTrail`, `CloudTrail-Digest`, `elasticloadbalancing`, …
    pub log: &'k str,
    /// The Region.
    pub region: &'k str,
}

/// What a file is, as far as its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileClass<'k> {
    /// A log file of the kind that is asked for.
    Named,
    /// It may be one: its name says nothing of its kind.
    Unknown,
    /// The log of another service, or another kind of CloudTrail's files.
    OtherLog(&'k str),
    /// No log file: a folder's marker, an image, what a desktop leaves behind.
    NoLog,
}

/// The ends of names that log files have, besides none at all.
const SUFFIXES: &[&str] = &["gz", "json", "jsonl", "ndjson", "log", "zst"];

/// What is longer is no suffix, but part of a name with a dot.
const LONGEST_SUFFIX: usize = 12;

impl<'k> FileName<'k> {
    /// Reads a file's name; `None` if it is of another form.
    pub fn of(file: &'k str) -> Option<Self> {
        let mut parts = file.splitn(4, '_');
        let (account, log, region) = (parts.next()?, parts.next()?, parts.next()?);
        let is_right = is_account(account) && !log.is_empty() && is_region_shaped(region);
        is_right.then_some(FileName { account, log, region })
    }
}

impl LogKind {
    /// What a file is, by the end of its key.
    pub fn class(self, key: &str) -> FileClass<'_> {
        let file = key.rsplit('/').next().unwrap_or_default();
        if !may_be_log(file) {
            return FileClass::NoLog;
        }
        match (self, FileName::of(file)) {
            (LogKind::Digest, _) if DigestName::of_key(key).is_some() => FileClass::Named,
            (LogKind::Digest, _) => FileClass::NoLog,
            (_, Some(name)) if self.folders().contains(&name.log) => FileClass::Named,
            (_, Some(name)) => FileClass::OtherLog(name.log),
            (LogKind::ModelInvocation, None) if is_body_of_invocation(key) => FileClass::NoLog,
            (LogKind::ModelInvocation, None) if is_invocation_log(file) => FileClass::Named,
            (_, None) => FileClass::Unknown,
        }
    }

    /// True for a file that may hold records of these logs.
    pub fn is_log_file(self, key: &str) -> bool {
        matches!(self.class(key), FileClass::Named | FileClass::Unknown)
    }
}

/// Whether a name may be that of a log file. Names that begin with `.` or `_` are notes of programs:
/// macOS's `._` files, `.DS_Store`, Hadoop's `_SUCCESS`. A folder's marker has no name at all, or ends with
/// `_$folder$`. An export task of CloudWatch Logs leaves `aws-logs-write-test`, which proves the permission to
/// write.
fn may_be_log(file: &str) -> bool {
    if file.is_empty() || file.starts_with(['.', '_']) || file.ends_with("_$folder$") {
        return false;
    }
    if file == "aws-logs-write-test" {
        return false;
    }
    // Names of Firehose's streams may have dots, and none of their objects has a suffix.
    let is_suffix = |suffix: &str| suffix.len() <= LONGEST_SUFFIX && !suffix.contains('-');
    let suffix = file.rsplit_once('.').map(|(_, suffix)| suffix).filter(|suffix| is_suffix(suffix));
    suffix.is_none_or(|suffix| SUFFIXES.iter().any(|known| suffix.eq_ignore_ascii_case(known)))
}

/// True for what is among model invocation logs and is none: bodies over 100 KB and binary ones in
/// `data/`, and the empty object that proves the permission to write.
fn is_body_of_invocation(key: &str) -> bool {
    let mut names = key.rsplit('/');
    let file = names.next().unwrap_or_default();
    file == "amazon-bedrock-logs-permission-check" || names.next() == Some("data")
}

/// `20260801T071500123Z_0a1b2c3d4e5f6789.json.gz`.
fn is_invocation_log(file: &str) -> bool {
    invocation_stamp(file).is_some()
}

fn invocation_stamp(file: &str) -> Option<&str> {
    let is_time = |stamp: &&str| {
        stamp.len() == 19
            && stamp.bytes().enumerate().all(|(index, byte)| match index {
                8 => byte == b'T',
                18 => byte == b'Z',
                _ => byte.is_ascii_digit(),
            })
    };
    file.split_once('_').map(|(stamp, _)| stamp).filter(is_time)
}

/// The day and the minute of the time in a file's name: `_YYYYMMDDTHHmmZ_` of CloudTrail, or
/// `-YYYY-MM-DD-HH-mm-ss-` of Firehose (Firehose developer guide, "Amazon S3 object name format").
pub(super) fn time_of(file: &str) -> Option<(Date, i64)> {
    cloudtrail_time(file).or_else(|| firehose_time(file))
}

fn cloudtrail_time(file: &str) -> Option<(Date, i64)> {
    let stamp = file.split('_').find(|part| {
        let is_right = |(index, byte): (usize, u8)| match index {
            8 => byte == b'T',
            13 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        };
        part.len() == 14 && part.bytes().enumerate().all(is_right)
    })?;
    moment([&stamp[..4], &stamp[4..6], &stamp[6..8], &stamp[9..11], &stamp[11..13]])
}

/// The time of a model invocation log: `YYYYMMDDTHHmmssSSSZ_`.
pub(super) fn invocation_time(file: &str) -> Option<(Date, i64)> {
    let stamp = invocation_stamp(file)?;
    moment([&stamp[..4], &stamp[4..6], &stamp[6..8], &stamp[9..11], &stamp[11..13]])
}

fn firehose_time(file: &str) -> Option<(Date, i64)> {
    let parts = file.split('-').collect::<Vec<_>>();
    let is_number =
        |text: &str, digits| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    // The stream's own name may hold numbers too: the time is the last one.
    let time = parts
        .windows(6)
        .rev()
        .find(|time| is_number(time[0], 4) && time[1..].iter().all(|part| is_number(part, 2)))?;
    moment([time[0], time[1], time[2], time[3], time[4]])
}

fn moment([year, month, day, hour, minute]: [&str; 5]) -> Option<(Date, i64)> {
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    let hour = hour.parse::<i64>().ok().filter(|hour| *hour < 24)?;
    let minute = minute.parse::<i64>().ok().filter(|minute| *minute < 60)?;
    Some((date, hour * 60 + minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_whose_log_a_file_is() {
        let check = |key: &str, expected| {
            assert_eq!(LogKind::CloudTrail.class(key), expected, "{key}");
        };
        let name = "012345678901_CloudTrail_us-east-1_20260801T0310Z_AbCd.json";
        for suffix in ["", ".gz", ".zst", ".GZ"] {
            check(&format!("a/{name}{suffix}"), FileClass::Named);
        }
        let other = |log: &str| name.replace("CloudTrail", log);
        check(&other("CloudTrail-NetworkActivity"), FileClass::Named);
        check(&other("CloudTrail-Digest"), FileClass::OtherLog("CloudTrail-Digest"));
        check(&other("vpcflowlogs"), FileClass::OtherLog("vpcflowlogs"));
        for unknown in ["a.json", "b.jsonl", "c.ndjson", "d.log", "bedrock-1-2026-09-14-10-02-11-b"]
        {
            check(unknown, FileClass::Unknown);
        }
        for none in ["a.parquet", ".DS_Store", "_SUCCESS", "x/", "", "2026_$folder$", "é.é"] {
            check(none, FileClass::NoLog);
        }
        check(&format!("._{name}"), FileClass::NoLog);
    }

    #[test]
    fn bodies_beside_invocation_logs_are_no_log_files() {
        let kind = LogKind::ModelInvocation;
        let folder = "AWSLogs/1/BedrockModelInvocationLogs/us-east-1/2026/08/01/07/";
        let file = format!("{folder}20260801T071500123Z_0a1b2c3d4e5f6789.json.gz");
        assert_eq!(kind.class(&file), FileClass::Named);
        for other in ["data/r_input.json.gz", "amazon-bedrock-logs-permission-check"] {
            assert!(!kind.is_log_file(&format!("{folder}{other}")), "{other}");
        }
    }
}
