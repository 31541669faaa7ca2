//! Futures in tests that are no futures themselves.

/// Runs a future to its end on this thread.
///
/// # Panics
///
/// Panics if the runtime cannot be started.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}
