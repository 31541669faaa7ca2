//! What must hold for a write to be done: a condition on what is there, and a moment after which no attempt
//! begins.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::error::Error;

/// What must hold for a write or a deletion.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    /// What must be there.
    pub condition: Condition,
    /// When no attempt begins any more, repeated ones included; `None`: always.
    pub deadline: Option<Deadline>,
}

impl Guard {
    /// Only this condition.
    pub fn of(condition: Condition) -> Self {
        Guard { condition, deadline: None }
    }

    /// That an attempt to write `target` may begin now.
    ///
    /// # Errors
    /// [`Error::TooLate`] if it may not.
    pub(crate) fn check(&self, target: &str) -> Result<(), Error> {
        match &self.deadline {
            Some(deadline) if deadline.has_passed() => {
                Err(Error::TooLate { target: target.to_owned() })
            }
            _ => Ok(()),
        }
    }
}

/// What must be there under a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Condition {
    /// Anything, or nothing.
    #[default]
    Any,
    /// There is no such object.
    Absent,
    /// The object is there and has this `etag`. Where it is made of the content (S3, memory), an
    /// object that was replaced and then replaced back counts as unchanged.
    Unchanged {
        /// That of an [`ObjectMeta`](crate::ObjectMeta) or a [`Put::Done`](crate::Put::Done).
        etag: String,
    },
}

/// A clock that never goes back and counts the time that the machine sleeps.
pub trait Clock: Send + Sync + Debug {
    /// The time since some moment.
    fn now(&self) -> Duration;
}

/// The system's: since its boot.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        // Elsewhere than on Linux, the monotonic clock is the one that counts sleep.
        #[cfg(target_os = "linux")]
        const CLOCK: ClockId = ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        const CLOCK: ClockId = ClockId::Monotonic;
        // Neither of its parts is negative.
        Duration::try_from(clock_gettime(CLOCK)).unwrap_or_default()
    }
}

/// A moment of a [`Clock`]. Clones are the same moment: who moves one moves all.
#[derive(Debug, Clone)]
pub struct Deadline {
    clock: Arc<dyn Clock>,
    /// In nanoseconds.
    at: Arc<AtomicU64>,
}

impl Deadline {
    /// A moment of this clock.
    pub fn new(clock: Arc<dyn Clock>, at: Duration) -> Self {
        let deadline = Deadline { clock, at: Arc::default() };
        deadline.set(at);
        deadline
    }

    /// Moves it.
    pub fn set(&self, at: Duration) {
        let nanoseconds = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        self.at.store(nanoseconds, Ordering::SeqCst);
    }

    /// Whether it is over.
    pub fn has_passed(&self) -> bool {
        self.clock.now().as_nanos() >= u128::from(self.at.load(Ordering::SeqCst))
    }
}
