//! Why a call was refused or failed, as far as its error code and message say: one closed list.

use std::cmp::Ordering;

use crate::denial::Denial;
use crate::outcome::Outcome;

/// Why a call was refused or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorReason {
    /// The model can be called through an inference profile only.
    NeedsProfile,
    /// The account has no access to the model.
    ModelAccess,
    /// The model's AWS Marketplace subscription cannot be made.
    Marketplace,
    /// The account's means of payment is not accepted.
    Payment,
    /// The provider has retired the model.
    Legacy,
    /// There is no such model.
    InvalidModel,
    /// Too many requests in a short time.
    TooManyRequests,
    /// Too many tokens in a short time.
    TooManyTokens,
    /// Too many tokens on one day.
    TokensPerDay,
    /// Another quota.
    Quota,
    /// The model took too long.
    Timeout,
    /// The service or the model was not available.
    Unavailable,
    /// The request was not valid.
    Validation,
    /// A policy denied, or none allowed.
    Policy,
}

/// A part of a message, in lower case, and the reason that it names.
type Wording = (&'static str, ErrorReason);

/// Messages of calls of any outcome, the more special first. Sources: the Bedrock user guide,
/// "Troubleshooting API error codes" and "Access to models"; messages in public issues.
const WORDINGS: &[Wording] = &[
    ("on-demand throughput isn't supported", ErrorReason::NeedsProfile),
    ("on-demand throughput is not supported", ErrorReason::NeedsProfile),
    ("invalid_payment_instrument", ErrorReason::Payment),
    ("payment instrument", ErrorReason::Payment),
    ("aws marketplace", ErrorReason::Marketplace),
    ("aws-marketplace:", ErrorReason::Marketplace),
    ("have access to the model", ErrorReason::ModelAccess),
    ("model access is denied", ErrorReason::ModelAccess),
    ("access to this model", ErrorReason::ModelAccess),
    // Anthropic's form, which has to be sent in once for each account.
    ("use case details have not been submitted", ErrorReason::ModelAccess),
    ("marked by provider as legacy", ErrorReason::Legacy),
    ("reached the end of its life", ErrorReason::Legacy),
    ("model identifier is invalid", ErrorReason::InvalidModel),
    ("could not resolve the foundation model", ErrorReason::InvalidModel),
    ("vpc endpoint policy", ErrorReason::Policy),
];

/// Messages of throttled calls. In other messages these words tell of the length of one request.
/// Source: AWS re:Post, "`ThrottlingException` error when I use Amazon Bedrock on-demand resources".
const THROTTLED_WORDINGS: &[Wording] = &[
    ("tokens per day", ErrorReason::TokensPerDay),
    ("too many tokens", ErrorReason::TooManyTokens),
    ("tokens per minute", ErrorReason::TooManyTokens),
    ("too many requests", ErrorReason::TooManyRequests),
    ("request rate is too high", ErrorReason::TooManyRequests),
    ("requests per", ErrorReason::TooManyRequests),
    ("rate exceeded", ErrorReason::TooManyRequests),
];

impl ErrorReason {
    /// Every reason, in the order of the documentation.
    pub const ALL: [ErrorReason; 14] = [
        ErrorReason::NeedsProfile,
        ErrorReason::ModelAccess,
        ErrorReason::Marketplace,
        ErrorReason::Payment,
        ErrorReason::Legacy,
        ErrorReason::InvalidModel,
        ErrorReason::TooManyRequests,
        ErrorReason::TooManyTokens,
        ErrorReason::TokensPerDay,
        ErrorReason::Quota,
        ErrorReason::Timeout,
        ErrorReason::Unavailable,
        ErrorReason::Validation,
        ErrorReason::Policy,
    ];

    /// The reason that the text of a refused request names; `None` where it says none.
    pub fn of_text(text: &str, denial: &Denial) -> Option<Self> {
        Self::of(Outcome::Denied, None, Some(text), Some(denial))
    }

    /// The reason of an error, given that of its code; `None` where neither code nor message says.
    pub(crate) fn of(
        outcome: Outcome,
        of_code: Option<ErrorReason>,
        message: Option<&str>,
        denial: Option<&Denial>,
    ) -> Option<Self> {
        if outcome == Outcome::Succeeded {
            return None;
        }
        let text = message.unwrap_or_default().to_lowercase().replace('\u{2019}', "'");
        let find = |all: &[Wording]| {
            all.iter().find(|(part, _)| text.contains(part)).map(|(_, reason)| *reason)
        };
        // Who is not authorized for an action was denied by a policy, even where the message names none.
        let is_policy = denial.is_some_and(|denial| denial.action.is_some());
        let of_policy = is_policy.then_some(ErrorReason::Policy);
        let of_throttled =
            (outcome == Outcome::Throttled).then(|| find(THROTTLED_WORDINGS)).flatten();
        of_policy.or_else(|| find(WORDINGS)).or(of_throttled).or(of_code)
    }

    /// The value of the column `error_reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorReason::NeedsProfile => "needs_profile",
            ErrorReason::ModelAccess => "model_access",
            ErrorReason::Marketplace => "marketplace",
            ErrorReason::Payment => "payment",
            ErrorReason::Legacy => "legacy",
            ErrorReason::InvalidModel => "invalid_model",
            ErrorReason::TooManyRequests => "too_many_requests",
            ErrorReason::TooManyTokens => "too_many_tokens",
            ErrorReason::TokensPerDay => "tokens_per_day",
            ErrorReason::Quota => "quota",
            ErrorReason::Timeout => "timeout",
            ErrorReason::Unavailable => "unavailable",
            ErrorReason::Validation => "validation",
            ErrorReason::Policy => "policy",
        }
    }

    /// The same in words.
    pub fn label(self) -> &'static str {
        match self {
            ErrorReason::NeedsProfile => "needs an inference profile",
            ErrorReason::ModelAccess => "model access not granted",
            ErrorReason::Marketplace => "no Marketplace subscription",
            ErrorReason::Payment => "payment not accepted",
            ErrorReason::Legacy => "model retired",
            ErrorReason::InvalidModel => "no such model",
            ErrorReason::TooManyRequests => "too many requests",
            ErrorReason::TooManyTokens => "too many tokens",
            ErrorReason::TokensPerDay => "too many tokens per day",
            ErrorReason::Quota => "quota exceeded",
            ErrorReason::Timeout => "timed out",
            ErrorReason::Unavailable => "not available",
            ErrorReason::Validation => "request not valid",
            ErrorReason::Policy => "denied by a policy",
        }
    }

    /// The way out, where it is always the same.
    pub fn hint(self) -> Option<&'static str> {
        match self {
            ErrorReason::NeedsProfile => Some(
                "call the model by the ID of an inference profile, which is the model ID with a scope \
                 in front: us.…, eu.…, global.…",
            ),
            ErrorReason::ModelAccess => Some(
                "open the model in the model catalog of the Bedrock console, in this account and \
                 Region, and request access; Anthropic also asks for a use case form once",
            ),
            ErrorReason::Marketplace => Some(
                "let the role do aws-marketplace:Subscribe and aws-marketplace:ViewSubscriptions, or \
                 call the model once with a role that may; the account is subscribed then",
            ),
            _ => None,
        }
    }
}

/// The order of the texts, which is that of the tables.
impl Ord for ErrorReason {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for ErrorReason {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
