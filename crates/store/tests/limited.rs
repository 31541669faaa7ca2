//! A bound on the requests in flight.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use s3_server::{Bucket, Config, Failure, Fault, Kind, Server};
use store::{Limited, ListRequest, Memory, S3, S3Options, Store};

async fn memory() -> Arc<dyn Store> {
    let memory = Memory::new();
    for key in ["a/1", "a/2", "b/1"] {
        memory.put(key, "content".into()).await.unwrap();
    }
    Arc::new(memory)
}

async fn is_waiting<T>(future: &mut Pin<Box<impl Future<Output = T>>>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

#[tokio::test]
async fn a_body_that_is_not_read_to_its_end_keeps_its_permit() {
    let store = Limited::new(memory().await, 1);
    let mut first = store.get("a/1").await.unwrap().body;
    let mut second = Box::pin(store.get("a/2"));
    assert!(is_waiting(&mut second).await);
    assert_eq!(first.chunk().await.unwrap().unwrap(), "content");
    assert!(is_waiting(&mut second).await);
    assert_eq!(first.chunk().await.unwrap(), None);
    let second = second.await.unwrap();

    let mut list = Box::pin(async { store.list(&ListRequest::default()).await });
    assert!(is_waiting(&mut list).await);
    drop(second);
    assert_eq!(list.await.unwrap().objects.len(), 3);
}

#[tokio::test]
async fn a_failed_request_gives_its_permit_back() {
    let config = Config::new().bucket(Bucket::new("logs").object("a/1", "content"));
    let config = config.fault(Fault::always(Failure::Cut(1)).on(Kind::Get).key("a/"));
    let server = Server::start(config).unwrap();
    let options = S3Options { max_attempts: Some(1), ..server::options(&server) };
    let store = S3::connect("logs", "", &options).await.unwrap();
    let store = Limited::new(Arc::new(store), 1);
    for _ in 0..3 {
        assert!(store.get("no").await.is_err());
        let mut body = store.get("a/1").await.unwrap().body;
        assert_eq!(body.chunk().await.unwrap().unwrap(), "c");
        body.chunk().await.unwrap_err();
    }
}
