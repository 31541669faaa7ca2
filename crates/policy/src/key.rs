//! The condition keys, as one table: `config/condition_keys.csv`.

use std::sync::LazyLock;

use serde::Deserialize;

/// The keys that ship with hoptrail.
const EMBEDDED: &str = include_str!("../../../config/condition_keys.csv");

/// What kind of value a key has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyType {
    Text,
    Arn,
    Bool,
    Number,
    Date,
    Address,
}

/// How many values a key may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyValues {
    One,
    Many,
}

/// A condition key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Key {
    /// Its name; `*` at the end is that of a tag.
    pub(crate) key: String,
    #[serde(rename = "type")]
    pub(crate) key_type: KeyType,
    pub(crate) values: KeyValues,
    /// `*`, or the actions whose requests can have it, `;` between them.
    actions: String,
}

static KEYS: LazyLock<Vec<Key>> = LazyLock::new(embedded);

#[expect(clippy::expect_used, reason = "a test reads the embedded file")]
fn embedded() -> Vec<Key> {
    let rows = csv::Reader::from_reader(EMBEDDED.as_bytes()).into_deserialize();
    rows.collect::<Result<_, _>>().expect("config/condition_keys.csv is well-formed")
}

/// The key of a name in any case; `None` if the table lacks it.
pub(crate) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| match key.key.strip_suffix('*') {
        Some(head) => {
            name.len() > head.len()
                && name.get(..head.len()).is_some_and(|found| found.eq_ignore_ascii_case(head))
        }
        None => key.key.eq_ignore_ascii_case(name),
    })
}

/// The key whose name is most like this one, if one is near: with the same name behind another service, or by a few
/// letters.
pub(crate) fn nearest(name: &str) -> Option<&'static Key> {
    const MAX_DISTANCE: usize = 3;
    let last = |name: &str| name.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
    let plain = KEYS.iter().filter(|key| !key.key.ends_with('*'));
    let distance = |key: &&Key| strsim::levenshtein(&last(&key.key), &last(name));
    let near = plain.min_by_key(distance)?;
    (distance(&near) <= MAX_DISTANCE).then_some(near)
}

impl Key {
    /// Whether a request for an action can have it.
    pub(crate) fn is_of(&self, action: &str) -> bool {
        self.actions == "*" || self.actions.split(';').any(|own| own == action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_any_case_and_by_the_name_of_a_tag() {
        assert_eq!(find("AWS:principalARN").unwrap().key, "aws:PrincipalArn");
        assert_eq!(find("aws:principaltag/Team").unwrap().key, "aws:PrincipalTag/*");
        assert_eq!(find("aws:PrincipalTag/"), None);
        assert_eq!(find("ec2:Owner"), None);
        assert!(!find("bedrock:InferenceProfileArn").unwrap().is_of("bedrock:CallWithBearerToken"));
    }

    #[test]
    fn each_key_is_there_once_with_a_source() {
        let mut names = KEYS.iter().map(|key| key.key.to_lowercase()).collect::<Vec<_>>();
        names.sort();
        let n_keys = names.len();
        names.dedup();
        assert_eq!(names.len(), n_keys);
        let dates = [" 2026-09", " 2026-11"];
        assert!(EMBEDDED.lines().skip(1).all(|line| dates.iter().any(|date| line.ends_with(date))));
    }
}
