//! Every store, and every wrapper, keeps the contract.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use s3_server::{Bucket, Config, Server};
use store::{Folder, Limited, Memory, S3, Store};
use testkit::block_on;

mod promises;
#[path = "../server/mod.rs"]
mod server;

fn check(store: Arc<dyn Store>) {
    block_on(promises::check(store));
}

#[test]
fn memory() {
    check(Arc::new(Memory::new()));
}

#[test]
fn folder() {
    let root = tempfile::tempdir().unwrap();
    check(Arc::new(Folder::open(root.path()).unwrap()));
}

#[test]
fn folder_that_is_made() {
    let parent = tempfile::tempdir().unwrap();
    check(Arc::new(Folder::create(parent.path().join("a/b")).unwrap()));
}

#[test]
fn limited() {
    check(Arc::new(Limited::new(Arc::new(Memory::new()), 2)));
}

#[test]
fn s3() {
    check_s3("", Config::new());
}

#[test]
fn s3_below_a_prefix() {
    check_s3("a/b c+d", Config::new());
}

#[test]
fn s3_with_small_pages() {
    check_s3("a/", Config::new().page_size(7));
}

fn check_s3(prefix: &str, config: Config) {
    // A neighbor that is not below the prefix, and the mark that some tools leave at a root.
    let mut bucket = Bucket::new("bucket");
    if !prefix.is_empty() {
        bucket = bucket.object("a", "").object("zzz", "").object("a/", "").object("a/b c+d/", "");
        bucket = bucket.object("a/b c+", "").object("a/b c+de", "");
    }
    let n_before = bucket_size(prefix);
    let server = Server::start(config.bucket(bucket)).unwrap();
    let options = server::options(&server);
    block_on(async {
        let store = S3::connect("bucket", prefix, &options).await.unwrap();
        if prefix == "a/" {
            for key in ["b c+d/", "b c+", "b c+de"] {
                store.delete(key).await.unwrap();
            }
        }
        promises::check(Arc::new(store)).await;
    });
    let n_after = server.keys("bucket").len();
    assert_eq!(n_after, if prefix == "a/" { 3 } else { n_before });
}

fn bucket_size(prefix: &str) -> usize {
    if prefix.is_empty() { 0 } else { 6 }
}
