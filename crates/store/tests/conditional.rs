//! Conditional writes: between processes, and where answers are lost.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use bytes::Bytes;
use s3_server::{Bucket, Config, Failure, Fault, Kind, Server, When};
use store::{Condition, Error, Folder, Guard, Put, S3, S3Options, Store, list_all};

/// How often each process adds one.
const ROUNDS: u32 = 25;

#[tokio::test]
async fn child() {
    let Ok(root) = std::env::var("TEST_ROOT") else { return };
    let store = Folder::open(root).unwrap();
    for _ in 0..ROUNDS {
        add_one(&store).await;
    }
}

/// Reads a number, and writes the next one if nobody else has meanwhile.
async fn add_one(store: &dyn Store) {
    loop {
        let (number, condition) = match store.get("sum").await {
            Ok(object) => {
                let etag = object.meta.etag.clone().unwrap();
                let content = object.body.collect().await.unwrap();
                let number = std::str::from_utf8(&content).unwrap().parse::<u32>().unwrap();
                (number, Condition::Unchanged { etag })
            }
            Err(error) => {
                assert!(error.is_not_found(), "{error:?}");
                (1000, Condition::Absent)
            }
        };
        let next = (number + 1).to_string();
        if store.put_if("sum", Bytes::from(next).into(), &Guard::of(condition)).await.unwrap()
            != Put::ConditionFailed
        {
            return;
        }
    }
}

#[test]
fn processes_that_share_a_folder_exclude_each_other() {
    let root = tempfile::tempdir().unwrap();
    let mut children: Vec<_> = (0..4)
        .map(|_| {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "child"]).env("TEST_ROOT", root.path());
            command.stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let sum = fs::read_to_string(root.path().join("sum")).unwrap();
    assert_eq!(sum, (1000 + 4 * ROUNDS).to_string(), "an addition was lost");
    assert_eq!(names(root.path()), [".store-tmp-lock", "sum"]);
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_conditional_write_that_cannot_be_done_leaves_nothing_behind() {
    let root = tempfile::tempdir().unwrap();
    let store = Folder::create(root.path().join("made")).unwrap();
    store.put("a/b/x", "x".into()).await.unwrap();
    for key in ["a/b", "a/b/x/y", &"n".repeat(300)] {
        let error = store
            .put_if(key, Bytes::from("x").into(), &Guard::of(Condition::Absent))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Unwritable { .. }), "{error:?}");
    }
    for key in ["..", "", ".store-tmp-lock"] {
        let error = store
            .put_if(key, Bytes::from("x").into(), &Guard::of(Condition::Absent))
            .await
            .unwrap_err();
        assert!(matches!(error, Error::InvalidKey { .. }), "{error:?}");
    }
    let listed = list_all(&store, "").await.unwrap();
    assert_eq!(listed.len(), 1, "the lock is not listed");
    assert_eq!(names(&root.path().join("made/a")), ["b"]);
    assert_eq!(names(&root.path().join("made")), [".store-tmp-lock", "a"]);
}

#[tokio::test]
async fn what_a_service_answers_is_told_apart() {
    let server = Server::start(Config::new().bucket(Bucket::new("logs"))).unwrap();
    let options = S3Options { max_attempts: Some(3), ..server::options(&server) };
    let store = S3::connect("logs", "root", &options).await.unwrap();
    // Throttled before anything is done: tried again.
    server.set_faults(vec![Fault::always(Failure::SlowDown).on(Kind::Put).when(When::Nth(1))]);
    let put = store
        .put_if("lease", Bytes::from("mine").into(), &Guard::of(Condition::Absent))
        .await
        .unwrap();
    assert!(matches!(put, Put::Done { .. }), "{put:?}");

    server.set_faults(vec![Fault::always(Failure::AccessDenied).on(Kind::Put)]);
    let error = store
        .put_if("lease", Bytes::from("x").into(), &Guard::of(Condition::Absent))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "access denied: may not write `s3://logs/root/lease` (AccessDenied)"
    );
    server.set_faults(vec![Fault::always(Failure::NoSuchKey).on(Kind::Put)]);
    let unchanged = Condition::Unchanged { etag: "0".to_owned() };
    let put = store.put_if("lease", Bytes::from("x").into(), &Guard::of(unchanged)).await.unwrap();
    assert_eq!(put, Put::ConditionFailed);
}
