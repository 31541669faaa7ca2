//! Reading an object. The SDK's client costs several times what HTTP does, and a run reads a great
//! many small objects; so the requests are our own, over the SDK's connections.

use std::time::SystemTime;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_smithy_runtime_api::client::connection::CaptureSmithyConnection;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;

use crate::error::{Error, Operation};
use crate::s3::pause::pause;
use crate::s3::refusal::Refusal;
use crate::s3::sign::{EMPTY_SHA256, SigningKey};
use crate::s3::{Inner, unquoted};
use crate::store::ObjectMeta;

/// How we call ourselves.
const USER_AGENT: &str = concat!("hoptrail/", env!("CARGO_PKG_VERSION"));

/// The rest of an object, if it is still the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest<'a> {
    /// The first byte.
    pub(super) from: u64,
    /// Without its quotes.
    pub(super) etag: &'a str,
}

/// Why one try came to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// There is nothing to sign with.
    Credentials(CredentialsError),
    /// No answer.
    Connector(ConnectorError),
    /// An answer that is no success.
    Refused(Refusal),
    /// An answer that refuses the time of the signature; it is known better now.
    WrongTime(Refusal),
    /// The key makes no URL.
    Request(String),
}

impl Failure {
    fn is_transient(&self) -> bool {
        match self {
            Self::Connector(error) => error.is_io() || error.is_timeout(),
            Self::Refused(refusal) => refusal.is_transient(),
            Self::WrongTime(_) => true,
            Self::Credentials(_) | Self::Request(_) => false,
        }
    }
}

impl Inner {
    /// An object, or the rest of it. A try that fails for a reason that may pass is repeated, after
    /// a pause that grows.
    pub(super) async fn get(
        &self,
        key: &str,
        rest: Option<Rest<'_>>,
    ) -> Result<(ObjectMeta, ByteStream), Error> {
        let mut n_tries = 1;
        let mut answer = loop {
            match self.try_get(key, rest).await {
                Ok(answer) => break answer,
                Err(failure) if failure.is_transient() && n_tries < self.max_tries => {
                    tokio::time::sleep(pause(self.first_pause, n_tries, key)).await;
                    n_tries += 1;
                }
                Err(failure) => {
                    return Err(self.context(Operation::Get, key).failed(&failure));
                }
            }
        };
        let headers = answer.headers();
        if let Some(rest) = rest {
            let range = headers.get("content-range").unwrap_or_default();
            if !range.starts_with(&format!("bytes {}-", rest.from)) {
                let source = "the service does not send the range that was asked for";
                return Err(self.other(Operation::Get, key, source));
            }
        }
        let size_bytes = headers.get("content-length").and_then(|size| size.parse().ok());
        let Some(size_bytes) = size_bytes else {
            return Err(self.other(Operation::Get, key, "the answer has no length"));
        };
        let etag = headers.get("etag").map(|etag| unquoted(etag.to_owned()));
        let meta = ObjectMeta { key: key.to_owned(), size_bytes, etag };
        Ok((meta, ByteStream::new(answer.take_body())))
    }

    async fn try_get(&self, key: &str, rest: Option<Rest<'_>>) -> Result<HttpResponse, Failure> {
        let now = self.clock.now();
        let signing_key = match &self.signer {
            Some(signer) => Some(signer.key(now).await.map_err(Failure::Credentials)?),
            None => None,
        };
        let mut request = self.request(key, rest, signing_key.as_deref().map(|key| (key, now)))?;
        let connection = CaptureSmithyConnection::new();
        request.add_extension(connection.clone());
        let mut answer = self.connector.call(request).await.map_err(Failure::Connector)?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let date = answer.headers().get("date").map(str::to_owned);
        let (status, body) = (answer.status().as_u16(), ByteStream::new(answer.take_body()));
        let reading = tokio::time::timeout(self.stall_limit, Refusal::read(status, body));
        let silent = Refusal { status, code: None, message: None };
        let refusal = reading.await.unwrap_or(silent);
        let code = refusal.code.as_deref().unwrap_or_default();
        let failure = if self.clock.correct(code, date.as_deref(), now) {
            Failure::WrongTime(refusal)
        } else {
            Failure::Refused(refusal)
        };
        if failure.is_transient()
            && let Some(connection) = connection.get()
        {
            // Another connection may lead to another host.
            connection.poison();
        }
        Err(failure)
    }

    /// The request, signed if there is a key for it.
    fn request(
        &self,
        key: &str,
        rest: Option<Rest<'_>>,
        signing: Option<(&SigningKey, SystemTime)>,
    ) -> Result<HttpRequest, Failure> {
        let url = self.address.url(&self.full(key));
        let range = rest.map(|rest| format!("bytes={}-", rest.from));
        let if_match =
            rest.filter(|rest| !rest.etag.is_empty()).map(|rest| format!("\"{}\"", rest.etag));
        let timestamp = signing.map(|(key, now)| key.timestamp(now));
        // In the order of the names, as signatures need it.
        let headers = [
            ("host", Some(self.address.host.as_str())),
            ("if-match", if_match.as_deref()),
            ("range", range.as_deref()),
            ("x-amz-content-sha256", signing.map(|_| EMPTY_SHA256)),
            ("x-amz-date", timestamp.as_deref()),
            ("x-amz-request-payer", self.requester_pays.then_some("requester")),
            ("x-amz-security-token", signing.and_then(|(key, _)| key.session_token())),
        ];
        let headers: Vec<_> =
            headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();

        let mut request = HttpRequest::new(SdkBody::empty());
        if let (Some((key, _)), Some(timestamp)) = (signing, &timestamp) {
            let authorization = key.authorization(self.address.path(&url), &headers, timestamp);
            request.headers_mut().insert("authorization", authorization);
        }
        for (name, value) in headers {
            let inserted = request.headers_mut().try_insert(name, value.to_owned());
            inserted.map_err(|error| Failure::Request(format!("{name}: {error}")))?;
        }
        request.headers_mut().insert("user-agent", USER_AGENT);
        request.set_uri(url).map_err(|error| Failure::Request(error.to_string()))?;
        Ok(request)
    }
}
