//! How long to wait before another try.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(20);

/// The pause after the `n_tries`-th try, which is at least the first: at most `first`, then twice
/// that, and so on. It differs between objects that failed at the same moment, so that they do not
/// come back at the same moment.
pub(super) fn pause(first: Duration, n_tries: u32, key: &str) -> Duration {
    let longest = first.saturating_mul(1 << n_tries.saturating_sub(1).min(16));
    let mut hasher = DefaultHasher::new();
    (key, n_tries).hash(&mut hasher);
    let per_mille = 500 + (hasher.finish() % 500) as u32;
    longest.min(MAX_PAUSE) * per_mille / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_differ() {
        let first = Duration::from_secs(1);
        for n_tries in 1..=40 {
            let longest = Duration::from_secs(1 << (n_tries - 1).min(5)).min(MAX_PAUSE);
            let pause = pause(first, n_tries, "a");
            assert!(pause >= longest / 2 && pause < longest, "{n_tries}: {pause:?}");
        }
        assert_ne!(pause(first, 1, "a"), pause(first, 1, "b"));
        assert_eq!(pause(Duration::ZERO, 3, "a"), Duration::ZERO);
    }
}
