//! The HTTP client: rustls with ring, and the system's certificates.

use std::env;

use aws_sdk_s3::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};

use crate::error::Error;
use crate::s3::dns::Resolver;

/// A client that takes nothing from outside.
pub(super) fn plain() -> Result<SharedHttpClient, Error> {
    client(TrustStore::default(), None)
}

/// A client that takes the usual variables for proxies from the environment, and `AWS_CA_BUNDLE`, a
/// file of certificates that are trusted instead of the system's.
pub(super) fn from_environment() -> Result<SharedHttpClient, Error> {
    let mut trusted = TrustStore::default();
    if let Some(path) = env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) {
        let bundle = std::fs::read(&path).map_err(|source| Error::Settings {
            what: format!("AWS_CA_BUNDLE `{}` cannot be read", path.display()),
            source: Some(source.into()),
        })?;
        trusted = TrustStore::empty().with_pem_certificate(bundle);
    }
    let is_set =
        |name: &str| env::var_os(name).or_else(|| env::var_os(name.to_ascii_lowercase())).is_some();
    let has_proxy = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].into_iter().any(is_set);
    client(trusted, has_proxy.then(ProxyConfig::from_env))
}

fn client(trusted: TrustStore, proxy: Option<ProxyConfig>) -> Result<SharedHttpClient, Error> {
    let context = TlsContext::builder().with_trust_store(trusted).build();
    let context = context.map_err(|source| Error::Settings {
        what: "the trusted certificates".to_owned(),
        source: Some(source.into()),
    })?;
    let resolver = Resolver::default();
    // One pool of connections for each set of limits: S3's own, and those of providers of credentials.
    Ok(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder();
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(proxy.clone());
        connector
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(context.clone())
            .build_with_resolver(resolver.clone())
    }))
}
