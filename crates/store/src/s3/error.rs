//! From the SDK's errors to ours.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::error::{Cause, Error, Operation};
use crate::s3::get::Failure;

pub(super) type SdkError<E> = aws_sdk_s3::error::SdkError<E, HttpResponse>;

/// What S3 answers when it does not do something.
pub(super) trait Service:
    ProvideErrorMetadata + std::error::Error + Send + Sync + 'static
{
}
impl<E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static> Service for E {}

/// What was asked, of whom: for messages.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) operation: Operation,
    pub(super) target: String,
    pub(super) bucket: &'a str,
    pub(super) region: &'a str,
    pub(super) endpoint: &'a str,
    pub(super) tried: &'a str,
    pub(super) max_tries: u32,
}

/// Codes with which AWS refuses the credentials themselves.
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

const REGION_CODES: &[&str] = &[
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "IncorrectEndpoint",
    "PermanentRedirect",
    "TemporaryRedirect",
];

impl Context<'_> {
    /// Of a request of the SDK's.
    pub(super) fn classify<E: Service>(&self, error: &SdkError<E>) -> Error {
        if let Some(credentials) = find_credentials_error(error) {
            return no_credentials(self.tried, credentials);
        }
        match error {
            SdkError::ServiceError(answer) => {
                let (code, message) = (answer.err().code(), answer.err().message());
                refused(self, answer.raw().status().as_u16(), code, message)
            }
            SdkError::TimeoutError(_) => self.no_answer(),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => self.no_answer(),
            SdkError::DispatchFailure(_) => self.unreachable(innermost(error)),
            SdkError::ResponseError(answer) => {
                let status = answer.raw().status();
                let text = format!("the answer is not S3's: {}, {status}", innermost(error));
                other(self, None, text)
            }
            error => other(self, None, innermost(error)),
        }
    }

    /// Of a request of our own.
    pub(super) fn failed(&self, failure: &Failure) -> Error {
        match failure {
            Failure::Credentials(error) => no_credentials(self.tried, error),
            Failure::Connector(error) if error.is_timeout() => self.no_answer(),
            Failure::Connector(error) => self.unreachable(innermost(error)),
            Failure::Refused(refusal) | Failure::WrongTime(refusal) => {
                let (code, message) = (refusal.code.as_deref(), refusal.message.as_deref());
                refused(self, refusal.status, code, message)
            }
            Failure::Request(text) => other(self, None, text.clone()),
        }
    }

    fn no_answer(&self) -> Error {
        self.unreachable("no answer in time".to_owned())
    }

    fn unreachable(&self, source: String) -> Error {
        Error::Unreachable { endpoint: self.endpoint.to_owned(), source: Some(source.into()) }
    }
}

/// S3 has answered that it does not do it.
fn refused(context: &Context<'_>, status: u16, code: Option<&str>, message: Option<&str>) -> Error {
    let operation = context.operation;
    let target = context.target.clone();
    let tries = context.max_tries;
    let bucket = context.bucket.to_owned();
    let source = message.map(Cause::from);
    // A service that is not AWS, or an answer without a body, may give no code.
    let shown = code.map_or_else(|| format!("HTTP status {status}"), str::to_owned);
    match (status, code.unwrap_or_default()) {
        (_, "NoSuchBucket") => Error::BucketNotFound { bucket },
        (404, _) if operation == Operation::Get => Error::NotFound { target },
        (_, "NoSuchKey") => Error::NotFound { target },
        (404, _) if operation == Operation::Connect => Error::BucketNotFound { bucket },
        (412, _) => Error::Changed { target },
        (_, "InvalidObjectState") => Error::Archived { target },
        (_, code) if CREDENTIAL_CODES.contains(&code) => {
            let hint = credentials_hint(code);
            Error::CredentialsRefused { target, code: shown, hint, source }
        }
        (301 | 307, _) => Error::Region { bucket, region: context.region.to_owned(), code: shown },
        (_, code) if REGION_CODES.contains(&code) => {
            Error::Region { bucket, region: context.region.to_owned(), code: shown }
        }
        (401 | 403, _) => Error::AccessDenied { operation, target, code: shown, source },
        (429 | 503, _) => Error::Throttled { operation, target, tries, code: shown },
        (_, "SlowDown" | "Throttling" | "ThrottlingException" | "RequestLimitExceeded") => {
            Error::Throttled { operation, target, tries, code: shown }
        }
        (500.., _) => Error::ServiceFailed { operation, target, tries, code: shown, source },
        _ => Error::Other { operation, target, code: Some(shown), source },
    }
}

pub(super) fn no_credentials(tried: &str, error: &CredentialsError) -> Error {
    let text = innermost(error);
    let hint = if text.contains("sso") || text.contains("SSO") {
        "run `aws sso login`"
    } else {
        "name a profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID"
    };
    // A text of several lines lists the providers that have nothing, which `tried` does in a few words.
    let source = (!text.contains('\n')).then(|| text.into());
    Error::Credentials { tried: tried.to_owned(), hint, source }
}

fn credentials_hint(code: &str) -> &'static str {
    match code {
        "RequestTimeTooSkewed" | "RequestExpired" => "set the clock of this machine",
        "SignatureDoesNotMatch" => "the secret does not belong to the access key",
        "InvalidAccessKeyId" | "InvalidToken" => "they may belong to another partition or account",
        _ => "log in again or renew them",
    }
}

fn other(context: &Context<'_>, code: Option<String>, source: String) -> Error {
    let (operation, target) = (context.operation, context.target.clone());
    Error::Other { operation, target, code, source: Some(source.into()) }
}

fn find_credentials_error<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a CredentialsError> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// The last error of the chain: the SDK's own above it say little more than that there is one.
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    chain(error).last().unwrap_or(error).to_string()
}

fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}
