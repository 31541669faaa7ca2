//! The version, and which commit was built.

/// `0.1.0`, or `0.1.0 (1a2b3c4d5e6f 2026-12-01)` where the commit is known: see `build.rs`.
pub(crate) const VERSION: &str = env!("HOPTRAIL_VERSION");
