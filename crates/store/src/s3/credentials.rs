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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::UNIX_EPOCH;

    use super::*;

    /// Numbers its answers; fails when told to.
    #[derive(Debug, Default)]
    struct Provider {
        lifetime: Option<Duration>,
        now: Mutex<Duration>,
        fails: Mutex<bool>,
        n_asked: AtomicU64,
    }

    #[derive(Debug, Clone, Default)]
    struct Handle(Arc<Provider>);

    impl ProvideCredentials for Handle {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let provider = &self.0;
            future::ProvideCredentials::new(async move {
                tokio::task::yield_now().await;
                let n = provider.n_asked.fetch_add(1, Ordering::Relaxed) + 1;
                if *provider.fails.lock().expect("no holder panics") {
                    return Err(CredentialsError::provider_error("out of order"));
                }
                let now = UNIX_EPOCH + *provider.now.lock().expect("no holder panics");
                let expiry = provider.lifetime.map(|lifetime| now + lifetime);
                Ok(Credentials::new(format!("id{n}"), "secret", None, expiry, "test"))
            })
        }
    }

    /// The id at so many seconds.
    async fn id(cached: &Cached, provider: &Handle, secs: u64) -> Result<String, CredentialsError> {
        *provider.0.now.lock().expect("no holder panics") = Duration::from_secs(secs);
        let credentials = cached.at(UNIX_EPOCH + Duration::from_secs(secs)).await?;
        Ok(credentials.access_key_id().to_owned())
    }

    #[track_caller]
    fn check(found: Result<String, CredentialsError>, expected: &str) {
        assert_eq!(found.expect("credentials"), expected);
    }

    fn handle(lifetime_secs: Option<u64>) -> Handle {
        let lifetime = lifetime_secs.map(Duration::from_secs);
        Handle(Arc::new(Provider { lifetime, ..Provider::default() }))
    }

    #[tokio::test]
    async fn credentials_are_renewed_before_they_expire() {
        let provider = handle(Some(3600));
        let cached = Cached::new(provider.clone());
        check(id(&cached, &provider, 0).await, "id1");
        check(id(&cached, &provider, 3539).await, "id1");
        check(id(&cached, &provider, 3540).await, "id2");
        check(id(&cached, &provider, 3540 + 3539).await, "id2");
        check(id(&cached, &provider, 100_000).await, "id3");
    }

    #[tokio::test]
    async fn credentials_without_an_end_are_asked_for_now_and_then() {
        let provider = handle(None);
        let cached = Cached::new(provider.clone());
        check(id(&cached, &provider, 0).await, "id1");
        check(id(&cached, &provider, 899).await, "id1");
        check(id(&cached, &provider, 900).await, "id2");
    }

    #[tokio::test]
    async fn a_provider_that_is_out_of_order_has_until_the_old_ones_expire() {
        let provider = handle(Some(3600));
        let cached = Cached::new(provider.clone());
        check(id(&cached, &provider, 0).await, "id1");
        *provider.0.fails.lock().expect("no holder panics") = true;
        check(id(&cached, &provider, 3550).await, "id1");
        check(id(&cached, &provider, 3554).await, "id1");
        assert_eq!(provider.0.n_asked.load(Ordering::Relaxed), 2, "not with every request");
        check(id(&cached, &provider, 3555).await, "id1");
        assert_eq!(provider.0.n_asked.load(Ordering::Relaxed), 3);
        assert!(id(&cached, &provider, 3600).await.is_err());
        *provider.0.fails.lock().expect("no holder panics") = false;
        check(id(&cached, &provider, 3601).await, "id5");
    }

    #[tokio::test]
    async fn many_requests_ask_once() {
        let provider = handle(Some(3600));
        let cached = Cached::new(provider.clone());
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let cached = cached.clone();
            asking.spawn(async move { cached.at(UNIX_EPOCH).await.map(|_| ()) });
        }
        while let Some(asked) = asking.join_next().await {
            asked.expect("no panic").expect("credentials");
        }
        assert_eq!(provider.0.n_asked.load(Ordering::Relaxed), 1);
    }
}
