//! What is done at the same time: listing and fetching, small objects and large ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::civil::date;
use pipeline::{Settings, Source};
use store::{
    Body, Chunks, Content, Deleted, Error, Guard, ListPage, ListRequest, Memory, Object, Put, Store,
};
use testkit::block_on;

use crate::{put, run, settings};

/// A store that counts what is asked of it. Large bodies come once enough small objects were asked for.
#[derive(Debug, Default)]
struct Counting {
    store: Memory,
    /// Of small objects.
    gets: Arc<AtomicUsize>,
    lists_after_a_get: AtomicUsize,
    gets_before_large: usize,
}

/// A large body.
#[derive(Debug)]
struct Late {
    body: Body,
    gets: Arc<AtomicUsize>,
    gets_before: usize,
}

#[async_trait]
impl Chunks for Late {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        for _ in 0..5000 {
            if self.gets.load(Ordering::SeqCst) >= self.gets_before {
                return self.body.chunk().await;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err(Error::Changed { target: "small objects wait for large ones".to_owned() })
    }
}

#[async_trait]
impl Store for Counting {
    fn location(&self) -> String {
        self.store.location()
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
        if self.gets.load(Ordering::SeqCst) > 0 {
            self.lists_after_a_get.fetch_add(1, Ordering::SeqCst);
        }
        self.store.list(request).await
    }

    async fn get(&self, key: &str) -> Result<Object, Error> {
        let Object { meta, body } = self.store.get(key).await?;
        if !key.contains("_large") {
            self.gets.fetch_add(1, Ordering::SeqCst);
            return Ok(Object { meta, body });
        }
        let gets_before = self.gets_before_large;
        let late = Late { body, gets: Arc::clone(&self.gets), gets_before };
        Ok(Object { body: Body::chunks(meta.size_bytes, late), meta })
    }

    async fn put_if(&self, key: &str, content: Content, guard: &Guard) -> Result<Put, Error> {
        self.store.put_if(key, content, guard).await
    }

    async fn delete_if(&self, key: &str, guard: &Guard) -> Result<Deleted, Error> {
        self.store.delete_if(key, guard).await
    }
}

impl Counting {
    /// Puts a log file without records of at least so many bytes.
    async fn put_log(&self, account: u64, name: &str, size_bytes: usize) {
        let key = format!(
            "AWSLogs/{account}/CloudTrail/us-east-1/2026/10/05/\
             {account}_CloudTrail_us-east-1_20261005T1210Z_{name}.json.gz"
        );
        put(&self.store, &key, format!("{{\"Records\":[]}}{:size_bytes$}", "")).await;
    }

    /// How many objects a run reads.
    async fn read(&self, settings: Settings) -> u64 {
        let source = Source { store: self, root_path: "" };
        let never = std::future::pending();
        let (outcome, _) = run(source, &Memory::new(), &settings, never).await;
        let objects = outcome.expect("all can be read").objects;
        assert_eq!(objects.unreadable, 0, "{objects:?}");
        objects.read
    }
}

#[test]
fn objects_are_fetched_while_others_are_listed() {
    const ACCOUNTS: u64 = 40;
    const OBJECTS: u64 = 20;
    let source = Counting::default();
    block_on(async {
        for (account, object) in (0..ACCOUNTS).flat_map(|a| (0..OBJECTS).map(move |o| (a, o))) {
            source.put_log(100_000_000_000 + account, &object.to_string(), 0).await;
        }
        // Few requests at a time, so that there is always something left to list.
        let settings = Settings { requests_in_flight: 2, ..settings(date(2026, 10, 5)) };
        assert_eq!(source.read(settings).await, ACCOUNTS * OBJECTS);
    });
    let lists_after = source.lists_after_a_get.into_inner();
    assert!(lists_after > 10, "{lists_after} listings after the first object was fetched");
}

#[test]
fn large_objects_that_do_not_come_do_not_keep_small_ones_from_being_read() {
    let source = Counting { gets_before_large: 20, ..Counting::default() };
    block_on(async {
        for n in 0..3 {
            source.put_log(111_122_223_333, &format!("{n}_large"), 20_000).await;
        }
        for n in 0..20 {
            source.put_log(111_122_223_333, &format!("{}", 100 + n), 10).await;
        }
        let settings = settings(date(2026, 10, 5));
        let settings = Settings { bytes_in_flight: 32 << 10, threads: 2, ..settings };
        assert_eq!(source.read(settings).await, 23);
    });
}
