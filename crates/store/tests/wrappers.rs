//! What the wrappers add.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::future::{Future, poll_fn};
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use store::{Error, Failure, Fault, Faulty, Limited, ListRequest, Memory, Operation, Store};

async fn memory() -> Arc<dyn Store> {
    let memory = Memory::new();
    for key in ["a/1", "a/2", "b/1"] {
        memory.put(key, "content".into()).await.unwrap();
    }
    Arc::new(memory)
}

async fn read(store: &dyn Store, key: &str) -> Result<String, Error> {
    let content = store.get(key).await?.body.collect().await?;
    Ok(String::from_utf8(content.to_vec()).unwrap())
}

async fn is_waiting<T>(future: &mut Pin<Box<impl Future<Output = T>>>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

#[tokio::test]
async fn a_body_that_is_not_read_to_its_end_takes_a_place() {
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
async fn a_failed_request_gives_its_place_back() {
    let faulty = Faulty::new(memory().await, vec![Fault::on(Operation::Get, Failure::Cut(1))]);
    let store = Limited::new(Arc::new(faulty), 1);
    for _ in 0..3 {
        assert!(store.get("no").await.is_err());
        let mut body = store.get("a/1").await.unwrap().body;
        assert_eq!(body.chunk().await.unwrap().unwrap(), "c");
        body.chunk().await.unwrap_err();
    }
}

#[tokio::test]
async fn calls_fail_as_scripted() {
    let faults = vec![
        Fault::on(Operation::Get, Failure::Cut(3)).key("a/").nth(2),
        Fault::on(Operation::Get, Failure::AccessDenied).key("b/").from_nth(2),
        Fault::on(Operation::List, Failure::Throttled).key("a/"),
        Fault::on(Operation::Put, Failure::AnswerLost).nth(1),
        Fault::on(Operation::Put, Failure::Unreachable).nth(1),
        Fault::on(Operation::Put, Failure::AnswerLost).key("d").nth(1),
        Fault::on(Operation::Put, Failure::Unreachable).key("d").nth(1),
    ];
    let store = Faulty::new(memory().await, faults);
    assert_eq!(read(&store, "a/1").await.unwrap(), "content");
    let error = read(&store, "a/2").await.unwrap_err();
    assert!(matches!(error, Error::Interrupted { received_bytes: 3, size_bytes: 7, .. }));
    assert_eq!(read(&store, "a/1").await.unwrap(), "content");

    assert_eq!(read(&store, "b/1").await.unwrap(), "content");
    for _ in 0..2 {
        let error = read(&store, "b/1").await.unwrap_err();
        assert!(matches!(error, Error::AccessDenied { .. }), "{error:?}");
    }
    store.list(&ListRequest::all("b/")).await.unwrap();
    assert!(store.list(&ListRequest::all("a/")).await.unwrap_err().is_transient());

    store.put("c", "first".into()).await.unwrap_err();
    assert_eq!(read(&store, "c").await.unwrap(), "first", "only the answer was lost");
    store.put("c", "second".into()).await.unwrap_err();
    assert_eq!(read(&store, "c").await.unwrap(), "first", "nothing was done");
    store.put("c", "third".into()).await.unwrap();

    let file = |content: &str| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file
    };
    store.put_file("d", file("first")).await.unwrap_err();
    assert_eq!(read(&store, "d").await.unwrap(), "first", "only the answer was lost");
    store.put_file("d", file("second")).await.unwrap_err();
    assert_eq!(read(&store, "d").await.unwrap(), "first", "nothing was done");
    store.put_file("d", file("third")).await.unwrap();
    assert_eq!(read(&store, "d").await.unwrap(), "third");
    assert_eq!(store.n_failed(), 8);
}
