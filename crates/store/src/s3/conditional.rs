//! Writing on a condition, with the headers `If-None-Match` and `If-Match`.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use crate::error::{Error, Operation};
use crate::s3::{Inner, unquoted};
use crate::store::{Condition, Put};

/// What S3's answer that it did not write means.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    ConditionFailed,
    NotSupported,
    /// It has nothing to do with the condition.
    Other,
}

impl Inner {
    pub(super) async fn put_if(
        &self,
        key: &str,
        bytes: Bytes,
        condition: &Condition,
    ) -> Result<Put, Error> {
        let call = self.client.put_object().bucket(&self.bucket).key(self.full(key));
        let call = call.set_request_payer(self.payer()).body(ByteStream::from(bytes));
        let call = match condition {
            Condition::Absent => call.if_none_match("*"),
            Condition::Unchanged { etag } => call.if_match(format!("\"{etag}\"")),
        };
        let error = match call.send().await {
            Ok(answer) => {
                let etag = answer.e_tag.map(unquoted).filter(|etag| !etag.is_empty());
                let missing = || self.other(Operation::Put, key, "the answer has no ETag");
                return etag.map(|etag| Put::Done { etag }).ok_or_else(missing);
            }
            Err(error) => error,
        };
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        match refusal(status, error.code(), condition) {
            Refusal::ConditionFailed => Ok(Put::Refused),
            Refusal::NotSupported => {
                let source =
                    "the service does not know conditional writes (If-Match, If-None-Match)";
                Err(self.other(Operation::Put, key, source))
            }
            Refusal::Other => Err(self.error(Operation::Put, key, error)),
        }
    }
}

fn refusal(status: Option<u16>, code: Option<&str>, condition: &Condition) -> Refusal {
    match (status, code.unwrap_or_default(), condition) {
        (Some(412), ..) | (_, "PreconditionFailed" | "ConditionalRequestConflict", _) => {
            Refusal::ConditionFailed
        }
        // An object that is to be unchanged and is not there. A bucket that is not there is an error.
        (_, "NoSuchKey", Condition::Unchanged { .. }) => Refusal::ConditionFailed,
        (Some(501), ..) | (_, "NotImplemented", _) => Refusal::NotSupported,
        _ => Refusal::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        let check = |status, code, condition: &Condition, expected| {
            assert_eq!(refusal(Some(status), code, condition), expected, "{status} {code:?}");
        };
        let unchanged = Condition::Unchanged { etag: "x".to_owned() };
        for condition in [&Condition::Absent, &unchanged] {
            check(412, Some("PreconditionFailed"), condition, Refusal::ConditionFailed);
            check(412, None, condition, Refusal::ConditionFailed);
            check(409, Some("ConditionalRequestConflict"), condition, Refusal::ConditionFailed);
            check(409, Some("OperationAborted"), condition, Refusal::Other);
            check(501, Some("NotImplemented"), condition, Refusal::NotSupported);
            check(501, None, condition, Refusal::NotSupported);
            check(404, Some("NoSuchBucket"), condition, Refusal::Other);
            check(403, Some("AccessDenied"), condition, Refusal::Other);
            check(503, Some("SlowDown"), condition, Refusal::Other);
        }
        check(404, Some("NoSuchKey"), &unchanged, Refusal::ConditionFailed);
        check(404, Some("NoSuchKey"), &Condition::Absent, Refusal::Other);
    }
}
