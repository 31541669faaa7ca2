//! One run at a time writes to a destination: a lease, an object that a run writes under a condition,
//! renews while it goes on, and deletes at its end.
//!
//! A lease that was not renewed for [`TERM`] is stale, and so is one whose process is known to be gone;
//! both are taken over. Clocks of two machines may differ by a part of the term without harm: a lease
//! is renewed four times in it.

use std::fs;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Condition, Put, Store, read_if_there};

use crate::error::Error;

/// Where the lease lies, relative to the destination.
pub const LEASE_KEY: &str = "_hoptrail/lease.json";

/// How long a lease holds without being renewed.
pub const TERM: Duration = Duration::from_secs(120);
/// How often it is renewed.
const RENEWED_EVERY: Duration = Duration::from_secs(30);
/// How often a run that waits looks again.
const ASKED_EVERY: Duration = Duration::from_millis(500);

/// Who holds a destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The machine's name.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// Tells processes of one number apart: the machine's boot, the namespace of process numbers, and
    /// the start of the process. Empty where the system does not tell.
    pub process: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when, unless it is renewed.
    pub until: Timestamp,
}

/// A destination that this run holds.
#[derive(Debug)]
pub struct Lease<'a> {
    destination: &'a dyn Store,
    holder: Holder,
    etag: String,
}

impl<'a> Lease<'a> {
    /// Takes the lease of a destination. Another run's is waited for as long as `wait` says; `note` is
    /// told about the waiting, once.
    ///
    /// # Errors
    /// [`Error::Held`] if another run holds it; if the destination cannot be read or written, or knows
    /// no conditional writes.
    pub async fn take(
        destination: &'a dyn Store,
        wait: Duration,
        note: impl FnOnce(&Holder),
    ) -> Result<Self, Error> {
        let give_up = Timestamp::now().saturating_add(wait).unwrap_or(Timestamp::MAX);
        let mut note = Some(note);
        loop {
            let holder = Holder::this_process();
            let found = read(destination).await?;
            let condition = match &found {
                None => Condition::Absent,
                Some((other, etag)) if other.is_stale() => {
                    Condition::Unchanged { etag: etag.clone() }
                }
                Some((other, _)) => {
                    if Timestamp::now() >= give_up {
                        return Err(Error::Held {
                            location: destination.location(),
                            holder: Box::new(other.clone()),
                        });
                    }
                    if let Some(note) = note.take() {
                        note(other);
                    }
                    tokio::time::sleep(ASKED_EVERY).await;
                    continue;
                }
            };
            if let Some(etag) = write(destination, &holder, condition).await? {
                return Ok(Lease { destination, holder, etag });
            }
            // Another run was faster: look at what it wrote.
        }
    }

    /// Renews the lease from time to time; ends only if that fails.
    pub async fn keep(&mut self) -> Error {
        loop {
            tokio::time::sleep(RENEWED_EVERY).await;
            if let Err(error) = self.renew().await {
                return error;
            }
        }
    }

    async fn renew(&mut self) -> Result<(), Error> {
        let holder = Holder { until: end_of_term(), ..self.holder.clone() };
        let condition = Condition::Unchanged { etag: self.etag.clone() };
        let written = write(self.destination, &holder, condition).await?;
        self.etag = written.ok_or_else(|| self.lost())?;
        self.holder = holder;
        Ok(())
    }

    /// Makes sure that the lease is ours, and remains so for a while.
    async fn ascertain(&mut self) -> Result<(), Error> {
        if self.holder.until < Timestamp::now().saturating_add(TERM / 2).unwrap_or(Timestamp::MAX) {
            return self.renew().await;
        }
        // Nobody takes over a lease before its end: it is enough to look.
        match read(self.destination).await? {
            Some((_, etag)) if etag == self.etag => Ok(()),
            _ => Err(self.lost()),
        }
    }

    fn lost(&self) -> Error {
        Error::LeaseLost { location: self.destination.location() }
    }

    /// Gives the destination back.
    ///
    /// # Errors
    /// If the lease is another run's now, or the destination cannot be written.
    pub async fn release(mut self) -> Result<(), Error> {
        // Only what is still ours is deleted.
        self.ascertain().await?;
        self.destination.delete(LEASE_KEY).await.map_err(Error::Write)
    }
}

/// Who holds the destination, with the `ETag` of the lease. A lease that cannot be understood is taken for
/// a stale one: whoever wrote it left no way to tell.
async fn read(destination: &dyn Store) -> Result<Option<(Holder, String)>, Error> {
    let found = read_if_there(destination, LEASE_KEY).await.map_err(Error::Destination)?;
    Ok(found.map(|(meta, json)| {
        let holder = serde_json::from_slice(&json).unwrap_or_else(|_| Holder::unknown());
        (holder, meta.etag.unwrap_or_default())
    }))
}

/// Writes a lease and returns its `ETag`; `None` if the condition does not hold.
async fn write(
    destination: &dyn Store,
    holder: &Holder,
    condition: Condition,
) -> Result<Option<String>, Error> {
    let json = serde_json::to_vec_pretty(holder).map_err(Error::Manifest)?;
    match destination.put_if(LEASE_KEY, Bytes::from(json), condition).await {
        Ok(Put::Done { etag }) => Ok(Some(etag)),
        // The answer to a first try may have been lost: then the lease that stands is this one.
        Ok(Put::ConditionFailed) => match read(destination).await? {
            Some((standing, etag)) if standing == *holder => Ok(Some(etag)),
            _ => Ok(None),
        },
        Err(error) => Err(Error::Write(error)),
    }
}

fn end_of_term() -> Timestamp {
    Timestamp::now().saturating_add(TERM).unwrap_or(Timestamp::MAX)
}

impl Holder {
    fn this_process() -> Self {
        let pid = std::process::id();
        let host = fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let host = host.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_default();
        Holder {
            host: host.trim().to_owned(),
            pid,
            process: process(pid).unwrap_or_default(),
            since: Timestamp::now(),
            until: end_of_term(),
        }
    }

    fn unknown() -> Self {
        let (host, process) = (String::new(), String::new());
        let never = Timestamp::MIN;
        Holder { host, pid: 0, process, since: never, until: never }
    }

    fn is_stale(&self) -> bool {
        self.until < Timestamp::now() || self.is_gone()
    }

    /// Whether the process is known to be gone: it was one of this boot and namespace, where no process
    /// of its number and start is left.
    fn is_gone(&self) -> bool {
        let place = |process: &str| process.rsplit_once(' ').map(|(place, _)| place.to_owned());
        let here = process(std::process::id()).as_deref().and_then(place);
        here.is_some()
            && place(&self.process) == here
            && process(self.pid).is_none_or(|running| running != self.process)
    }
}

/// The boot, the namespace of process numbers and the start of a process that runs here, as Linux tells
/// them; `None` if there is no such process, or another system.
fn process(pid: u32) -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything; the start is the 20th field behind it (proc(5)).
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    // A process that has ended and was not yet asked for its end writes no more.
    if state == "Z" || state == "X" {
        return None;
    }
    let start = fields.nth(18)?;
    Some(format!("{} {} {start}", boot.trim(), namespace.display()))
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Holder { host, pid, since, .. } = self;
        write!(f, "process {pid} on {host}, since {since:.0}")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use store::Memory;

    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(future)
    }

    /// A lease of a process that is still there, as far as anybody can tell from here.
    fn elsewhere(until: Timestamp) -> Bytes {
        let holder = Holder {
            host: "elsewhere".to_owned(),
            pid: 7,
            process: "another-boot pid:[1] 99".to_owned(),
            since: Timestamp::now(),
            until,
        };
        Bytes::from(serde_json::to_vec(&holder).expect("as JSON"))
    }

    #[test]
    fn one_holder_at_a_time() {
        let store = Memory::new();
        run(async {
            let first = Lease::take(&store, NOW, |_| {}).await.expect("free");
            let error = Lease::take(&store, NOW, |_| {}).await.expect_err("held").to_string();
            assert!(error.contains("another run"), "{error}");
            first.release().await.expect("ours");
            Lease::take(&store, NOW, |_| {}).await.expect("free again");
        });
    }

    #[test]
    fn a_stale_lease_is_taken_over_and_its_holder_notices() {
        let store = Memory::new();
        run(async {
            let mut first = Lease::take(&store, NOW, |_| {}).await.expect("free");
            store.put(LEASE_KEY, elsewhere(Timestamp::MAX)).await.expect("written");
            assert!(matches!(first.renew().await, Err(Error::LeaseLost { .. })));
            assert!(matches!(Lease::take(&store, NOW, |_| {}).await, Err(Error::Held { .. })));
            for stale in [elsewhere(Timestamp::MIN), Bytes::from_static(b"{")] {
                store.put(LEASE_KEY, stale).await.expect("written");
                let taken = Lease::take(&store, NOW, |_| {}).await.expect("taken over");
                taken.release().await.expect("ours");
            }
            assert!(first.release().await.is_err(), "nothing of another run is deleted");
        });
    }

    #[test]
    fn only_what_is_ours_is_deleted() {
        let store = Memory::new();
        run(async {
            // One that is looked at, and one that is renewed because it is about to end.
            for (until, is_renewed) in [(end_of_term(), false), (Timestamp::MIN, true)] {
                let taken = async || {
                    let mut lease = Lease::take(&store, NOW, |_| {}).await.expect("free");
                    lease.holder.until = until;
                    lease
                };
                let mut lease = taken().await;
                let etag = lease.etag.clone();
                lease.ascertain().await.expect("ours");
                assert_eq!(lease.etag != etag, is_renewed);
                lease.release().await.expect("ours");

                let lease = taken().await;
                store.put(LEASE_KEY, elsewhere(Timestamp::MAX)).await.expect("memory");
                let error = lease.release().await.expect_err("another's");
                assert!(matches!(error, Error::LeaseLost { .. }), "{error}");
                assert!(read(&store).await.expect("memory").is_some());
                store.delete(LEASE_KEY).await.expect("memory");

                let lease = taken().await;
                store.delete(LEASE_KEY).await.expect("memory");
                let error = lease.release().await.expect_err("nobody's");
                assert!(matches!(error, Error::LeaseLost { .. }), "{error}");
            }
        });
    }

    #[test]
    fn a_process_that_is_gone_holds_nothing() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("a process");
        let mut holder = Holder { pid: child.id(), ..Holder::this_process() };
        holder.process = process(child.id()).expect("it runs");
        assert!(!holder.is_stale());
        child.kill().expect("killed");
        assert!(child.wait().is_ok() && holder.is_stale());
        holder.pid = 1;
        assert!(holder.is_stale(), "another process of its number is not it");
    }

    #[test]
    fn a_run_waits() {
        let store = Memory::new();
        run(async {
            let first = Lease::take(&store, NOW, |_| {}).await.expect("free");
            let mut told = 0;
            let second = Lease::take(&store, Duration::from_secs(60), |_| told += 1);
            let releasing = async {
                tokio::time::sleep(Duration::from_millis(700)).await;
                first.release().await
            };
            let (second, released) = futures::future::join(second, releasing).await;
            released.expect("ours");
            second.expect("free after a while").release().await.expect("ours");
            assert_eq!(told, 1);
        });
    }
}
