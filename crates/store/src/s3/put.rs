//! Writing an object: a small one in one request, a large one in parts that are put together in
//! the end. Either way, nothing is seen of it before it is whole.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinSet, spawn_blocking};

use crate::content::Content;
use crate::error::{Error, Operation};
use crate::guard::{Condition, Guard};
use crate::s3::Inner;
use crate::s3::conditional::headers;
use crate::store::Put;

/// The largest object that is written in one request: one that fails is sent again from its start.
const MAX_WHOLE_BYTES: usize = 64 << 20;
const PART_BYTES: usize = 16 << 20;
/// S3's limit for one object.
const MAX_PARTS: usize = 10_000;
/// The key with which conditions of uploads in parts are tried: of no object.
const TRIED: &str = ".conditional-upload";
/// Bounds what is hashed and held by connections at the same time.
const PARTS_IN_FLIGHT: usize = 4;

impl Inner {
    pub(super) async fn put_if(
        self: &Arc<Self>,
        key: &str,
        content: Content,
        guard: &Guard,
    ) -> Result<Put, Error> {
        let size_bytes = content.size_bytes().map_err(|error| self.unread(key, &error))?;
        if size_bytes > MAX_WHOLE_BYTES {
            if guard.condition != Condition::Any {
                self.check_completion(key).await?;
            }
            return self.put_in_parts(key, content, size_bytes, guard).await;
        }
        let bytes = part(content, 0..size_bytes).await;
        let bytes = bytes.map_err(|error| self.unread(key, &error))?;
        let call = self.to_put(key).body(ByteStream::from(bytes));
        let (if_match, if_none_match) = headers(&guard.condition);
        let call = call.set_if_match(if_match).set_if_none_match(if_none_match);
        let sent = call.customize().interceptor(self.in_time(key, guard)).send().await;
        self.written(key, guard, sent.map(|answer| answer.e_tag))
    }

    /// A request to write an object in one, but for its content.
    pub(super) fn to_put(&self, key: &str) -> PutObjectFluentBuilder {
        let (encryption, kms_key_id) = self.encryption();
        let request = self.client.put_object().bucket(&self.bucket).key(self.full(key));
        request
            .set_request_payer(self.payer())
            .set_expected_bucket_owner(self.owner())
            .set_server_side_encryption(encryption)
            .set_ssekms_key_id(kms_key_id)
            .set_acl(self.acl.clone())
    }

    async fn put_in_parts(
        self: &Arc<Self>,
        key: &str,
        content: Content,
        size_bytes: usize,
        guard: &Guard,
    ) -> Result<Put, Error> {
        guard.check(&self.target(key))?;
        // A task of its own, since it must come to its end: an upload that is begun while this write
        // is given up would have nobody who knows its id.
        let begun = tokio::spawn(Upload::create(Arc::clone(self), key.to_owned())).await;
        let mut upload = begun.unwrap_or_else(|error| Err(self.stopped(key, &error)))?;
        let done = match upload.send(&content, size_bytes).await {
            Ok(parts) => upload.complete(parts, guard).await,
            Err(error) => Err(error),
        };
        if !matches!(done, Ok(Put::Done { .. })) {
            upload.to_abort().send().await;
        }
        upload.is_open = false;
        done
    }

    /// Some services heed the conditions of a write, but not those of one in parts. Tried once, where there is
    /// no object, and not with AWS.
    async fn check_completion(self: &Arc<Self>, key: &str) -> Result<(), Error> {
        let tried = self.completes_on_condition.get_or_try_init(|| async {
            let guard = Guard::of(Condition::Unchanged { etag: "0".repeat(32) });
            let content = Content::from(Bytes::from_static(b"\n"));
            let put = self.put_in_parts(TRIED, content, 1, &guard).await?;
            if put == Put::ConditionFailed {
                return Ok(true);
            }
            self.delete_if(TRIED, &Guard::default()).await?;
            Ok(false)
        });
        if *tried.await? {
            return Ok(());
        }
        let reason =
            "the service ignores the conditions of uploads in parts (CompleteMultipartUpload)";
        Err(Error::NotConditional { target: self.target(key), reason })
    }

    fn unread(&self, key: &str, error: &io::Error) -> Error {
        let why = format!("the file that holds what is to be written cannot be read: {error}");
        self.other(Operation::Put, key, &why)
    }

    /// A task has not come to its end: the runtime is about to.
    fn stopped(&self, key: &str, error: &JoinError) -> Error {
        self.other(Operation::Put, key, &error.to_string())
    }
}

/// An upload in parts. One that is neither completed nor aborted costs its owner until somebody
/// finds it, so dropping it aborts it: when the write is given up half-way.
#[derive(Debug)]
struct Upload {
    inner: Arc<Inner>,
    key: String,
    id: String,
    is_open: bool,
}

impl Upload {
    async fn create(inner: Arc<Inner>, key: String) -> Result<Self, Error> {
        let request = inner.client.create_multipart_upload().bucket(&inner.bucket);
        let request = request.key(inner.full(&key)).set_request_payer(inner.payer());
        let (encryption, kms_key_id) = inner.encryption();
        let request = request
            .set_expected_bucket_owner(inner.owner())
            .set_server_side_encryption(encryption)
            .set_ssekms_key_id(kms_key_id)
            .set_acl(inner.acl.clone());
        let created = request.send().await;
        let created = created.map_err(|error| inner.error(Operation::Put, &key, &error))?;
        let Some(id) = created.upload_id else {
            return Err(inner.other(Operation::Put, &key, "the upload that was begun has no id"));
        };
        Ok(Self { inner, key, id, is_open: true })
    }

    /// All parts, in their order. After an error none is under way any more: a part that arrives
    /// after the abort would stay.
    async fn send(
        &self,
        content: &Content,
        size_bytes: usize,
    ) -> Result<Vec<CompletedPart>, Error> {
        let part_bytes = part_bytes(size_bytes);
        let starts = (0..size_bytes).step_by(part_bytes);
        let mut waiting = (1..).zip(starts).map(|(number, start)| {
            let range = start..size_bytes.min(start + part_bytes);
            (number, part(content.clone(), range))
        });
        let mut sending = JoinSet::new();
        let mut sent = Vec::new();
        loop {
            while sending.len() < PARTS_IN_FLIGHT
                && let Some((number, part)) = waiting.next()
            {
                sending.spawn(self.part(number, part));
            }
            let Some(part) = sending.join_next().await else { break };
            let part = part.unwrap_or_else(|error| Err(self.inner.stopped(&self.key, &error)));
            match part {
                Ok(part) => sent.push(part),
                Err(error) => {
                    sending.shutdown().await;
                    return Err(error);
                }
            }
        }
        sent.sort_unstable_by_key(|part| part.part_number);
        Ok(sent)
    }

    fn part(
        &self,
        number: i32,
        content: impl Future<Output = io::Result<Bytes>> + Send + 'static,
    ) -> impl Future<Output = Result<CompletedPart, Error>> + Send + 'static {
        let (inner, key, id) = (Arc::clone(&self.inner), self.key.clone(), self.id.clone());
        async move {
            let bytes = content.await.map_err(|error| inner.unread(&key, &error))?;
            let request = inner.client.upload_part().bucket(&inner.bucket).key(inner.full(&key));
            let request = request.upload_id(id).part_number(number).body(ByteStream::from(bytes));
            let request = request.set_request_payer(inner.payer());
            let sent = request.set_expected_bucket_owner(inner.owner()).send().await;
            let sent = sent.map_err(|error| inner.error(Operation::Put, &key, &error))?;
            // Where S3 has been given checksums of the parts, it wants to hear them again.
            Ok(CompletedPart::builder()
                .part_number(number)
                .set_e_tag(sent.e_tag)
                .set_checksum_crc32(sent.checksum_crc32)
                .set_checksum_crc32_c(sent.checksum_crc32_c)
                .set_checksum_crc64_nvme(sent.checksum_crc64_nvme)
                .set_checksum_sha1(sent.checksum_sha1)
                .set_checksum_sha256(sent.checksum_sha256)
                .build())
        }
    }

    async fn complete(&self, parts: Vec<CompletedPart>, guard: &Guard) -> Result<Put, Error> {
        let inner = &self.inner;
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let request = inner.client.complete_multipart_upload().bucket(&inner.bucket);
        let request = request.key(inner.full(&self.key)).upload_id(&self.id);
        let request = request.multipart_upload(parts).set_request_payer(inner.payer());
        let (if_match, if_none_match) = headers(&guard.condition);
        let request = request.set_if_match(if_match).set_if_none_match(if_none_match);
        let request = request.set_expected_bucket_owner(inner.owner()).customize();
        let sent = request.interceptor(inner.in_time(&self.key, guard)).send().await;
        inner.written(&self.key, guard, sent.map(|answer| answer.e_tag))
    }

    fn to_abort(&self) -> Abort {
        Abort { inner: Arc::clone(&self.inner), key: self.key.clone(), id: self.id.clone() }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // Without a runtime there is nobody left who could send it.
        if self.is_open
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(self.to_abort().send());
        }
    }
}

/// The end of an upload that came to nothing.
struct Abort {
    inner: Arc<Inner>,
    key: String,
    id: String,
}

impl Abort {
    async fn send(self) {
        let Self { inner, key, id } = self;
        let request = inner.client.abort_multipart_upload().bucket(&inner.bucket);
        let request = request.key(inner.full(&key)).upload_id(id);
        // What made the write fail is what its caller has to know. An upload that stays open then
        // is ended by the bucket's lifecycle rule.
        let request = request.set_request_payer(inner.payer());
        let _ = request.set_expected_bucket_owner(inner.owner()).send().await;
    }
}

/// A part of what is written. A file is read where it does not hold up the runtime.
async fn part(content: Content, range: Range<usize>) -> io::Result<Bytes> {
    match content {
        Content::Bytes(_) => content.part(range),
        Content::File(_) => {
            spawn_blocking(move || content.part(range)).await.map_err(io::Error::other)?
        }
    }
}

/// The length of each part but the last of an object of this length.
fn part_bytes(size_bytes: usize) -> usize {
    PART_BYTES.max(size_bytes.div_ceil(MAX_PARTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_grow_before_they_become_too_many() {
        let check = |size_bytes: usize, expected_bytes: usize, expected_parts: usize| {
            let part_bytes = part_bytes(size_bytes);
            assert_eq!(part_bytes, expected_bytes);
            assert_eq!(size_bytes.div_ceil(part_bytes), expected_parts);
        };
        check(MAX_WHOLE_BYTES + 1, PART_BYTES, 5);
        check(10_000 * PART_BYTES, PART_BYTES, 10_000);
        check(10_000 * PART_BYTES + 1, PART_BYTES + 1, 10_000);
        // The largest object that S3 has.
        check(5 << 40, 549_755_814, 10_000);
    }
}
