//! Where a store is: `s3://bucket/prefix/`, or the path of a folder.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Location {
    /// A bucket from a prefix on.
    S3 {
        /// Its name, or an access point's alias.
        bucket: String,
        /// Empty, or ends with `/`.
        prefix: String,
    },
    /// A folder.
    Folder(PathBuf),
}

/// Text that is no location.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseLocationError {
    /// Nothing at all.
    #[error("a location is missing: expected `s3://bucket/prefix` or the path of a folder")]
    Empty,
    /// Another scheme than `s3`.
    #[error("`{text}` cannot be used: expected `s3://bucket/prefix` or the path of a folder")]
    Scheme {
        /// As given.
        text: String,
    },
    /// `s3://` without a bucket, or with a name that no bucket can have.
    #[error("`{text}` names no bucket: expected `s3://bucket/prefix`")]
    Bucket {
        /// As given.
        text: String,
    },
}

impl FromStr for Location {
    type Err = ParseLocationError;

    fn from_str(text: &str) -> Result<Self, ParseLocationError> {
        if text.is_empty() {
            return Err(ParseLocationError::Empty);
        }
        let Some((scheme, rest)) = split_scheme(text) else {
            return Ok(Self::Folder(PathBuf::from(text)));
        };
        if !scheme.eq_ignore_ascii_case("s3") {
            return Err(ParseLocationError::Scheme { text: text.to_owned() });
        }
        let bucket_error = || ParseLocationError::Bucket { text: text.to_owned() };
        let rest = rest.strip_prefix("//").ok_or_else(bucket_error)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_bucket(bucket) {
            return Err(bucket_error());
        }
        Ok(Self::S3 { bucket: bucket.to_owned(), prefix: as_folder(prefix) })
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
            Self::Folder(path) => path.display().fmt(f),
        }
    }
}

/// `a/b` and `a/b/` are the same root.
pub(crate) fn as_folder(prefix: &str) -> String {
    match prefix {
        "" => String::new(),
        folder if folder.ends_with('/') => folder.to_owned(),
        name => format!("{name}/"),
    }
}

/// `s3` and the rest of `s3://bucket`; also of `s3:/bucket` and `arn:aws:s3:::bucket`, which no
/// user means as a folder.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_meant = rest.starts_with("//") || ["s3", "arn"].contains(&scheme);
    (is_scheme && is_meant).then_some((scheme, rest))
}

/// Generous: old buckets have upper-case letters and underscores; S3 knows the rest.
fn is_bucket(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    name.len() >= 3 && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let location = text.parse::<Location>();
        let shown = match &location {
            Ok(Location::S3 { bucket, prefix }) => format!("bucket {bucket} prefix {prefix}"),
            Ok(Location::Folder(path)) => format!("folder {}", path.display()),
            Err(error) => format!("error {error}"),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn locations() {
        check("s3://logs", "bucket logs prefix ");
        check("s3://logs/", "bucket logs prefix ");
        check("s3://logs/a/b", "bucket logs prefix a/b/");
        check("s3://logs/a/b/", "bucket logs prefix a/b/");
        check("s3://logs//a b/ü?#%41", "bucket logs prefix /a b/ü?#%41/");
        check("S3://Old_bucket.x/a", "bucket Old_bucket.x prefix a/");
        check("/var/logs", "folder /var/logs");
        check("logs/2026:08", "folder logs/2026:08");
        check("./s3://x", "folder ./s3://x");
        check("C:\\logs", "folder C:\\logs");
        let usage = "expected `s3://bucket/prefix`";
        check("s3://", &format!("error `s3://` names no bucket: {usage}"));
        check("s3:///a", &format!("error `s3:///a` names no bucket: {usage}"));
        check("s3:/logs", &format!("error `s3:/logs` names no bucket: {usage}"));
        check("s3://a b/", &format!("error `s3://a b/` names no bucket: {usage}"));
        let usage = "expected `s3://bucket/prefix` or the path of a folder";
        check("gs://logs/a", &format!("error `gs://logs/a` cannot be used: {usage}"));
        check("arn:aws:s3:::logs", &format!("error `arn:aws:s3:::logs` cannot be used: {usage}"));
        check("", &format!("error a location is missing: {usage}"));
    }

    #[test]
    fn a_location_is_shown_as_it_is_parsed() {
        for text in ["s3://logs/", "s3://logs/a/b/", "/var/logs", "logs"] {
            let location: Location = text.parse().unwrap();
            assert_eq!(location.to_string(), text);
        }
    }
}
