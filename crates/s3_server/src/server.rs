//! The thread, the runtime, the connections.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;

use crate::bucket::Stored;
use crate::config::Config;
use crate::fault::Fault;
use crate::handler::{Connection, State, handle};
use crate::request::Recorded;
use crate::stats::Stats;

/// A running server. It stops when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server on a thread of its own.
    ///
    /// # Errors
    /// The port is taken, or the machine has no thread or no socket left.
    pub fn start(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let mut state = State::new(config.buckets, config.page_size, config.latency);
        state.recorded = config.records.then(Mutex::default);
        let state = Arc::new(state);
        state.plan.set(config.faults);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let shared = Arc::clone(&state);
        let thread = std::thread::Builder::new().name("s3_server".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    // An error means that the other end was dropped.
                    _ = stopped => {}
                    () = accept(listener, shared) => {}
                }
            });
        })?;
        Ok(Self { address, state, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked so far.
    pub fn stats(&self) -> Stats {
        self.state.counters.stats()
    }

    /// The requests so far, in the order of their arrival; none without [`Config::records`].
    ///
    /// # Panics
    /// The server's thread has panicked.
    pub fn recorded(&self) -> Vec<Recorded> {
        let recorded = self.state.recorded.as_ref();
        recorded.map(|all| all.lock().expect("no holder panics").clone()).unwrap_or_default()
    }

    /// Starts counting afresh.
    pub fn reset_stats(&self) {
        self.state.counters.reset();
    }

    /// Replaces the rules by which requests fail; their counting starts afresh.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.state.plan.set(faults);
    }

    /// Replaces the wait before every answer.
    pub fn set_latency(&self, latency: Duration) {
        self.state.set_latency(latency);
    }

    /// The keys of a bucket, in order; none if there is no such bucket.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let buckets = self.state.buckets();
        buckets
            .get(bucket)
            .map(|(bucket, _)| bucket.objects.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// The content of an object, past all faults.
    ///
    /// # Panics
    /// The object is a file that cannot be read any more.
    pub fn object(&self, bucket: &str, key: &str) -> Option<Bytes> {
        let stored = self.state.buckets().get(bucket)?.0.objects.get(key)?.clone();
        Some(stored.read().expect("the file is still there"))
    }

    /// Writes an object, past all faults.
    ///
    /// # Panics
    /// There is no such bucket.
    pub fn put_object(&self, bucket: &str, key: &str, content: impl Into<Bytes>) {
        let mut buckets = self.state.buckets();
        let (bucket, _) = buckets.get_mut(bucket).expect("the bucket exists");
        bucket.objects.insert(key.to_owned(), Stored::new(content.into()));
    }

    /// Deletes an object, past all faults; absent is fine.
    pub fn delete_object(&self, bucket: &str, key: &str) {
        if let Some((bucket, _)) = self.state.buckets().get_mut(bucket) {
            bucket.objects.remove(key);
        }
    }

    /// Makes the objects of a bucket so much older, by the server's own clock.
    pub fn pass_time(&self, bucket: &str, time: Duration) {
        if let Some((bucket, _)) = self.state.buckets().get_mut(bucket) {
            bucket.objects.values_mut().for_each(|object| object.modified -= time);
        }
    }

    /// How many multipart uploads of a bucket are neither complete nor aborted.
    pub fn n_open_uploads(&self, bucket: &str) -> usize {
        self.state.buckets().get(bucket).map_or(0, |(_, uploads)| uploads.len())
    }

    /// Serves until the process is ended.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            // The thread has nothing to return; a panic in it has been printed.
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread has nothing to return; a panic in it has been printed.
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("inside a runtime");
    loop {
        // Too many open files, or a client that has gone already: the next one may do better.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        state.counters.connections.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        // A small answer must not wait for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let Ok(socket) = stream.as_fd().try_clone_to_owned() else { continue };
        let connection = Arc::new(Connection { state: Arc::clone(&state), socket });
        tokio::spawn(async move {
            let service = service_fn(move |request| handle(Arc::clone(&connection), request));
            // A connection ends with an error when its client leaves or a fault closes it.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
