//! Digest files as CloudTrail writes them, and everything that may be wrong with one.

use logs::Scratch;
use logs::digest::{Digest, DigestError, KeysError, PublicKeys, SignatureError};
use logs::gzip::GzipError;
use logs::hash::{sha256, to_hex};
use serde_json::{Value, json};
use testkit::gzip;

use maker::{BUCKET, Chain, FINGERPRINT, KEY, Made, OTHER_KEY, log_key, public_keys};

#[path = "digest/maker.rs"]
mod maker;

const TEN: &str = "2026-08-01T10:00:00Z";
const ELEVEN: &str = "2026-08-01T11:00:00Z";
const TWELVE: &str = "2026-08-01T12:00:00Z";

fn read(body: &[u8]) -> Result<Digest, DigestError> {
    Digest::read(body, &mut Scratch::from(b"old".to_vec()), 1 << 20)
}

fn digest(made: &Made) -> Digest {
    read(&gzip(made.text.as_bytes())).expect("well-formed")
}

fn keys() -> PublicKeys {
    keys_of(&public_keys()).expect("keys")
}

fn keys_of(text: &str) -> Result<PublicKeys, KeysError> {
    let mut keys = PublicKeys::default();
    keys.add_list(text.as_bytes()).map(|()| keys)
}

/// Two digests of a chain.
fn chain() -> [Made; 2] {
    let mut chain = Chain::new("trail");
    let log = (log_key("20260801T1005Z"), &b"a log"[..]);
    let first = chain.next(TEN, ELEVEN, &[log]);
    [first, chain.next(ELEVEN, TWELVE, &[])]
}

/// The first digest of a chain with one field changed, or taken away if that is `None`.
fn changed(field: &str, value: Option<Value>) -> Result<Digest, DigestError> {
    let mut digest = serde_json::from_str::<Value>(&chain()[1].text).expect("JSON");
    let fields = digest.as_object_mut().expect("an object");
    match value {
        Some(value) => fields.insert(field.to_owned(), value),
        None => fields.remove(field),
    };
    read(digest.to_string().as_bytes())
}

#[test]
fn a_digest_is_read() {
    let [first, second] = chain();
    let (first_read, second_read) = (digest(&first), digest(&second));
    assert_eq!(first_read.start.to_string(), TEN);
    assert_eq!((first_read.end.to_string(), first_read.end_text.as_str()), (ELEVEN.into(), ELEVEN));
    assert_eq!((first_read.bucket.as_str(), &first_read.object), (BUCKET, &first.object));
    assert_eq!(first_read.fingerprint, FINGERPRINT);
    assert_eq!(first_read.previous, None);
    assert_eq!(first_read.sha256, sha256(first.text.as_bytes()));
    let [log] = &first_read.log_files[..] else { panic!("one log file") };
    assert_eq!((log.bucket.as_str(), &log.object), (BUCKET, &log_key("20260801T1005Z")));
    assert_eq!(log.sha256, sha256(b"a log"));

    let previous = second_read.previous.as_ref().expect("it has one");
    assert_eq!((previous.bucket.as_str(), &previous.object), (BUCKET, &first.object));
    assert_eq!(previous.sha256, first_read.sha256);
    assert_eq!(previous.signature, first.signature);
    assert_eq!(read(second.text.as_bytes()), Ok(second_read), "a plain one is the same");
}

/// The text of the user guide, line by line.
#[test]
fn the_text_that_is_signed() {
    let [first, second] = chain();
    let hash = |made: &Made| to_hex(&sha256(made.text.as_bytes()));
    let expected = format!("{ELEVEN}\n{BUCKET}/{}\n{}\nnull", first.object, hash(&first));
    assert_eq!(digest(&first).text_to_sign(), expected);
    let signature = &first.signature;
    let expected = format!("{TWELVE}\n{BUCKET}/{}\n{}\n{signature}", second.object, hash(&second));
    assert_eq!(digest(&second).text_to_sign(), expected);
}

#[test]
fn signatures() {
    let [first, second] = chain();
    let (keys, first_read, second_read) = (keys(), digest(&first), digest(&second));
    assert_eq!(keys.check(&first_read, &first.signature), Ok(()));
    assert_eq!(keys.check(&second_read, &second.signature), Ok(()));
    assert_eq!(keys.check(&first_read, &first.signature.to_uppercase()), Ok(()));
    let wrong = Err(SignatureError::Wrong { fingerprint: FINGERPRINT.into() });
    for signature in [&second.signature, "", "00", "not hexadecimal", &first.signature[2..]] {
        assert_eq!(keys.check(&first_read, signature), wrong, "{signature}");
    }
    let forged = Digest { sha256: sha256(b"forged"), ..first_read.clone() };
    assert_eq!(keys.check(&forged, &first.signature), wrong);
    let moved = Digest { object: second.object.clone(), ..first_read.clone() };
    assert_eq!(keys.check(&moved, &first.signature), wrong);
    let by_another = Chain { key: OTHER_KEY, ..Chain::new("trail") }.next(TEN, ELEVEN, &[]);
    assert_eq!(keys.check(&digest(&by_another), &by_another.signature), wrong);

    let no_key = Err(SignatureError::NoKey { fingerprint: FINGERPRINT.into() });
    assert_eq!(PublicKeys::default().check(&first_read, &first.signature), no_key);
}

#[test]
fn a_key_is_valid_for_a_time() {
    let mut chain = Chain::new("trail");
    let made = chain.next(TEN, ELEVEN, &[]);
    let check = |made: &Made, from: Value, to: Value| {
        let keys = keys_of(&maker::public_keys_of(KEY, &from, &to)).expect("keys");
        keys.check(&digest(made), &made.signature)
    };
    let outside = |found| matches!(found, Err(SignatureError::NotValidThen { .. }));
    let (before, after) = (json!("2026-01-01T00:00:00Z"), json!("2026-12-31T00:00:00-07:00"));
    assert_eq!(check(&made, before.clone(), json!(ELEVEN)), Ok(()));
    assert!(outside(check(&made, before.clone(), json!(TEN))));
    assert!(outside(check(&made, json!("2026-08-02T11:00:01Z"), after.clone())));
    // It is signed after its end, perhaps with a new key.
    assert_eq!(check(&made, json!("2026-08-01T11:20:00Z"), after.clone()), Ok(()));
    // Seconds since 1970, as version 1 of the AWS CLI writes them.
    assert_eq!(check(&made, json!(1767225600.25), json!(1798761600)), Ok(()));
    assert!(outside(check(&made, json!(0), json!(1767225600.0))));
    chain.variant = "_backfill".to_owned();
    let late = chain.next(TEN, ELEVEN, &[]);
    assert_eq!(check(&late, json!("2026-11-01T00:00:00Z"), after), Ok(()));
}

#[test]
fn lists_of_keys() {
    let list = public_keys();
    assert_eq!(keys().len(), 1);
    assert_eq!(keys_of(&format!("{list}\n{list}\n")).map(|keys| keys.len()), Ok(1));
    assert!(keys_of("{\"PublicKeyList\":[],\"NextToken\":\"t\"}").expect("a list").is_empty());
    for other in ["{}", "[]", "x", "{\"PublicKeyList\":[{}]}", &list[1..], &list[..90]] {
        assert!(matches!(keys_of(other), Err(KeysError::NotAList(_))), "{other}");
    }
    let time = list.replace("2026-01-01T00:00:00+00:00", "soon");
    let expected = "PublicKeyList[].ValidityStartTime of `0123456789abcdef0123456789abcdef`: \
                    expected a time, found `\"soon\"`";
    assert_eq!(keys_of(&time).expect_err("no time").to_string(), expected);
    for value in ["", "AAAA", "not base64", "MIIBCgKCAQEA"] {
        let mut list = serde_json::from_str::<Value>(&list).expect("JSON");
        list["PublicKeyList"][0]["Value"] = json!(value);
        assert!(matches!(keys_of(&list.to_string()), Err(KeysError::Key { .. })), "{value}");
    }
}

#[test]
fn a_field_that_is_not_what_it_should_be_is_named() {
    let texts = [
        "digestStartTime",
        "digestEndTime",
        "digestS3Bucket",
        "digestS3Object",
        "digestPublicKeyFingerprint",
        "digestSignatureAlgorithm",
        "previousDigestS3Bucket",
        "previousDigestS3Object",
        "previousDigestHashValue",
        "previousDigestHashAlgorithm",
        "previousDigestSignature",
        "logFiles",
    ];
    for field in texts {
        let nothing = "nothing".to_owned();
        for (value, shown) in [
            (None, nothing.clone()),
            (Some(Value::Null), nothing),
            (Some(json!(5)), "a number".to_owned()),
            (
                Some(json!([5])),
                if field == "logFiles" { "a number" } else { "an array" }.to_owned(),
            ),
            (Some(json!({"a": 5})), "an object".to_owned()),
            (Some(json!(true)), "a boolean".to_owned()),
            (Some(json!("")), "\"\"".to_owned()),
        ] {
            match changed(field, value.clone()) {
                Err(DigestError::Field { field: named, found, .. }) => {
                    assert!(named.starts_with(field), "{field} {value:?}: {named}");
                    assert_eq!(found, shown, "{field} {value:?}");
                }
                other => panic!("{field} {value:?}: {other:?}"),
            }
        }
    }
    for (field, value, expected) in [
        (
            "digestStartTime",
            json!("2026-08-01T13:00:00Z"),
            "a time that is not after digestEndTime",
        ),
        ("digestEndTime", json!("2026-08-01"), "a time such as `2026-08-01T10:00:00Z`"),
        ("digestSignatureAlgorithm", json!("SHA1withRSA"), "SHA256withRSA"),
        ("previousDigestHashAlgorithm", json!("MD5"), "SHA-256"),
        ("previousDigestHashValue", json!("abcd"), "a SHA-256 of 64 hexadecimal digits"),
        ("previousDigestSignature", json!("xy"), "bytes in hexadecimal"),
    ] {
        let found = changed(field, Some(value)).expect_err(field).to_string();
        assert!(found.starts_with(&format!("{field}: expected {expected}, found ")), "{found}");
    }
}

#[test]
fn a_field_of_a_log_file_is_named_with_its_place() {
    let good = json!({"s3Bucket": "b", "s3Object": "o", "hashAlgorithm": "SHA-256",
        "hashValue": "00".repeat(32)});
    let with = |field: &str, value: Value| {
        let mut log = good.clone();
        log[field] = value;
        changed("logFiles", Some(json!([good, log])))
    };
    assert_eq!(with("newestEventTime", json!(7)).expect("not looked at").log_files.len(), 2);
    for field in ["s3Bucket", "s3Object", "hashAlgorithm", "hashValue"] {
        for value in [json!(null), json!(5), json!(""), json!({})] {
            let Err(DigestError::Field { field: named, .. }) = with(field, value) else {
                panic!("{field}");
            };
            assert_eq!(named, format!("logFiles[1].{field}"));
        }
    }
    let odd = with("hashAlgorithm", json!("SHA-1")).expect_err("odd").to_string();
    assert_eq!(odd, "logFiles[1].hashAlgorithm: expected SHA-256, found \"SHA-1\"");
}

/// Which one of two would be believed is nobody's to guess.
#[test]
fn no_field_may_stand_twice() {
    let text = &chain()[0].text;
    for field in ["digestEndTime", "digestS3Object", "logFiles"] {
        let twice = format!("{{\"{field}\":[],{}", &text[1..]);
        assert!(matches!(read(twice.as_bytes()), Err(DigestError::NotAnObject { .. })), "{field}");
    }
    let twice = text.replace("\"s3Object\"", "\"s3Object\":\"a\",\"s3Object\"");
    assert_ne!(&twice, text);
    let found = read(twice.as_bytes()).expect_err("twice").to_string();
    assert!(found.starts_with("logFiles[0]: expected an array of objects"), "{found}");
}

#[test]
fn bodies_that_are_no_digest() {
    let text = &chain()[0].text;
    let body = gzip(text.as_bytes());
    assert_eq!(read(b""), Err(DigestError::Empty));
    let forged = [&body[..], &gzip(b" ")].concat();
    assert_eq!(read(&forged), Err(DigestError::Gzip(GzipError::TrailingBytes)));
    for cap_bytes in [text.len() as u64 - 1, 0] {
        let over = Err(DigestError::Gzip(GzipError::OverCap { cap_bytes }));
        assert_eq!(Digest::read(&body, &mut Scratch::default(), cap_bytes), over);
        assert_eq!(Digest::read(text.as_bytes(), &mut Scratch::default(), cap_bytes), over);
    }
    for other in ["x", "[]", "5", "{}x", "{\"digestEndTime\"", &format!("{text}{text}")] {
        assert!(matches!(read(other.as_bytes()), Err(DigestError::NotAnObject { .. })), "{other}");
    }
    assert!(matches!(read(b"{}"), Err(DigestError::Field { .. })));
    let deep = format!("{{\"logFiles\":{}", "[".repeat(100_000));
    assert!(read(deep.as_bytes()).is_err());
    for length in 0..body.len() {
        assert!(read(&body[..length]).is_err(), "{length}");
    }
}
