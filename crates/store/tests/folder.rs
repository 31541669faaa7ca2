//! What is special about folders.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use store::{
    Error, Faulty, Folder, Limited, ListRequest, LocalFiles, Memory, Pages, Store, list_all,
    list_folders, list_folders_or_empty,
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
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
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
}

/// The second time, the folder is reached as what it is, and not by the link.
#[tokio::test]
async fn a_link_to_a_folder_above_the_root_does_not_lead_into_it_again() {
    let above = tempfile::tempdir().unwrap();
    let root = above.path().join("root");
    write(&root, "1");
    write(above.path(), "beside/2");
    symlink("..", root.join("up")).unwrap();
    let store = Folder::open(&root).unwrap();
    assert_eq!(keys(&store, "").await, ["1", "up/beside/2"]);
    assert_eq!(keys(&store, "up/root/").await, ["up/root/1", "up/root/up/beside/2"]);
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
    let mut files = store.local().unwrap().files();
    let unopened = ["socket", "pipe", "linked", "empty", "no", "", "empty/no", "empty/nor", "../x"];
    for key in unopened.into_iter().chain(["../y", "/x", "/y"]) {
        let error = store.get(key).await.unwrap_err();
        assert!(error.is_not_found(), "{key}: {error:?}");
        assert_eq!(files.open(key).unwrap_err().to_string(), error.to_string());
    }
}

/// Whichever file was opened before, and although its folder is open.
#[test]
fn files_side_by_side_are_opened_as_others_are() {
    let root = tempfile::tempdir().unwrap();
    let keys = ["1", "2", "a/1", "a/2", "a/b/1", "b/1", "b/2"];
    let unfinished = ["a/.store-tmp-1", "a/.store-tmp-2"];
    for key in keys.into_iter().chain(unfinished) {
        write(root.path(), key);
    }
    symlink("a", root.path().join("c")).unwrap();
    symlink("../1", root.path().join("a/linked")).unwrap();
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "1");
    write(outside.path(), "2");
    let up = format!("../{}", outside.path().file_name().unwrap().to_str().unwrap());
    let outside = ["1", "2"].map(|name| format!("{up}/{name}"));
    let others = ["a/no", "a/nor", "no/1", "no/2", "a", "b", "a/b", "c/1", "c/2", "a/linked"];
    let others =
        others.into_iter().chain(["a/../1", "a/../2", "a/.", "a/..", "", "a/", "/1", "/2"]);
    let all =
        keys.into_iter().chain(unfinished).chain(others).chain(outside.iter().map(String::as_str));
    let all = all.collect::<Vec<_>>();
    let store = Folder::open(root.path()).unwrap();
    let reader = store.local().unwrap();
    let read = |files: &mut LocalFiles, key| match files.open(key) {
        Ok(mut file) => file.read_rest(&mut Vec::new()).map(<[u8]>::to_vec).unwrap(),
        Err(error) => error.to_string().into_bytes(),
    };
    let mut in_turn = reader.files();
    for before in &all {
        for key in &all {
            let expected = read(&mut reader.files(), key);
            assert_eq!(read(&mut in_turn, key), expected, "{key} in turn");
            let mut files = reader.files();
            read(&mut files, before);
            assert_eq!(read(&mut files, key), expected, "{key} after {before}");
            assert_eq!(read(&mut files, key), expected, "{key} again after {before}");
        }
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
async fn a_file_is_read_up_to_the_size_that_it_had() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("x");
    let store = Folder::open(root.path()).unwrap();
    let mut files = store.local().unwrap().files();
    let resize = |size_bytes| {
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(size_bytes).unwrap();
    };
    // What a buffer holds from the file before does not matter.
    for mut content in [Vec::new(), vec![9; 10], vec![9; 100_000]] {
        fs::write(&path, vec![1; 30_000]).unwrap();
        let mut file = files.open("x").unwrap();
        resize(40_000);
        assert_eq!(file.size_bytes(), 30_000);
        assert_eq!(file.read_rest(&mut content).unwrap(), [1; 30_000]);
        assert_eq!(file.read(&mut [0; 10]).unwrap(), 0);

        let mut file = files.open("x").unwrap();
        let mut start = [9; 29_999];
        assert_eq!(file.read(&mut start).unwrap(), start.len());
        let rest = file.read_rest(&mut content).unwrap();
        assert_eq!((rest[0], &rest[1..]), (1, &[0; 10_000][..]));

        let mut file = files.open("x").unwrap();
        resize(20_000);
        let error = file.read_rest(&mut content).unwrap_err();
        assert!(
            matches!(error, Error::Interrupted { received_bytes: 20_000, size_bytes: 40_000, .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("broke off after 20000 of 40000 bytes"), "{error}");
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn files_are_read_past_a_bound_and_not_past_a_script() {
    let root = tempfile::tempdir().unwrap();
    let folder: Arc<dyn Store> = Arc::new(Folder::open(root.path()).unwrap());
    assert!(Limited::new(Arc::clone(&folder), 1).local().is_some());
    assert!(Faulty::new(folder, Vec::new()).local().is_none());
    assert!(Limited::new(Arc::new(Memory::new()), 1).local().is_none());
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
    let errors = [
        store.get("x").await.err().map(|error| error.to_string()),
        store.local().unwrap().files().open("x").err().map(|error| error.to_string()),
    ];
    // Root is not kept out of anything.
    let expected = (!may_read_all).then(|| format!("`{}` cannot be read", closed.display()));
    assert_eq!(errors, [expected.clone(), expected]);
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
