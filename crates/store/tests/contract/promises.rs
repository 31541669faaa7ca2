//! What every store promises, as tests: run [`check`] on an empty store.
//!
//! Each of the functions below is one promise. A store that is wrapped fulfils them as well.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;

use store::{
    Condition, Deadline, Deleted, Error, Guard, ListRequest, Pages, Put, Store, SystemClock,
    list_all, list_folders, list_folders_or_empty,
};

/// Checks every promise on a store, which is empty before and after.
pub(crate) async fn check(store: Arc<dyn Store>) {
    let shared = &store;
    let store = store.as_ref();
    nothing_is_listed_in_an_empty_store(store).await;
    what_is_put_is_got(store).await;
    what_a_file_holds_is_put(store).await;
    an_absent_object_is_not_found(store).await;
    an_object_is_replaced_whole(store).await;
    deleting_is_done_once_or_twice(store).await;
    a_conditional_write_is_done_if_the_condition_holds(store).await;
    a_conditional_deletion_is_done_if_the_condition_holds(store).await;
    nothing_is_written_or_deleted_after_a_deadline(store).await;
    an_age_is_of_the_object_that_is_there(store).await;
    every_conditional_write_has_an_etag_of_its_own(store).await;
    of_many_conditional_writers_one_wins(shared).await;
    unusual_keys_are_plain_keys(store).await;
    a_listing_is_in_the_order_of_the_bytes(store).await;
    pages_of_any_size_give_the_same(store).await;
    a_prefix_is_any_text(store).await;
    a_delimiter_sums_up(store).await;
    a_listing_starts_after_a_name(store).await;
    a_listing_is_that_of_the_model(store).await;
    a_big_body_is_streamed(store).await;
    many_are_read_at_once(shared).await;
    a_listing_goes_on_while_objects_come_and_go(store).await;
    for object in list_all(store, "").await.expect("listing works") {
        store.delete(&object.key).await.expect("deleting works");
    }
    nothing_is_listed_in_an_empty_store(store).await;
}

async fn nothing_is_listed_in_an_empty_store(store: &dyn Store) {
    for prefix in ["", "a", "a/", "a/b/", "../", "/", "//"] {
        for delimiter in [false, true] {
            let request = ListRequest { delimiter, ..ListRequest::all(prefix) };
            let page = store.list(&request).await.expect("listing works");
            assert_eq!((page.objects.len(), page.prefixes.len()), (0, 0), "{prefix:?}");
            assert_eq!(page.next, None, "{prefix:?}");
        }
    }
}

async fn what_is_put_is_got(store: &dyn Store) {
    for content in ["", "x", "hello\nworld\0"] {
        put(store, "put/key.json.gz", content).await;
        let object = store.get("put/key.json.gz").await.expect("the object is there");
        assert_eq!(object.meta.key, "put/key.json.gz");
        assert_eq!(object.meta.size_bytes, content.len() as u64);
        let listed = list_all(store, "put/").await.expect("listing works");
        assert_eq!(listed, [object.meta], "a listing says what an object says");
        assert_eq!(object.body.collect().await.expect("the body comes"), content);
        assert_eq!(get(store, "put/key.json.gz").await, content);
    }
    clear(store, "put/").await;
}

/// All of it, wherever the file was read or written last, and it replaces what was there.
async fn what_a_file_holds_is_put(store: &dyn Store) {
    for size_bytes in [0, 1, 3_000_000, 10] {
        let content = (0..size_bytes).map(|n: u32| (n % 251) as u8).collect::<Vec<_>>();
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(&content).expect("a temporary file");
        store.put_if("file/x", file.into(), &Guard::default()).await.expect("putting works");
        assert!(get(store, "file/x").await == content, "{size_bytes} bytes");
    }
    clear(store, "file/").await;
}

async fn an_absent_object_is_not_found(store: &dyn Store) {
    put(store, "absent/there/x", "").await;
    for key in ["absent", "absent/no", "absent/no/x", "absent/there", "absent/there/x/y"] {
        let error = store.get(key).await.expect_err("there is no such object");
        assert!(error.is_not_found(), "{key}: {error:?}");
        assert!(error.to_string().contains(key), "{error}");
        assert!(error.to_string().contains(&store.location()), "{error}");
    }
    clear(store, "absent/").await;
}

async fn an_object_is_replaced_whole(store: &dyn Store) {
    put(store, "replace/x", "a long content").await;
    let before = list_all(store, "replace/").await.expect("listing works");
    put(store, "replace/x", "short").await;
    assert_eq!(get(store, "replace/x").await, "short");
    let after = list_all(store, "replace/").await.expect("listing works");
    assert_eq!((after.len(), after[0].size_bytes), (1, 5));
    assert_ne!(before[0].etag, after[0].etag);
    assert!(after[0].etag.as_ref().is_some_and(|etag| !etag.contains('"')), "{after:?}");
    clear(store, "replace/").await;
}

async fn deleting_is_done_once_or_twice(store: &dyn Store) {
    put(store, "delete/a/x", "").await;
    put(store, "delete/y", "").await;
    for _ in 0..2 {
        store.delete("delete/a/x").await.expect("absent is fine");
        assert_eq!(keys(store, ListRequest::all("delete/")).await, ["delete/y"]);
        assert!(store.get("delete/a/x").await.is_err_and(|error| error.is_not_found()));
    }
    store.delete("delete/no/such/x").await.expect("absent is fine");
    let folders = list_folders(store, "delete/").await.expect("listing works");
    assert_eq!(folders, [""; 0], "a folder is gone with its last object");
    clear(store, "delete/").await;
}

async fn a_conditional_write_is_done_if_the_condition_holds(store: &dyn Store) {
    let key = "condition/a/lease";
    let unchanged = |etag: &str| Condition::Unchanged { etag: etag.to_owned() };
    let put_if = async |content: &'static str, condition: Condition| {
        store
            .put_if(key, Bytes::from(content).into(), &Guard::of(condition))
            .await
            .expect("putting works")
    };
    let etag = async || store.get(key).await.expect("the object is there").meta.etag;

    assert_eq!(put_if("none", unchanged("no such etag")).await, Put::ConditionFailed);
    assert_eq!(keys(store, ListRequest::all("condition/")).await, [""; 0], "nothing was written");
    let Put::Done { etag: first } = put_if("1", Condition::Absent).await else {
        panic!("nothing was there")
    };
    assert_eq!(etag().await.as_ref(), Some(&first));
    let listed = list_all(store, "condition/").await.expect("listing works");
    assert_eq!(listed[0].etag.as_ref(), Some(&first));

    assert_eq!(put_if("x", Condition::Absent).await, Put::ConditionFailed);
    assert_eq!(put_if("x", unchanged("another etag")).await, Put::ConditionFailed);
    assert_eq!(get(store, key).await, "1");
    let Put::Done { etag: second } = put_if("2", unchanged(&first)).await else {
        panic!("nothing has changed")
    };
    assert_eq!(put_if("x", unchanged(&first)).await, Put::ConditionFailed);
    assert_eq!((get(store, key).await, etag().await), ("2".into(), Some(second.clone())));

    // An unconditional write is a change like any other.
    put(store, key, "three").await;
    assert_eq!(put_if("x", unchanged(&second)).await, Put::ConditionFailed);
    let third = etag().await.expect("there is an etag");
    assert!(matches!(put_if("4", unchanged(&third)).await, Put::Done { .. }));
    assert_eq!(get(store, key).await, "4");

    store.delete(key).await.expect("deleting works");
    assert_eq!(put_if("x", unchanged(&third)).await, Put::ConditionFailed);
    assert!(matches!(put_if("5", Condition::Absent).await, Put::Done { .. }));
    assert_eq!(get(store, key).await, "5");
    clear(store, "condition/").await;
    assert_eq!(keys(store, ListRequest::all("condition/")).await, [""; 0]);
}

async fn a_conditional_deletion_is_done_if_the_condition_holds(store: &dyn Store) {
    let key = "deletion/x";
    let unchanged = |etag: &str| Guard::of(Condition::Unchanged { etag: etag.to_owned() });
    let first = store.put_if(key, Bytes::from("1").into(), &Guard::default()).await;
    let Ok(Put::Done { etag: first }) = first else { panic!("there is no condition") };
    let second = store.put_if(key, Bytes::from("22").into(), &unchanged(&first)).await;
    let Ok(Put::Done { etag: second }) = second else { panic!("nobody else writes") };
    let deleted = store.delete_if(key, &unchanged(&first)).await.expect("deleting works");
    assert_eq!((deleted, get(store, key).await), (Deleted::ConditionFailed, "22".into()));
    let deleted = store.delete_if(key, &unchanged(&second)).await.expect("deleting works");
    assert_eq!(deleted, Deleted::Done);
    assert!(store.get(key).await.is_err_and(|error| error.is_not_found()));
}

async fn nothing_is_written_or_deleted_after_a_deadline(store: &dyn Store) {
    let key = "deadline/x";
    let deadline = Deadline::new(Arc::new(SystemClock), Duration::MAX);
    let guard = Guard { condition: Condition::Any, deadline: Some(deadline.clone()) };
    store.put_if(key, Bytes::from("in time").into(), &guard).await.expect("putting works");
    deadline.set(Duration::ZERO);
    let large = Bytes::from(vec![0; 65 << 20]);
    for content in [Bytes::from("late"), large] {
        let error = store.put_if(key, content.into(), &guard).await.expect_err("too late");
        assert!(matches!(error, Error::TooLate { .. }), "{error:?}");
        assert!(error.to_string().contains(key), "{error}");
    }
    let error = store.delete_if(key, &guard).await.expect_err("too late");
    assert!(matches!(error, Error::TooLate { .. }), "{error:?}");
    assert_eq!(get(store, key).await, "in time");
    clear(store, "deadline/").await;
}

async fn an_age_is_of_the_object_that_is_there(store: &dyn Store) {
    let key = "age/x";
    assert_eq!(store.age(key).await.expect("absent is fine"), None);
    put(store, key, "x").await;
    let listed = list_all(store, "age/").await.expect("listing works");
    let (etag, age) = store.age(key).await.expect("it is there").expect("it has a clock");
    assert_eq!(Some(&etag), listed[0].etag.as_ref());
    assert!(age < Duration::from_secs(60), "{age:?}");
    clear(store, "age/").await;
}

/// Also of one size and in short succession.
async fn every_conditional_write_has_an_etag_of_its_own(store: &dyn Store) {
    let mut condition = Condition::Absent;
    let mut etags = BTreeSet::new();
    for n in 10..40 {
        let content = Bytes::from(n.to_string());
        let put = store.put_if("etags/x", content.into(), &Guard::of(condition)).await;
        let put = put.expect("putting works");
        let Put::Done { etag } = put else { panic!("nobody else writes") };
        assert!(etags.insert(etag.clone()), "{etag} was there before: {etags:?}");
        condition = Condition::Unchanged { etag };
    }
    assert_eq!(get(store, "etags/x").await, "39");
    clear(store, "etags/").await;
}

async fn of_many_conditional_writers_one_wins(store: &Arc<dyn Store>) {
    let mut condition = Condition::Absent;
    for round in 0..10 {
        let mut writers = JoinSet::new();
        for n in 0..8 {
            let (store, condition) = (Arc::clone(store), condition.clone());
            writers.spawn(async move {
                let content = format!("writer {n} of round {round}");
                let bytes = Bytes::from(content.clone());
                let put = store.put_if("race/lease", bytes.into(), &Guard::of(condition)).await;
                (content, put.expect("putting works"))
            });
        }
        let results = writers.join_all().await.into_iter();
        let done = results.filter_map(|(content, put)| match put {
            Put::Done { etag } => Some((content, etag)),
            Put::ConditionFailed => None,
        });
        let [(content, etag)] = &done.collect::<Vec<_>>()[..] else {
            panic!("not one writer has won in round {round}")
        };
        assert_eq!(get(store.as_ref(), "race/lease").await, content);
        condition = Condition::Unchanged { etag: etag.clone() };
    }
    clear(store.as_ref(), "race/").await;
}

async fn unusual_keys_are_plain_keys(store: &dyn Store) {
    let unusual = [
        "a b",
        "a+b",
        "a%20b",
        "a%2Fb",
        "%",
        "a&b<c>\"'",
        "..a",
        "a..",
        "...",
        ".hidden",
        "ü/ñ",
        "日本",
        "😀",
        "a\nb",
        "a\rb",
        "a\tb",
        "a\\b",
        "a?b=c#d",
        "a*b",
        "~",
        "a:b",
        "a=b;c,d@e!",
        "[x]{y}|z^`",
        "$(x)",
        "-",
        "dt=2026-08-01/part-0.parquet",
        "\u{1}",
        "\u{fffd}",
        "e\u{301}",
    ];
    for (n, name) in unusual.into_iter().enumerate() {
        put(store, &format!("unusual/{name}"), &n.to_string()).await;
    }
    let expected: BTreeSet<_> = unusual.iter().map(|name| format!("unusual/{name}")).collect();
    let listed = keys(store, ListRequest::all("unusual/")).await;
    assert_eq!(listed, expected.iter().cloned().collect::<Vec<_>>());
    for (n, name) in unusual.into_iter().enumerate() {
        let key = format!("unusual/{name}");
        assert_eq!(get(store, &key).await, n.to_string(), "{key:?}");
        assert_eq!(keys(store, ListRequest::all(&key)).await[0], key, "{key:?}");
        let after = keys(store, ListRequest::all("unusual/").start_after(&key)).await;
        let expected: Vec<_> = expected.iter().filter(|other| **other > key).cloned().collect();
        assert_eq!(after, expected, "{key:?}");
    }
    for name in unusual {
        store.delete(&format!("unusual/{name}")).await.expect("deleting works");
    }
    assert_eq!(keys(store, ListRequest::all("unusual/")).await, [""; 0]);
}

async fn a_listing_is_in_the_order_of_the_bytes(store: &dyn Store) {
    // `.` and `-` are before `/`, `0` is after it; upper case before lower; é after all ASCII; and
    // U+FFFD before U+1F600, other than in UTF-16.
    let mut expected = [
        "order/a-b",
        "order/a.b",
        "order/a/x",
        "order/a/y/z",
        "order/a0",
        "order/B/x",
        "order/b",
        "order/é",
        "order/\u{fffd}",
        "order/\u{1f600}/x",
    ];
    for key in expected.iter().rev() {
        put(store, key, "").await;
    }
    expected.sort_unstable();
    assert_eq!(keys(store, ListRequest::all("order/")).await, expected);
    assert_eq!(
        names(store, ListRequest::folder("order/")).await,
        [
            "order/B/",
            "order/a-b",
            "order/a.b",
            "order/a/",
            "order/a0",
            "order/b",
            "order/é",
            "order/\u{fffd}",
            "order/\u{1f600}/"
        ]
    );
    clear(store, "order/").await;
}

async fn pages_of_any_size_give_the_same(store: &dyn Store) {
    for n in 0..20 {
        put(store, &format!("pages/{}/{n:02}", n % 6), "").await;
        put(store, &format!("pages/{}.{n:02}", n % 4), "").await;
    }
    for delimiter in [false, true] {
        let request = ListRequest { delimiter, ..ListRequest::all("pages/") };
        let whole = names(store, request.clone()).await;
        assert_eq!(whole.len(), if delimiter { 26 } else { 40 });
        for page_size in [1, 2, 7, 1000, 5000] {
            let paged = request.clone().page_size(page_size);
            let mut pages = Pages::new(store, paged.clone());
            while let Some(page) = pages.next().await.expect("listing works") {
                assert!(page.objects.len() + page.prefixes.len() <= page_size);
            }
            assert_eq!(names(store, paged).await, whole, "pages of {page_size}");
        }
        // A token is good more than once: a page that was lost on its way is asked for again.
        let first = store.list(&request.clone().page_size(3)).await.expect("listing works");
        let again = ListRequest { token: first.next, ..request.page_size(3) };
        let second = store.list(&again).await.expect("listing works");
        assert_eq!(store.list(&again).await.expect("listing works"), second);
    }
    clear(store, "pages/").await;
}

async fn a_prefix_is_any_text(store: &dyn Store) {
    for key in ["prefix/2026/07/1", "prefix/2026/08/1", "prefix/2026/08/2", "prefix/20", "prefix"] {
        if key != "prefix" {
            put(store, key, "").await;
        }
    }
    let check = async |prefix: &str, expected: &[&str]| {
        assert_eq!(keys(store, ListRequest::all(prefix)).await, expected, "{prefix}");
    };
    let all = ["prefix/20", "prefix/2026/07/1", "prefix/2026/08/1", "prefix/2026/08/2"];
    check("pref", &all).await;
    check("prefix/20", &all).await;
    check("prefix/202", &all[1..]).await;
    check("prefix/2026/08", &all[2..]).await;
    check("prefix/2026/08/2", &all[3..]).await;
    check("prefix/2026/08/2/", &[]).await;
    check("prefix/3", &[]).await;
    let part = ListRequest { delimiter: true, ..ListRequest::all("prefix/20") };
    assert_eq!(names(store, part).await, ["prefix/20", "prefix/2026/"]);
    let part = ListRequest { delimiter: true, ..ListRequest::all("prefix/2026") };
    assert_eq!(names(store, part).await, ["prefix/2026/"]);
    let part = ListRequest { delimiter: true, ..ListRequest::all("pre") };
    assert_eq!(names(store, part).await, ["prefix/"]);
    clear(store, "prefix/").await;
}

async fn a_delimiter_sums_up(store: &dyn Store) {
    for key in ["sum/a/1", "sum/a/2/3", "sum/b", "sum/c/1", "sum/c.x"] {
        put(store, key, "").await;
    }
    let page = store.list(&ListRequest::folder("sum/")).await.expect("listing works");
    assert_eq!(page.prefixes, ["sum/a/", "sum/c/"]);
    let objects: Vec<_> = page.objects.iter().map(|object| object.key.as_str()).collect();
    assert_eq!(objects, ["sum/b", "sum/c.x"]);
    assert_eq!(list_folders(store, "sum/a/").await.expect("listing works"), ["sum/a/2/"]);
    let or_empty = list_folders_or_empty(store, "sum/a/").await;
    assert_eq!(or_empty.expect("listing works"), ["sum/a/2/"]);
    assert_eq!(list_folders(store, "sum/no/").await.expect("listing works"), [""; 0]);
    assert!(list_folders(store, "").await.expect("listing works").contains(&"sum/".to_owned()));
    clear(store, "sum/").await;
}

async fn a_listing_starts_after_a_name(store: &dyn Store) {
    let all = ["start/a", "start/b.x", "start/b/1", "start/b/2", "start/b0", "start/c/1"];
    for key in all {
        put(store, key, "").await;
    }
    let check = async |start_after: &str, expected: &[&str], summed: &[&str]| {
        for page_size in [1, 1000] {
            let request = ListRequest::all("start/").start_after(start_after).page_size(page_size);
            assert_eq!(keys(store, request.clone()).await, expected, "after {start_after}");
            let request = ListRequest { delimiter: true, ..request };
            assert_eq!(names(store, request).await, summed, "after {start_after}, summed up");
        }
    };
    let summed = ["start/a", "start/b.x", "start/b/", "start/b0", "start/c/"];
    check("", &all, &summed).await;
    check("a", &all, &summed).await;
    check("start/", &all, &summed).await;
    check("start/a", &all[1..], &summed[1..]).await;
    check("start/b", &all[1..], &summed[1..]).await;
    check("start/b.x", &all[2..], &summed[2..]).await;
    check("start/b/", &all[2..], &summed[3..]).await;
    check("start/b/1", &all[3..], &summed[3..]).await;
    check("start/b/9", &all[4..], &summed[3..]).await;
    check("start/c", &all[5..], &summed[4..]).await;
    check("start/c/1", &[], &[]).await;
    check("start/d", &[], &[]).await;
    check("t", &[], &[]).await;
    clear(store, "start/").await;
}

/// The slow and obvious listing, over many trees of names and many requests.
async fn a_listing_is_that_of_the_model(store: &dyn Store) {
    let names_of_parts = ["a", "a.", "a0", "b-", "b", "ü"];
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut tree = BTreeSet::new();
    for _ in 0..60 {
        let depth = 1 + random(4);
        let parts: Vec<_> = (0..depth).map(|_| names_of_parts[random(6)]).collect();
        // The last part says that it is a file, so that no key is a folder of another.
        let key = format!("model/{}_", parts.join("/"));
        put(store, &key, "").await;
        tree.insert(key);
    }
    let tree: Vec<_> = tree.into_iter().collect();
    for _ in 0..200 {
        let mut some = |tree: &[String]| {
            let key = &tree[random(tree.len())];
            let mut end = random(key.len() + 1);
            while !key.is_char_boundary(end) {
                end -= 1;
            }
            key[..end].to_owned()
        };
        let prefix = match some(&tree) {
            short if short.len() < 6 => "model/".to_owned(),
            prefix => prefix,
        };
        let start_after = Some(some(&tree)).filter(|name| name.len() % 3 > 0);
        let delimiter = random(2) == 0;
        let page_size = Some(1 + random(9));
        let request =
            ListRequest { prefix, delimiter, start_after, page_size, ..ListRequest::default() };
        assert_eq!(names(store, request.clone()).await, modelled(&tree, &request), "{request:?}");
    }
    clear(store, "model/").await;
}

fn modelled(tree: &[String], request: &ListRequest) -> Vec<String> {
    let mut names = BTreeSet::new();
    for key in tree {
        let Some(rest) = key.strip_prefix(&request.prefix) else { continue };
        let end = match rest.find('/') {
            Some(slash) if request.delimiter => request.prefix.len() + slash + 1,
            _ => key.len(),
        };
        names.insert(key[..end].to_owned());
    }
    if let Some(start_after) = &request.start_after {
        names.retain(|name| name > start_after);
    }
    names.into_iter().collect()
}

async fn a_big_body_is_streamed(store: &dyn Store) {
    let content: Bytes =
        (0..8 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    store.put("big/x", content.clone()).await.expect("putting works");
    let mut body = store.get("big/x").await.expect("the object is there").body;
    let mut n_received = 0;
    while let Some(chunk) = body.chunk().await.expect("the body comes") {
        assert!(!chunk.is_empty());
        assert_eq!(chunk, content[n_received..n_received + chunk.len()]);
        n_received += chunk.len();
    }
    assert_eq!(n_received, content.len());
    let object = store.get("big/x").await.expect("the object is there");
    assert!(object.body.collect().await.expect("the body comes") == content);
    // A body that is given up in the middle does not disturb what comes after.
    let mut body = store.get("big/x").await.expect("the object is there").body;
    body.chunk().await.expect("the body comes");
    drop(body);
    clear(store, "big/").await;
}

async fn many_are_read_at_once(store: &Arc<dyn Store>) {
    for n in 0..50 {
        put(store.as_ref(), &format!("many/{n}"), &"x".repeat(n)).await;
    }
    let mut reads = JoinSet::new();
    for n in 0..200 {
        let store = Arc::clone(store);
        reads.spawn(async move {
            let content = get(store.as_ref(), &format!("many/{}", n % 50)).await;
            assert_eq!(content.len(), n % 50);
        });
    }
    while let Some(read) = reads.join_next().await {
        read.expect("no read panics");
    }
    clear(store.as_ref(), "many/").await;
}

async fn a_listing_goes_on_while_objects_come_and_go(store: &dyn Store) {
    for n in 0..30 {
        put(store, &format!("flow/{n:02}/x"), "").await;
    }
    let mut pages = Pages::new(store, ListRequest::all("flow/").page_size(4));
    let mut seen = Vec::new();
    let mut n = 0;
    while let Some(page) = pages.next().await.expect("listing works") {
        seen.extend(page.objects.into_iter().map(|object| object.key));
        // Behind where the listing is, and far before it.
        store.delete(&format!("flow/{n:02}/x")).await.expect("deleting works");
        put(store, &format!("flow/{n:02}/y"), "").await;
        store.delete(&format!("flow/{:02}/x", 29 - n)).await.expect("deleting works");
        n += 1;
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(seen, sorted, "in order, and nothing twice");
    for n in 10..20 {
        assert!(seen.contains(&format!("flow/{n:02}/x")), "what was always there is seen");
    }
    clear(store, "flow/").await;
}

async fn put(store: &dyn Store, key: &str, content: &str) {
    let bytes = Bytes::copy_from_slice(content.as_bytes());
    store.put(key, bytes).await.unwrap_or_else(|error| panic!("{key:?}: {error:?}"));
}

async fn get(store: &dyn Store, key: &str) -> Bytes {
    let read = async { store.get(key).await?.body.collect().await };
    read.await.unwrap_or_else(|error: Error| panic!("{key:?}: {error:?}"))
}

async fn clear(store: &dyn Store, prefix: &str) {
    for object in list_all(store, prefix).await.expect("listing works") {
        store.delete(&object.key).await.expect("deleting works");
    }
}

/// The keys of all pages, as they come.
async fn keys(store: &dyn Store, request: ListRequest) -> Vec<String> {
    let mut pages = Pages::new(store, request);
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await.expect("listing works") {
        keys.extend(page.objects.into_iter().map(|object| object.key));
    }
    keys
}

/// Keys and common prefixes of all pages. Both are sorted within a page, and pages do not overlap.
async fn names(store: &dyn Store, request: ListRequest) -> Vec<String> {
    let mut pages = Pages::new(store, request);
    let mut names: Vec<String> = Vec::new();
    while let Some(page) = pages.next().await.expect("listing works") {
        assert!(page.prefixes.is_sorted());
        let mut of_page: Vec<_> = page.objects.into_iter().map(|object| object.key).collect();
        assert!(of_page.is_sorted());
        of_page.extend(page.prefixes);
        of_page.sort_unstable();
        assert!(names.last() < of_page.first() || of_page.is_empty(), "pages overlap");
        names.extend(of_page);
    }
    names
}
