//! Signatures of GET requests: AWS Signature Version 4, as
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html> describes it.
//!
//! The key that signs is made of the secret, the day, the Region and the service. It is kept, so
//! that a request costs two hashes and one HMAC.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use ring::{digest, hmac};

use crate::s3::address::Scope;
use crate::s3::credentials::Cached;

/// The SHA-256 of nothing: of a GET request's body.
pub(super) const EMPTY_SHA256: &str =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SECS_OF_DAY: u64 = 86_400;

/// Signs for one Region and service, with credentials that may change.
#[derive(Debug)]
pub(super) struct Signer {
    credentials: Cached,
    scope: Scope,
    key: Mutex<Option<Arc<SigningKey>>>,
}

impl Signer {
    pub(super) fn new(credentials: Cached, scope: Scope) -> Self {
        Self { credentials, scope, key: Mutex::new(None) }
    }

    /// The key to sign with now.
    pub(super) async fn key(&self, now: SystemTime) -> Result<Arc<SigningKey>, CredentialsError> {
        let credentials = self.credentials.at(now).await?;
        let day = secs(now) / SECS_OF_DAY;
        let mut held = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some(key) if key.day == day && key.credentials == credentials => Ok(Arc::clone(key)),
            _ => {
                let key = SigningKey::new(credentials, day, &self.scope);
                let key = Arc::new(key);
                *held = Some(Arc::clone(&key));
                Ok(key)
            }
        }
    }
}

/// A key for one day.
pub(super) struct SigningKey {
    credentials: Credentials,
    /// Since 1970.
    day: u64,
    /// `20260822`.
    date: String,
    /// `20260822/us-east-1/s3/aws4_request`.
    scope: String,
    key: hmac::Key,
}

impl SigningKey {
    fn new(credentials: Credentials, day: u64, scope: &Scope) -> Self {
        let Scope { region, service } = scope;
        let start = DateTime::from_secs(i64::try_from(day * SECS_OF_DAY).unwrap_or(i64::MAX));
        // `2026-08-22T00:00:00Z`; a year that has more digits is one that no clock shows.
        let start = start.fmt(DateTimeFormat::DateTime).unwrap_or_default();
        let date: String = start.chars().take(10).filter(char::is_ascii_digit).collect();
        let scope = format!("{date}/{region}/{service}/aws4_request");
        let secret = format!("AWS4{}", credentials.secret_access_key());
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        for part in scope.split('/') {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        Self { credentials, day, date, scope, key }
    }

    /// The session token, for temporary credentials.
    pub(super) fn session_token(&self) -> Option<&str> {
        self.credentials.session_token()
    }

    /// The value of `x-amz-date` at a time of the key's day: `20260822T030405Z`.
    pub(super) fn timestamp(&self, now: SystemTime) -> String {
        let secs = secs(now) % SECS_OF_DAY;
        let (hours, minutes) = (secs / 3600, secs / 60 % 60);
        format!("{}T{hours:02}{minutes:02}{:02}Z", self.date, secs % 60)
    }

    /// The value of `authorization` for a GET request without a query. `path` is encoded as it is
    /// sent; `headers` are all that are signed, in the order of their names, which are lower case;
    /// `x-amz-date` is `timestamp`.
    pub(super) fn authorization(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
        timestamp: &str,
    ) -> String {
        let mut names = String::with_capacity(96);
        let mut canonical = String::with_capacity(512);
        canonical.push_str("GET\n");
        canonical.push_str(path);
        canonical.push_str("\n\n");
        for (name, value) in headers {
            if !names.is_empty() {
                names.push(';');
            }
            names.push_str(name);
            canonical.push_str(name);
            canonical.push(':');
            canonical.push_str(value.trim());
            canonical.push('\n');
        }
        canonical.push('\n');
        canonical.push_str(&names);
        canonical.push('\n');
        canonical.push_str(EMPTY_SHA256);
        let hash = digest::digest(&digest::SHA256, canonical.as_bytes());

        let mut text = String::with_capacity(160);
        for part in [ALGORITHM, "\n", timestamp, "\n", &self.scope, "\n"] {
            text.push_str(part);
        }
        push_hex(&mut text, hash.as_ref());
        let signature = hmac::sign(&self.key, text.as_bytes());

        let mut value = String::with_capacity(256);
        let id = self.credentials.access_key_id();
        let parts = [ALGORITHM, " Credential=", id, "/", &self.scope, ", SignedHeaders=", &names];
        for part in parts {
            value.push_str(part);
        }
        value.push_str(", Signature=");
        push_hex(&mut value, signature.as_ref());
        value
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// Since 1970; a clock before that is at its start.
fn secs(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}
