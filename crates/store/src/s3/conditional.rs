//! Writing on a condition, with the headers `If-None-Match` and `If-Match`.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use crate::error::{Error, Operation};
use crate::s3::{Inner, unquoted};
use crate::store::{Condition, Put};

/// Why S3 did not write.
#[derive(Debug, PartialEq, Eq)]
enum Reason {
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
        let call = self.to_put(key).body(ByteStream::from(bytes));
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
        match reason(status, error.code(), condition) {
            Reason::ConditionFailed => Ok(Put::ConditionFailed),
            Reason::NotSupported => {
                let source =
                    "the service does not know conditional writes (If-Match, If-None-Match)";
                Err(self.other(Operation::Put, key, source))
            }
            Reason::Other => Err(self.error(Operation::Put, key, &error)),
        }
    }
}

fn reason(status: Option<u16>, code: Option<&str>, condition: &Condition) -> Reason {
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
