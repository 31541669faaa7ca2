//! Several stores that are read as one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use store::{ListRequest, Memory, Pages, Several, Store, list_folders};

async fn memory(keys: &[&str], content: &'static str) -> Arc<dyn Store> {
    let memory = Memory::new();
    for key in keys {
        memory.put(key, content.into()).await.unwrap();
    }
    Arc::new(memory)
}

async fn read(store: &dyn Store, key: &str) -> Result<String, store::Error> {
    let mut body = store.get(key).await?.body;
    let chunk = body.chunk().await?.unwrap_or_default();
    Ok(String::from_utf8(chunk.to_vec()).unwrap())
}

async fn several() -> Several {
    let first = memory(&["a/1", "a/2", "b/1"], "content").await;
    let second = memory(&["a/3", "c/1"], "other").await;
    Several::new([(None, first), (Some("bought".to_owned()), second)])
}

#[tokio::test]
async fn several_stores_are_listed_as_folders_in_their_order() {
    let several = several().await;
    let folders = list_folders(&several, "").await.unwrap();
    assert_eq!(folders, ["@001/", "@002/"]);
    assert_eq!(list_folders(&several, "@002/").await.unwrap(), ["@002/a/", "@002/c/"]);
    let all = ["@001/a/1", "@001/a/2", "@001/b/1", "@002/a/3", "@002/c/1"];
    let list = async |prefix: &str, after: &str, page_size| {
        let request = ListRequest::all(prefix).start_after(after).page_size(page_size);
        let mut pages = Pages::new(&several, request);
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await.unwrap() {
            keys.extend(page.objects.into_iter().map(|object| object.key));
        }
        keys
    };
    for page_size in [1, 2, 1000] {
        assert_eq!(list("", "", page_size).await, all);
        for n in 0..all.len() {
            assert_eq!(list("", all[n], page_size).await, all[n + 1..], "after {}", all[n]);
        }
        assert_eq!(list("@001/a/", "", page_size).await, all[..2]);
        assert_eq!(list("@001/", "@001/a/1", page_size).await, all[1..3]);
        assert_eq!(list("@002/", "@001/a/1", page_size).await, all[3..]);
        assert_eq!(list("@001/", "@002/", page_size).await, [""; 0]);
        assert_eq!(list("@003/", "", page_size).await, [""; 0]);
    }
}

#[tokio::test]
async fn key_without_a_folder_is_read_from_the_first_store_that_has_it() {
    let several = several().await;
    for (key, expected) in
        [("@002/a/3", "other"), ("a/3", "other"), ("bought/a/3", "other"), ("a/1", "content")]
    {
        assert_eq!(read(&several, key).await.unwrap(), expected, "{key}");
        assert!(read(&several, &format!("x{key}")).await.unwrap_err().is_not_found());
    }
    assert!(read(&several, "@001/a/3").await.unwrap_err().is_not_found());
    assert!(several.put("a", "x".into()).await.is_err());
}

#[tokio::test]
async fn names_and_locations_of_keys_are_those_of_their_store() {
    let several = several().await;
    for (key, name, shown) in [
        ("@001/a/1", "a/1", "memory:/a/1"),
        ("@002/a/3", "bought/a/3", "memory:/a/3"),
        ("@003/a/3", "@003/a/3", "@003/a/3"),
        ("a/1", "a/1", "a/1"),
    ] {
        assert_eq!((several.name_of(key).as_str(), several.shown(key).as_str()), (name, shown));
    }
    assert_eq!(several.location(), "memory:, memory:");
    assert!(several.several().is_some());
    assert!(memory(&[], "").await.several().is_none());
}
