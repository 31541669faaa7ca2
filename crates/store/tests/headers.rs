//! What goes along with requests: the owner with all of them, encryption and ACL with what is written.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::collections::BTreeSet;
use std::io::Write;

use bytes::Bytes;
use s3_server::{Bucket, Config, Kind, Recorded, Server};
use store::{Condition, Encryption, Guard, S3, S3Options, Store, list_all};

const OWNER: &str = "111122223333";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";

/// The requests that a store makes with these options, as a server hears them: of every kind, or of all
/// but those that write an object in parts.
async fn heard(options: S3Options, in_parts: bool) -> Vec<Recorded> {
    let config = Config { records: true, ..Config::new().bucket(Bucket::new("logs")) };
    let server = Server::start(config).unwrap();
    let S3Options { endpoint_url, credentials, .. } = server::options(&server);
    let options = S3Options { endpoint_url, credentials, ..options };
    let store = S3::connect("logs", "a", &options).await.unwrap();
    store.put("small", "x".into()).await.unwrap();
    store.put_if("lease", Bytes::from("x").into(), &Guard::of(Condition::Absent)).await.unwrap();
    if in_parts {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![7; 65 << 20]).unwrap();
        store.put_if("large", file.into(), &Guard::default()).await.unwrap();
    }
    list_all(&store, "").await.unwrap();
    store.get("small").await.unwrap().body.collect().await.unwrap();
    store.delete("small").await.unwrap();

    let heard = server.recorded();
    let kinds: BTreeSet<_> = heard.iter().map(|request| request.kind).collect();
    let mut expected = vec![Kind::List, Kind::Get, Kind::HeadBucket, Kind::Put, Kind::Delete];
    if in_parts {
        expected.extend([Kind::Create, Kind::Part, Kind::Complete]);
    }
    assert_eq!(kinds, BTreeSet::from_iter(expected));
    heard
}

/// Whether a request makes an object.
fn is_write(request: &Recorded) -> bool {
    [Kind::Put, Kind::Create].contains(&request.kind)
}

#[track_caller]
fn check(heard: &[Recorded], header: &str, expected: impl Fn(&Recorded) -> Option<&'static str>) {
    for request in heard {
        assert_eq!(request.header(header), expected(request), "{header} of {request:?}");
    }
}

const ENCRYPTION: &str = "x-amz-server-side-encryption";
const KEY_ID: &str = "x-amz-server-side-encryption-aws-kms-key-id";

#[tokio::test]
async fn nothing_is_sent_unless_asked_for() {
    let heard = heard(S3Options::default(), false).await;
    let more = ["x-amz-acl", "x-amz-expected-bucket-owner", "x-amz-optional-object-attributes"];
    for header in [ENCRYPTION, KEY_ID].into_iter().chain(more) {
        check(&heard, header, |_| None);
    }
}

#[tokio::test]
async fn encryption_and_acl_are_sent_with_all_that_is_written_and_the_owner_with_everything() {
    let options = S3Options {
        encryption: Some(Encryption::Kms { key_id: Some(KEY.to_owned()) }),
        acl: Some("bucket-owner-full-control".to_owned()),
        expected_bucket_owner: Some(OWNER.to_owned()),
        ..S3Options::default()
    };
    let heard = heard(options, true).await;
    check(&heard, ENCRYPTION, |request| is_write(request).then_some("aws:kms"));
    check(&heard, KEY_ID, |request| is_write(request).then_some(KEY));
    let acl = "bucket-owner-full-control";
    check(&heard, "x-amz-acl", |request| is_write(request).then_some(acl));
    check(&heard, "x-amz-expected-bucket-owner", |_| Some(OWNER));
}

#[tokio::test]
async fn encryption_with_a_key_of_s3_or_of_the_account_names_no_key() {
    for (encryption, expected) in
        [(Encryption::Aes256, "AES256"), (Encryption::Kms { key_id: None }, "aws:kms")]
    {
        let options = S3Options { encryption: Some(encryption), ..S3Options::default() };
        let heard = heard(options, false).await;
        check(&heard, ENCRYPTION, |request| is_write(request).then_some(expected));
        check(&heard, KEY_ID, |_| None);
    }
}
