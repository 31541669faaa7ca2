//! Writing and deleting on a condition, with the headers `If-None-Match` and `If-Match`, and not after a
//! deadline.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::{BoxError, ProvideErrorMetadata, SdkError};

use crate::error::{Error, Operation};
use crate::guard::{Condition, Guard};
use crate::s3::error::Service;
use crate::s3::{Inner, unquoted};
use crate::store::{Deleted, Put};

/// Why S3 did not do it.
#[derive(Debug, PartialEq, Eq)]
enum Reason {
    ConditionFailed,
    NotSupported,
    /// It has nothing to do with the condition.
    Other,
}

/// The headers `If-Match` and `If-None-Match` of a condition.
pub(super) fn headers(condition: &Condition) -> (Option<String>, Option<String>) {
    match condition {
        Condition::Any => (None, None),
        Condition::Absent => (None, Some("*".to_owned())),
        Condition::Unchanged { etag } => (Some(format!("\"{etag}\"")), None),
    }
}

/// Lets no attempt begin after a deadline: the SDK repeats requests on its own.
#[derive(Debug)]
pub(super) struct InTime {
    guard: Guard,
    target: String,
}

impl Intercept for InTime {
    fn name(&self) -> &'static str {
        "InTime"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        Ok(self.guard.check(&self.target)?)
    }
}

impl Inner {
    pub(super) fn in_time(&self, key: &str, guard: &Guard) -> InTime {
        InTime { guard: guard.clone(), target: self.target(key) }
    }

    /// What became of a write, from its answer: the `ETag` of what was written.
    pub(super) fn written<E: Service>(
        &self,
        key: &str,
        guard: &Guard,
        answer: Result<Option<String>, SdkError<E>>,
    ) -> Result<Put, Error> {
        match answer {
            Ok(etag) => {
                let etag = etag.map(unquoted).filter(|etag| !etag.is_empty());
                let missing = || self.other(Operation::Put, key, "the answer has no ETag");
                etag.map(|etag| Put::Done { etag }).ok_or_else(missing)
            }
            Err(error) => match self.not_done(Operation::Put, key, guard, &error)? {
                Reason::NotSupported => {
                    let reason =
                        "the service knows no conditional writes (If-Match, If-None-Match)";
                    Err(Error::NotConditional { target: self.target(key), reason })
                }
                _ => Ok(Put::ConditionFailed),
            },
        }
    }

    pub(super) async fn delete_if(&self, key: &str, guard: &Guard) -> Result<Deleted, Error> {
        let (if_match, if_none_match) = headers(&guard.condition);
        // There is nothing to delete.
        if if_none_match.is_some() {
            return Ok(Deleted::ConditionFailed);
        }
        let request = self.client.delete_object().bucket(&self.bucket).key(self.full(key));
        let request = request.set_if_match(if_match).set_request_payer(self.payer());
        let request = request.set_expected_bucket_owner(self.owner()).customize();
        match request.interceptor(self.in_time(key, guard)).send().await {
            Ok(_) => Ok(Deleted::Done),
            Err(error) => match self.not_done(Operation::Delete, key, guard, &error) {
                Ok(Reason::NotSupported) => Ok(Deleted::NotSupported),
                Ok(_) => Ok(Deleted::ConditionFailed),
                Err(Error::NotFound { .. }) => Ok(Deleted::Done),
                Err(error) => Err(error),
            },
        }
    }

    /// Why something was not done, if it is for its condition.
    fn not_done<E: Service>(
        &self,
        operation: Operation,
        key: &str,
        guard: &Guard,
        error: &SdkError<E>,
    ) -> Result<Reason, Error> {
        // An interceptor that fails is told apart by what it found.
        if error.raw_response().is_none() {
            guard.check(&self.target(key))?;
        }
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        match reason(status, error.code(), &guard.condition) {
            Reason::Other => Err(self.error(operation, key, error)),
            reason => Ok(reason),
        }
    }
}

fn reason(status: Option<u16>, code: Option<&str>, condition: &Condition) -> Reason {
    if *condition == Condition::Any {
        return Reason::Other;
    }
    match (status, code.unwrap_or_default(), condition) {
        (Some(412), ..) | (_, "PreconditionFailed" | "ConditionalRequestConflict", _) => {
            Reason::ConditionFailed
        }
        // An object that is to be unchanged and is not there. A bucket that is not there is an error.
        (_, "NoSuchKey", Condition::Unchanged { .. }) => Reason::ConditionFailed,
        (Some(501), ..) | (_, "NotImplemented", _) => Reason::NotSupported,
        _ => Reason::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_apart() {
        let check = |status, code, condition: &Condition, expected| {
            assert_eq!(reason(Some(status), code, condition), expected, "{status} {code:?}");
        };
        let unchanged = Condition::Unchanged { etag: "x".to_owned() };
        check(412, Some("PreconditionFailed"), &Condition::Any, Reason::Other);
        for condition in [&Condition::Absent, &unchanged] {
            check(412, Some("PreconditionFailed"), condition, Reason::ConditionFailed);
            check(412, None, condition, Reason::ConditionFailed);
            check(409, Some("ConditionalRequestConflict"), condition, Reason::ConditionFailed);
            check(409, Some("OperationAborted"), condition, Reason::Other);
            check(501, Some("NotImplemented"), condition, Reason::NotSupported);
            check(501, None, condition, Reason::NotSupported);
            check(404, Some("NoSuchBucket"), condition, Reason::Other);
            check(403, Some("AccessDenied"), condition, Reason::Other);
            check(503, Some("SlowDown"), condition, Reason::Other);
        }
        check(404, Some("NoSuchKey"), &unchanged, Reason::ConditionFailed);
        check(404, Some("NoSuchKey"), &Condition::Absent, Reason::Other);
    }
}
