//! Listing: a page of S3's as a page of ours, and guards against one that ends early or is not the next one.

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

/// Between the last name of a page and the service's token, which is text of XML and cannot contain it.
const SEPARATOR: char = '\0';

impl Inner {
    /// The token of a page is the service's with the last name before it, which the next one is held against.
    pub(super) async fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
        let token = request.token.as_deref().and_then(|token| token.rsplit_once(SEPARATOR));
        let (after, token) = match token {
            Some((last, token)) => (Some(last), Some(token)),
            None => (request.start_after.as_deref(), None),
        };
        // Encoded, since XML cannot hold every character that a key can.
        let call = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(self.full(&request.prefix))
            .set_delimiter(request.delimiter.then(|| "/".to_owned()))
            .set_start_after(request.start_after.as_deref().map(|name| self.full(name)))
            .set_continuation_token(token.map(str::to_owned))
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
        let wrong = |reason: String| self.other(Operation::List, &request.prefix, &reason);
        let names = Names { request, after };
        let mut page = ListPage::default();
        for object in answer.contents.unwrap_or_default() {
            let is_archived = is_archived(&object);
            let name = decode(object.key.unwrap_or_default(), is_encoded);
            if name == self.root {
                // Some tools mark a folder with an empty object.
                continue;
            }
            let key = self.relative(&name).map_err(wrong)?;
            let last = page.objects.last().map(|object: &ObjectMeta| object.key.as_str());
            if names.is_wanted_key(&key, last).map_err(wrong)? {
                let size_bytes = object.size.and_then(|size| u64::try_from(size).ok());
                let Some(size_bytes) = size_bytes else {
                    return Err(self.other(Operation::List, &key, "the listing has no size of it"));
                };
                let etag = object.e_tag.map(unquoted);
                page.objects.push(ObjectMeta { key, size_bytes, etag, is_archived });
            }
        }
        for common in answer.common_prefixes.unwrap_or_default() {
            let name = decode(common.prefix.unwrap_or_default(), is_encoded);
            let prefix = self.relative(&name).map_err(wrong)?;
            if names.is_wanted_prefix(&prefix).map_err(wrong)? {
                page.prefixes.push(prefix);
            }
        }
        page.prefixes.sort_unstable();
        let next = match (answer.is_truncated, answer.next_continuation_token) {
            (Some(false), _) | (None, None) => return Ok(page),
            (Some(true), None) => return Err(wrong("there is more, and no token for it".into())),
            (_, Some(next)) => next,
        };
        if token == Some(next.as_str()) {
            // Such a service would be asked for ever.
            return Err(wrong("the service gives the same page again and again".into()));
        }
        let last = page.objects.last().map(|object| object.key.as_str());
        let last = last.max(page.prefixes.last().map(String::as_str)).or(after).unwrap_or_default();
        page.next = Some(format!("{last}{SEPARATOR}{next}"));
        Ok(page)
    }

    /// A name below the root, without it.
    fn relative(&self, name: &str) -> Result<String, String> {
        match name.strip_prefix(&self.root) {
            Some(name) if self.root.is_empty() || !name.is_empty() => Ok(name.to_owned()),
            _ => Err(format!("the service lists `{name}`, which is not below the prefix")),
        }
    }
}

/// What the names of a page are held against. A service that does not heed `start-after`, or mixes up its
/// tokens, or has an order of its own, would make objects be missed in silence.
#[derive(Debug, Clone, Copy)]
struct Names<'a> {
    request: &'a ListRequest,
    /// What they come after: the last name of the page before, or the request's `start_after`.
    after: Option<&'a str>,
}

impl Names<'_> {
    /// Whether a key is wanted; `last` is the one before it in the page.
    fn is_wanted_key(&self, key: &str, last: Option<&str>) -> Result<bool, String> {
        self.is_below_prefix(key)?;
        match (last, self.after) {
            (Some(last), _) if key <= last => Err(out_of_order(key, last)),
            (_, Some(after))
                if key < after && !(self.is_paged() && is_after_in_tree(key, after)) =>
            {
                Err(out_of_order(key, after))
            }
            // The start itself may be in: nothing is missed.
            (_, after) => Ok(after != Some(key)),
        }
    }

    fn is_wanted_prefix(&self, prefix: &str) -> Result<bool, String> {
        self.is_below_prefix(prefix)?;
        match self.after {
            Some(after)
                if self.is_paged() && prefix <= after && !is_after_in_tree(prefix, after) =>
            {
                Err(out_of_order(prefix, after))
            }
            // S3 names a common prefix if anything under it comes after the start; the rule here is
            // that the name itself does.
            Some(after) => Ok(self.is_paged() || prefix > after),
            None => Ok(true),
        }
    }

    /// Whether `after` is from a page of folders before this one.
    fn is_paged(&self) -> bool {
        self.request.delimiter && self.request.token.is_some()
    }

    fn is_below_prefix(&self, name: &str) -> Result<(), String> {
        match name.starts_with(&self.request.prefix) {
            true => Ok(()),
            false => Err(format!("the service lists `{name}`, which is not below the prefix")),
        }
    }
}

/// Whether a folder or file comes after another in a service that walks a tree, such as `SeaweedFS`:
/// `a-b/` after `a/`, whose names without the slash are in this order.
fn is_after_in_tree(name: &str, other: &str) -> bool {
    name.trim_end_matches('/') > other.trim_end_matches('/')
}

fn out_of_order(name: &str, other: &str) -> String {
    format!("the service lists `{name}` after `{other}`, out of order: objects may be missing")
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

    #[test]
    fn names_that_are_not_the_next_ones_are_an_error() {
        let check = |request: &ListRequest, after, (last, name): (Option<&str>, &str), expected| {
            let names = Names { request, after };
            let found = match name.ends_with('/') {
                true => names.is_wanted_prefix(name),
                false => names.is_wanted_key(name, last),
            };
            assert_eq!(found.ok(), expected, "{name} after {last:?} and {after:?}");
        };
        let keys = ListRequest::all("a/");
        check(&keys, None, (None, "a/x"), Some(true));
        check(&keys, None, (None, "b"), None);
        check(&keys, None, (Some("a/x"), "a/y"), Some(true));
        check(&keys, None, (Some("a/x"), "a/x"), None);
        check(&keys, None, (Some("a/x/1"), "a/x-1/1"), None);
        check(&keys, Some("a/x"), (None, "a/w"), None);
        check(&keys, Some("a/x"), (None, "a/x"), Some(false));
        check(&keys, Some("a/x"), (None, "a/y"), Some(true));

        let folders = ListRequest::folder("a/");
        check(&folders, None, (None, "b/"), None);
        check(&folders, Some("a/b/c"), (None, "a/b/"), Some(false));
        check(&folders, Some("a/b/c"), (None, "a/c/"), Some(true));
        check(&folders, Some("a/b/c"), (None, "a/a"), None);

        let second = ListRequest { token: Some("t".to_owned()), ..folders };
        check(&second, Some("a/b/"), (None, "a/c/"), Some(true));
        check(&second, Some("a/b/"), (None, "a/b/"), None);
        check(&second, Some("a/b/"), (None, "a/a/"), None);
        check(&second, Some("a/b/"), (None, "a/a"), None);
        // As in a tree.
        check(&second, Some("a/b/"), (None, "a/b-c/"), Some(true));
        check(&second, Some("a/b/"), (None, "a/b.txt"), Some(true));
    }
}
