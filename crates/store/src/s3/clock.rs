//! What time it is for the service. A signature is refused when its time is some minutes off, and
//! machines without the right time there are.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};

/// A smaller difference is none that a signature is refused for. As in the SDK, which corrects its
/// own requests in the same way.
const TOLERATED: Duration = Duration::from_secs(4 * 60);

/// Codes that may mean a wrong time.
const CODES: &[&str] =
    &["AuthFailure", "InvalidSignatureException", "RequestTimeTooSkewed", "SignatureDoesNotMatch"];

/// This machine's clock, set right by what the service says.
#[derive(Debug, Default)]
pub(super) struct Clock {
    ahead_secs: AtomicI64,
}

impl Clock {
    /// The service's time, as far as it is known.
    pub(super) fn now(&self) -> SystemTime {
        shifted(SystemTime::now(), self.ahead_secs.load(Ordering::Relaxed))
    }

    /// Whether a refusal with this code was one of the time that was signed. If so, the clock is
    /// set by `date`, the answer's header, and the next try may do better.
    pub(super) fn correct(&self, code: &str, date: Option<&str>, signed: SystemTime) -> bool {
        if !CODES.contains(&code) {
            return false;
        }
        let date = date.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
        let Some(date) = date else { return false };
        let off_secs = date.secs().abs_diff(secs(signed));
        if off_secs <= TOLERATED.as_secs() {
            return false;
        }
        self.ahead_secs.store(date.secs() - secs(SystemTime::now()), Ordering::Relaxed);
        true
    }
}

fn shifted(time: SystemTime, secs: i64) -> SystemTime {
    let shift = Duration::from_secs(secs.unsigned_abs());
    let shifted = if secs < 0 { time.checked_sub(shift) } else { time.checked_add(shift) };
    shifted.unwrap_or(time)
}

/// Since 1970; a clock before that is at its start.
fn secs(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_set_if_that_was_the_reason() {
        let clock = Clock::default();
        // Far behind and far ahead of any machine that runs this.
        let (past, future) = ("Thu, 01 Jan 2015 12:00:00 GMT", "Wed, 01 Jan 2098 12:00:00 GMT");
        let code = "RequestTimeTooSkewed";
        let check = |text: &str| {
            let date = DateTime::from_str(text, DateTimeFormat::HttpDate).expect("a date");
            assert!(date.secs().abs_diff(secs(clock.now())) < 60, "{:?}", clock.now());
        };
        for date in [past, future, past] {
            assert!(!clock.correct("AccessDenied", Some(date), clock.now()));
            assert!(!clock.correct(code, None, clock.now()));
            assert!(!clock.correct(code, Some("soon"), clock.now()));
            let before = clock.now();
            assert!(clock.correct(code, Some(date), before));
            check(date);
            // Refused with the right time: that is not the reason.
            assert!(!clock.correct(code, Some(date), clock.now()));
            // Another request that was signed before the clock was set.
            assert!(clock.correct(code, Some(date), before));
            check(date);
        }
    }
}
