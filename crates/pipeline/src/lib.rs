//! Runs plan, fetch, work, join and publish in parallel: the only place where tokio meets rayon.
