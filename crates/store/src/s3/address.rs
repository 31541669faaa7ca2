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

    fn parse(url: &str) -> Result<Self, String> {
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
