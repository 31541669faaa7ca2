//! Where a run writes, and how.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use pipeline::OmittedColumn;

use super::heading;

/// Where to write.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::DESTINATION)]
pub(crate) struct DestArgs {
    /// Where to write the tables: s3://bucket/prefix or a folder
    #[arg(long, env = "HOPTRAIL_DEST", value_name = "URI")]
    pub(crate) dest: Option<String>,
    /// Rebuild unchanged days
    #[arg(long)]
    pub(crate) force: bool,
    /// Replace a day even if source objects or logs that it was built from are lost
    #[arg(long)]
    pub(crate) allow_shrink: bool,
    /// Columns to leave empty in every table, with what quotes their values: message, principal_arn,
    /// request_metadata, session_name, source_ip, user_agent (repeatable, or separated by commas)
    #[arg(long, value_parser = omitted_column(), value_delimiter = ',')]
    #[arg(hide_possible_values = true, env = "HOPTRAIL_OMIT", value_name = "COLUMN")]
    pub(crate) omit: Vec<OmittedColumn>,
    /// Encryption of what is written: AES256 (a key of S3) or aws:kms (a key of KMS), for buckets
    /// that demand it
    #[arg(long, value_enum, hide_possible_values = true, env = "HOPTRAIL_SSE")]
    #[arg(value_name = "ALGORITHM")]
    pub(crate) sse: Option<Sse>,
    /// KMS key of --sse aws:kms: ID, ARN, or alias [default: the account's key for S3]
    #[arg(long, env = "HOPTRAIL_SSE_KMS_KEY_ID", value_name = "KEY")]
    pub(crate) sse_kms_key_id: Option<String>,
    /// Canned ACL of what is written, such as bucket-owner-full-control
    #[arg(long, value_enum, hide_possible_values = true, env = "HOPTRAIL_ACL", value_name = "ACL")]
    pub(crate) acl: Option<Acl>,
    /// How many days before its delivery a call may be for its published day to be opened again
    /// although the days of this run do not include it: 30d; 0 for never [default: 30d, as long as
    /// AWS retries a delivery]
    #[arg(long, env = "HOPTRAIL_REOPEN", value_name = "DAYS", help_heading = heading::DAYS)]
    pub(crate) reopen: Option<String>,
    /// Maximum time to wait while another run writes a day: 30m, 6h [without a value: 1d; without
    /// the option, another run that holds the day is an error]
    #[arg(long, env = "HOPTRAIL_WAIT_LOCK", value_name = "DURATION")]
    #[arg(num_args = 0..=1, default_missing_value = "1d")]
    pub(crate) wait_lock: Option<String>,
    /// Write without leases, for services that do not know conditional writes: only if nothing else
    /// writes to the destination at the same time
    #[arg(long, env = "HOPTRAIL_NO_LEASE")]
    pub(crate) no_lease: bool,
}

/// A column of `--omit`, by its name.
fn omitted_column() -> impl TypedValueParser<Value = OmittedColumn> {
    PossibleValuesParser::new(OmittedColumn::ALL.map(OmittedColumn::as_str))
        .try_map(|name| OmittedColumn::from_name(&name).ok_or("no such column"))
}

/// An encryption of `--sse`, spelled as in the AWS CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
pub(crate) enum Sse {
    /// With a key of S3.
    #[value(name = "AES256")]
    #[serde(rename = "AES256")]
    Aes256,
    /// With a key of KMS.
    #[value(name = "aws:kms")]
    #[serde(rename = "aws:kms")]
    Kms,
}

/// The canned ACLs that an object can have.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl>
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Acl {
    Private,
    PublicRead,
    PublicReadWrite,
    AuthenticatedRead,
    AwsExecRead,
    BucketOwnerRead,
    BucketOwnerFullControl,
}
