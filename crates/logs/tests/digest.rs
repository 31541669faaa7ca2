//! Digest files as CloudTrail writes them, and everything that may be wrong with one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use logs::Scratch;
use logs::digest::{Digest, DigestError, DigestName, KeysError, Place, PublicKeys, SignatureError};
use logs::gzip::GzipError;
use logs::hash::{Sha256, sha256, to_hex};
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
    // A sequence of two integers, with its length in every form.
    let is_key = |der: &[u8]| {
        let mut list = serde_json::from_str::<Value>(&list).expect("JSON");
        list["PublicKeyList"][0]["Value"] = json!(STANDARD.encode(der));
        keys_of(&list.to_string()).is_ok()
    };
    assert!(is_key(&[0x30, 6, 2, 1, 7, 2, 1, 3]));
    assert!(is_key(&[0x30, 0x81, 6, 2, 1, 7, 2, 1, 3]));
    assert!(is_key(&[0x30, 0x82, 0, 6, 2, 1, 7, 2, 1, 3]));
    for other in [
        &[0x30][..],
        &[0x30, 0x80],
        &[0x30, 0x84, 0, 0, 0, 6, 2, 1, 7, 2, 1, 3],
        &[0x30, 6, 2, 1, 7, 2, 1],
        &[0x30, 6, 2, 1, 7, 2, 1, 3, 0],
        &[0x30, 3, 2, 1, 7],
        &[0x31, 6, 2, 1, 7, 2, 1, 3],
        &[0x30, 6, 2, 1, 7, 4, 1, 3],
    ] {
        assert!(!is_key(other), "{other:?}");
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

fn check_name(file: &str, expected: Option<(&str, &str)>) {
    let folder = "p/AWSLogs/012345678901/CloudTrail-Digest/us-east-1";
    let name = DigestName::of_key(&format!("{folder}/2026/08/01/{file}"));
    let expected = expected.map(|(chain, end)| DigestName {
        chain: format!("{folder}/*/{chain}"),
        end: end.parse().expect("a time"),
    });
    assert_eq!(name, expected, "{file}");
}

#[test]
fn name_gives_chain_and_end() {
    let head = "012345678901_CloudTrail-Digest_us-east-1_my_trail_us-west-2";
    let end = "2026-08-01T10:05:09Z";
    let chain = format!("{head}_*");
    check_name(&format!("{head}_20260801T100509Z.json.gz"), Some((&chain, end)));
    let backfill = format!("{head}_*_backfill");
    check_name(&format!("{head}_20260801T100509Z_backfill.json.gz"), Some((&backfill, end)));
    let dated = "1_CloudTrail-Digest_r_20200101T000000Z_us-west-2_";
    check_name(&format!("{dated}20260801T100509Z.json"), Some((&format!("{dated}*"), end)));
    for other in [
        "",
        "x",
        "_",
        ".json.gz",
        "_.json.gz",
        &format!("{head}_20260801T1005Z.json.gz"),
        &format!("{head}_20261301T100509Z.json.gz"),
        &format!("{head}_+0260801T100509Z.json.gz"),
        &format!("{head}_20260801T100509Z.csv"),
        &format!("{head}_20260801Té0509Z.json"),
    ] {
        check_name(other, None);
    }
    assert_eq!(DigestName::of_key("2026/08/01/a_20260801T100509Z.json"), None);
}

const DIGEST_KEY: &str = "p/AWSLogs/1/CloudTrail-Digest/us-east-1/2026/08/01/a.json.gz";

fn place_of(written: &str, key: &str) -> Option<Place> {
    let text = format!(
        "{{\"digestStartTime\":\"2026-08-01T10:00:00Z\",\"digestEndTime\":\"2026-08-01T11:00:00Z\",\
         \"digestS3Bucket\":\"b\",\"digestS3Object\":{written:?},\"logFiles\":[],\
         \"digestPublicKeyFingerprint\":\"f\",\"digestSignatureAlgorithm\":\"SHA256withRSA\"}}"
    );
    Place::of(&Digest::parse(text.as_bytes()).expect("well-formed"), key)
}

#[test]
fn log_file_is_found_where_its_digest_is() {
    let check = |key: &str, object: &str, expected: Option<&str>| {
        let found = place_of(DIGEST_KEY, key).expect("a copy").key(object);
        assert_eq!(found.as_deref(), expected, "{key} {object}");
    };
    let log = "p/AWSLogs/1/CloudTrail/us-east-1/2026/08/01/l.json.gz";
    check(DIGEST_KEY, log, Some(log));
    check(DIGEST_KEY, "elsewhere/l.json.gz", Some("elsewhere/l.json.gz"));
    check(&DIGEST_KEY[2..], log, Some(&log[2..]));
    check(&DIGEST_KEY[2..], "q/AWSLogs/1/CloudTrail/l.json.gz", None);
    check(&DIGEST_KEY[12..], log, Some(&log[12..]));
    check(&format!("copies/{}", &DIGEST_KEY[2..]), log, Some(&format!("copies/{}", &log[2..])));
    check(&DIGEST_KEY.replace("AWSLogs/1", "x"), log, Some(&log.replace("AWSLogs/1", "x")));
}

#[test]
fn a_digest_belongs_under_its_own_name() {
    for other in [
        DIGEST_KEY.replace("us-east-1", "us-east-2"),
        DIGEST_KEY.replace("08/01", "08/02"),
        DIGEST_KEY.replace("a.json", "b.json"),
        DIGEST_KEY.replace("-Digest", ""),
        DIGEST_KEY[20..].replace("Digest", ""),
        String::new(),
        "/".to_owned(),
        "a.json.gz".to_owned(),
    ] {
        assert_eq!(place_of(DIGEST_KEY, &other), None, "{other}");
    }
    // Names are compared whole.
    assert_eq!(
        place_of("xCloudTrail-Digest/r/2026/08/01/a", "CloudTrail-Digest/r/2026/08/01/a"),
        None
    );
}

/// The examples of FIPS 180-2, appendix B.
#[test]
fn hash_is_sha256_of_the_whole_and_of_pieces() {
    for (text, expected) in [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
    ] {
        assert_eq!(to_hex(&sha256(text.as_bytes())), expected);
        let mut pieces = Sha256::default();
        text.as_bytes().chunks(7).for_each(|piece| pieces.update(piece));
        assert_eq!(pieces.finish(), sha256(text.as_bytes()));
    }
}
