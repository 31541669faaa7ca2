//! The condition keys, as one table: `config/condition_keys.csv`.

use std::sync::LazyLock;

use bedrock::catalog::nearest;
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

/// The keys that a name was meant to be which is none: of `aws:`, `bedrock:`, and `bedrock-mantle:`, the keys are
/// known, and without a namespace it is no key. These differ by a few letters, or else have the same name in another
/// namespace. Empty if it is like none; `None` if it is one, or may be one of another service.
pub fn meant(name: &str) -> Option<Vec<String>> {
    const MAX_CHANGES: usize = 2;
    const NAMESPACES: [&str; 3] = ["aws", "bedrock", "bedrock-mantle"];
    let typed = name.to_ascii_lowercase();
    let namespace = typed.split_once(':').map(|(namespace, _)| namespace);
    if find(name).is_some() || namespace.is_some_and(|it| !NAMESPACES.contains(&it)) {
        return None;
    }
    let tag = name.split_once('/').map_or("KEY", |(_, tag)| tag);
    let as_typed = KEYS.iter().map(|known| known.key.replace('*', tag)).collect::<Vec<_>>();
    let in_lower_case = as_typed.iter().map(|key| match namespace {
        Some(_) => key.to_ascii_lowercase(),
        None => key.split_once(':').map_or(key.as_str(), |(_, key)| key).to_ascii_lowercase(),
    });
    let in_lower_case = in_lower_case.collect::<Vec<_>>();
    let mut found = nearest(&typed, in_lower_case.iter().map(String::as_str), MAX_CHANGES);
    if let Some((_, last)) = typed.split_once(':').filter(|_| found.is_empty()) {
        let is_it = |key: &&String| key.split_once(':').is_some_and(|(_, name)| name == last);
        found.extend(in_lower_case.iter().filter(is_it).cloned());
    }
    let named = as_typed.iter().zip(&in_lower_case);
    Some(named.filter(|(_, key)| found.contains(key)).map(|(key, _)| key.clone()).collect())
}

/// What a value of a key has to be, if it is no such: AWS never sends another one. `None` also for keys and types of
/// which that is not known.
pub fn expected_value(name: &str, value: &str) -> Option<&'static str> {
    let (expected, is_it) = match find(name)?.key_type {
        KeyType::Address => ("an IP address", value.parse::<std::net::IpAddr>().is_ok()),
        KeyType::Number => ("a number", crate::decimal::Decimal::parse(value).is_some()),
        KeyType::Bool => {
            let flags = ["true", "false"];
            ("true or false", flags.iter().any(|flag| flag.eq_ignore_ascii_case(value)))
        }
        KeyType::Text | KeyType::Arn | KeyType::Date => return None,
    };
    (!is_it).then_some(expected)
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
    fn values_of_another_type_are_told() {
        for (key, value, expected) in [
            ("aws:SourceIp", "192.0.2.1", None),
            ("AWS:sourceip", "vpce", Some("an IP address")),
            ("aws:MultiFactorAuthAge", "abc", Some("a number")),
            ("aws:ViaAWSService", "True", None),
            ("aws:ViaAWSService", "1", Some("true or false")),
            ("aws:RequestedRegion", "x", None),
            ("ec2:Owner", "x", None),
        ] {
            assert_eq!(expected_value(key, value), expected, "{key} {value}");
        }
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

    #[test]
    fn name_that_is_no_key_is_answered_with_the_one_that_was_meant() {
        for (name, expected) in [
            ("aws:PrincipalARN", None),
            ("AWS:requestedregion", None),
            ("aws:PrincipalTag/team", None),
            ("bedrock:InferenceProfileArn", None),
            ("ec2:Owner", None),
            ("a:b", None),
            ("aws:RequestdRegion", Some("aws:RequestedRegion")),
            ("aws:requestedRegions", Some("aws:RequestedRegion")),
            ("RequestedRegion", Some("aws:RequestedRegion")),
            ("bedrock:InferenceProfileArns", Some("bedrock:InferenceProfileArn")),
            ("aws:PrincipalTags/team", Some("aws:PrincipalTag/team")),
            ("aws:SourceVpcc", Some("aws:SourceVpc aws:SourceVpce")),
            // AWS prints it so on one page, where it means that of Bedrock.
            ("aws:InferenceProfileArn", Some("bedrock:InferenceProfileArn")),
            ("x", Some("")),
            ("aws:", Some("")),
            ("", Some("")),
        ] {
            let found = meant(name).map(|it| it.join(" "));
            assert_eq!(found.as_deref(), expected, "{name}");
        }
    }
}
