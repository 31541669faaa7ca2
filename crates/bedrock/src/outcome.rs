//! How a call ended, and the reason that an error code names: one table of error codes.

use crate::error_reason::ErrorReason;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// No error code.
    Succeeded,
    /// The caller lacked permission.
    Denied,
    /// Refused for load or quota: it may succeed later, or with a higher quota.
    Throttled,
    /// Any other error.
    Failed,
}

/// An error code and what it says.
struct Code {
    /// In lower case and without the suffix `Exception`, which CloudTrail drops from some codes
    /// (`AccessDenied` in a real record of 2024) and keeps in others.
    code: &'static str,
    outcome: Outcome,
    /// The reason, where the code alone names one.
    reason: Option<ErrorReason>,
}

const fn code(code: &'static str, outcome: Outcome, reason: Option<ErrorReason>) -> Code {
    Code { code, outcome, reason }
}

/// The error codes that are not simply failures, and those that name a reason. The HTTP status of Bedrock's
/// own codes is that of the Bedrock Runtime API reference (`InvokeModel`, `Converse`: Errors).
const CODES: &[Code] = &[
    // No permission. EC2-style, OpenAI- and Anthropic-style spellings are of other AWS services and of the
    // mantle endpoint.
    code("accessdenied", Outcome::Denied, None), // 403
    code("access_denied", Outcome::Denied, None),
    code("authorizationerror", Outcome::Denied, None),
    code("client.unauthorizedoperation", Outcome::Denied, None),
    code("forbidden", Outcome::Denied, None),
    code("notauthorized", Outcome::Denied, None),
    code("permission_error", Outcome::Denied, None),
    code("unauthorizedoperation", Outcome::Denied, None),
    code("unauthorized", Outcome::Denied, None),
    // CloudTrail user guide, "Logging network activity events".
    code("vpceaccessdenied", Outcome::Denied, Some(ErrorReason::Policy)),
    // Load and quota, Bedrock Runtime API reference.
    code("throttling", Outcome::Throttled, None), // 429
    code("modelnotready", Outcome::Throttled, Some(ErrorReason::Unavailable)), // 429
    code("servicequotaexceeded", Outcome::Throttled, Some(ErrorReason::Quota)), // 400
    // Load and quota: botocore's standard retry mode (`_THROTTLED_ERROR_CODES`).
    code("bandwidthlimitexceeded", Outcome::Throttled, None),
    code("ec2throttled", Outcome::Throttled, None),
    code("limitexceeded", Outcome::Throttled, Some(ErrorReason::Quota)),
    code("priorrequestnotcomplete", Outcome::Throttled, None),
    code("provisionedthroughputexceeded", Outcome::Throttled, None),
    code("requestlimitexceeded", Outcome::Throttled, Some(ErrorReason::TooManyRequests)),
    code("requestthrottled", Outcome::Throttled, None),
    code("slowdown", Outcome::Throttled, None),
    code("throttled", Outcome::Throttled, None),
    code("toomanyrequests", Outcome::Throttled, Some(ErrorReason::TooManyRequests)),
    // Load and quota: the OpenAI- and Anthropic-style endpoints.
    code("rate_limit_error", Outcome::Throttled, None),
    code("rate_limit_exceeded", Outcome::Throttled, None),
    // Failures whose code says why, Bedrock Runtime API reference. `ModelErrorException` (424) and
    // `InternalServerException` (500) say nothing.
    code("modeltimeout", Outcome::Failed, Some(ErrorReason::Timeout)), // 408
    code("serviceunavailable", Outcome::Failed, Some(ErrorReason::Unavailable)), // 503
    code("overloaded_error", Outcome::Failed, Some(ErrorReason::Unavailable)),
    code("validation", Outcome::Failed, Some(ErrorReason::Validation)), // 400
    code("invalid_request_error", Outcome::Failed, Some(ErrorReason::Validation)),
    code("model_not_found", Outcome::Failed, Some(ErrorReason::InvalidModel)),
];

/// What codes of several endings begin with: `TooManyRequestsException`, `TooManyRequestsError`, …
const TOO_MANY_REQUESTS: &str = "toomanyrequests";

impl Outcome {
    /// Every outcome, in the order of the tables' count columns.
    pub const ALL: [Outcome; 4] =
        [Outcome::Succeeded, Outcome::Denied, Outcome::Throttled, Outcome::Failed];

    /// Judges an error code as CloudTrail writes it. An absent or empty code is success.
    pub fn of_error_code(error_code: Option<&str>) -> Self {
        Outcome::and_reason_of(error_code).0
    }

    /// The same, with the reason that the code names, if it names one.
    pub(crate) fn and_reason_of(error_code: Option<&str>) -> (Self, Option<ErrorReason>) {
        let Some(code) = error_code.map(str::trim).filter(|code| !code.is_empty()) else {
            return (Outcome::Succeeded, None);
        };
        let code = code.to_ascii_lowercase();
        let code = code.strip_suffix("exception").unwrap_or(&code);
        let code = if code.starts_with(TOO_MANY_REQUESTS) { TOO_MANY_REQUESTS } else { code };
        match CODES.iter().find(|known| known.code == code) {
            Some(known) => (known.outcome, known.reason),
            None => (Outcome::Failed, None),
        }
    }

    /// The value of the column `outcome`.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Denied => "denied",
            Outcome::Throttled => "throttled",
            Outcome::Failed => "failed",
        }
    }
}
