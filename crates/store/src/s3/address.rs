//! Where the objects of a bucket are: the URL before their keys, and what to sign for.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::error::{Cause, Error, Operation};
use crate::s3::error::innermost;

/// What a key's characters are encoded as in a URL, and in what is signed: all but letters, digits,
/// these four and the slash.
const KEY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A bucket's address, as the SDK resolves it: in the host name or in the path, of an access point,
/// of another service, dualstack, FIPS.
#[derive(Debug)]
pub(super) struct Address {
    /// `https://bucket.s3.eu-west-1.amazonaws.com/`, `http://127.0.0.1:9000/bucket/`.
    base: String,
    /// Where the path begins in `base`.
    path_at: usize,
    /// The value of the header `host`.
    pub(super) host: String,
    /// `None` for requests that are not signed.
    pub(super) scope: Option<Scope>,
}

/// What a signature is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) region: String,
    pub(super) service: String,
}

impl Address {
    /// Asks the SDK by having it sign the URL of an object, which sends nothing.
    pub(super) async fn resolve(client: &Client, bucket: &str) -> Result<Self, Error> {
        let failed = |source: Cause| Error::Other {
            operation: Operation::Connect,
            target: format!("s3://{bucket}"),
            code: None,
            source: Some(source),
        };
        let lifetime = PresigningConfig::expires_in(Duration::from_secs(60))
            .map_err(|error| failed(innermost(&error).into()))?;
        let request = client.get_object().bucket(bucket).key(PROBE).presigned(lifetime).await;
        let request = request.map_err(|error| failed(innermost(&error).into()))?;
        Self::parse(request.uri()).map_err(|source| failed(source.into()))
    }

    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let parts = || {
            let base = place.strip_suffix(PROBE)?.to_owned();
            let (scheme, rest) = base.split_once("://")?;
            let (authority, _) = rest.split_once('/')?;
            let path_at = scheme.len() + "://".len() + authority.len();
            // Nobody sends or signs the port that goes without saying.
            let usual_port = if scheme == "https" { ":443" } else { ":80" };
            let host = authority.strip_suffix(usual_port).unwrap_or(authority).to_owned();
            Some((base, path_at, host))
        };
        let (base, path_at, host) =
            parts().ok_or_else(|| format!("expected the URL of an object, found `{place}`"))?;
        let scope = scope(query)?;
        Ok(Self { base, path_at, host, scope })
    }

    /// The URL of an object.
    pub(super) fn url(&self, key: &str) -> String {
        let mut url = String::with_capacity(self.base.len() + key.len() + 16);
        url.push_str(&self.base);
        url.extend(utf8_percent_encode(key, KEY));
        url
    }

    /// The path of a URL of this address.
    pub(super) fn path<'a>(&self, url: &'a str) -> &'a str {
        &url[self.path_at..]
    }
}

/// The key whose URL is asked for: nothing in it is ever encoded.
const PROBE: &str = "key";

/// From a query's `X-Amz-Credential=<id>/<date>/<region>/<service>/aws4_request`.
fn scope(query: &str) -> Result<Option<Scope>, String> {
    let value = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let mut found = pairs.filter(|pair| pair.0 == name);
        found.next().map(|(_, value)| percent_decode_str(value).decode_utf8_lossy().into_owned())
    };
    let Some(credential) = value("X-Amz-Credential") else { return Ok(None) };
    let algorithm = value("X-Amz-Algorithm").unwrap_or_default();
    let mut parts = credential.rsplit('/').skip(1);
    let (service, region) = (parts.next(), parts.next());
    match (algorithm.as_str(), region, service) {
        // Its listings have no order, which every store promises.
        (_, _, Some("s3express")) => Err("a directory bucket cannot be used".to_owned()),
        ("AWS4-HMAC-SHA256", Some(region), Some(service)) => {
            Ok(Some(Scope { region: region.to_owned(), service: service.to_owned() }))
        }
        _ => Err(format!("expected a signature with AWS4-HMAC-SHA256, found `{algorithm}`")),
    }
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;
    use aws_sdk_s3::config::{BehaviorVersion, Builder, Region};

    use super::*;

    fn builder() -> Builder {
        Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("a/b", "secret", None, None, "test"))
    }

    /// The URL and the host of the key `a b`, and what is signed for.
    async fn resolve(builder: Builder, bucket: &str) -> (String, String, String) {
        let client = Client::from_conf(builder.build());
        let address = Address::resolve(&client, bucket).await.expect("an address");
        let scope = address.scope.as_ref();
        let scope = scope.map(|scope| format!("{} {}", scope.region, scope.service));
        (address.url("a b"), address.host, scope.unwrap_or_default())
    }

    async fn check(builder: Builder, bucket: &str, url: &str, host: &str, scope: &str) {
        let expected = (url.to_owned(), host.to_owned(), scope.to_owned());
        assert_eq!(resolve(builder, bucket).await, expected);
    }

    #[tokio::test]
    async fn buckets_of_aws() {
        let host = "logs.s3.eu-west-1.amazonaws.com";
        let scope = "eu-west-1 s3";
        check(builder(), "logs", &format!("https://{host}/a%20b"), host, scope).await;
        // No certificate fits a host name with more dots.
        let host = "s3.eu-west-1.amazonaws.com";
        check(builder(), "my.logs", &format!("https://{host}/my.logs/a%20b"), host, scope).await;
        let path_style = builder().force_path_style(true);
        check(path_style, "logs", &format!("https://{host}/logs/a%20b"), host, scope).await;
        let host = "logs.s3-fips.dualstack.eu-west-1.amazonaws.com";
        let settings = builder().use_dual_stack(true).use_fips(true);
        check(settings, "logs", &format!("https://{host}/a%20b"), host, scope).await;
        let host = "logs.s3.cn-north-1.amazonaws.com.cn";
        let china = builder().region(Region::new("cn-north-1"));
        check(china, "logs", &format!("https://{host}/a%20b"), host, "cn-north-1 s3").await;
    }

    #[tokio::test]
    async fn access_points() {
        let host = "point-123456789012.s3-accesspoint.eu-west-1.amazonaws.com";
        let arn = "arn:aws:s3:eu-west-1:123456789012:accesspoint/point";
        check(builder(), arn, &format!("https://{host}/a%20b"), host, "eu-west-1 s3").await;
        let arn = "arn:aws:s3:us-east-2:123456789012:accesspoint/point";
        let builder = builder().use_arn_region(true);
        let host = "point-123456789012.s3-accesspoint.us-east-2.amazonaws.com";
        check(builder, arn, &format!("https://{host}/a%20b"), host, "us-east-2 s3").await;
    }

    #[tokio::test]
    async fn other_services() {
        let check = async |endpoint: &str, path_style, url: &str, host: &str| {
            let builder = builder().endpoint_url(endpoint).force_path_style(path_style);
            check(builder, "logs", url, host, "eu-west-1 s3").await;
        };
        check("http://127.0.0.1:9000", true, "http://127.0.0.1:9000/logs/a%20b", "127.0.0.1:9000")
            .await;
        check("http://minio/s3/", true, "http://minio/s3/logs/a%20b", "minio").await;
        check("http://minio:80", true, "http://minio:80/logs/a%20b", "minio").await;
        check("https://minio:443/", false, "https://logs.minio:443/a%20b", "logs.minio").await;
        check("https://minio:80", false, "https://logs.minio:80/a%20b", "logs.minio:80").await;
        check("http://[::1]:9000", true, "http://[::1]:9000/logs/a%20b", "[::1]:9000").await;
    }

    #[tokio::test]
    async fn without_credentials_nothing_is_signed() {
        let builder = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .allow_no_auth();
        let host = "logs.s3.eu-west-1.amazonaws.com";
        check(builder, "logs", &format!("https://{host}/a%20b"), host, "").await;
    }

    #[test]
    fn what_cannot_be_signed_for() {
        let check = |url: &str, expected: &str| {
            assert_eq!(Address::parse(url).expect_err("no address"), expected);
        };
        check(
            "https://b--euw1-az1--x-s3.s3express-euw1-az1.eu-west-1.amazonaws.com/key?\
             X-Amz-Algorithm=AWS4-HMAC-SHA256&\
             X-Amz-Credential=id%2F20260101%2Feu-west-1%2Fs3express%2Faws4_request",
            "a directory bucket cannot be used",
        );
        check(
            "https://m.accesspoint.s3-global.amazonaws.com/key?\
             X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=id%2F20260101%2Fs3%2Faws4_request",
            "expected a signature with AWS4-HMAC-SHA256, found `AWS4-ECDSA-P256-SHA256`",
        );
        check(
            "https://b.s3.amazonaws.com/x",
            "expected the URL of an object, found `https://b.s3.amazonaws.com/x`",
        );
    }

    #[test]
    fn keys_are_encoded() {
        let address = Address::parse("http://h/b/key").expect("an address");
        let check = |key: &str, expected: &str| {
            let url = address.url(key);
            assert_eq!(url, format!("http://h{expected}"));
            assert_eq!(address.path(&url), expected);
        };
        check("AWSLogs/1_a-b.json.gz~", "/b/AWSLogs/1_a-b.json.gz~");
        check(" +%&=?#", "/b/%20%2B%25%26%3D%3F%23");
        check("//a/../.", "/b///a/../.");
        check("ü\n\u{7f}!*'()", "/b/%C3%BC%0A%7F%21%2A%27%28%29");
    }
}
