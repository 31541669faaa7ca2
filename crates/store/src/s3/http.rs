//! The HTTP client: rustls with ring, and the system's certificates.

use std::env;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpConnector,
};

use crate::error::Error;

/// The longest wait for a connection, TLS included.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// The longest wait for the head of an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// Whether the environment counts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outside {
    Used,
    Ignored,
}

/// The limits of a request, for the SDK.
pub(super) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT_LIMIT).read_timeout(ANSWER_LIMIT).build()
}

/// A client whose requests to S3 share one pool of connections, whoever makes them.
#[derive(Debug, Clone)]
pub(super) struct Http {
    /// Sends requests under the limits of [`timeouts`].
    pub(super) connector: SharedHttpConnector,
    /// For requests with other limits, such as those to providers of credentials.
    others: SharedHttpClient,
}

impl Http {
    /// From the environment, it takes the usual variables for proxies, and `AWS_CA_BUNDLE`, a file
    /// of certificates that are trusted instead of the system's.
    pub(super) fn new(outside: Outside) -> Result<Self, Error> {
        let mut trusted = TrustStore::default();
        let mut proxy = None;
        if matches!(outside, Outside::Used) {
            if let Some(path) = env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) {
                let bundle = std::fs::read(&path).map_err(|source| Error::Settings {
                    what: format!("AWS_CA_BUNDLE `{}` cannot be read", path.display()),
                    source: Some(source.into()),
                })?;
                trusted = TrustStore::empty().with_pem_certificate(bundle);
            }
            let names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
            let is_set = |name: &str| {
                env::var_os(name).or_else(|| env::var_os(name.to_ascii_lowercase())).is_some()
            };
            proxy = names.iter().any(|name| is_set(name)).then(ProxyConfig::from_env);
        }
        let context = TlsContext::builder().with_trust_store(trusted).build();
        let context = context.map_err(|source| Error::Settings {
            what: "the trusted certificates".to_owned(),
            source: Some(source.into()),
        })?;
        let finished = move |mut connector: ConnectorBuilder| {
            connector.set_proxy_config(proxy.clone());
            let tls = Provider::Rustls(CryptoMode::Ring);
            connector.tls_provider(tls).tls_context(context.clone()).build()
        };
        let settings = HttpConnectorSettings::builder()
            .connect_timeout(CONNECT_LIMIT)
            .read_timeout(ANSWER_LIMIT)
            .build();
        let connector = finished(Connector::builder().connector_settings(settings));
        let others = Builder::new().build_with_connector_fn(move |settings, components| {
            let mut connector = Connector::builder();
            connector.set_connector_settings(settings.cloned());
            connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
            finished(connector)
        });
        Ok(Self { connector: SharedHttpConnector::new(connector), others })
    }

    /// For the SDK.
    pub(super) fn client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }
}

impl HttpClient for Http {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let limits = (settings.connect_timeout(), settings.read_timeout());
        if limits == (Some(CONNECT_LIMIT), Some(ANSWER_LIMIT)) {
            self.connector.clone()
        } else {
            self.others.http_connector(settings, components)
        }
    }
}
