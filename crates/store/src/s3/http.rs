//! The HTTP client: rustls with ring, and the system's certificates.

use std::env;

use aws_sdk_s3::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};

use crate::error::Error;

/// Whether the environment counts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outside {
    Used,
    Ignored,
}

/// A client with a pool of connections. From the environment, it takes the usual variables for
/// proxies, and `AWS_CA_BUNDLE`, a file of certificates that are trusted instead of the system's.
pub(super) fn client(outside: Outside) -> Result<SharedHttpClient, Error> {
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
    Ok(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder();
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(proxy.clone());
        let tls = Provider::Rustls(CryptoMode::Ring);
        connector.tls_provider(tls).tls_context(context.clone()).build()
    }))
}
