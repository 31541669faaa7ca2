//! How S3 is reached.

use clap::{Args, ValueEnum};

use super::heading;

/// How to reach S3. What is not set comes from the environment and files of the AWS SDK.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = heading::AWS)]
pub(crate) struct AwsArgs {
    /// AWS profile
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// AWS Region of the first request, which finds the bucket's Region. To read only calls to a
    /// Region, use --source-region
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Custom S3 endpoint URL
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Where the bucket's name is in URLs: in the path (path), in the host (virtual), or in the path
    /// where the endpoint is an IP address or a name without a dot (auto) [default: the profile's
    /// s3.addressing_style, else auto]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "STYLE")]
    pub(crate) addressing_style: Option<AddressingStyleArg>,
    /// Account that must own the destination's bucket; requests to a bucket of another account fail
    #[arg(long, env = "HOPTRAIL_EXPECTED_BUCKET_OWNER", value_name = "ACCOUNT")]
    pub(crate) expected_bucket_owner: Option<String>,
    /// Accept charges for requests to a Requester Pays bucket
    #[arg(long)]
    pub(crate) requester_pays: bool,
    /// Do not sign requests, for public buckets
    #[arg(long)]
    pub(crate) no_sign_request: bool,
}

/// A way to write URLs, as in the AWS configuration files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AddressingStyleArg {
    /// As the endpoint allows.
    Auto,
    /// The bucket in the path.
    Path,
    /// The bucket in the host.
    Virtual,
}
