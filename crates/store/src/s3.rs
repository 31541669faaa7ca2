//! A store in a bucket of S3, or of a service that speaks its protocol.

mod address;
mod body;
mod client;
mod clock;
mod conditional;
mod credentials;
mod error;
mod get;
mod http;
mod listing;
mod options;
mod pause;
mod put;
mod refusal;
mod sign;

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::{EncodingType, RequestPayer};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use bytes::Bytes;
use percent_encoding::percent_decode_str;

use crate::body::Body;
use crate::error::{Error, Operation};
use crate::s3::address::Address;
use crate::s3::body::Resumed;
use crate::s3::clock::Clock;
use crate::s3::error::Context;
use crate::s3::listing::WholeListing;
use crate::s3::put::Content;
use crate::s3::sign::Signer;
use crate::store::{Condition, ListPage, ListRequest, Object, ObjectMeta, Put, Store};
use crate::uri::as_folder;

pub use options::{S3Options, StaticCredentials};

/// A bucket from a prefix on. Cheap to clone.
///
/// Failed requests are tried again with growing pauses: throttling, 5xx, broken connections. A body
/// that breaks off is resumed where it did. The checksums of what is read are not computed: TLS
/// protects the way, and gzip has its own. More than 64 MiB are written in parts.
#[derive(Debug, Clone)]
pub struct S3 {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// For all but reading objects.
    client: Client,
    /// The client's connections, for reading objects.
    connector: SharedHttpConnector,
    address: Address,
    /// `None` if requests are not signed.
    signer: Option<Signer>,
    clock: Clock,
    bucket: String,
    /// Empty, or ends with `/`.
    root: String,
    region: String,
    /// The endpoint in words, for messages.
    endpoint: String,
    /// Where credentials were looked for, in words.
    tried: String,
    requester_pays: bool,
    max_tries: u32,
    first_pause: Duration,
    stall_limit: Duration,
}

impl S3 {
    /// Connects to a bucket: finds credentials, and the Region that the bucket is in. `prefix` with
    /// or without a `/` at its end is the same root.
    ///
    /// # Errors
    /// No such profile, no credentials, no such bucket, no way to the endpoint. That the bucket may
    /// not be listed or looked up is no error yet: perhaps it may be read or written.
    pub async fn connect(bucket: &str, prefix: &str, options: &S3Options) -> Result<Self, Error> {
        let inner = client::connect(bucket, as_folder(prefix), options).await?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The Region of the bucket.
    pub fn region(&self) -> &str {
        &self.inner.region
    }
}

#[async_trait]
impl Store for S3 {
    fn location(&self) -> String {
        self.inner.target("")
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
        self.inner.list(request).await
    }

    async fn get(&self, key: &str) -> Result<Object, Error> {
        let inner = &self.inner;
        let (meta, stream) = inner.get(key, None).await?;
        if meta.size_bytes == 0 {
            return Ok(Object { meta, body: Body::whole(Bytes::new()) });
        }
        let body = Resumed::new(Arc::clone(inner), &meta, stream);
        let body = Body::chunks(meta.size_bytes, body);
        Ok(Object { meta, body })
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        self.inner.put(key, Content::Bytes(bytes)).await
    }

    async fn put_file(&self, key: &str, file: File) -> Result<(), Error> {
        self.inner.put_file(key, file).await
    }

    async fn put_if(&self, key: &str, bytes: Bytes, condition: Condition) -> Result<Put, Error> {
        self.inner.put_if(key, bytes, &condition).await
    }

    async fn delete(&self, key: &str) -> Result<(), Error> {
        let inner = &self.inner;
        let request = inner.client.delete_object().bucket(&inner.bucket).key(inner.full(key));
        match request.set_request_payer(inner.payer()).send().await {
            Ok(_) => Ok(()),
            Err(error) => match inner.error(Operation::Delete, key, error) {
                Error::NotFound { .. } => Ok(()),
                error => Err(error),
            },
        }
    }
}

impl Inner {
    async fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
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
            .encoding_type(EncodingType::Url)
            .customize()
            .interceptor(WholeListing);
        let answer = call
            .send()
            .await
            .map_err(|error| self.error(Operation::List, &request.prefix, error))?;

        let is_encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let start_after = request.start_after.as_deref();
        // S3 names a common prefix if anything under it comes after the start; the rule here is
        // that the name itself does.
        let is_wanted = |name: &str| start_after.is_none_or(|start_after| name > start_after);
        let mut page = ListPage::default();
        for object in answer.contents.unwrap_or_default() {
            let key = object.key.unwrap_or_default();
            let Some(key) = self.relative(decode(key, is_encoded)) else { continue };
            if is_wanted(&key) {
                let size_bytes = object.size.and_then(|size| u64::try_from(size).ok());
                let Some(size_bytes) = size_bytes else {
                    return Err(self.other(Operation::List, &key, "the listing has no size of it"));
                };
                let etag = object.e_tag.map(unquoted);
                page.objects.push(ObjectMeta { key, size_bytes, etag });
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

    fn full(&self, key: &str) -> String {
        format!("{}{key}", self.root)
    }

    /// `None` for the root itself, which some tools mark with an empty object.
    fn relative(&self, mut key: String) -> Option<String> {
        if !key.starts_with(&self.root) || key.len() == self.root.len() {
            return None;
        }
        key.drain(..self.root.len());
        Some(key)
    }

    /// A key as a user would write it.
    fn target(&self, key: &str) -> String {
        format!("s3://{}/{}{key}", self.bucket, self.root)
    }

    fn payer(&self) -> Option<RequestPayer> {
        self.requester_pays.then_some(RequestPayer::Requester)
    }

    fn other(&self, operation: Operation, key: &str, source: &str) -> Error {
        Error::Other {
            operation,
            target: self.target(key),
            code: None,
            source: Some(source.into()),
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "the end of an error, and shorter calls")]
    fn error<E: error::Service>(
        &self,
        operation: Operation,
        key: &str,
        error: error::SdkError<E>,
    ) -> Error {
        self.context(operation, key).classify(&error)
    }

    fn context(&self, operation: Operation, key: &str) -> Context<'_> {
        Context {
            operation,
            target: self.target(key),
            bucket: &self.bucket,
            region: &self.region,
            endpoint: &self.endpoint,
            tried: &self.tried,
            max_tries: self.max_tries,
        }
    }
}

/// S3 encodes as HTML forms do: `+` is a space, and a real `+` comes as `%2B`.
fn decode(text: String, is_encoded: bool) -> String {
    if !is_encoded || !text.contains(['%', '+']) {
        return text;
    }
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

fn unquoted(etag: String) -> String {
    match etag.strip_prefix('"').and_then(|etag| etag.strip_suffix('"')) {
        Some(inner) => inner.to_owned(),
        None => etag,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
