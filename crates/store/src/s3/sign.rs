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

    /// The key to sign with at this time of the service.
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
            push_canonical(&mut canonical, value);
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

/// Without spaces around it, and with one where it has several.
fn push_canonical(text: &mut String, value: &str) {
    let value = value.trim();
    if value.contains("  ") {
        let words = value.split(' ').filter(|word| !word.is_empty());
        for (n, word) in words.enumerate() {
            text.push_str(if n == 0 { "" } else { " " });
            text.push_str(word);
        }
    } else {
        text.push_str(value);
    }
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use aws_credential_types::provider::{ProvideCredentials, future};
    use aws_sigv4::http_request::{
        PayloadChecksumKind, PercentEncodingMode, SessionTokenMode, SignableBody, SignableRequest,
        SigningSettings, UriPathNormalizationMode, sign,
    };
    use aws_sigv4::sign::v4;
    use proptest::prelude::*;

    use super::*;
    use crate::s3::address::Address;

    fn key(
        id: &str,
        secret: &str,
        token: Option<&str>,
        at: SystemTime,
        scope: &Scope,
    ) -> SigningKey {
        let credentials = Credentials::new(id, secret, token.map(str::to_owned), None, "test");
        SigningKey::new(credentials, secs(at) / SECS_OF_DAY, scope)
    }

    fn scope(region: &str, service: &str) -> Scope {
        Scope { region: region.to_owned(), service: service.to_owned() }
    }

    /// The vectors of AWS's Signature Version 4 test suite that are GET requests without a query:
    /// <https://github.com/awslabs/aws-c-auth/tree/main/tests/aws-signing-test-suite/v4>.
    #[test]
    fn vectors() {
        let at = UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let check = |path: &str, more: &[(&'static str, &str)], expected: &str| {
            let key = key("AKIDEXAMPLE", secret, None, at, &scope("us-east-1", "service"));
            let timestamp = key.timestamp(at);
            assert_eq!(timestamp, "20150830T123600Z");
            let mut headers = vec![("host", "example.amazonaws.com"), ("x-amz-date", &timestamp)];
            headers.extend_from_slice(more);
            headers.sort_unstable();
            let names: Vec<_> = headers.iter().map(|header| header.0).collect();
            let names = names.join(";");
            assert_eq!(
                key.authorization(path, &headers, &timestamp),
                format!(
                    "AWS4-HMAC-SHA256 \
                     Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                     SignedHeaders={names}, Signature={expected}"
                )
            );
        };
        check("/", &[], "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
        check(
            "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            &[],
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
        );
        check(
            "/%E1%88%B4",
            &[],
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
        );
        check(
            "/",
            &[("my-header1", " value1"), ("my-header2", "  \"a   b   c\"  ")],
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        );
    }

    /// The example of S3's own documentation:
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>.
    #[test]
    fn the_documented_get_of_s3() {
        let at = UNIX_EPOCH + Duration::from_secs(1_369_353_600);
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let key = key("AKIAIOSFODNN7EXAMPLE", secret, None, at, &scope("us-east-1", "s3"));
        let headers = [
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            ("x-amz-content-sha256", EMPTY_SHA256),
            ("x-amz-date", "20130524T000000Z"),
        ];
        assert_eq!(
            key.authorization("/test.txt", &headers, &key.timestamp(at)),
            "AWS4-HMAC-SHA256 \
             Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }

    /// `authorization` of the SDK's own signer, for the same URL and headers.
    fn expected(
        key: &SigningKey,
        scope: &Scope,
        at: SystemTime,
        url: &str,
        headers: &[(&'static str, &str)],
    ) -> String {
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.session_token_mode = SessionTokenMode::Include;
        let identity = key.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&scope.region)
            .name(&scope.service)
            .time(at)
            .settings(settings)
            .build()
            .expect("all is set")
            .into();
        // It adds these itself.
        let ours = headers.iter().copied().filter(|(name, _)| {
            !["x-amz-content-sha256", "x-amz-date", "x-amz-security-token"].contains(name)
        });
        let request = SignableRequest::new("GET", url, ours, SignableBody::Bytes(b""));
        let signed = sign(request.expect("a request"), &params).expect("a signature").into_parts();
        let (_, mut added) = (signed.1, signed.0.into_parts().0.into_iter());
        let found = added.find(|header| header.name() == "authorization");
        found.expect("it is there").value().to_owned()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn signatures_are_those_of_the_sdk(
            name in "\\PC{0,40}|[a-z0-9 +%/.=&?#~*'()!$,;:@\\[\\]{}|\\\\^`\"<>\u{0}-\u{20}\u{7f}ü€😀-]{0,40}",
            id in "[A-Z0-9]{16,20}",
            secret in "[A-Za-z0-9/+]{40}",
            token in proptest::option::of("[A-Za-z0-9/+=]{1,400}"),
            from in proptest::option::of(any::<u64>()),
            etag in "[0-9a-f]{1,32}(-[0-9]{1,4})?|[a-z ]{1,20}",
            payer in any::<bool>(),
            secs in 0_u64..4_102_444_800,
        ) {
            let at = UNIX_EPOCH + Duration::from_secs(secs);
            let scope = scope("eu-west-1", "s3");
            let key = key(&id, &secret, token.as_deref(), at, &scope);
            let address = Address::parse("https://b.s3.eu-west-1.amazonaws.com/a%20b/key?x=y");
            let address = address.expect("an address");
            let url = address.url(&name);
            let timestamp = key.timestamp(at);
            let (range, etag) = (from.map(|from| format!("bytes={from}-")), format!("\"{etag}\""));
            let headers = [
                ("host", Some(address.host.as_str())),
                ("if-match", from.map(|_| etag.as_str())),
                ("range", range.as_deref()),
                ("x-amz-content-sha256", Some(EMPTY_SHA256)),
                ("x-amz-date", Some(timestamp.as_str())),
                ("x-amz-request-payer", payer.then_some("requester")),
                ("x-amz-security-token", token.as_deref()),
            ];
            let headers: Vec<_> =
                headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            prop_assert_eq!(
                key.authorization(address.path(&url), &headers, &timestamp),
                expected(&key, &scope, at, &url, &headers)
            );
        }
    }

    /// Gives other credentials each time, which are good for a minute and a half.
    #[derive(Debug)]
    struct Changing(AtomicU64);

    impl ProvideCredentials for Changing {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let n = self.0.fetch_add(1, Ordering::Relaxed);
            let expiry = UNIX_EPOCH + Duration::from_secs(90 * (n + 1));
            let credentials = Credentials::new(format!("id{n}"), "secret", None, Some(expiry), "");
            future::ProvideCredentials::ready(Ok(credentials))
        }
    }

    #[tokio::test]
    async fn a_key_changes_with_its_credentials() {
        let signer =
            Signer::new(Cached::new(Changing(AtomicU64::new(0))), scope("us-east-1", "s3"));
        for (secs, expected) in [(0, "id0"), (29, "id0"), (30, "id1"), (31, "id1"), (120, "id2")] {
            let now = UNIX_EPOCH + Duration::from_secs(secs);
            let key = signer.key(now).await.expect("a key");
            let authorization = key.authorization("/", &[], &key.timestamp(now));
            let expected = format!("Credential={expected}/19700101/");
            assert!(authorization.contains(&expected), "{secs}: {authorization}");
        }
    }

    #[tokio::test]
    async fn a_key_is_kept_for_a_day_and_for_its_credentials() {
        let credentials = Credentials::new("id", "secret", None, None, "test");
        let signer = Signer::new(Cached::new(credentials), scope("us-east-1", "s3"));
        let day = |n: u64, secs: u64| UNIX_EPOCH + Duration::from_secs(n * SECS_OF_DAY + secs);
        let first = signer.key(day(20_000, 0)).await.expect("a key");
        let same = signer.key(day(20_000, SECS_OF_DAY - 1)).await.expect("a key");
        assert!(Arc::ptr_eq(&first, &same));
        let next = signer.key(day(20_001, 0)).await.expect("a key");
        assert_eq!(first.timestamp(day(20_000, 3_723)), "20241004T010203Z");
        assert_eq!(next.timestamp(day(20_001, 0)), "20241005T000000Z");
        assert!(!format!("{signer:?}").contains("\"secret\""));
    }
}
