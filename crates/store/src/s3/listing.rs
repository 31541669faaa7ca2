//! Listing: a page of S3's as a page of ours, and a guard against one that ends early.

use aws_sdk_s3::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::types::{
    EncodingType, Object, ObjectStorageClass, OptionalObjectAttributes, RestoreStatus,
};
use percent_encoding::percent_decode_str;

use crate::error::{Error, Operation};
use crate::s3::{Inner, unquoted};
use crate::store::{ListPage, ListRequest, ObjectMeta};

impl Inner {
    pub(super) async fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
        // Encoded, since XML cannot hold every character that a key can.
        let call = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(self.full(&request.prefix))
            .set_delimiter(request.delimiter.then(|| "/".to_owned()))
            .set_start_after(request.start_after.as_deref().map(|name| self.full(name)))
            .set_continuation_token(request.token.clone())
            .set_max_keys(request.page_size.map(|_| request.limit() as i32))
            .set_request_payer(self.payer())
            .set_expected_bucket_owner(self.owner())
            .set_optional_object_attributes(
                self.lists_restored.then(|| vec![OptionalObjectAttributes::RestoreStatus]),
            )
            .encoding_type(EncodingType::Url)
            .customize()
            .interceptor(WholeListing);
        let answer = call
            .send()
            .await
            .map_err(|error| self.error(Operation::List, &request.prefix, &error))?;

        let is_encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let start_after = request.start_after.as_deref();
        // S3 names a common prefix if anything under it comes after the start; the rule here is
        // that the name itself does.
        let is_wanted = |name: &str| start_after.is_none_or(|start_after| name > start_after);
        let mut page = ListPage::default();
        for object in answer.contents.unwrap_or_default() {
            let is_archived = is_archived(&object);
            let key = object.key.unwrap_or_default();
            let Some(key) = self.relative(decode(key, is_encoded)) else { continue };
            if is_wanted(&key) {
                let size_bytes = object.size.and_then(|size| u64::try_from(size).ok());
                let Some(size_bytes) = size_bytes else {
                    return Err(self.other(Operation::List, &key, "the listing has no size of it"));
                };
                let etag = object.e_tag.map(unquoted);
                page.objects.push(ObjectMeta { key, size_bytes, etag, is_archived });
            }
        }
        for common in answer.common_prefixes.unwrap_or_default() {
            let prefix = common.prefix.unwrap_or_default();
            let Some(prefix) = self.relative(decode(prefix, is_encoded)) else { continue };
            if is_wanted(&prefix) {
                page.prefixes.push(prefix);
            }
        }
        page.next = match answer.is_truncated {
            Some(true) => answer.next_continuation_token,
            _ => None,
        };
        Ok(page)
    }

    /// `None` for the root itself, which some tools mark with an empty object.
    fn relative(&self, mut key: String) -> Option<String> {
        if !key.starts_with(&self.root) || key.len() == self.root.len() {
            return None;
        }
        key.drain(..self.root.len());
        Some(key)
    }
}

/// Whether an object must be restored before it can be read. A listing does not say so of objects that
/// Intelligent-Tiering has archived; only reading them does.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html>
fn is_archived(object: &Object) -> bool {
    let is_archive = matches!(
        object.storage_class(),
        Some(ObjectStorageClass::Glacier | ObjectStorageClass::DeepArchive)
    );
    // A restored copy has an end; one that is still being restored has none.
    is_archive && object.restore_status().and_then(RestoreStatus::restore_expiry_date).is_none()
}

/// S3 encodes as HTML forms do: `+` is a space, and a real `+` comes as `%2B`.
fn decode(text: String, is_encoded: bool) -> String {
    if !is_encoded || !text.contains(['%', '+']) {
        return text;
    }
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

/// Rejects an answer that is not XML to its end. The SDK's parser takes it for a shorter listing,
/// with an end of a key cut off perhaps; objects would be missed in silence.
#[derive(Debug)]
struct WholeListing;

impl Intercept for WholeListing {
    fn name(&self) -> &'static str {
        "WholeListing"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default().trim_ascii_end();
        // An answer that is an error already keeps it: it may be one to try again.
        if context.output_or_error().is_ok() && !body.ends_with(b"ListBucketResult>") {
            return Err("the listing ends early".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::primitives::DateTime;

    use super::*;

    #[test]
    fn objects_in_archives_are_archived_until_a_restored_copy_is_there() {
        let check = |class: &str, restored: Option<RestoreStatus>, expected: bool| {
            let object = Object::builder().storage_class(class.into()).set_restore_status(restored);
            assert_eq!(is_archived(&object.build()), expected, "{class}");
        };
        for class in ["STANDARD", "GLACIER_IR", "INTELLIGENT_TIERING", "A_NEW_ONE"] {
            check(class, None, false);
        }
        for class in ["GLACIER", "DEEP_ARCHIVE"] {
            check(class, None, true);
            let status = RestoreStatus::builder().is_restore_in_progress(true);
            check(class, Some(status.build()), true);
            let status = RestoreStatus::builder().is_restore_in_progress(false);
            let status = status.restore_expiry_date(DateTime::from_secs(1_800_000_000));
            check(class, Some(status.build()), false);
        }
    }

    #[test]
    fn names_are_decoded() {
        let check = |text: &str, expected: &str| {
            assert_eq!(decode(text.to_owned(), true), expected);
        };
        check("a/b.json.gz", "a/b.json.gz");
        check("a+b%2Bc%25%20%C3%BC%0A", "a b+c% ü\n");
        assert_eq!(decode("a+b%20".to_owned(), false), "a+b%20");
    }
}
