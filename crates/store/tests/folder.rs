//! What is special about folders.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use store::{
    Error, Folder, Guard, ListRequest, Pages, Store, list_all, list_folders, list_folders_or_empty,
};

fn write(root: &Path, key: &str) {
    let path = root.join(key);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, key).unwrap();
}

async fn keys(store: &dyn Store, prefix: &str) -> Vec<String> {
    let objects = list_all(store, prefix).await.unwrap();
    objects.into_iter().map(|object| object.key).collect()
}

#[tokio::test]
async fn what_is_missing_says_so() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "file");
    let missing = root.path().join("no");
    let error = Folder::open(&missing).unwrap_err();
    assert_eq!(error.to_string(), format!("there is no folder `{}`", missing.display()));
    let file = root.path().join("file");
    for error in [Folder::open(&file).unwrap_err(), Folder::create(&file).unwrap_err()] {
        assert_eq!(error.to_string(), format!("`{}` is not a folder", file.display()));
    }
    let below_a_file = file.join("x");
    let error = Folder::create(&below_a_file).unwrap_err();
    assert_eq!(error.to_string(), format!("`{}` cannot be written", below_a_file.display()));
    let error = Folder::create("/proc/nowhere").unwrap_err();
    assert_eq!(error.to_string(), "`/proc/nowhere` cannot be written");

    let gone = root.path().join("gone");
    let store = Folder::create(&gone).unwrap();
    fs::remove_dir(&gone).unwrap();
    let error = store.list(&ListRequest::default()).await.unwrap_err();
    assert!(matches!(error, Error::FolderNotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn keys_stay_inside() {
    let parent = tempfile::tempdir().unwrap();
    write(parent.path(), "secret");
    let store = Folder::create(parent.path().join("root")).unwrap();
    for key in ["../secret", "a/../../secret", "", "/secret", "a//b", "a/", ".", "./a", "a\0b"] {
        assert!(store.get(key).await.unwrap_err().is_not_found(), "{key:?}");
        let error = store.put(key, "x".into()).await.unwrap_err();
        assert!(matches!(error, Error::InvalidKey { .. }), "{key:?}: {error:?}");
        assert!(store.delete(key).await.is_err(), "{key:?}");
        assert_eq!(keys(&store, "../").await, [""; 0]);
    }
    assert_eq!(fs::read(parent.path().join("secret")).unwrap(), b"secret");
}

#[tokio::test]
async fn unfinished_files_are_neither_listed_nor_read() {
    let root = tempfile::tempdir().unwrap();
    let store = Folder::open(root.path()).unwrap();
    write(root.path(), "a/.store-tmp-1-2");
    assert_eq!(keys(&store, "").await, [""; 0]);
    assert_eq!(list_folders(&store, "").await.unwrap(), [""; 0]);
    assert!(store.get("a/.store-tmp-1-2").await.unwrap_err().is_not_found());
    // One of this process's own number, left behind by another.
    for n in 0..50 {
        write(root.path(), &format!("b/.store-tmp-{}-{n}", std::process::id()));
    }
    store.put("b/x", "x".into()).await.unwrap();
    assert_eq!(keys(&store, "").await, ["b/x"]);
}

#[tokio::test]
async fn a_failed_write_leaves_nothing_behind() {
    let root = tempfile::tempdir().unwrap();
    let store = Folder::open(root.path()).unwrap();
    write(root.path(), "a/b/x");
    for key in ["a/b", "a/b/x/y", &"n".repeat(300)] {
        let error = store.put(key, "x".into()).await.unwrap_err();
        assert!(matches!(error, Error::Unwritable { .. }), "{error:?}");
    }
    assert_eq!(keys(&store, "").await, ["a/b/x"]);
    assert_eq!(fs::read_dir(root.path().join("a")).unwrap().count(), 1);
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2, "with the lock of the store");
}

#[tokio::test]
async fn links_are_followed_and_loops_end() {
    let elsewhere = tempfile::tempdir().unwrap();
    write(elsewhere.path(), "x");
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "a/b/1");
    symlink(elsewhere.path(), root.path().join("linked")).unwrap();
    symlink("a/b/1", root.path().join("file")).unwrap();
    symlink("nowhere", root.path().join("broken")).unwrap();
    symlink("self", root.path().join("self")).unwrap();
    symlink(root.path(), root.path().join("a/up")).unwrap();
    symlink("..", root.path().join("a/b/parent")).unwrap();
    let store = Folder::open(root.path()).unwrap();
    assert_eq!(keys(&store, "").await, ["a/b/1", "file", "linked/x"]);
    assert_eq!(store.get("linked/x").await.unwrap().body.collect().await.unwrap(), "x");
    assert_eq!(list_folders(&store, "").await.unwrap(), ["a/", "linked/"]);
    // Nor is there an end to it folder by folder.
    for prefix in ["a/up/", "a/b/parent/", "a/b/parent/b/"] {
        assert_eq!(keys(&store, prefix).await, [""; 0], "{prefix}");
        assert_eq!(list_folders(&store, prefix).await.unwrap(), [""; 0], "{prefix}");
    }
}

#[tokio::test]
async fn a_link_to_a_folder_above_the_root_does_not_lead_into_it_again() {
    let above = tempfile::tempdir().unwrap();
    let root = above.path().join("root");
    write(&root, "1");
    write(above.path(), "beside/2");
    symlink("..", root.join("up")).unwrap();
    let store = Folder::open(&root).unwrap();
    assert_eq!(keys(&store, "").await, ["1", "up/beside/2"]);
    assert_eq!(keys(&store, "up/root/").await, [""; 0], "as in the whole listing");
}

#[tokio::test]
async fn what_is_no_file_is_passed_over() {
    let root = tempfile::tempdir().unwrap();
    let socket = root.path().join("socket");
    std::os::unix::net::UnixListener::bind(&socket).unwrap();
    // Nobody writes into it: who opens it as a file waits for ever.
    let made = Command::new("mkfifo").arg(root.path().join("pipe")).status().unwrap();
    assert!(made.success());
    fs::create_dir_all(root.path().join("empty/emptier")).unwrap();
    symlink("pipe", root.path().join("linked")).unwrap();
    let store = Folder::open(root.path()).unwrap();
    assert_eq!(keys(&store, "").await, [""; 0]);
    assert_eq!(list_folders(&store, "").await.unwrap(), [""; 0]);
    assert_eq!(list_folders_or_empty(&store, "").await.unwrap(), ["empty/"]);
    for key in ["socket", "pipe", "linked", "empty", "no", "", "empty/no", "../x", "/x"] {
        let error = store.get(key).await.unwrap_err();
        assert!(error.is_not_found(), "{key}: {error:?}");
    }
}

#[tokio::test]
async fn a_name_that_is_not_utf8_is_listed_and_not_found() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join(OsStr::from_bytes(b"d\xff"));
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join(OsStr::from_bytes(b"f\xfe")), "12").unwrap();
    let store = Folder::open(root.path()).unwrap();
    let listed = list_all(&store, "").await.unwrap();
    assert_eq!((listed[0].key.as_str(), listed[0].size_bytes), ("d\u{fffd}/f\u{fffd}", 2));
    assert!(store.get(&listed[0].key).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_file_that_becomes_shorter_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("x");
    fs::write(&path, vec![1; 3 << 20]).unwrap();
    let store = Folder::open(root.path()).unwrap();
    let mut body = store.get("x").await.unwrap().body;
    assert_eq!(body.chunk().await.unwrap().unwrap().len(), 1 << 20);
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(3 << 19).unwrap();
    let error = body.collect().await.unwrap_err();
    assert!(matches!(error, Error::Interrupted { received_bytes: 1_572_864, .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_that_grows_is_read_up_to_the_size_that_it_had() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("x");
    fs::write(&path, vec![1; 3 << 20]).unwrap();
    let store = Folder::open(root.path()).unwrap();
    let object = store.get("x").await.unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(4 << 20).unwrap();
    assert_eq!(object.meta.size_bytes, 3 << 20);
    assert!(object.body.collect().await.unwrap() == vec![1; 3 << 20]);
}

#[tokio::test]
async fn a_new_file_has_the_permissions_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let store = Folder::open(root.path()).unwrap();
    fs::write(root.path().join("plain"), "").unwrap();
    store.put("put", "x".into()).await.unwrap();
    store
        .put_if("lease", Bytes::from("x").into(), &Guard::of(store::Condition::Absent))
        .await
        .unwrap();
    let mode = |name: &str| fs::metadata(root.path().join(name)).unwrap().permissions().mode();
    assert_eq!([mode("put"), mode("lease")], [mode("plain"), mode("plain")]);
}

#[tokio::test]
async fn an_unreadable_file_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "x");
    let closed = root.path().join("x");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
    let may_read_all = fs::read(&closed).is_ok();
    let store = Folder::open(root.path()).unwrap();
    let error = store.get("x").await.err().map(|error| error.to_string());
    // Root is not kept out of anything.
    let expected = (!may_read_all).then(|| format!("`{}` cannot be read", closed.display()));
    assert_eq!(error, expected);
}

#[tokio::test]
async fn an_unreadable_folder_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "closed/x");
    let closed = root.path().join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
    let may_read_all = fs::read_dir(&closed).is_ok();
    let store = Folder::open(root.path()).unwrap();
    let listed = list_all(&store, "").await;
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    // Root is not kept out of anything.
    if !may_read_all {
        let error = listed.unwrap_err();
        assert_eq!(error.to_string(), format!("`{}` cannot be read", closed.display()));
    }
}

/// As the pipeline lists days: each page starts after the last key of the one before.
#[tokio::test]
async fn pages_that_start_after_a_key_give_all_keys() {
    let root = tempfile::tempdir().unwrap();
    let mut expected = Vec::new();
    for (day, n) in (1..4).flat_map(|day| (0..10).map(move |n| (day, n))) {
        expected.push(format!("a/{day}/{n}"));
        write(root.path(), expected.last().unwrap());
    }
    let store = Folder::open(root.path()).unwrap();
    let mut listed = Vec::new();
    let mut request = ListRequest::all("a/").start_after("a/1").page_size(4);
    loop {
        let page = store.list(&request).await.unwrap();
        listed.extend(page.objects.into_iter().map(|object| object.key));
        if page.next.is_none() {
            break;
        }
        request = request.start_after(listed.last().unwrap());
    }
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn more_listings_at_once_than_are_kept() {
    let root = tempfile::tempdir().unwrap();
    for n in 0..5 {
        write(root.path(), &format!("a/{n}"));
    }
    let store = Folder::open(root.path()).unwrap();
    let request = ListRequest::all("a/").page_size(1);
    let mut all: Vec<_> = (0..200).map(|_| Pages::new(&store, request.clone())).collect();
    for n in 0..5 {
        for pages in &mut all {
            let page = pages.next().await.unwrap().unwrap();
            assert_eq!(page.objects[0].key, format!("a/{n}"));
        }
    }
}
