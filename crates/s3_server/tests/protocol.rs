//! What goes over the wire, seen by a client that knows nothing of S3.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read, Write};
use std::net::TcpStream;

use s3_server::{Bucket, Config, Failure, Fault, Kind, Server, When};

/// The status, the head and the body of one answer.
fn ask(server: &Server, head: &str, body: &str) -> (u16, String, String) {
    let address = server.url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).unwrap();
    let length = body.len();
    let request = format!(
        "{head}\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), body.to_owned())
}

fn server(objects: &[(&str, &str)]) -> Server {
    let mut bucket = Bucket::new("b");
    for (key, content) in objects {
        bucket = bucket.object(key, (*content).to_owned());
    }
    Server::start(Config::new().bucket(bucket)).unwrap()
}

#[test]
fn an_object_is_written_read_in_part_and_deleted() {
    let server = server(&[]);
    let (status, head, _) = ask(&server, "PUT /b/x%20y HTTP/1.1", "hello");
    assert_eq!(status, 200);
    let etag = head.split("etag: ").nth(1).unwrap().lines().next().unwrap().to_owned();

    let (status, head, body) = ask(&server, "GET /b/x%20y HTTP/1.1\r\nrange: bytes=1-3", "");
    assert_eq!((status, body.as_str()), (206, "ell"));
    assert!(head.contains("content-range: bytes 1-3/5"), "{head}");
    let (status, ..) = ask(&server, "GET /b/x%20y HTTP/1.1\r\nrange: bytes=5-", "");
    assert_eq!(status, 416);
    let (status, _, body) =
        ask(&server, &format!("GET /b/x%20y HTTP/1.1\r\nrange: bytes=4-\r\nif-match: {etag}"), "");
    assert_eq!((status, body.as_str()), (206, "o"));
    let (status, ..) = ask(&server, "GET /b/x%20y HTTP/1.1\r\nif-match: \"0\"", "");
    assert_eq!(status, 412);
    let (status, head, body) = ask(&server, "HEAD /b/x%20y HTTP/1.1", "");
    assert_eq!((status, body.as_str()), (200, ""));
    assert!(head.contains("content-length: 5"), "{head}");

    assert_eq!(ask(&server, "DELETE /b/x%20y HTTP/1.1", "").0, 204);
    let (status, _, body) = ask(&server, "GET /b/x%20y HTTP/1.1", "");
    assert_eq!(status, 404);
    assert!(body.contains("<Code>NoSuchKey</Code>"), "{body}");
    let stats = server.stats();
    assert_eq!((stats.gets, stats.range_gets, stats.puts, stats.deletes), (5, 3, 1, 1));
}

#[test]
fn a_conditional_write_is_refused() {
    let server = server(&[]);
    let create = "PUT /b/lease HTTP/1.1\r\nif-none-match: *";
    assert_eq!(ask(&server, create, "mine").0, 200);
    assert_eq!(ask(&server, create, "yours").0, 412);
    assert_eq!(ask(&server, "PUT /b/lease HTTP/1.1\r\nif-match: \"0\"", "yours").0, 412);
    assert_eq!(ask(&server, "PUT /b/absent HTTP/1.1\r\nif-match: \"0\"", "x").0, 404);
    assert_eq!(server.object("b", "lease").unwrap(), "mine");
}

#[test]
fn an_upload_in_parts() {
    let server = server(&[]);
    let (_, _, body) = ask(&server, "POST /b/big?uploads HTTP/1.1", "");
    let id = body.split("<UploadId>").nth(1).unwrap().split('<').next().unwrap();
    for (number, content) in [(2, "world"), (1, "hello ")] {
        let part = format!("PUT /b/big?partNumber={number}&uploadId={id} HTTP/1.1");
        assert_eq!(ask(&server, &part, content).0, 200);
    }
    assert_eq!(server.keys("b"), [""; 0]);
    let parts = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part>\
                 <Part><PartNumber>2</PartNumber></Part></CompleteMultipartUpload>";
    let complete = format!("POST /b/big?uploadId={id} HTTP/1.1");
    assert_eq!(ask(&server, &complete, parts).0, 200);
    assert_eq!(server.object("b", "big").unwrap(), "hello world");
    assert_eq!(ask(&server, &complete, parts).0, 404);
    let stats = server.stats();
    assert_eq!((stats.parts, stats.completes, stats.puts), (2, 2, 0));

    let (_, _, body) = ask(&server, "POST /b/big?uploads HTTP/1.1", "");
    let id = body.split("<UploadId>").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(server.n_open_uploads("b"), 1);
    assert_eq!(ask(&server, &format!("DELETE /b/big?uploadId={id} HTTP/1.1"), "").0, 204);
    assert_eq!(server.n_open_uploads("b"), 0);
}

#[test]
fn an_upload_is_completed_with_the_parts_that_are_meant() {
    let server = server(&[]);
    let (_, _, body) = ask(&server, "POST /b/big?uploads HTTP/1.1", "");
    let id = body.split("<UploadId>").nth(1).unwrap().split('<').next().unwrap();
    let mut etags = Vec::new();
    for number in [1, 2] {
        let part = format!("PUT /b/big?partNumber={number}&uploadId={id} HTTP/1.1");
        let (_, head, _) = ask(&server, &part, &format!("part {number}"));
        etags.push(head.split("etag: ").nth(1).unwrap().lines().next().unwrap().to_owned());
    }
    let complete = |parts: &[(u32, &str)]| {
        let part = |(number, etag): &(u32, &str)| {
            format!("<Part><ETag>{etag}</ETag><PartNumber>{number}</PartNumber></Part>")
        };
        let parts: String = parts.iter().map(part).collect();
        let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        let (status, _, body) = ask(&server, &format!("POST /b/big?uploadId={id} HTTP/1.1"), &body);
        (status, body)
    };
    let (status, body) = complete(&[(1, &etags[0]), (2, "\"0\"")]);
    assert!(status == 400 && body.contains("<Code>InvalidPart</Code>"), "{body}");
    let (status, body) = complete(&[(2, &etags[1]), (1, &etags[0])]);
    assert!(status == 400 && body.contains("<Code>InvalidPartOrder</Code>"), "{body}");
    assert_eq!(server.n_open_uploads("b"), 1);
    assert_eq!(complete(&[(1, &etags[0]), (2, &etags[1])]).0, 200);
    assert_eq!(server.object("b", "big").unwrap(), "part 1part 2");
}

#[test]
fn a_listing_is_paged_and_encoded() {
    let server = server(&[("a b/1", ""), ("a b/2", ""), ("a+c", "xyz"), ("z<", "")]);
    let page = |query: &str| {
        let (status, _, body) = ask(&server, &format!("GET /b?list-type=2&{query} HTTP/1.1"), "");
        assert_eq!(status, 200);
        body
    };
    let first = page("delimiter=/&max-keys=2&encoding-type=url");
    assert!(first.contains("<CommonPrefixes><Prefix>a+b/</Prefix>"), "{first}");
    assert!(first.contains("<Key>a%2Bc</Key>") && first.contains("<Size>3</Size>"), "{first}");
    assert!(first.contains("<IsTruncated>true</IsTruncated>"), "{first}");
    let token = first.split("<NextContinuationToken>").nth(1).unwrap().split('<').next().unwrap();
    let second = page(&format!("delimiter=/&continuation-token={token}"));
    assert!(second.contains("<Key>z&lt;</Key>") && second.contains("<KeyCount>1<"), "{second}");
    assert!(page("prefix=a%20b/&start-after=a%20b/1").contains("<KeyCount>1<"));
}

#[test]
fn another_region_is_named() {
    let bucket = Bucket::new("b").region("eu-central-1");
    let server = Server::start(Config::new().bucket(bucket)).unwrap();
    let signed = "HEAD /b HTTP/1.1\r\nauthorization: AWS4-HMAC-SHA256 \
                  Credential=A/20260101/us-east-1/s3/aws4_request, SignedHeaders=host";
    let (status, head, _) = ask(&server, signed, "");
    assert_eq!(status, 301);
    assert!(head.contains("x-amz-bucket-region: eu-central-1"), "{head}");
}

#[test]
fn requests_fail_as_told() {
    let server = server(&[("x", "hello")]);
    let get = "GET /b/x HTTP/1.1";
    let slow = Fault::always(Failure::SlowDown).on(Kind::Get).when(When::Nth(2));
    server.set_faults(vec![slow]);
    let answers: Vec<u16> = (0..3).map(|_| ask(&server, get, "").0).collect();
    assert_eq!(answers, [200, 503, 200]);

    server.set_faults(vec![Fault::always(Failure::Cut(2)).key("x")]);
    let (_, head, body) = ask(&server, get, "");
    assert!(head.contains("content-length: 5") && body == "he", "{head} {body}");

    server.set_faults(vec![Fault::always(Failure::IgnoreRange)]);
    let (status, _, body) = ask(&server, &format!("{get}\r\nrange: bytes=2-"), "");
    assert_eq!((status, body.as_str()), (200, "hello"));

    server.set_faults(vec![Fault::always(Failure::Shorten(2))]);
    let (_, head, body) = ask(&server, get, "");
    assert!(head.contains("content-length: 2") && body == "he", "{head} {body}");

    let refuse = Failure::Refuse { status: 418, code: "Teapot", message: "I am <one>" };
    server.set_faults(vec![Fault::always(refuse)]);
    let (status, _, body) = ask(&server, get, "");
    assert_eq!(status, 418);
    assert!(body.contains("<Code>Teapot</Code><Message>I am &lt;one&gt;</Message>"), "{body}");

    server.set_faults(vec![Fault::always(Failure::Lost)]);
    let mut stream = TcpStream::connect(server.url().replace("http://", "")).unwrap();
    stream.write_all(b"DELETE /b/x HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert_eq!(stream.read_to_end(&mut Vec::new()).unwrap(), 0, "closed without an answer");
    assert_eq!(server.object("b", "x"), None);

    server.set_faults(vec![Fault::always(Failure::Reset)]);
    let mut stream = TcpStream::connect(server.url().replace("http://", "")).unwrap();
    stream.write_all(b"GET /b/x HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert!(stream.read_to_end(&mut Vec::new()).is_err());
}

#[test]
fn a_folder_is_a_bucket() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("a")).unwrap();
    std::fs::write(folder.path().join("a/b"), "hello").unwrap();
    let bucket = Bucket::from_folder("b", folder.path()).unwrap();
    let server = Server::start(Config::new().bucket(bucket)).unwrap();
    assert_eq!(ask(&server, "GET /b/a/b HTTP/1.1", "").2, "hello");
}
