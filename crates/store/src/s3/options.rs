//! How to reach a bucket.

use std::fmt;
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
    /// The bucket in the path of the URL instead of its host name. `None`: where the endpoint is an
    /// IP address or `localhost`.
    pub path_style: Option<bool>,
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
