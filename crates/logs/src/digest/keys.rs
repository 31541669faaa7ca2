//! The public keys of digests' signatures, as `aws cloudtrail list-public-keys` gives them.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{Timestamp, ToSpan};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::Deserialize;

use super::Digest;
use crate::hash::from_hex;

/// Public keys by their fingerprints. Each Region has its own, and new ones now and then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicKeys {
    by_fingerprint: BTreeMap<String, PublicKey>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct PublicKey {
    /// PKCS #1, in DER.
    der: Vec<u8>,
    from: Timestamp,
    to: Timestamp,
}

/// Why a list of keys cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// It is not what `list-public-keys` gives.
    #[error("expected the output of `aws cloudtrail list-public-keys`: {0}")]
    NotAList(String),
    /// A key is none.
    #[error("PublicKeyList[].Value of `{fingerprint}`: expected an RSA key (PKCS #1) in base64")]
    Key {
        /// Its fingerprint.
        fingerprint: String,
    },
    /// A time of a key is none.
    #[error("PublicKeyList[].{field} of `{fingerprint}`: expected a time, found `{found}`")]
    Time {
        /// The field.
        field: &'static str,
        /// The fingerprint of the key.
        fingerprint: String,
        /// What was found there.
        found: String,
    },
}

/// Why a signature is not the right one, or cannot be checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no key with this fingerprint. That is no verdict.
    #[error("no public key with the fingerprint `{fingerprint}`")]
    NoKey {
        /// The fingerprint.
        fingerprint: String,
    },
    /// It was made when the key was not in use.
    #[error(
        "the public key `{fingerprint}` is valid from {from} to {to}, and the digest ends at {end}"
    )]
    NotValidThen {
        /// The fingerprint.
        fingerprint: String,
        /// The beginning of its validity.
        from: Timestamp,
        /// The end of its validity.
        to: Timestamp,
        /// The end of the digest.
        end: Timestamp,
    },
    /// It is not the key's signature of the digest.
    #[error("the signature is not that of the public key `{fingerprint}`")]
    Wrong {
        /// The fingerprint.
        fingerprint: String,
    },
}

/// A digest is signed some time after its end, with the key that is in use then.
const SIGNED_LATER_HOURS: i64 = 24;

/// The lists, and what is used of them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    public_key_list: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    value: String,
    fingerprint: String,
    validity_start_time: serde_json::Value,
    validity_end_time: serde_json::Value,
}

impl PublicKeys {
    /// Adds the keys of one or more outputs of `aws cloudtrail list-public-keys`, one after another: a
    /// command lists the keys of one Region.
    ///
    /// # Errors
    /// If a text is not such an output, or a key or a time in it is none.
    pub fn add_list(&mut self, text: &[u8]) -> Result<(), KeysError> {
        let lists = serde_json::Deserializer::from_slice(text).into_iter::<List>();
        for list in lists {
            let list = list.map_err(|error| KeysError::NotAList(error.to_string()))?;
            for key in list.public_key_list {
                let fingerprint = key.fingerprint.to_ascii_lowercase();
                let time = |field, value| time(&fingerprint, field, value);
                let (from, to) = (
                    time("ValidityStartTime", &key.validity_start_time)?,
                    time("ValidityEndTime", &key.validity_end_time)?,
                );
                let der = STANDARD.decode(key.value.trim()).ok().filter(|der| is_rsa_key(der));
                let Some(der) = der else { return Err(KeysError::Key { fingerprint }) };
                self.by_fingerprint.insert(fingerprint, PublicKey { der, from, to });
            }
        }
        Ok(())
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.by_fingerprint.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_fingerprint.is_empty()
    }

    /// Checks a digest's signature, which is given in hexadecimal.
    ///
    /// Digests that were written later for the past (`_backfill`) are signed by a key of the time when
    /// that was done, which the digest does not tell. So its validity is not looked at for them.
    ///
    /// # Errors
    /// If there is no key for it, if that was not in use, or if the signature is wrong.
    pub fn check(&self, digest: &Digest, signature: &str) -> Result<(), SignatureError> {
        let fingerprint = digest.fingerprint.clone();
        let Some(key) = self.by_fingerprint.get(&fingerprint) else {
            return Err(SignatureError::NoKey { fingerprint });
        };
        let bytes = from_hex(signature).unwrap_or_default();
        let public_key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &key.der);
        if public_key.verify(digest.text_to_sign().as_bytes(), &bytes).is_err() {
            return Err(SignatureError::Wrong { fingerprint });
        }
        let PublicKey { from, to, .. } = *key;
        let signed_until = digest.end.saturating_add(SIGNED_LATER_HOURS.hours());
        let is_in_use = digest.end <= to && signed_until.is_ok_and(|until| from <= until);
        if is_in_use || digest.object.contains("_backfill") {
            return Ok(());
        }
        Err(SignatureError::NotValidThen { fingerprint, from, to, end: digest.end })
    }
}

/// A time as the AWS CLI writes it: with its offset, or in seconds since 1970 (version 1).
fn time(
    fingerprint: &str,
    field: &'static str,
    value: &serde_json::Value,
) -> Result<Timestamp, KeysError> {
    let time = match value {
        serde_json::Value::String(text) => text.parse().ok(),
        serde_json::Value::Number(number) => {
            let text = number.to_string();
            let whole = text.split_once('.').map_or(text.as_str(), |(whole, _)| whole);
            whole.parse().ok().and_then(|secs| Timestamp::from_second(secs).ok())
        }
        _ => None,
    };
    let fingerprint = fingerprint.to_owned();
    time.ok_or_else(|| KeysError::Time { field, fingerprint, found: value.to_string() })
}

/// Whether this is `RSAPublicKey` of PKCS #1: a sequence of two integers, and nothing else. A key of
/// another form would make every signature wrong.
fn is_rsa_key(der: &[u8]) -> bool {
    const INTEGER: u8 = 0x02;
    const SEQUENCE: u8 = 0x30;
    let numbers = |der| {
        let (key, rest) = element(der, SEQUENCE)?;
        let (_modulus, exponent) = element(key, INTEGER)?;
        let (_exponent, rest_of_key) = element(exponent, INTEGER)?;
        Some(rest.is_empty() && rest_of_key.is_empty())
    };
    numbers(der).unwrap_or(false)
}

/// The content of the first element of DER, if it has the tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, der) = der.split_first()?;
    let (&first, der) = der.split_first()?;
    let (length, der) = if first < 0x80 {
        (usize::from(first), der)
    } else {
        let (length, der) = der.split_at_checked(usize::from(first & 0x7f))?;
        // A key has far less than 64 KB.
        let length = <[u8; 2]>::try_from(length)
            .ok()
            .map(u16::from_be_bytes)
            .or_else(|| <[u8; 1]>::try_from(length).ok().map(|[length]| length.into()))?;
        (usize::from(length), der)
    };
    let parts = der.split_at_checked(length)?;
    (found == tag).then_some(parts)
}
