//! From the SDK's errors to ours, each with what a user can do about it.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::error::{Cause, Error, Operation};
use crate::s3::Inner;
use crate::s3::dns::Unresolved;
use crate::s3::endpoint::masked;

/// An error of an operation of S3.
pub(super) trait Service:
    ProvideErrorMetadata + std::error::Error + Send + Sync + 'static
{
}
impl<E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static> Service for E {}

/// Codes with which AWS rejects the credentials themselves.
const CREDENTIAL_CODES: &[&str] = &[
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidSecurity",
    "InvalidToken",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
];

/// Codes that ask for fewer requests; the SDK has tried those again.
const THROTTLING_CODES: &[&str] = &[
    "BandwidthLimitExceeded",
    "RequestLimitExceeded",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

const REGION_CODES: &[&str] = &[
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "IncorrectEndpoint",
    "PermanentRedirect",
    "TemporaryRedirect",
];

impl Inner {
    /// Of a request about a key; a listing's is its prefix, a bucket's is empty.
    pub(super) fn error<E: Service>(
        &self,
        operation: Operation,
        key: &str,
        error: &SdkError<E>,
    ) -> Error {
        if let Some(credentials) = find::<CredentialsError>(error) {
            return self.no_credentials(credentials);
        }
        if let Some(unresolved) = find::<Unresolved>(error) {
            return self.unreachable(self.unresolved(unresolved));
        }
        match error {
            SdkError::ServiceError(answer) => {
                let (code, message) = (answer.err().code(), answer.err().message());
                self.service_error(operation, key, answer.raw().status().as_u16(), code, message)
            }
            SdkError::TimeoutError(_) => self.unreachable("no answer in time".to_owned()),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                self.unreachable("no answer in time".to_owned())
            }
            SdkError::DispatchFailure(_) => self.unreachable(innermost(error)),
            // An error whose text cannot be read has its status all the same.
            SdkError::ResponseError(answer) if !answer.raw().status().is_success() => {
                let (status, message) = (answer.raw().status().as_u16(), innermost(error));
                self.service_error(operation, key, status, None, Some(&message))
            }
            SdkError::ResponseError(_) => {
                self.other(operation, key, &format!("the answer is not S3's: {}", innermost(error)))
            }
            error => self.other(operation, key, &innermost(error)),
        }
    }

    /// An answer of S3 that is an error.
    fn service_error(
        &self,
        operation: Operation,
        key: &str,
        status: u16,
        code: Option<&str>,
        message: Option<&str>,
    ) -> Error {
        let (target, bucket) = (self.target(key), self.bucket.clone());
        let (region, tries) = (self.region.clone(), self.max_tries);
        let source = message.map(Cause::from);
        // A service that is not AWS, or an answer without a body, may give no code.
        let shown = code.map_or_else(|| format!("HTTP status {status}"), str::to_owned);
        match (status, code.unwrap_or_default()) {
            (_, "NoSuchBucket") => Error::BucketNotFound { bucket },
            (404, _) if operation == Operation::Get => Error::NotFound { target },
            (_, "NoSuchKey") => Error::NotFound { target },
            (404, _) if operation == Operation::Connect => Error::BucketNotFound { bucket },
            (412, _) => Error::Changed { target },
            (_, "InvalidObjectState") => Error::Archived { target, storage_class: None },
            (_, code) if CREDENTIAL_CODES.contains(&code) => {
                let hint = credentials_hint(code);
                Error::CredentialsRejected { target, code: shown, hint, source }
            }
            (301 | 307, _) => Error::Region { bucket, region, code: shown },
            (_, code) if REGION_CODES.contains(&code) => {
                Error::Region { bucket, region, code: shown }
            }
            (401 | 403, _) => Error::AccessDenied { operation, target, code: shown, source },
            (503, _) => Error::Throttled { operation, target, tries, code: shown },
            (_, code) if THROTTLING_CODES.contains(&code) => {
                Error::Throttled { operation, target, tries, code: shown }
            }
            (500 | 502 | 504, _) => {
                Error::ServiceFailed { operation, target, tries, code: shown, source }
            }
            _ => Error::Other { operation, target, code: Some(shown), source },
        }
    }

    fn unreachable(&self, source: String) -> Error {
        Error::Unreachable { endpoint: self.endpoint.clone(), source: Some(source.into()) }
    }

    /// A host that cannot be resolved, and what may be the reason.
    fn unresolved(&self, error: &Unresolved) -> String {
        let text = error.to_string();
        match error.host.strip_prefix(&self.bucket).and_then(|rest| rest.strip_prefix('.')) {
            // Of AWS, there is no other kind of address.
            Some(endpoint) if !endpoint.contains(".amazonaws.com") => {
                format!(
                    "{text}; if `{endpoint}` can be, ask for addresses with the bucket in the path"
                )
            }
            _ => text,
        }
    }

    fn no_credentials(&self, error: &CredentialsError) -> Error {
        let reason = credentials_reason(error);
        let text = reason.as_deref().unwrap_or_default();
        let hint = if text.contains("sso") || text.contains("SSO") {
            "run `aws sso login`"
        } else if text.contains("Login token") || text.contains("/login/cache/") {
            "run `aws login`"
        } else if text.contains("external process") {
            "the profile's `credential_process` gives none"
        } else if matches!(error, CredentialsError::InvalidConfiguration(_)) {
            "correct them"
        } else {
            "name a profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID"
        };
        Error::Credentials { tried: self.tried.clone(), hint, source: reason.map(Cause::from) }
    }
}

fn credentials_hint(code: &str) -> &'static str {
    match code {
        "RequestTimeTooSkewed" | "RequestExpired" => "set the clock of this machine",
        "SignatureDoesNotMatch" => "the secret does not belong to the access key",
        "InvalidAccessKeyId" | "InvalidToken" => "they may belong to another partition or account",
        _ => "log in again or renew them",
    }
}

/// Why a provider gives no credentials, in one line. `None` if no provider has any to give: the SDK then
/// lists all providers, which `tried` does in a few words.
fn credentials_reason(error: &CredentialsError) -> Option<String> {
    // The errors above the last two say little more than that there is one.
    let texts: Vec<_> = chain(error).skip(1).map(ToString::to_string).collect();
    let text = texts[texts.len().saturating_sub(2)..].join(": ");
    let is_list = matches!(error, CredentialsError::CredentialsNotLoaded(_)) && text.contains('\n');
    // What a program writes to stderr comes with the ends of its lines.
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!is_list && !line.is_empty()).then_some(line)
}

/// The first error of a type in the chain.
pub(super) fn find<'a, E: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// The last error of the chain: the SDK's own above it say little more than that there is one.
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    masked(&chain(error).last().unwrap_or(error).to_string())
}

pub(super) fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}
