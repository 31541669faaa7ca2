//! How old an object is by S3's own clock: both times are of one answer.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};

use crate::error::{Error, Operation};
use crate::s3::{Inner, unquoted};

/// Keeps the header `Date` of an answer, which the SDK does not pass on.
#[derive(Debug, Clone, Default)]
struct DateOfAnswer(Arc<Mutex<Option<DateTime>>>);

impl Intercept for DateOfAnswer {
    fn name(&self) -> &'static str {
        "DateOfAnswer"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
        *self.0.lock().expect("no holder panics") = date;
        Ok(())
    }
}

impl Inner {
    pub(super) async fn age(&self, key: &str) -> Result<Option<(String, Duration)>, Error> {
        let date = DateOfAnswer::default();
        let request = self.client.head_object().bucket(&self.bucket).key(self.full(key));
        let request = request.set_request_payer(self.payer());
        let request = request.set_expected_bucket_owner(self.owner()).customize();
        let answer = match request.interceptor(date.clone()).send().await {
            Ok(answer) => answer,
            Err(error) => match self.error(Operation::Get, key, &error) {
                Error::NotFound { .. } => return Ok(None),
                error => return Err(error),
            },
        };
        let date = date.0.lock().expect("no holder panics").take();
        let time = |time: DateTime| SystemTime::try_from(time).ok();
        let times = date.and_then(time).zip(answer.last_modified.and_then(time));
        let age = times.map(|(now, written)| now.duration_since(written).unwrap_or_default());
        Ok(answer.e_tag.map(unquoted).zip(age))
    }
}
