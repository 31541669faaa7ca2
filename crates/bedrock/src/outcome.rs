//! How a call ended, judged by its error code.

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// No error code.
    Succeeded,
    /// The caller lacked permission.
    Denied,
    /// There were too many requests.
    Throttled,
    /// Any other error.
    Failed,
}

/// Codes for a lack of permission, in lower case. CloudTrail drops the suffix `Exception`
/// (`AccessDenied` in a real record of 2024); EC2-style and mantle spellings are listed too.
const DENIED: &[&str] = &[
    "accessdenied",
    "accessdeniedexception",
    "access_denied",
    "authorizationerror",
    "authorizationerrorexception",
    "client.unauthorizedoperation",
    "forbidden",
    "forbiddenexception",
    "notauthorized",
    "notauthorizedexception",
    "permission_error",
    "unauthorizedoperation",
    "unauthorizedexception",
];

/// Throttling codes, in lower case: the list of botocore's standard retry mode, with and without
/// `Exception`, and the spellings of the OpenAI- and Anthropic-style endpoints.
const THROTTLED: &[&str] = &[
    "bandwidthlimitexceeded",
    "ec2throttledexception",
    "limitexceededexception",
    "priorrequestnotcomplete",
    "provisionedthroughputexceededexception",
    "rate_limit_error",
    "rate_limit_exceeded",
    "requestlimitexceeded",
    "requestthrottled",
    "requestthrottledexception",
    "slowdown",
    "throttled",
    "throttledexception",
    "throttling",
    "throttlingexception",
    "toomanyrequests",
    "toomanyrequestsexception",
];

impl Outcome {
    /// Every outcome, in the order of the tables' count columns.
    pub const ALL: [Outcome; 4] =
        [Outcome::Succeeded, Outcome::Denied, Outcome::Throttled, Outcome::Failed];

    /// Judges an error code as CloudTrail writes it. An absent or empty code is success.
    pub fn of_error_code(error_code: Option<&str>) -> Self {
        let Some(code) = error_code.map(str::trim).filter(|code| !code.is_empty()) else {
            return Outcome::Succeeded;
        };
        let code = code.to_ascii_lowercase();
        if DENIED.contains(&code.as_str()) {
            Outcome::Denied
        } else if THROTTLED.contains(&code.as_str()) {
            Outcome::Throttled
        } else {
            Outcome::Failed
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcome_follows_from_the_error_code() {
        let cases = [
            (None, Outcome::Succeeded),
            (Some(""), Outcome::Succeeded),
            (Some("AccessDenied"), Outcome::Denied),
            (Some("AccessDeniedException"), Outcome::Denied),
            (Some("Client.UnauthorizedOperation"), Outcome::Denied),
            (Some("accessDeniedException"), Outcome::Denied),
            (Some("ThrottlingException"), Outcome::Throttled),
            (Some("TooManyRequestsException"), Outcome::Throttled),
            (Some("ValidationException"), Outcome::Failed),
            (Some("ResourceNotFoundException"), Outcome::Failed),
            (Some("ServiceQuotaExceededException"), Outcome::Failed),
        ];
        for (code, expected) in cases {
            assert_eq!(Outcome::of_error_code(code), expected, "{code:?}");
        }
    }
}
