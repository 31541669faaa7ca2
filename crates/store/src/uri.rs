//! Where a store is: `s3://bucket/prefix/`, the ARN of an access point, or the path of a folder.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Location {
    /// A bucket from a prefix on.
    S3 {
        /// Its name, or the ARN or alias of an access point.
        bucket: String,
        /// Empty, or ends with `/`.
        prefix: String,
    },
    /// A folder.
    Folder(PathBuf),
}

const ACCESS_POINT: &str = "s3://arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME/PREFIX";

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
    /// An ARN that is not an access point's.
    #[error("`{text}` names no access point: expected `{ACCESS_POINT}`")]
    AccessPoint {
        /// As given.
        text: String,
    },
    /// A kind of bucket that a store cannot be in.
    #[error("`{text}` cannot be used: {reason}")]
    Unsupported {
        /// As given.
        text: String,
        /// What the kind lacks.
        reason: &'static str,
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
        let bucket_error = || ParseLocationError::Bucket { text: text.to_owned() };
        let rest = if scheme == "arn" {
            text
        } else if scheme.eq_ignore_ascii_case("s3") {
            rest.strip_prefix("//").ok_or_else(bucket_error)?
        } else {
            return Err(ParseLocationError::Scheme { text: text.to_owned() });
        };
        let (bucket, prefix) = if rest.starts_with("arn:") {
            let error = || ParseLocationError::AccessPoint { text: text.to_owned() };
            split_access_point(rest).ok_or_else(error)?
        } else {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            if !is_bucket(bucket) {
                return Err(bucket_error());
            }
            (bucket, prefix)
        };
        if let Some(reason) = unsupported(bucket) {
            return Err(ParseLocationError::Unsupported { text: text.to_owned(), reason });
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

/// `s3` and the rest of `s3://bucket`; also of `s3:/bucket`, which no user means as a folder, and `arn`
/// of an ARN.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_meant = rest.starts_with("//") || ["s3", "arn"].contains(&scheme);
    (is_scheme && is_meant).then_some((scheme, rest))
}

/// The ARN of an access point, which has a `/` of its own, and the prefix after it.
fn split_access_point(text: &str) -> Option<(&str, &str)> {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    let &[_, partition, "s3", _, account, resource] = &parts[..] else { return None };
    let rest = resource.strip_prefix("accesspoint")?.strip_prefix(['/', ':'])?;
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let arn = &text[..text.len() - rest.len() + name.len()];
    let is_partition = partition == "aws" || partition.starts_with("aws-");
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    // Lower case; those with a dot are of several Regions.
    let is_name =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    let is_named = !name.is_empty() && name.bytes().all(is_name);
    (is_partition && is_account && is_named).then_some((arn, prefix))
}

/// The Region of an access point's ARN; empty, if it has several. `None` for a bucket's name.
pub(crate) fn region_of_arn(bucket: &str) -> Option<&str> {
    bucket.strip_prefix("arn:")?.split(':').nth(2)
}

/// Why a bucket cannot hold a store.
fn unsupported(bucket: &str) -> Option<&'static str> {
    // The suffixes are reserved for directory buckets and their access points.
    if bucket.ends_with("--x-s3") || bucket.ends_with("--xa-s3") {
        return Some("the listings of a directory bucket have no order");
    }
    // They also want signatures of another kind (SigV4A), whose code would be a second stack of crypto.
    (region_of_arn(bucket) == Some("") || bucket.ends_with(".mrap")).then_some(
        "a Multi-Region Access Point is several buckets, which are not the same at every moment; use one \
         of a single Region, or a bucket",
    )
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
        let arn = "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint";
        check(&format!("s3://{arn}/logs"), &format!("bucket {arn}/logs prefix "));
        check(&format!("s3://{arn}/logs/a/b:c"), &format!("bucket {arn}/logs prefix a/b:c/"));
        check(&format!("s3://{arn}:logs/a/b"), &format!("bucket {arn}:logs prefix a/b/"));
        check(&format!("{arn}/logs"), &format!("bucket {arn}/logs prefix "));
        check(&format!("{arn}/logs/a/b:c"), &format!("bucket {arn}/logs prefix a/b:c/"));
        for arn in [
            "arn:aws:s3:::logs/a",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/x",
            "arn:aws:s3:eu-west-1:12345678901:accesspoint/logs",
            "arn:aws:s3:eu-west-1:123456789012:accesspoint/Logs_1",
            "arn:foo:s3:eu-west-1:123456789012:accesspoint/logs",
            "arn:aws:s3:eu-west-1:123456789012:accesspoint",
            "arn:aws:s3:eu-west-1:123456789012:accesspoint/",
            "arn:aws:s3:eu-west-1::accesspoint/logs",
            "arn:aws:s3-object-lambda:eu-west-1:123456789012:accesspoint/logs",
            "arn:aws:s3-outposts:eu-west-1:123456789012:outpost/op-1/accesspoint/logs",
            "arn:aws:s3express:eu-west-1:123456789012:accesspoint/logs--euw1-az1--xa-s3",
        ] {
            for text in [arn.to_owned(), format!("s3://{arn}")] {
                check(
                    &text,
                    &format!("error `{text}` names no access point: expected `{ACCESS_POINT}`"),
                );
            }
        }
        check(
            "s3://logs--euw1-az1--x-s3/a",
            "error `s3://logs--euw1-az1--x-s3/a` cannot be used: the listings of a directory bucket \
             have no order",
        );
        let text = "s3://arn:aws:s3::123456789012:accesspoint/logs.mrap/a";
        check(
            text,
            &format!(
                "error `{text}` cannot be used: a Multi-Region Access Point is several buckets, which \
                 are not the same at every moment; use one of a single Region, or a bucket"
            ),
        );
        assert!("s3://mfzwi23gnjvgw.mrap/a".parse::<Location>().is_err());
        check("name-7x8y9z-s3alias", "folder name-7x8y9z-s3alias");
        check("s3://name-7x8y9z-s3alias/a", "bucket name-7x8y9z-s3alias prefix a/");
        let usage = "expected `s3://bucket/prefix` or the path of a folder";
        check("gs://logs/a", &format!("error `gs://logs/a` cannot be used: {usage}"));
        check("", &format!("error a location is missing: {usage}"));
    }

    #[test]
    fn a_location_is_shown_as_it_is_parsed() {
        let arn = "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/logs/a/";
        for text in ["s3://logs/", "s3://logs/a/b/", arn, "/var/logs", "logs"] {
            let location: Location = text.parse().unwrap();
            assert_eq!(location.to_string(), text);
        }
    }
}
