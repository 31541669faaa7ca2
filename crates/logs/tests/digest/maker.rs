//! Makes digest files as CloudTrail does, signed with a key of the tests' own, which was made with
//! `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048` and `openssl pkcs8 -topk8 -nocrypt`.

#![allow(dead_code, unreachable_pub, clippy::allow_attributes, reason = "shared by several tests")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use logs::hash::{sha256, to_hex};
use ring::rand::SystemRandom;
use ring::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

pub const KEY: &[u8] = include_bytes!("key.pk8");
pub const OTHER_KEY: &[u8] = include_bytes!("other_key.pk8");
pub const FINGERPRINT: &str = "0123456789abcdef0123456789abcdef";
pub const BUCKET: &str = "audit-bucket";
pub const ACCOUNT: &str = "012345678901";
pub const REGION: &str = "us-east-1";

/// A digest file, made but not written anywhere.
#[derive(Debug, Clone)]
pub struct Made {
    /// The key that it says.
    pub object: String,
    /// Its text.
    pub text: String,
    /// Its signature, in hexadecimal.
    pub signature: String,
}

/// One chain of digests in the making.
#[derive(Debug)]
pub struct Chain {
    /// What stands before `AWSLogs/`.
    pub prefix: String,
    pub trail: String,
    /// What stands after the time in the names of its files.
    pub variant: String,
    pub key: &'static [u8],
    pub previous: Option<Made>,
}

impl Chain {
    pub fn new(trail: &str) -> Self {
        let (prefix, trail, variant) = (String::new(), trail.to_owned(), String::new());
        Chain { prefix, trail, variant, key: KEY, previous: None }
    }

    /// The folder of a kind of files of the account and Region.
    pub fn folder(&self, kind: &str) -> String {
        format!("{}AWSLogs/{ACCOUNT}/{kind}/{REGION}/", self.prefix)
    }

    /// The digest from one time to another, such as `2026-08-01T10:00:00Z`, over log files and their
    /// texts.
    pub fn next(&mut self, start: &str, end: &str, logs: &[(String, &[u8])]) -> Made {
        let made = self.make(start, end, logs, |_| {});
        self.previous = Some(made.clone());
        made
    }

    /// The same, changed before it is signed, and without going on from it.
    pub fn make(
        &self,
        start: &str,
        end: &str,
        logs: &[(String, &[u8])],
        change: impl FnOnce(&mut Value),
    ) -> Made {
        let Chain { trail, variant, previous, .. } = self;
        let (stamp, day) = (end.replace(['-', ':'], ""), end[..10].replace('-', "/"));
        let folder = self.folder("CloudTrail-Digest");
        let object = format!(
            "{folder}{day}/{ACCOUNT}_CloudTrail-Digest_{REGION}_{trail}_{REGION}_{stamp}{variant}.json.gz"
        );
        let log_files = logs.iter().map(|(key, text)| {
            json!({
                "s3Bucket": BUCKET, "s3Object": key, "hashAlgorithm": "SHA-256",
                "hashValue": to_hex(&sha256(text)), "newestEventTime": end, "oldestEventTime": start,
            })
        });
        let previous = previous.as_ref();
        let mut digest = json!({
            "awsAccountId": ACCOUNT,
            "digestStartTime": start,
            "digestEndTime": end,
            "digestS3Bucket": BUCKET,
            "digestS3Object": object,
            "digestPublicKeyFingerprint": FINGERPRINT,
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": null,
            "oldestEventTime": null,
            "previousDigestS3Bucket": previous.map(|_| BUCKET),
            "previousDigestS3Object": previous.map(|made| &made.object),
            "previousDigestHashValue": previous.map(|made| to_hex(&sha256(made.text.as_bytes()))),
            "previousDigestHashAlgorithm": previous.map(|_| "SHA-256"),
            "previousDigestSignature": previous.map(|made| &made.signature),
            "logFiles": log_files.collect::<Value>(),
        });
        change(&mut digest);
        let text = digest.to_string();
        // As the user guide says, and written here once more on purpose.
        let to_sign = format!(
            "{}\n{}/{}\n{}\n{}",
            digest["digestEndTime"].as_str().unwrap_or_default(),
            digest["digestS3Bucket"].as_str().unwrap_or_default(),
            digest["digestS3Object"].as_str().unwrap_or_default(),
            to_hex(&sha256(text.as_bytes())),
            digest["previousDigestSignature"].as_str().unwrap_or("null"),
        );
        Made { object, text, signature: sign(self.key, to_sign.as_bytes()) }
    }
}

/// The signature of a text in hexadecimal.
pub fn sign(key: &[u8], text: &[u8]) -> String {
    let key = RsaKeyPair::from_pkcs8(key).expect("a key");
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).expect("signed");
    to_hex(&signature)
}

/// What `aws cloudtrail list-public-keys` gives for the tests' key.
pub fn public_keys() -> String {
    let (from, to) = (json!("2026-01-01T00:00:00+00:00"), json!("2027-01-01T00:00:00+00:00"));
    public_keys_of(KEY, &from, &to)
}

pub fn public_keys_of(key: &[u8], from: &Value, to: &Value) -> String {
    let key = RsaKeyPair::from_pkcs8(key).expect("a key");
    let value = STANDARD.encode(key.public_key().as_ref());
    json!({"PublicKeyList": [{
        "Value": value, "Fingerprint": FINGERPRINT, "ValidityStartTime": from, "ValidityEndTime": to,
    }]})
    .to_string()
}

/// The key of a log file of the tests' account and Region by the time of its delivery, such as
/// `20260801T1005Z`.
pub fn log_key(stamp: &str) -> String {
    let day = format!("{}/{}/{}", &stamp[..4], &stamp[4..6], &stamp[6..8]);
    let file = format!("{ACCOUNT}_CloudTrail_{REGION}_{stamp}_AbCdEfGhIjKlMnOp.json.gz");
    format!("AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{day}/{file}")
}
