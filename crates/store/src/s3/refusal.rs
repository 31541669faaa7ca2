//! What an answer says that is not a success.

use aws_sdk_s3::primitives::ByteStream;

/// More than that no error of S3's has.
const MAX_BYTES: usize = 64 << 10;

/// A status, and what the XML of the body says about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
}

/// Codes that ask for another try, beside what the status says. From the SDK's lists.
const TRANSIENT_CODES: &[&str] = &[
    "BandwidthLimitExceeded",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

impl Refusal {
    /// Reads the body. One that cannot be read, or is no error of S3's, leaves the status alone.
    pub(super) async fn read(status: u16, mut body: ByteStream) -> Self {
        let mut text = Vec::new();
        while let Some(Ok(chunk)) = body.next().await {
            text.extend_from_slice(&chunk);
            if text.len() > MAX_BYTES {
                break;
            }
        }
        let text = String::from_utf8_lossy(&text);
        Self { status, code: element(&text, "Code"), message: element(&text, "Message") }
    }

    /// Whether the same request may succeed later.
    pub(super) fn is_transient(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        matches!(self.status, 429 | 500 | 502 | 503 | 504) || TRANSIENT_CODES.contains(&code)
    }
}

/// The text of the first element of this name; S3's errors have each at most once.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(unescaped(text.trim())).filter(|text| !text.is_empty())
}

/// An entity that XML does not have stays as it is.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        match rest.find(';').and_then(|end| Some((character(&rest[1..end])?, end))) {
            Some((character, end)) => {
                plain.push(character);
                rest = &rest[end + 1..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = entity.strip_prefix('#')?;
            let number = match number.strip_prefix('x') {
                Some(number) => u32::from_str_radix(number, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(body: &str, code: Option<&str>, message: Option<&str>) {
        let body = ByteStream::from(body.as_bytes().to_vec());
        let expected = (code.map(str::to_owned), message.map(str::to_owned));
        let refusal = Refusal::read(400, body).await;
        assert_eq!((refusal.code, refusal.message), expected);
    }

    #[tokio::test]
    async fn bodies() {
        let xml = "<?xml version=\"1.0\"?>\n<Error>\n <Code>NoSuchKey</Code>\n <Message>a &lt;b&gt; \
                   &amp;amp; &#39;c&#x27; &nbsp; &</Message><Key>Code</Key></Error>";
        check(xml, Some("NoSuchKey"), Some("a <b> &amp; 'c' &nbsp; &")).await;
        check("<Error><Code>X</Code></Error>", Some("X"), None).await;
        check("<Error><Code></Code><Message>m</Message>", None, Some("m")).await;
        check("", None, None).await;
        check("<html>Bad gateway</html>", None, None).await;
        check("<Error><Code>Cut", None, None).await;
    }

    #[test]
    fn what_is_tried_again() {
        let check = |status, code: &str, expected| {
            let refusal = Refusal { status, code: Some(code.to_owned()), message: None };
            assert_eq!(refusal.is_transient(), expected, "{refusal:?}");
        };
        check(503, "SlowDown", true);
        check(503, "", true);
        check(500, "InternalError", true);
        check(400, "RequestTimeout", true);
        check(429, "", true);
        check(501, "NotImplemented", false);
        check(403, "AccessDenied", false);
        check(400, "ExpiredToken", false);
        check(404, "NoSuchKey", false);
        check(301, "PermanentRedirect", false);
    }
}
