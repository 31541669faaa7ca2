//! S3 that fails, and what becomes of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use bytes::Bytes;
use s3_server::{Bucket, Config, Failure, Fault, Kind, Server, When};
use store::{
    Condition, Error, Guard, Limited, ListRequest, Pages, Put, S3, S3Options, Store, list_all,
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
    S3Options { max_attempts: Some(TRIES), ..server::options(server) }
}

async fn connect(server: &Server) -> S3 {
    S3::connect("logs", "", &options(server)).await.unwrap()
}

async fn read(store: &dyn Store, key: &str) -> Result<Vec<u8>, Error> {
    Ok(store.get(key).await?.body.collect().await?.to_vec())
}

/// The error and its causes, as a user sees them.
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
    let failures =
        [Failure::SlowDown, Failure::InternalError, Failure::Close, Failure::Reset, Failure::Lost];
    for failure in failures {
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
async fn a_rest_that_is_not_the_rest_is_an_error() {
    let server = server(vec![
        Fault::always(Failure::Cut(100_000)).on(Kind::Get).when(When::Nth(1)),
        Fault::always(Failure::IgnoreRange).on(Kind::Get),
    ]);
    let store = connect(&server).await;
    let error = read(&store, "a/x").await.unwrap_err();
    assert_eq!(
        text(&error),
        "`s3://logs/a/x` broke off after 100000 of 300000 bytes: could not read `s3://logs/a/x`: \
         the service does not send the range that was asked for"
    );
}

#[tokio::test]
async fn another_try_goes_another_way() {
    let server = server(vec![]);
    let store = connect(&server).await;
    read(&store, "a/x").await.unwrap();
    assert_eq!(server.stats().connections, 1);
    server.set_faults(vec![Fault::always(Failure::InternalError).when(When::First(2))]);
    read(&store, "a/x").await.unwrap();
    assert_eq!(server.stats().connections, 3);
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
    for (replaced, is_heeded) in [(true, true), (true, false), (false, true)] {
        let fault = Fault::always(Failure::Cut(100_000)).on(Kind::Get).when(When::Nth(1));
        let mut faults = vec![fault];
        if !is_heeded {
            // As rclone does.
            faults.push(Fault::always(Failure::IgnoreConditions).on(Kind::Get));
        }
        let server = server(faults);
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
async fn a_connection_whose_body_was_given_up_is_not_used_again() {
    let server = server(vec![]);
    let store = connect(&server).await;
    server.put_object("logs", "large", vec![7; 8 << 20]);
    for n in 0..50 {
        // Given up before, in the middle, and while nothing comes.
        let mut body = store.get("large").await.unwrap().body;
        if n % 3 > 0 {
            assert!(body.chunk().await.unwrap().unwrap().iter().all(|byte| *byte == 7));
        }
        if n % 3 == 2 {
            let stall = Fault::always(Failure::Stall(1000)).on(Kind::Get).when(When::Nth(1));
            server.set_faults(vec![stall]);
            let mut stalled = store.get("large").await.unwrap().body;
            stalled.chunk().await.unwrap();
        }
        drop(body);
        assert_eq!(read(&store, "a/x").await.unwrap(), content());
        assert_eq!(read(&store, "a/y").await.unwrap(), b"y");
    }
    assert!(server.stats().connections > 50, "each body that was given up took its connection");
}

#[tokio::test]
async fn an_answer_that_never_comes_whole_is_given_up() {
    // An error whose text stalls is an error all the same.
    let server = server(vec![]);
    let stall_limit = Some(Duration::from_millis(50));
    let options = S3Options { stall_limit, ..options(&server) };
    let store = S3::connect("logs", "", &options).await.unwrap();
    server.set_faults(vec![Fault::always(Failure::Stall(20)).on(Kind::Get)]);
    let error = read(&store, "a/no").await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
}

#[tokio::test]
async fn answers_are_told_apart() {
    let server = server(vec![]);
    let store = connect(&server).await;
    let check = async |status, code, n_gets, expected: &str| {
        let message = "so & so";
        let failure = Failure::Refuse { status, code, message };
        server.set_faults(vec![Fault::always(failure).on(Kind::Get)]);
        server.reset_stats();
        let error = read(&store, "a/x").await.unwrap_err();
        assert_eq!(text(&error), expected);
        assert_eq!(server.stats().gets, n_gets, "{code}");
    };
    let tries = u64::from(TRIES);
    let rejected = |code: &str, hint: &str| {
        format!("AWS rejects the credentials for `s3://logs/a/x` ({code}); {hint}: so & so")
    };
    for (code, hint) in [
        ("RequestTimeTooSkewed", "set the clock of this machine"),
        ("SignatureDoesNotMatch", "the secret does not belong to the access key"),
        ("InvalidAccessKeyId", "they may belong to another partition or account"),
    ] {
        check(403, code, 1, &rejected(code, hint)).await;
    }
    check(400, "ExpiredToken", 1, &rejected("ExpiredToken", "log in again or renew them")).await;
    check(404, "NoSuchBucket", 1, "there is no bucket `logs`").await;
    check(404, "NoSuchKey", 1, "`s3://logs/a/x` does not exist").await;
    check(412, "PreconditionFailed", 1, "`s3://logs/a/x` was replaced while it was read").await;
    let archived = "`s3://logs/a/x` is archived and must be restored before it can be read";
    check(403, "InvalidObjectState", 1, archived).await;
    for (status, code) in [(301, "PermanentRedirect"), (400, "AuthorizationHeaderMalformed")] {
        let text = format!("bucket `logs` is not in Region `us-east-1` ({code}); name its Region");
        check(status, code, 1, &text).await;
    }
    let text = "access denied: may not read `s3://logs/a/x` (KMS.DisabledException): so & so";
    check(403, "KMS.DisabledException", 1, text).await;
    let text = "S3 is throttling: could not read `s3://logs/a/x` after 4 tries (SlowDown)";
    check(429, "SlowDown", tries, text).await;
    check(429, "Busy", 1, "could not read `s3://logs/a/x` (Busy): so & so").await;
    let text = "S3 failed: could not read `s3://logs/a/x` after 4 tries (BadGateway): so & so";
    check(502, "BadGateway", tries, text).await;
    check(400, "RequestTimeout", tries, "could not read `s3://logs/a/x` (RequestTimeout): so & so")
        .await;
    check(400, "Unknown", 1, "could not read `s3://logs/a/x` (Unknown): so & so").await;
}

#[tokio::test]
async fn archived_objects_are_listed_as_such_and_named_when_they_are_read() {
    let bucket = Bucket::new("logs")
        .object("a", "x")
        .object_of("GLACIER", "b", "x")
        .object_of("GLACIER_IR", "c", "x")
        .object_of("DEEP_ARCHIVE", "d", "x");
    let server = Server::start(Config::new().bucket(bucket)).unwrap();
    let store = connect(&server).await;
    let listed = list_all(&store, "").await.unwrap();
    let archived: Vec<_> = listed.iter().map(|object| object.is_archived).collect();
    assert_eq!(archived, [false, true, false, true]);
    for object in listed.iter().filter(|object| !object.is_archived) {
        read(&store, &object.key).await.unwrap();
    }
    let error = read(&store, "b").await.unwrap_err();
    let expected = "`s3://logs/b` is archived (GLACIER) and must be restored before it can be read";
    assert_eq!(text(&error), expected);
    assert!(error.is_about_one_object());
}

#[tokio::test]
async fn objects_that_intelligent_tiering_has_archived_are_named_with_their_tier() {
    let body = "<Error><Code>InvalidObjectState</Code><StorageClass>INTELLIGENT_TIERING\
                </StorageClass><AccessTier>DEEP_ARCHIVE_ACCESS</AccessTier></Error>";
    let (host, _heads) = answers(vec![answer("200 OK", "", ""), answer("403 Forbidden", "", body)]);
    let server = server(vec![]);
    let options = S3Options { endpoint_url: Some(format!("http://{host}")), ..options(&server) };
    let store = S3::connect("logs", "", &options).await.unwrap();
    let error = read(&store, "a").await.unwrap_err();
    let expected = "`s3://logs/a` is archived (INTELLIGENT_TIERING, DEEP_ARCHIVE_ACCESS) and must \
                    be restored before it can be read";
    assert_eq!(text(&error), expected);
}

/// A server that gives these answers, each on a connection of its own: its host, and the heads of
/// the requests as they come.
fn answers(answers: Vec<String>) -> (String, Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let (sent, received) = channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(&stream).lines().map(Result::unwrap);
            sent.send(lines.take_while(|line| !line.is_empty()).collect()).unwrap();
            (&stream).write_all(answer.as_bytes()).unwrap();
        }
    });
    (host, received)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_asked_for_again() {
    for broken in ["\0\0\0\r\n\r\n", "HTTP/1.1 200 OK\r\nconte", ""] {
        let whole = |body| answer("200 OK", "", body);
        let (host, _heads) = answers(vec![whole(""), broken.to_owned(), whole("content")]);
        let server = server(vec![]);
        let options =
            S3Options { endpoint_url: Some(format!("http://{host}")), ..options(&server) };
        let store = S3::connect("logs", "", &options).await.unwrap();
        assert_eq!(read(&store, "x").await.unwrap(), b"content", "{broken:?}");
    }
}

/// What each operation says to a service whose clock is decades ahead, which is right the second time.
#[tokio::test]
async fn a_clock_that_is_wrong_is_corrected_for_every_operation() {
    let date = "date: Wed, 01 Jan 2098 12:00:00 GMT\r\n";
    let headers = &format!("{date}etag: \"e\"\r\n");
    let skewed = "<Error><Code>RequestTimeTooSkewed</Code></Error>";
    let listing = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
    for operation in ["get", "list", "put", "put_if", "delete"] {
        let body = if operation == "list" { listing } else { "" };
        let (host, received) = answers(vec![
            answer("200 OK", "", ""),
            answer("403 Forbidden", date, skewed),
            answer("200 OK", headers, body),
        ]);
        let server = server(vec![]);
        let options =
            S3Options { endpoint_url: Some(format!("http://{host}")), ..options(&server) };
        let store = S3::connect("logs", "", &options).await.unwrap();
        match operation {
            "get" => drop(read(&store, "x").await.unwrap()),
            "list" => drop(list_all(&store, "").await.unwrap()),
            "put" => store.put("x", Bytes::new()).await.unwrap(),
            "put_if" => {
                let absent = Guard::of(Condition::Absent);
                drop(store.put_if("x", Bytes::new().into(), &absent).await.unwrap());
            }
            _ => store.delete("x").await.unwrap(),
        }
        let heads: Vec<_> = received.iter().collect();
        let date_of = |head: &Vec<String>| {
            head.iter().find_map(|line| line.strip_prefix("x-amz-date: ")).unwrap().to_owned()
        };
        assert!(!date_of(&heads[1]).starts_with("20980101T12"), "{operation}");
        assert!(date_of(&heads[2]).starts_with("20980101T120"), "{operation}: {:?}", heads[2]);
        assert!(heads[2].iter().any(|line| line.contains("/20980101/us-east-1/s3/")));
    }
}

#[tokio::test]
async fn a_page_that_is_not_the_next_one_is_an_error() {
    let page = |keys: &[&str], rest: &str| {
        let entry = |key: &&str| format!("<Contents><Key>{key}</Key><Size>1</Size></Contents>");
        let entries: String = keys.iter().map(entry).collect();
        answer("200 OK", "", &format!("<ListBucketResult>{entries}{rest}</ListBucketResult>"))
    };
    let next = |token: &str| {
        format!(
            "<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>"
        )
    };
    let check = async |pages: Vec<String>, expected: &str| {
        let pages = [vec![answer("200 OK", "", "")], pages].concat();
        let (host, _heads) = answers(pages);
        let server = server(vec![]);
        let options =
            S3Options { endpoint_url: Some(format!("http://{host}")), ..options(&server) };
        let store = S3::connect("logs", "root", &options).await.unwrap();
        let request = ListRequest::all("a/").start_after("a/2");
        let mut pages = Pages::new(&store, request);
        let error = loop {
            match pages.next().await {
                Ok(page) => assert!(page.is_some(), "it ended as if all was well: {expected}"),
                Err(error) => break error,
            }
        };
        assert_eq!(text(&error), format!("could not list `s3://logs/root/a/`: {expected}"));
    };
    let order = |name: &str, other: &str| {
        format!("the service lists `{name}` after `{other}`, out of order: objects may be missing")
    };
    let outside = |name: &str| format!("the service lists `{name}`, which is not below the prefix");
    check(vec![page(&["root/a/1"], "")], &order("a/1", "a/2")).await;
    check(vec![page(&["root/a/4", "root/a/3"], "")], &order("a/3", "a/4")).await;
    check(vec![page(&["root/a/3", "root/a/3"], "")], &order("a/3", "a/3")).await;
    check(vec![page(&["root/b"], "")], &outside("b")).await;
    check(vec![page(&["other"], "")], &outside("other")).await;
    let first = page(&["root/a/3", "root/a/4"], &next("t"));
    check(vec![first.clone(), page(&["root/a/3"], "")], &order("a/3", "a/4")).await;
    let again = page(&["root/a/5"], &next("t"));
    let same = "the service gives the same page again and again";
    check(vec![first.clone(), again], same).await;
    check(vec![first, page(&[], &next("t"))], same).await;
    let more = "<IsTruncated>true</IsTruncated>";
    check(vec![page(&["root/a/3"], more)], "there is more, and no token for it").await;
}

#[tokio::test]
async fn a_page_that_is_repeated_is_an_error() {
    let bucket = ["a/1", "a/2", "b/1", "b/2"].into_iter();
    let bucket = bucket.fold(Bucket::new("logs"), |bucket, key| bucket.object(key, ""));
    let server = Server::start(Config::new().bucket(bucket).page_size(1)).unwrap();
    let store = connect(&server).await;
    server.set_faults(vec![Fault::always(Failure::RepeatPage).when(When::Nth(3))]);
    let error = list_all(&store, "").await.unwrap_err();
    assert!(text(&error).contains("the service lists `a/1` after `a/2`"), "{error:?}");
    server.set_faults(vec![Fault::always(Failure::RepeatPage).when(When::Nth(2))]);
    let error = list_folders(&store, "").await.unwrap_err();
    assert!(text(&error).contains("the service lists `a/` after `a/`"), "{error:?}");
}

#[tokio::test]
async fn what_goes_over_the_wire() {
    let (host, received) =
        answers(vec![answer("200 OK", "", ""), answer("200 OK", "ETag: \"e\"\r\n", "")]);
    let options = S3Options {
        endpoint_url: Some(format!("http://{host}")),
        region: Some("eu-west-1".to_owned()),
        requester_pays: true,
        credentials: Some(store::StaticCredentials {
            access_key_id: "id".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: Some("token".to_owned()),
        }),
        ..S3Options::default()
    };
    let store = S3::connect("logs", "a b", &options).await.unwrap();
    let object = store.get("ü+%").await.unwrap();
    assert_eq!((object.meta.size_bytes, object.meta.etag.as_deref()), (0, Some("e")));

    let heads: Vec<Vec<String>> = received.iter().collect();
    let get = &heads[1];
    assert!(get[0].starts_with("GET /logs/a%20b/%C3%BC%2B%25"), "{}", get[0]);
    let header = |name: &str| {
        let mut lines = get.iter().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value).unwrap_or_else(|| panic!("no {name} in {get:?}"))
    };
    let day = &header("x-amz-date")[..8];
    let authorization = header("authorization");
    let expected = format!("AWS4-HMAC-SHA256 Credential=id/{day}/eu-west-1/s3/aws4_request, ");
    assert!(authorization.starts_with(&expected), "{authorization}");
    let signed = authorization.split_once("SignedHeaders=").unwrap().1.split(',').next().unwrap();
    for name in ["host", "x-amz-date", "x-amz-request-payer", "x-amz-security-token"] {
        assert!(signed.split(';').any(|signed| signed == name), "{name} in {signed}");
    }
    assert_eq!(header("host"), host);
    assert_eq!(header("x-amz-request-payer"), "requester");
    assert_eq!(header("x-amz-security-token"), "token");
    assert!(header("user-agent").contains("app/hoptrail"), "{}", header("user-agent"));
    assert!(!get.iter().any(|line| line.starts_with("x-amz-checksum-mode")), "{get:?}");
}

/// Enough for parts, and a byte more than a whole number of them. No block of it looks like another.
fn large() -> Vec<u8> {
    let mut large = vec![0; (64 << 20) + 1];
    for (n, block) in (1_u32..).zip(large.chunks_exact_mut(4096)) {
        block[..4].copy_from_slice(&n.to_le_bytes());
    }
    large
}

/// Writes content from memory or from a file.
async fn put(store: &S3, key: &str, content: Vec<u8>, in_file: bool) {
    let written = if in_file {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content).unwrap();
        store.put_if(key, file.into(), &Guard::default()).await.map(drop)
    } else {
        store.put(key, content.into()).await
    };
    written.unwrap();
}

#[tokio::test]
async fn a_large_object_is_written_in_parts() {
    for in_file in [false, true] {
        let server = server(vec![]);
        server.set_latency(Duration::from_millis(5));
        let store = connect(&server).await;
        server.reset_stats();
        put(&store, "large", large(), in_file).await;
        assert!(server.object("logs", "large").unwrap() == large());
        let stats = server.stats();
        assert_eq!((stats.puts, stats.parts, stats.completes), (0, 5, 1));
        assert_eq!(stats.max_in_flight, 4);
        assert_eq!(server.n_open_uploads("logs"), 0);

        let whole = large().split_off(1);
        assert_eq!(whole.len(), 64 << 20);
        server.reset_stats();
        put(&store, "large", whole, in_file).await;
        assert_eq!((server.stats().puts, server.stats().parts), (1, 0));
    }
}

/// Some services heed the conditions of all writes but those in parts.
#[tokio::test]
async fn a_large_object_is_not_written_where_its_condition_is_ignored() {
    let server = server(vec![]);
    let store = connect(&server).await;
    let absent = Guard::of(Condition::Absent);
    for _ in 0..2 {
        let put = store.put_if("large", Bytes::from(large()).into(), &absent).await.unwrap();
        assert_eq!(matches!(put, Put::Done { .. }), server.stats().completes == 2, "{put:?}");
    }
    assert_eq!(server.stats().completes, 3, "it is tried once");

    server.set_faults(vec![Fault::always(Failure::IgnoreConditions).on(Kind::Complete)]);
    let (store, before) = (connect(&server).await, server.keys("logs"));
    let error = store.put_if("new", Bytes::from(large()).into(), &absent).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "could not write `s3://logs/new`: the service ignores the conditions of uploads in parts \
         (CompleteMultipartUpload)"
    );
    assert_eq!(server.keys("logs"), before, "nothing is left of the try");
    assert_eq!(server.n_open_uploads("logs"), 0);
    put(&store, "new", large(), false).await;
}

#[tokio::test]
async fn a_part_that_fails_for_a_while_is_sent_again() {
    for in_file in [false, true] {
        let server = server(vec![]);
        let store = connect(&server).await;
        let failures = [Failure::SlowDown, Failure::InternalError, Failure::Reset, Failure::Lost];
        let mut faults = Vec::new();
        for (number, failure) in (1..).zip(failures) {
            let part = format!("large?partNumber={number}");
            faults.push(Fault::always(failure).on(Kind::Part).key(&part).when(When::First(3)));
        }
        faults.push(Fault::always(Failure::SlowDown).on(Kind::Complete).when(When::First(3)));
        server.set_faults(faults);
        server.reset_stats();
        put(&store, "large", large(), in_file).await;
        assert!(server.object("logs", "large").unwrap() == large());
        let stats = server.stats();
        assert_eq!((stats.parts, stats.completes, stats.faults), (17, 4, 15));
        assert_eq!(server.n_open_uploads("logs"), 0);
    }
}

#[tokio::test]
async fn a_large_object_that_cannot_be_written_leaves_the_old_one_and_no_upload() {
    let large: Bytes = large().into();
    let failing = [
        (Fault::always(Failure::InternalError).on(Kind::Part).key("a/x?partNumber=3"), 0),
        (Fault::always(Failure::AccessDenied).on(Kind::Part).key("a/x?partNumber=5"), 0),
        (Fault::always(Failure::Reset).on(Kind::Part), 0),
        (Fault::always(Failure::AccessDenied).on(Kind::Complete), 1),
        (Fault::always(Failure::SlowDown).on(Kind::Complete), u64::from(TRIES)),
        (Fault::always(Failure::AccessDenied).on(Kind::Create), 0),
    ];
    for (fault, n_completes) in failing {
        let server = server(vec![fault.clone()]);
        let store = connect(&server).await;
        let error = store.put("a/x", large.clone()).await.unwrap_err();
        match fault.failure {
            Failure::InternalError => {
                assert!(matches!(error, Error::ServiceFailed { .. }), "{error:?}");
            }
            Failure::Reset => assert!(matches!(error, Error::Unreachable { .. }), "{error:?}"),
            Failure::SlowDown => assert!(matches!(error, Error::Throttled { .. }), "{error:?}"),
            _ => assert_eq!(
                text(&error),
                "access denied: may not write `s3://logs/a/x` (AccessDenied): Access Denied"
            ),
        }
        assert_eq!(server.n_open_uploads("logs"), 0, "{fault:?}");
        assert!(server.object("logs", "a/x").unwrap() == content(), "{fault:?}");
        assert_eq!(server.stats().completes, n_completes, "{fault:?}");
    }
}

#[tokio::test]
async fn a_large_write_that_is_given_up_leaves_no_upload() {
    let server = server(vec![]);
    let store = connect(&server).await;
    server.set_faults(vec![Fault::always(Failure::SlowDown).on(Kind::Part)]);
    server.set_latency(Duration::from_millis(20));
    let large = large();
    let writing = tokio::spawn({
        let store = store.clone();
        async move { store.put("a/x", large.into()).await }
    });
    while server.n_open_uploads("logs") == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    writing.abort();
    assert!(writing.await.unwrap_err().is_cancelled());
    let gone = async {
        while server.n_open_uploads("logs") > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.unwrap();
    assert!(server.object("logs", "a/x").unwrap() == content());
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
        "AWS rejects the credentials for `s3://logs/a/x` (ExpiredToken); \
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
        store.put(key, Bytes::copy_from_slice(key.as_bytes())).await.unwrap();
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
    // Longer than it takes to send 40 requests on a busy machine.
    server.set_latency(Duration::from_millis(300));
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
