//! How to reach a bucket.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How to reach a bucket. What is not set here comes from the environment and the AWS
/// configuration files, as for every AWS tool; with `credentials`, nothing does.
#[derive(Debug, Clone, Default)]
pub struct S3Options {
    /// A profile of the AWS configuration files. Named here, it goes before credentials in the
    /// environment, as with the AWS CLI.
    pub profile: Option<String>,
    /// The Region to ask first. The bucket's own is found from any Region of the same partition;
    /// without a Region anywhere, `us-east-1` is asked first.
    pub region: Option<String>,
    /// Another service than AWS, such as `http://127.0.0.1:9000`.
    pub endpoint_url: Option<String>,
    /// Agrees to be charged for the requests and the data: for buckets whose owner demands it.
    pub requester_pays: bool,
    /// Sends no credentials: for public buckets.
    pub no_sign_request: bool,
    /// Where the name of the bucket is in a URL. `None`: as the profile's `s3.addressing_style` says,
    /// else [`AddressingStyle::Auto`].
    pub addressing_style: Option<AddressingStyle>,
    /// How what is written is encrypted. `None`: as the bucket does by itself.
    pub encryption: Option<Encryption>,
    /// Whom what is written is granted to: a canned ACL, such as `bucket-owner-full-control`.
    pub acl: Option<String>,
    /// The account that the bucket must belong to, sent with every request: S3 denies those to a bucket
    /// of another one.
    pub expected_bucket_owner: Option<String>,
    /// How often a request is tried, and how often in a row a body is resumed without getting
    /// further. `None`: `AWS_MAX_ATTEMPTS`, the profile's `max_attempts`, 10.
    pub max_attempts: Option<u32>,
    /// The upper bound of the first pause before another try; later ones grow. `None`: a second.
    pub first_pause: Option<Duration>,
    /// How long a body may deliver nothing before it counts as broken off. `None`: 20 seconds.
    pub stall_limit: Option<Duration>,
    /// These credentials, and neither environment nor configuration files: for tests.
    pub credentials: Option<StaticCredentials>,
}

/// Where the name of the bucket is in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressingStyle {
    /// In the path if the endpoint's host is an IP address or has one label, else in the host.
    Auto,
    /// In the path.
    Path,
    /// In the host.
    Virtual,
}

impl FromStr for AddressingStyle {
    type Err = ();

    /// As the AWS configuration files spell it.
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "auto" => Ok(Self::Auto),
            "path" => Ok(Self::Path),
            "virtual" => Ok(Self::Virtual),
            _ => Err(()),
        }
    }
}

/// How S3 encrypts what it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// With a key of its own (SSE-S3).
    Aes256,
    /// With a key of KMS (SSE-KMS).
    Kms {
        /// Its id, ARN, or alias. `None`: the one that AWS keeps for S3 in the account.
        key_id: Option<String>,
    },
}

/// Credentials that do not change.
#[derive(Clone)]
pub struct StaticCredentials {
    /// Such as `AKIA…`.
    pub access_key_id: String,
    /// The secret that belongs to it.
    pub secret_access_key: String,
    /// For temporary credentials.
    pub session_token: Option<String>,
}

impl fmt::Debug for StaticCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticCredentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}
