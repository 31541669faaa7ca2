//! A source with many folders: the first objects are fetched while others are still being listed.

use std::fs::File;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::civil::date;
use pipeline::{Settings, Source};
use store::{Condition, Error, ListPage, ListRequest, Memory, Object, Put, Store};
use testkit::block_on;

use crate::{put, run, settings};

/// A store that takes note of what is asked of it.
#[derive(Debug, Default)]
struct Noted {
    store: Memory,
    requests: Mutex<Vec<Request>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    List,
    Get,
}

impl Noted {
    fn note(&self, request: Request) {
        self.requests.lock().expect("no holder panics").push(request);
    }
}

#[async_trait]
impl Store for Noted {
    fn location(&self) -> String {
        self.store.location()
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
        self.note(Request::List);
        self.store.list(request).await
    }

    async fn get(&self, key: &str) -> Result<Object, Error> {
        self.note(Request::Get);
        self.store.get(key).await
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        self.store.put(key, bytes).await
    }

    async fn put_file(&self, key: &str, file: File) -> Result<(), Error> {
        self.store.put_file(key, file).await
    }

    async fn put_if(&self, key: &str, bytes: Bytes, condition: Condition) -> Result<Put, Error> {
        self.store.put_if(key, bytes, condition).await
    }

    async fn delete(&self, key: &str) -> Result<(), Error> {
        self.store.delete(key).await
    }
}

#[test]
fn objects_are_fetched_while_others_are_listed() {
    const ACCOUNTS: u64 = 40;
    const OBJECTS: u64 = 20;
    let source = Noted::default();
    let destination = Memory::new();
    let outcome = block_on(async {
        for account in 0..ACCOUNTS {
            for object in 0..OBJECTS {
                let account = 100_000_000_000 + account;
                let key = format!(
                    "AWSLogs/{account}/CloudTrail/us-east-1/2026/10/05/{account}_CloudTrail_us-east-1_\
                     20261005T1{:02}0Z_{object}.json.gz",
                    object / 2
                );
                put(&source, &key, "{\"Records\":[]}").await;
            }
        }
        // Few requests at a time, so that there is always something left to list.
        let settings = Settings { requests_in_flight: 2, ..settings(date(2026, 10, 5)) };
        let source = Source { store: &source, root_path: "" };
        run(source, &destination, &settings, std::future::pending()).await.0
    });
    assert_eq!(outcome.expect("all can be read").objects.read, ACCOUNTS * OBJECTS);
    let requests = source.requests.into_inner().expect("no holder panics");
    let position = |request| requests.iter().position(|other| *other == request);
    let first_get = position(Request::Get).expect("objects were fetched");
    let lists_after = requests[first_get..].iter().filter(|other| **other == Request::List).count();
    assert!(lists_after > 10, "{lists_after} listings after the first object was fetched");
}
