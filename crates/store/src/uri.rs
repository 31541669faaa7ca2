//! Where a store is: `s3://bucket/prefix/`, the ARN of an access point, or the path of a folder.

use std::fmt;
use std::path::{Path, PathBuf};
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
    /// The ARN of a bucket.
    #[error("`{text}` is the ARN of a bucket; did you mean `{meant}`?")]
    BucketArn {
        /// As given.
        text: String,
        /// The same as `s3://bucket/prefix`.
        meant: String,
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
            if let Some(meant) = meant_by_arn(rest) {
                return Err(ParseLocationError::BucketArn { text: text.to_owned(), meant });
            }
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

impl Location {
    /// `s3://NAME/…`, if this is a folder that does not exist, and its path begins like the name of a bucket; `None` if
    /// the first folder of the path exists, or it is the name of a file.
    pub fn meant(&self) -> Option<String> {
        /// Endings of files that people name as sources.
        const FILES: [&str; 7] = ["csv", "gz", "json", "jsonl", "log", "parquet", "zst"];
        let Self::Folder(path) = self else { return None };
        let text = path.to_str()?;
        let text =
            ["s3://", "s3//", "s3/"].iter().find_map(|it| text.strip_prefix(it)).unwrap_or(text);
        let (bucket, prefix) = text.split_once('/').unwrap_or((text, ""));
        let is_file = prefix.is_empty()
            && bucket.rsplit_once('.').is_some_and(|(_, ending)| FILES.contains(&ending));
        let may_be_meant = is_new_bucket(bucket) && !is_file && !Path::new(bucket).exists();
        (may_be_meant && !path.exists()).then(|| format!("s3://{text}"))
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
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    // Lower case; those with a dot are of several Regions.
    let is_name =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    let is_named = !name.is_empty() && name.bytes().all(is_name);
    (is_partition(partition) && is_account && is_named).then_some((arn, prefix))
}

fn is_partition(text: &str) -> bool {
    text == "aws" || text.starts_with("aws-")
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
    // They also want signatures of another kind (SigV4A), for which the SDK brings crates of its own.
    (region_of_arn(bucket) == Some("") || bucket.ends_with(".mrap")).then_some(
        "a Multi-Region Access Point is several buckets, which are not the same at every moment; use one \
         of a single Region, or a bucket",
    )
}

/// `s3://bucket/prefix` of `arn:aws:s3:::bucket/prefix`, as policies write it.
fn meant_by_arn(text: &str) -> Option<String> {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    let &[_, partition, "s3", "", "", resource] = &parts[..] else { return None };
    let resource = resource.trim_end_matches('*');
    let is_meant = is_partition(partition) && is_bucket(resource.split('/').next()?);
    is_meant.then(|| format!("s3://{resource}"))
}

/// The rules for names of buckets today.
fn is_new_bucket(name: &str) -> bool {
    let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| is_alphanumeric(byte) || b"-.".contains(&byte))
        && name.bytes().next().is_some_and(is_alphanumeric)
        && name.bytes().next_back().is_some_and(is_alphanumeric)
        && !name.contains("..")
}

/// Generous: old buckets have upper-case letters and underscores; S3 knows the rest.
fn is_bucket(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    name.len() >= 3 && name.bytes().all(allowed)
}
