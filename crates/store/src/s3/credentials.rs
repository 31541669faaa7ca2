//! Credentials that are kept as long as they are good, for the SDK and for our own requests alike.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

/// So long before they expire, credentials are renewed.
const RENEWAL: Duration = Duration::from_secs(60);
/// So long credentials are kept that do not say when they expire: as the SDK does.
const UNLIMITED: Duration = Duration::from_secs(15 * 60);
/// After a renewal that brought nothing better, the next one waits so long.
const BETWEEN_RENEWALS: Duration = Duration::from_secs(5);
/// The longest wait for a provider.
const LOAD_LIMIT: Duration = Duration::from_secs(70);

/// A provider's credentials, asked for once by however many requests. A provider may be a program
/// that asks its user for a code, so the SDK must not ask a second time: it gets this one as its
/// provider.
#[derive(Debug, Clone)]
pub(super) struct Cached(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    provider: SharedCredentialsProvider,
    held: Mutex<Option<Held>>,
    /// Held by the one that asks the provider.
    loading: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone)]
struct Held {
    credentials: Credentials,
    fresh_until: SystemTime,
}

impl Cached {
    pub(super) fn new(provider: impl ProvideCredentials + 'static) -> Self {
        Self(Arc::new(Shared {
            provider: SharedCredentialsProvider::new(provider),
            held: Mutex::new(None),
            loading: tokio::sync::Mutex::new(()),
        }))
    }

    /// The credentials at this time. A renewal that fails is no error as long as those from before
    /// have not expired.
    pub(super) async fn at(&self, now: SystemTime) -> Result<Credentials, CredentialsError> {
        if let Some(credentials) = self.fresh(now) {
            return Ok(credentials);
        }
        let _loading = self.0.loading.lock().await;
        // Another request may have asked while this one waited for its turn.
        if let Some(credentials) = self.fresh(now) {
            return Ok(credentials);
        }
        let loading = tokio::time::timeout(LOAD_LIMIT, self.0.provider.provide_credentials());
        let loaded =
            loading.await.unwrap_or_else(|_| Err(CredentialsError::provider_timed_out(LOAD_LIMIT)));
        let old = self.0.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        let credentials = match (loaded, old) {
            (Ok(credentials), _) => credentials,
            (Err(_), Some(old)) if old.credentials.expiry().is_some_and(|end| now < end) => {
                old.credentials
            }
            (Err(error), _) => return Err(error),
        };
        let fresh_until = match credentials.expiry() {
            Some(end) => (end - RENEWAL).max(now + BETWEEN_RENEWALS),
            None => now + UNLIMITED,
        };
        let held = Held { credentials: credentials.clone(), fresh_until };
        *self.0.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
        Ok(credentials)
    }

    fn fresh(&self, now: SystemTime) -> Option<Credentials> {
        let held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|held| now < held.fresh_until).map(|held| held.credentials.clone())
    }
}

impl ProvideCredentials for Cached {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.at(SystemTime::now()))
    }
}
