//! Where the keys in a digest are found: a trail may be read from a copy, or from a folder of its bucket.

use super::Digest;

/// How the keys that a digest names become keys of the place where the digest was found: one beginning
/// for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    written: String,
    found: String,
}

/// The last names of a digest's key that cannot differ in a copy: the kind, the Region, the day, and the
/// file, which names the account, the trail and the time.
const FIXED_NAMES: usize = 6;

impl Place {
    /// The place of a digest that was found under a key; `None` if that is not where it belongs. So a
    /// digest cannot stand in for one of another day, Region, account or trail.
    pub fn of(digest: &Digest, key: &str) -> Option<Self> {
        let (mut written, mut found) = (digest.object.as_str(), key);
        let mut n_names = 0;
        while let Some((written_rest, found_rest)) = without_last(written, found) {
            (written, found) = (written_rest, found_rest);
            n_names += 1;
        }
        (n_names >= FIXED_NAMES)
            .then(|| Place { written: written.to_owned(), found: found.to_owned() })
    }

    /// The key under which an object is found that a digest names; `None` if it was written elsewhere.
    pub fn key(&self, object: &str) -> Option<String> {
        object.strip_prefix(&self.written).map(|rest| format!("{}{rest}", self.found))
    }
}

/// Both keys without their last name, if that is the same; what is left ends with a `/` or is empty.
fn without_last<'k>(one: &'k str, other: &'k str) -> Option<(&'k str, &'k str)> {
    let start = |key: &str| key.trim_end_matches('/').rfind('/').map_or(0, |slash| slash + 1);
    let (one_start, other_start) = (start(one), start(other));
    let is_same = !one.is_empty() && one[one_start..] == other[other_start..];
    is_same.then(|| (&one[..one_start], &other[..other_start]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "p/AWSLogs/1/CloudTrail-Digest/us-east-1/2026/08/01/a.json.gz";

    fn place(written: &str, key: &str) -> Option<Place> {
        let text = format!(
            "{{\"digestStartTime\":\"2026-08-01T10:00:00Z\",\"digestEndTime\":\"2026-08-01T11:00:00Z\",\
             \"digestS3Bucket\":\"b\",\"digestS3Object\":{written:?},\"logFiles\":[],\
             \"digestPublicKeyFingerprint\":\"f\",\"digestSignatureAlgorithm\":\"SHA256withRSA\"}}"
        );
        Place::of(&Digest::parse(text.as_bytes()).expect("well-formed"), key)
    }

    #[test]
    fn where_logs_are_found() {
        let check = |key: &str, object: &str, expected: Option<&str>| {
            let found = place(KEY, key).expect("a copy").key(object);
            assert_eq!(found.as_deref(), expected, "{key} {object}");
        };
        let log = "p/AWSLogs/1/CloudTrail/us-east-1/2026/08/01/l.json.gz";
        check(KEY, log, Some(log));
        check(KEY, "elsewhere/l.json.gz", Some("elsewhere/l.json.gz"));
        check(&KEY[2..], log, Some(&log[2..]));
        check(&KEY[2..], "q/AWSLogs/1/CloudTrail/l.json.gz", None);
        check(&KEY[12..], log, Some(&log[12..]));
        check(&format!("copies/{}", &KEY[2..]), log, Some(&format!("copies/{}", &log[2..])));
        check(&KEY.replace("AWSLogs/1", "x"), log, Some(&log.replace("AWSLogs/1", "x")));
    }

    #[test]
    fn a_digest_belongs_under_its_own_name() {
        for other in [
            KEY.replace("us-east-1", "us-east-2"),
            KEY.replace("08/01", "08/02"),
            KEY.replace("a.json", "b.json"),
            KEY.replace("-Digest", ""),
            KEY[20..].replace("Digest", ""),
            String::new(),
            "/".to_owned(),
            "a.json.gz".to_owned(),
        ] {
            assert_eq!(place(KEY, &other), None, "{other}");
        }
        // Names are compared whole.
        assert_eq!(
            place("xCloudTrail-Digest/r/2026/08/01/a", "CloudTrail-Digest/r/2026/08/01/a"),
            None
        );
    }
}
