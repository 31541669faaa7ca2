//! Whose a lease is, and whether it may be taken over.

use std::time::Duration;

use jiff::civil::Date;
use store::{Condition, Store, list_all};

use super::{FOLDER, Holder, LeaseError, Leases, STALE_AFTER};

/// How often a run that waits looks whether the lease is free.
const ASKED_EVERY: Duration = Duration::from_millis(500);
/// A larger lease does not say whose it is.
const MAX_BYTES: u64 = 64 << 10;

/// What a look at a lease shows.
pub(super) enum Seen {
    /// A write under this condition takes it.
    Free(Condition),
    /// It is this run's. With its `ETag`.
    Ours(String),
    /// Another run holds it.
    Held(Holder),
}

/// A lease that is watched: its `ETag`, and since when it has been the same.
type Watched = Option<(String, Duration)>;

impl Leases<'_> {
    /// Looks at a lease until another run does not hold it any more, or for as long as `until` says, by this
    /// run's clock. `on_waiting` is called once, if it has to wait.
    pub(super) async fn watch(
        &self,
        key: &str,
        until: Duration,
        on_waiting: impl FnOnce(&Holder),
    ) -> Result<Seen, LeaseError> {
        let mut watched = None;
        let mut on_waiting = Some(on_waiting);
        loop {
            let seen = self.look_again(key, &mut watched).await?;
            let Seen::Held(holder) = &seen else { return Ok(seen) };
            if self.clock.now() >= until {
                return Ok(seen);
            }
            if let Some(on_waiting) = on_waiting.take() {
                on_waiting(holder);
            }
            self.clock.sleep(ASKED_EVERY).await;
        }
    }

    /// Looks at a lease once.
    pub(super) async fn look(&self, key: &str) -> Result<Seen, LeaseError> {
        self.look_again(key, &mut None).await
    }

    async fn look_again(&self, key: &str, watched: &mut Watched) -> Result<Seen, LeaseError> {
        let Some((holder, etag)) = read(self.destination, key).await? else {
            return Ok(Seen::Free(Condition::Absent));
        };
        if holder.run == self.holder.run && !holder.is_given_back {
            return Ok(Seen::Ours(etag));
        }
        let now = self.clock.now();
        let since = match watched {
            Some((seen, since)) if *seen == etag => *since,
            _ => {
                *watched = Some((etag.clone(), now));
                now
            }
        };
        let is_stale = holder.is_given_back
            || holder.is_gone()
            || now.saturating_sub(since) > STALE_AFTER
            || self.is_old(key, &etag).await?;
        Ok(if is_stale { Seen::Free(Condition::Unchanged { etag }) } else { Seen::Held(holder) })
    }

    /// Whether a lease is stale by the clock of the store.
    async fn is_old(&self, key: &str, etag: &str) -> Result<bool, LeaseError> {
        let age = self.destination.age(key).await.map_err(LeaseError::Read)?;
        Ok(age.is_some_and(|(of, age)| of == etag && age > STALE_AFTER))
    }

    /// The leases at the destination of days that `is_asked` is true of, with what a look at each shows.
    pub(super) async fn look_at_all(
        &self,
        is_asked: impl Fn(Date) -> bool,
    ) -> Result<Vec<(Date, Seen)>, LeaseError> {
        let mut all = Vec::new();
        for meta in list_all(self.destination, FOLDER).await.map_err(LeaseError::Read)? {
            if let Some(day) = day_of(&meta.key).filter(|day| is_asked(*day)) {
                all.push((day, self.look(&meta.key).await?));
            }
        }
        Ok(all)
    }
}

fn day_of(key: &str) -> Option<Date> {
    key.strip_prefix(FOLDER)?.strip_prefix("dt=")?.strip_suffix(".json")?.parse().ok()
}

/// Who holds a lease, with its `ETag`. One that cannot be read does not say whose it is; it is read twice before
/// that is believed, because an answer may be cut.
pub(super) async fn read(
    destination: &dyn Store,
    key: &str,
) -> Result<Option<(Holder, String)>, LeaseError> {
    let mut found = None;
    for _ in 0..2 {
        let read =
            store::read_at_most(destination, key, MAX_BYTES).await.map_err(LeaseError::Read)?;
        let Some((meta, json)) = read else { return Ok(None) };
        let holder = json.and_then(|json| serde_json::from_slice(&json).ok());
        let is_read = holder.is_some();
        found = Some((holder.unwrap_or_else(Holder::unknown), meta.etag.unwrap_or_default()));
        if is_read {
            break;
        }
    }
    Ok(found)
}
