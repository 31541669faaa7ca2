//! CloudTrail's digest files: what they say of log files, and whether they can be believed.
//!
//! Once an hour CloudTrail writes a digest for each trail, account and Region. It holds the SHA-256 of
//! every log file that was delivered in that hour, and the hash and the signature of the digest before it,
//! so that the digests are a chain: who changes or deletes a log file has to change all digests from there
//! on, and cannot sign them (CloudTrail user guide, "Validating CloudTrail log file integrity").
//!
//! All hashes are over the inflated text. The signature of a digest stands in the metadata of its object,
//! and once more in the next digest.

mod field;
mod keys;
mod name;
mod place;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

pub use keys::{KeysError, PublicKeys, SignatureError};
pub use name::DigestName;
pub use place::Place;

use crate::hash::{sha256, to_hex};
use crate::inflate::gzip::{self, GzipError, Members};
use crate::scratch::Scratch;

/// A digest file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// The first moment of its deliveries.
    pub start: Timestamp,
    /// The first moment after them.
    pub end: Timestamp,
    /// The end as it is written, which is signed.
    pub end_text: String,
    /// The bucket that it was written to.
    pub bucket: String,
    /// The key that it was written to.
    pub object: String,
    /// The fingerprint of the public key of its signature, in hexadecimal.
    pub fingerprint: String,
    /// The digest before it; `None` for the first of a chain.
    pub previous: Option<Previous>,
    /// The log files that were delivered in its time, in its order.
    pub log_files: Vec<LogFile>,
    /// The SHA-256 of its own inflated text.
    pub sha256: [u8; 32],
}

/// What a digest says of the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previous {
    /// The bucket that it was written to.
    pub bucket: String,
    /// The key that it was written to.
    pub object: String,
    /// The SHA-256 of its inflated text.
    pub sha256: [u8; 32],
    /// Its signature, in hexadecimal.
    pub signature: String,
}

/// What a digest says of a log file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// The bucket that it was written to.
    pub bucket: String,
    /// The key that it was written to.
    pub object: String,
    /// The SHA-256 of its inflated text.
    pub sha256: [u8; 32],
}

/// Why a digest file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// There are no bytes.
    #[error("empty object: expected a digest file")]
    Empty,
    /// It cannot be inflated.
    #[error("{0}")]
    Gzip(GzipError),
    /// It is no JSON object, or a field of it stands twice.
    #[error(
        "line {line}, column {column}: expected a JSON object in which no field of a digest \
         stands twice"
    )]
    NotAnObject {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A field is missing or is not what it should be.
    #[error("{field}: expected {expected}, found {found}")]
    Field {
        /// The field, as CloudTrail spells it: `logFiles[3].hashValue`.
        field: String,
        /// What was expected there.
        expected: &'static str,
        /// What was found there: a JSON type, or a short text.
        found: String,
    },
}

/// The one algorithm of signatures, as CloudTrail spells it.
const SIGNATURE_ALGORITHM: &str = "SHA256withRSA";

/// The one algorithm of hashes, as CloudTrail spells it.
const HASH_ALGORITHM: &str = "SHA-256";

impl Digest {
    /// Reads a digest file, gzipped or plain. `scratch` has the buffer to inflate into.
    ///
    /// # Errors
    /// If it is more than one gzip member, if its text is larger than `cap_bytes`, or if a field that is
    /// used is missing, stands twice or is not what it should be. Other fields are not looked at.
    pub fn read(body: &[u8], scratch: &mut Scratch, cap_bytes: u64) -> Result<Self, DigestError> {
        if body.is_empty() {
            return Err(DigestError::Empty);
        }
        let text = match gzip::is_gzip(body) {
            true => gzip::inflate(body, &mut scratch.text, Members::One, cap_bytes),
            false if body.len() as u64 > cap_bytes => Err(GzipError::OverCap { cap_bytes }),
            false => Ok(body),
        };
        Digest::parse(text.map_err(DigestError::Gzip)?)
    }

    /// Reads the text of a digest file.
    ///
    /// # Errors
    /// As [`Digest::read`].
    pub fn parse(text: &[u8]) -> Result<Self, DigestError> {
        let fields = serde_json::from_slice::<Fields<'_>>(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            DigestError::NotAnObject { line, column }
        })?;
        let (start, end) = (fields.digest_start_time, fields.digest_end_time);
        let (start, end_text) = (field::time("digestStartTime", start)?, end);
        let end = field::time("digestEndTime", end)?;
        if start > end {
            let expected = "a time that is not after digestEndTime";
            return Err(field::error("digestStartTime", expected, fields.digest_start_time));
        }
        let algorithm = fields.digest_signature_algorithm;
        field::exactly("digestSignatureAlgorithm", SIGNATURE_ALGORITHM, algorithm)?;
        let fingerprint = fields.digest_public_key_fingerprint;
        Ok(Digest {
            start,
            end,
            end_text: field::text("digestEndTime", end_text)?,
            bucket: field::text("digestS3Bucket", fields.digest_s3_bucket)?,
            object: field::text("digestS3Object", fields.digest_s3_object)?,
            fingerprint: field::text("digestPublicKeyFingerprint", fingerprint)?
                .to_ascii_lowercase(),
            previous: fields.previous()?,
            log_files: log_files(fields.log_files)?,
            sha256: sha256(text),
        })
    }

    /// The text that its signature is over. The signature of the digest before it is part of the text,
    /// which is what chains them.
    pub fn text_to_sign(&self) -> String {
        let Digest { end_text, bucket, object, sha256, previous, .. } = self;
        // AWS's own program writes `null`, the name of nothing in Java, if there is none.
        let signature = previous.as_ref().map_or("null", |previous| previous.signature.as_str());
        format!("{end_text}\n{bucket}/{object}\n{}\n{signature}", to_hex(sha256))
    }
}

/// The fields that are used. Each may be anything yet, but stands once.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Fields<'a> {
    digest_start_time: Option<&'a RawValue>,
    digest_end_time: Option<&'a RawValue>,
    digest_s3_bucket: Option<&'a RawValue>,
    digest_s3_object: Option<&'a RawValue>,
    digest_public_key_fingerprint: Option<&'a RawValue>,
    digest_signature_algorithm: Option<&'a RawValue>,
    previous_digest_s3_bucket: Option<&'a RawValue>,
    previous_digest_s3_object: Option<&'a RawValue>,
    previous_digest_hash_value: Option<&'a RawValue>,
    previous_digest_hash_algorithm: Option<&'a RawValue>,
    previous_digest_signature: Option<&'a RawValue>,
    log_files: Option<&'a RawValue>,
}

/// The same of a log file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct LogFileFields<'a> {
    s3_bucket: Option<&'a RawValue>,
    s3_object: Option<&'a RawValue>,
    hash_value: Option<&'a RawValue>,
    hash_algorithm: Option<&'a RawValue>,
}

impl Fields<'_> {
    /// The digest before this one. Either all of its fields are there or none.
    fn previous(&self) -> Result<Option<Previous>, DigestError> {
        let all = [
            self.previous_digest_s3_bucket,
            self.previous_digest_s3_object,
            self.previous_digest_hash_value,
            self.previous_digest_hash_algorithm,
            self.previous_digest_signature,
        ];
        if all.iter().all(Option::is_none) {
            return Ok(None);
        }
        let algorithm = self.previous_digest_hash_algorithm;
        field::exactly("previousDigestHashAlgorithm", HASH_ALGORITHM, algorithm)?;
        Ok(Some(Previous {
            bucket: field::text("previousDigestS3Bucket", self.previous_digest_s3_bucket)?,
            object: field::text("previousDigestS3Object", self.previous_digest_s3_object)?,
            sha256: field::hash("previousDigestHashValue", self.previous_digest_hash_value)?,
            signature: field::hex("previousDigestSignature", self.previous_digest_signature)?,
        }))
    }
}

fn log_files(list: Option<&RawValue>) -> Result<Vec<LogFile>, DigestError> {
    const EXPECTED: &str = "an array of objects, each with its fields once";
    let error = |name: &str, found| field::error(name, EXPECTED, found);
    let text = list.ok_or_else(|| error("logFiles", None))?.get();
    let elements = serde_json::from_str::<Vec<&RawValue>>(text);
    let elements = elements.map_err(|_| error("logFiles", list))?;
    let mut log_files = Vec::with_capacity(elements.len());
    for (place, element) in elements.into_iter().enumerate() {
        let name = |name: &str| format!("logFiles[{place}]{name}");
        let fields = serde_json::from_str::<LogFileFields<'_>>(element.get());
        let fields = fields.map_err(|_| error(&name(""), Some(element)))?;
        field::exactly(&name(".hashAlgorithm"), HASH_ALGORITHM, fields.hash_algorithm)?;
        log_files.push(LogFile {
            bucket: field::text(&name(".s3Bucket"), fields.s3_bucket)?,
            object: field::text(&name(".s3Object"), fields.s3_object)?,
            sha256: field::hash(&name(".hashValue"), fields.hash_value)?,
        });
    }
    Ok(log_files)
}
