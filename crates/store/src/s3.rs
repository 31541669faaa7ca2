//! A store in a bucket of S3, or of a service that speaks its protocol, by the AWS SDK.

mod age;
mod body;
mod client;
mod conditional;
mod credentials;
mod dns;
mod endpoint;
mod error;
mod faults;
mod http;
mod listing;
mod options;
mod proxy;
mod put;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::types::{ObjectCannedAcl, RequestPayer, ServerSideEncryption};
use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::body::Body;
use crate::content::Content;
use crate::error::{Error, Operation};
use crate::guard::Guard;
use crate::s3::body::Resumed;
use crate::store::{Deleted, ListPage, ListRequest, Object, Put, Store};
use crate::uri::as_folder;

pub use options::{AddressingStyle, Encryption, S3Options, StaticCredentials};

/// A bucket from a prefix on. Cheap to clone.
///
/// Failed requests are tried again with growing pauses, as the SDK does it: throttling, 5xx, broken
/// connections. A body that breaks off is resumed where it did. The checksums of what is read are not
/// computed: TLS protects the way, and gzip has its own. More than 64 MiB are written in parts.
#[derive(Debug, Clone)]
pub struct S3 {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    client: Client,
    /// Its name, or the ARN or alias of an access point.
    bucket: String,
    /// Empty, or ends with `/`.
    root: String,
    region: String,
    /// The endpoint in words, for messages.
    endpoint: String,
    /// Where credentials were looked for, in words.
    tried: String,
    requester_pays: bool,
    encryption: Option<Encryption>,
    acl: Option<ObjectCannedAcl>,
    expected_bucket_owner: Option<String>,
    /// Whether listings are asked which archived objects are restored. Services other than AWS need
    /// not know the header.
    lists_restored: bool,
    /// Whether conditions of uploads in parts are heeded, once it is known.
    completes_on_condition: OnceCell<bool>,
    max_tries: u32,
    first_pause: Duration,
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
        let (meta, stream) = self.inner.get(key, None).await?;
        let body = match meta.size_bytes {
            0 => Body::whole(Bytes::new()),
            size_bytes => {
                Body::chunks(size_bytes, Resumed::new(Arc::clone(&self.inner), &meta, stream))
            }
        };
        Ok(Object { meta, body })
    }

    async fn put_if(&self, key: &str, content: Content, guard: &Guard) -> Result<Put, Error> {
        self.inner.put_if(key, content, guard).await
    }

    async fn delete_if(&self, key: &str, guard: &Guard) -> Result<Deleted, Error> {
        self.inner.delete_if(key, guard).await
    }

    async fn age(&self, key: &str) -> Result<Option<(String, Duration)>, Error> {
        self.inner.age(key).await
    }
}

impl Inner {
    fn full(&self, key: &str) -> String {
        format!("{}{key}", self.root)
    }

    /// A key as a user would write it.
    fn target(&self, key: &str) -> String {
        format!("s3://{}/{}{key}", self.bucket, self.root)
    }

    fn payer(&self) -> Option<RequestPayer> {
        self.requester_pays.then_some(RequestPayer::Requester)
    }

    fn owner(&self) -> Option<String> {
        self.expected_bucket_owner.clone()
    }

    /// How to encrypt what is written, and with which key.
    fn encryption(&self) -> (Option<ServerSideEncryption>, Option<String>) {
        match &self.encryption {
            None => (None, None),
            Some(Encryption::Aes256) => (Some(ServerSideEncryption::Aes256), None),
            Some(Encryption::Kms { key_id }) => {
                (Some(ServerSideEncryption::AwsKms), key_id.clone())
            }
        }
    }

    fn other(&self, operation: Operation, key: &str, source: &str) -> Error {
        let (target, source) = (self.target(key), Some(source.into()));
        Error::Other { operation, target, code: None, source }
    }
}

fn unquoted(etag: String) -> String {
    match etag.strip_prefix('"').and_then(|etag| etag.strip_suffix('"')) {
        Some(inner) => inner.to_owned(),
        None => etag,
    }
}
