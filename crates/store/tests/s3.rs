//! S3 that fails, and what becomes of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::time::Duration;

use s3_server::{Bucket, Config, Failure, Fault, Kind, Server, When};
use store::{
    Error, Limited, ListRequest, Pages, S3, S3Options, StaticCredentials, Store, list_all,
    list_folders,
};

const TRIES: u32 = 4;

/// 300 KB that no other offset looks like.
fn content() -> Vec<u8> {
    (0..75_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn server(faults: Vec<Fault>) -> Server {
    let bucket = Bucket::new("logs").object("a/x", content()).object("a/y", "y").object("b/z", "z");
    Server::start(Config { faults, ..Config::new().bucket(bucket) }).unwrap()
}

fn options(server: &Server) -> S3Options {
    S3Options {
        endpoint_url: Some(server.url()),
        max_attempts: Some(TRIES),
        first_pause: Some(Duration::from_millis(1)),
        credentials: Some(StaticCredentials {
            access_key_id: "id".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        }),
        ..S3Options::default()
    }
}

async fn connect(server: &Server) -> S3 {
    S3::connect("logs", "", &options(server)).await.unwrap()
}

async fn read(store: &dyn Store, key: &str) -> Result<Vec<u8>, Error> {
    Ok(store.get(key).await?.body.collect().await?.to_vec())
}

/// The error and what lies beneath it, as a user sees it.
fn text(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn a_request_that_fails_for_a_while_is_tried_again() {
    for failure in [Failure::SlowDown, Failure::InternalError, Failure::Reset] {
        let server = server(vec![]);
        let store = connect(&server).await;
        server.set_faults(vec![Fault::always(failure).when(When::First(3))]);
        assert_eq!(read(&store, "a/x").await.unwrap(), content(), "{failure:?}");
        server.set_faults(vec![Fault::always(failure).when(When::First(3))]);
        assert_eq!(list_all(&store, "").await.unwrap().len(), 3, "{failure:?}");
        server.set_faults(vec![Fault::always(failure).when(When::First(3))]);
        store.put("c", "c".into()).await.unwrap();
        server.set_faults(vec![Fault::always(failure).when(When::First(3))]);
        store.delete("c").await.unwrap();
        server.set_faults(vec![Fault::always(failure).when(When::First(3))]);
        connect(&server).await;
        assert_eq!(server.stats().faults, 15);
    }
}

#[tokio::test]
async fn a_request_that_is_throttled_for_ever_ends() {
    let server = server(vec![]);
    let store = connect(&server).await;
    server.set_faults(vec![Fault::always(Failure::SlowDown)]);
    server.reset_stats();
    let error = read(&store, "a/x").await.unwrap_err();
    assert!(matches!(error, Error::Throttled { tries: TRIES, .. }), "{error:?}");
    assert_eq!(server.stats().gets, u64::from(TRIES));
    assert_eq!(
        text(&error),
        "S3 is throttling: could not read `s3://logs/a/x` after 4 tries (SlowDown)"
    );
    assert!(error.is_transient());

    server.set_faults(vec![Fault::always(Failure::InternalError)]);
    let error = list_all(&store, "").await.unwrap_err();
    assert_eq!(
        text(&error),
        "S3 failed: could not list `s3://logs/` after 4 tries (InternalError): \
         We encountered an internal error. Please try again."
    );
}

#[tokio::test]
async fn a_hundred_objects_survive_a_bad_minute() {
    // More retries than the budget that the SDK gives to all requests together.
    let server = server(vec![]);
    let store = connect(&server).await;
    for n in 0..100 {
        server.put_object("logs", &format!("many/{n}"), content());
    }
    let faults = [Failure::SlowDown, Failure::Reset, Failure::Cut(70_000)];
    let first = |failure| Fault::always(failure).key("many/").when(When::FirstPerKey(1));
    server.set_faults(faults.map(first).to_vec());
    for n in 0..100 {
        assert_eq!(read(&store, &format!("many/{n}")).await.unwrap(), content());
    }
    assert_eq!(server.stats().faults, 300);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_resumed() {
    for at in [0, 1, 100_000, 299_999] {
        let server = server(vec![Fault::always(Failure::Cut(at)).on(Kind::Get).when(When::Nth(1))]);
        let store = connect(&server).await;
        assert_eq!(read(&store, "a/x").await.unwrap(), content(), "{at}");
        let stats = server.stats();
        assert_eq!((stats.gets, stats.range_gets, stats.faults), (2, 1, 1), "{at}");

        // The same, chunk by chunk.
        server.set_faults(vec![Fault::always(Failure::Cut(at)).when(When::Nth(1))]);
        let mut body = store.get("a/x").await.unwrap().body;
        let mut received = Vec::new();
        while let Some(chunk) = body.chunk().await.unwrap() {
            received.extend_from_slice(&chunk);
        }
        assert_eq!(received, content(), "{at}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_again_and_again_comes_as_long_as_something_comes() {
    let server = server(vec![Fault::always(Failure::Cut(20_000)).on(Kind::Get)]);
    let store = connect(&server).await;
    assert_eq!(read(&store, "a/x").await.unwrap(), content());
    assert_eq!(server.stats().gets, 15);
}

#[tokio::test]
async fn a_body_of_which_nothing_more_comes_is_an_error() {
    let server = server(vec![Fault::always(Failure::Cut(0)).on(Kind::Get)]);
    let store = connect(&server).await;
    let error = read(&store, "a/x").await.unwrap_err();
    assert!(
        matches!(error, Error::Interrupted { received_bytes: 0, size_bytes: 300_000, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("`s3://logs/a/x` broke off after 0 of 300000"), "{error}");
    assert_eq!(server.stats().gets, u64::from(TRIES));
}

#[tokio::test]
async fn a_body_that_stalls_is_resumed() {
    let fault = Fault::always(Failure::Stall(100_000)).on(Kind::Get).when(When::Nth(1));
    let server = server(vec![fault]);
    let options = S3Options { stall_limit: Some(Duration::from_millis(50)), ..options(&server) };
    let store = S3::connect("logs", "", &options).await.unwrap();
    assert_eq!(read(&store, "a/x").await.unwrap(), content());
    assert_eq!(server.stats().range_gets, 1);
}

#[tokio::test]
async fn a_body_is_not_pieced_together_of_two_objects() {
    for replaced in [true, false] {
        let fault = Fault::always(Failure::Cut(100_000)).on(Kind::Get).when(When::Nth(1));
        let server = server(vec![fault]);
        let store = connect(&server).await;
        let mut body = store.get("a/x").await.unwrap().body;
        body.chunk().await.unwrap();
        if replaced {
            server.put_object("logs", "a/x", vec![0; 300_000]);
        } else {
            server.delete_object("logs", "a/x");
        }
        let error = loop {
            match body.chunk().await {
                Ok(chunk) => assert!(chunk.is_some(), "it ended as if all was well"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Changed { .. }), "{error:?}");
        assert_eq!(error.to_string(), "`s3://logs/a/x` was replaced while it was read");
    }
}

#[tokio::test]
async fn a_listing_that_is_cut_is_tried_again() {
    let server = server(vec![]);
    let store = connect(&server).await;
    server.set_faults(vec![Fault::always(Failure::Cut(300)).when(When::Nth(1))]);
    assert_eq!(list_all(&store, "").await.unwrap().len(), 3);
    // A whole answer, and XML that ends early: never a shorter listing.
    let mut at = 0;
    let listed = loop {
        server.set_faults(vec![Fault::always(Failure::Shorten(at)).on(Kind::List)]);
        match list_all(&store, "").await {
            Ok(listed) => break listed,
            Err(error) => assert!(error.to_string().starts_with("could not list"), "{at}: {error}"),
        }
        at += 1;
    };
    assert_eq!(listed.len(), 3);
    assert!(at > 500, "{at}");
}

#[tokio::test]
async fn a_page_in_the_middle_fails_and_is_asked_for_again() {
    let bucket =
        (0..50).fold(Bucket::new("logs"), |bucket, n| bucket.object(&format!("{n:02}"), ""));
    let server = Server::start(Config::new().bucket(bucket).page_size(7)).unwrap();
    let store = connect(&server).await;
    let failing = Fault::always(Failure::AccessDenied).on(Kind::List).when(When::Nth(3));
    server.set_faults(vec![failing]);
    let mut pages = Pages::new(&store, ListRequest::default());
    let (mut n_objects, mut n_errors) = (0, 0);
    loop {
        match pages.next().await {
            Ok(Some(page)) => n_objects += page.objects.len(),
            Ok(None) => break,
            Err(_) => n_errors += 1,
        }
    }
    assert_eq!((n_objects, n_errors, server.stats().lists), (50, 1, 9));
}

#[tokio::test]
async fn what_is_denied_says_so() {
    let server = server(vec![]);
    let store = connect(&server).await;
    server.set_faults(vec![Fault::always(Failure::AccessDenied)]);
    server.reset_stats();
    let error = read(&store, "a/x").await.unwrap_err();
    assert_eq!(
        text(&error),
        "access denied: may not read `s3://logs/a/x` (AccessDenied): Access Denied"
    );
    assert!(error.is_about_one_object());
    let error = list_folders(&store, "a/").await.unwrap_err();
    assert_eq!(error.to_string(), "access denied: may not list `s3://logs/a/` (AccessDenied)");
    assert!(!error.is_about_one_object());
    let error = store.put("c", "c".into()).await.unwrap_err();
    assert_eq!(error.to_string(), "access denied: may not write `s3://logs/c` (AccessDenied)");
    assert_eq!(server.stats().requests(), 3, "nothing is tried twice");
    // Who may not look the bucket up may still be allowed to read.
    connect(&server).await;
}

#[tokio::test]
async fn expired_credentials_say_so() {
    let server = server(vec![]);
    let store = connect(&server).await;
    server.set_faults(vec![Fault::always(Failure::ExpiredToken)]);
    let error = read(&store, "a/x").await.unwrap_err();
    assert_eq!(
        text(&error),
        "AWS refuses the credentials for `s3://logs/a/x` (ExpiredToken); \
         log in again or renew them: The provided token has expired."
    );
}

#[tokio::test]
async fn what_is_missing_says_so() {
    let server = server(vec![]);
    let error = S3::connect("nosuch", "", &options(&server)).await.unwrap_err();
    assert_eq!(text(&error), "there is no bucket `nosuch`");

    let store = S3::connect("logs", "a", &options(&server)).await.unwrap();
    let error = read(&store, "no").await.unwrap_err();
    assert_eq!(error.to_string(), "`s3://logs/a/no` does not exist");
    assert!(error.is_not_found());

    // Gone between listing and reading.
    server.set_faults(vec![Fault::always(Failure::NoSuchKey).on(Kind::Get)]);
    assert!(read(&store, "x").await.unwrap_err().is_not_found());

    let url = server.url();
    let unreachable = S3Options { max_attempts: Some(1), ..options(&server) };
    drop(server);
    let error = S3::connect("logs", "", &unreachable).await.unwrap_err();
    let text = text(&error);
    assert!(text.starts_with(&format!("{url} cannot be reached: Connection refused")), "{text}");
}

#[tokio::test]
async fn a_bucket_in_another_region_is_found() {
    let bucket = Bucket::new("logs").region("eu-central-1").object("x", "x");
    let server = Server::start(Config::new().bucket(bucket)).unwrap();
    for region in [None, Some("us-west-2".to_owned()), Some("eu-central-1".to_owned())] {
        let options = S3Options { region, ..options(&server) };
        let store = S3::connect("logs", "", &options).await.unwrap();
        assert_eq!(store.region(), "eu-central-1");
        assert_eq!(read(&store, "x").await.unwrap(), b"x");
    }
}

#[tokio::test]
async fn a_bucket_that_moves_away_says_so() {
    let server = server(vec![]);
    let store = connect(&server).await;
    drop(server);
    let error = read(&store, "a/x").await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn keys_that_no_folder_can_hold() {
    let server = server(vec![]);
    let store = S3::connect("logs", "root", &options(&server)).await.unwrap();
    let keys = ["..", "../x", "a/../../y", ".", "./x", "//x", "a//b", "a/", "a\0b", "\u{7f}\u{b}"];
    for key in keys {
        store.put(key, bytes::Bytes::copy_from_slice(key.as_bytes())).await.unwrap();
        assert!(server.keys("logs").contains(&format!("root/{key}")), "{key:?}");
        assert_eq!(read(&store, key).await.unwrap(), key.as_bytes(), "{key:?}");
    }
    let mut sorted = keys;
    sorted.sort_unstable();
    let listed = list_all(&store, "").await.unwrap();
    let listed: Vec<_> = listed.iter().map(|object| object.key.as_str()).collect();
    assert_eq!(listed, sorted);
    for key in keys {
        store.delete(key).await.unwrap();
    }
    assert_eq!(server.keys("logs"), ["a/x", "a/y", "b/z"]);
}

#[tokio::test]
async fn requester_pays_and_unsigned_requests() {
    let server = server(vec![]);
    let payer = S3Options { requester_pays: true, ..options(&server) };
    let store = S3::connect("logs", "", &payer).await.unwrap();
    server.reset_stats();
    read(&store, "a/x").await.unwrap();
    list_all(&store, "").await.unwrap();
    store.put("c", "c".into()).await.unwrap();
    store.delete("c").await.unwrap();
    assert_eq!((server.stats().requester_pays, server.stats().unsigned), (4, 0));

    server.reset_stats();
    let public = S3Options { no_sign_request: true, ..options(&server) };
    let store = S3::connect("logs", "", &public).await.unwrap();
    read(&store, "a/x").await.unwrap();
    list_all(&store, "").await.unwrap();
    assert_eq!((server.stats().requests(), server.stats().unsigned), (3, 3));
    assert_eq!(server.stats().requester_pays, 0);
}

#[tokio::test]
async fn limited_bounds_what_is_in_flight() {
    let server = server(vec![]);
    server.set_latency(Duration::from_millis(2));
    let store: Arc<dyn Store> = Arc::new(connect(&server).await);
    let limited: Arc<dyn Store> = Arc::new(Limited::new(Arc::clone(&store), 5));
    for (store, expected) in [(limited, 5), (store, 40)] {
        server.reset_stats();
        let mut reads = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let store = Arc::clone(&store);
            reads.spawn(async move { read(store.as_ref(), "a/x").await });
        }
        while let Some(content) = reads.join_next().await {
            content.unwrap().unwrap();
        }
        assert_eq!(server.stats().max_in_flight, expected);
    }
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = server(vec![]);
    let store = connect(&server).await;
    for _ in 0..20 {
        read(&store, "a/x").await.unwrap();
        list_all(&store, "").await.unwrap();
        store.put("c", "c".into()).await.unwrap();
    }
    assert_eq!(server.stats().connections, 1);
}
