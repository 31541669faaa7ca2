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
