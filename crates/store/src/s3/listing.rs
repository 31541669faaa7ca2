//! Guards against a listing that ends early.

use aws_sdk_s3::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;

/// Refuses an answer that is not XML to its end. The SDK's parser takes it for a shorter listing,
/// with an end of a key cut off perhaps; objects would be missed in silence.
#[derive(Debug)]
pub(super) struct WholeListing;

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
