//! The clock of leases, which simulations replace.

use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use store::{Clock, SystemClock};

/// A clock that can be waited for.
pub(crate) trait LeaseClock: Clock {
    /// Waits.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()>;
}

impl LeaseClock for SystemClock {
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(time).boxed()
    }
}
