//! The key `source` of the settings file: a location, or several, each of which may say how it is reached.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

use crate::args::AwsArgs;

/// A source of the settings file. What it does not say is as for everything else.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct SourceKey {
    /// `s3://bucket/prefix` or a folder.
    pub(crate) uri: String,
    /// What is put in front of the names of its objects that are not named like those of a trail.
    pub(crate) name: Option<String>,
    profile: Option<String>,
    region: Option<String>,
    endpoint_url: Option<String>,
    requester_pays: Option<bool>,
    no_sign_request: Option<bool>,
}

/// What it says, without what it does not say.
impl fmt::Debug for SourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = [&self.name, &self.profile, &self.region, &self.endpoint_url];
        let switches = [self.requester_pays, self.no_sign_request];
        let mut shown = f.debug_set();
        shown.entry(&self.uri).entries(texts.into_iter().flatten());
        shown.entries(switches.into_iter().flatten()).finish()
    }
}

impl SourceKey {
    /// A location alone.
    pub(crate) fn of_uri(uri: &str) -> Self {
        SourceKey { uri: uri.to_owned(), ..SourceKey::default() }
    }

    /// How it is reached, over what applies to all.
    pub(crate) fn aws(&self, all: &AwsArgs) -> AwsArgs {
        let or =
            |own: &Option<String>, of_all: &Option<String>| own.clone().or_else(|| of_all.clone());
        AwsArgs {
            profile: or(&self.profile, &all.profile),
            region: or(&self.region, &all.region),
            endpoint_url: or(&self.endpoint_url, &all.endpoint_url),
            requester_pays: self.requester_pays.unwrap_or(all.requester_pays),
            no_sign_request: self.no_sign_request.unwrap_or(all.no_sign_request),
            ..all.clone()
        }
    }
}

/// Reads the key: a text, a table, or a list of them.
///
/// # Errors
/// If it is anything else, or a table has an unknown key or no `uri`.
pub(super) fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<SourceKey>, D::Error> {
    match toml::Value::deserialize(from)? {
        toml::Value::Array(sources) => sources.into_iter().map(one).collect(),
        source => one(source).map(|source| vec![source]),
    }
}

fn one<E: de::Error>(value: toml::Value) -> Result<SourceKey, E> {
    let source = match value {
        toml::Value::String(uri) => SourceKey::of_uri(&uri),
        toml::Value::Table(table) => table.try_into().map_err(E::custom)?,
        other => {
            let expected = "a location, or a table with `uri`";
            return Err(E::custom(format!(
                "source: expected {expected}, found {}",
                other.type_str()
            )));
        }
    };
    if source.uri.is_empty() {
        return Err(E::custom("source: expected `uri`, found none"));
    }
    Ok(source)
}

/// Reads a key that is a text or a list of texts.
///
/// # Errors
/// If it is anything else.
pub(super) fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    match toml::Value::deserialize(from)? {
        toml::Value::String(text) => Ok(vec![text]),
        list => list.try_into().map_err(de::Error::custom),
    }
}
