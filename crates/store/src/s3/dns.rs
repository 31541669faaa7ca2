//! Resolving the names of hosts: one that cannot be resolved is named, and soon.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

/// The longest wait for the addresses of a host. Shorter than that for a connection, whose error would
/// not say that this was the reason. Systems ask their second name server after 5 s.
const LIMIT: Duration = Duration::from_secs(8);
/// How often a name is looked up that has never been resolved: a machine's network may be a moment late.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Resolves as the system does.
#[derive(Debug, Clone, Default)]
pub(super) struct Resolver {
    /// Names that have been resolved: they are right.
    known: Arc<Mutex<BTreeSet<String>>>,
}

/// A host whose name cannot be resolved.
#[derive(Debug, thiserror::Error)]
#[error("the host `{host}` cannot be resolved ({reason})")]
pub(super) struct Unresolved {
    pub(super) host: String,
    reason: String,
}

impl Resolver {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, Unresolved> {
        let is_known = self.known.lock().expect("no holder panics").contains(host);
        let found = timeout(LIMIT, look_up(host, if is_known { 1 } else { TRIES })).await;
        let reason = match found {
            Ok(Ok(addresses)) => {
                if !is_known {
                    self.known.lock().expect("no holder panics").insert(host.to_owned());
                }
                return Ok(addresses);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", LIMIT.as_secs()),
        };
        Err(Unresolved { host: host.to_owned(), reason })
    }
}

impl ResolveDns for Resolver {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move { self.resolve(name).await.map_err(ResolveDnsError::new) })
    }
}

async fn look_up(host: &str, tries: u32) -> io::Result<Vec<IpAddr>> {
    let mut left = tries;
    loop {
        let host = host.to_owned();
        let find = move || (host.as_str(), 0).to_socket_addrs();
        left -= 1;
        match spawn_blocking(find).await.map_err(io::Error::other)? {
            Ok(addresses) => return Ok(addresses.map(|address| address.ip()).collect()),
            Err(error) if left == 0 => return Err(error),
            Err(_) => sleep(PAUSE).await,
        }
    }
}
