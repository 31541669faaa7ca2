//! Objects and keys as nobody should write them: never a panic, never a hang, never a wrong row.

use std::io::{self, BufRead, BufReader, Read, Write};

use bedrock::Attribute;
use flate2::Compression;
use flate2::write::GzEncoder;
use logs::digest::DigestName;
use logs::gzip::GzipError;
use logs::layout::{Delivery, LogKind};
use logs::{Limits, Reading, Scratch, Shape, Unreadable, read_stream, read_whole};
use serde_json::value::RawValue;
use testkit::{Dice, gzip};

use reference::logged::Logged;
use reference::shown::shown;

mod reference {
    pub(crate) mod logged;
    pub(crate) mod shown;
}

const LIMITS: Limits = Limits { sha256: true, ..Limits::new(1 << 24, 1 << 26) };

const MIB: usize = 1 << 20;

/// A call of this number; with `MORE` as one more field.
fn call(number: usize) -> String {
    format!(
        "{{\"eventVersion\":\"1.11\",\"userIdentity\":{{\"type\":\"IAMUser\",\"userName\":\"ada\"}},\
         \"eventTime\":\"2026-08-01T12:00:00Z\",\"eventSource\":\"bedrock.amazonaws.com\",\
         \"eventName\":\"Converse\",\"awsRegion\":\"us-east-1\",\"userAgent\":\"cli\",\
         \"requestParameters\":{{\"modelId\":\"us.anthropic.claude-sonnet-4-6\"}},\
         \"additionalEventData\":{{\"inferenceRegion\":\"us-east-2\",\"inputTokens\":17}},\
         \"requestID\":\"b1e5cace-56ad-37b9-be9d-d52d0f29a6a1\",\
         \"eventID\":\"a1e5cace-56ad-37b9-be9d-{number:012x}\"}}"
    )
}

/// A record that is no call.
fn other(number: usize) -> String {
    call(number).replace("bedrock.amazonaws.com", "s3.amazonaws.com")
}

fn document(records: &[String]) -> String {
    format!("{{\"Records\":[{}]}}\n", records.join(","))
}

/// Reads a text in every way: plain and gzipped, whole and as a stream. All give the same if it is JSON;
/// else only a whole gzipped object may be read, because a checksum vouches for it, and only if nothing
/// is wrong with its calls.
#[track_caller]
fn read(text: &[u8]) -> Result<Reading, Unreadable> {
    let small = Limits { in_memory_bytes: 16, ..LIMITS };
    let packed = gzip(text);
    let plain = read_whole(text, Shape::Trail, &LIMITS, &mut Scratch::default());
    let others = [
        read_stream(BufReader::with_capacity(4096, text), Shape::Trail, &LIMITS),
        read_whole(&packed, Shape::Trail, &small, &mut Scratch::default()),
        read_stream(BufReader::with_capacity(11, &packed[..]), Shape::Trail, &LIMITS),
    ];
    for found in &others {
        assert_eq!(shown(found), shown(&plain));
    }
    let walked = read_whole(&packed, Shape::Trail, &LIMITS, &mut Scratch::from(b"old".to_vec()));
    if serde_json::from_slice::<&RawValue>(text).is_ok() {
        assert_eq!(shown(&walked), shown(&plain));
    } else if let Ok(walked) = &walked {
        assert!(walked.adds_up());
    }
    plain
}

fn calls_of(reading: &Reading) -> Vec<Logged> {
    Logged::all(&reading.calls)
}

/// A record among valid ones, which are read whatever it is.
#[track_caller]
fn among(record: &str) -> Reading {
    let text = document(&[call(1), other(2), record.to_owned(), call(3)]);
    let reading = read(text.as_bytes()).expect("readable");
    assert_eq!(reading.records, 4);
    let valid = read(document(&[call(1), call(3)]).as_bytes()).expect("readable");
    let (found, valid) = (calls_of(&reading), calls_of(&valid));
    assert_eq!(found.first(), valid.first());
    assert_eq!(found.last(), valid.last());
    reading
}

/// A record that has to be rejected, for this field.
#[track_caller]
fn rejected(record: &str, field: &str) {
    let reading = among(record);
    assert_eq!((reading.rejected, reading.calls.rows.len()), (1, 2), "{:?}", reading.rejections);
    let sentence = &reading.rejections[0];
    assert!(sentence.starts_with(&format!("record 3: {field}")), "{sentence}");
}

/// A body that counts how much of it was taken.
struct Counting<R> {
    body: R,
    taken: usize,
}

impl<R: BufRead> Read for Counting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(out)?;
        self.taken += count;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counting<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.body.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.taken += count;
        self.body.consume(count);
    }
}

/// The head of a document and then so much white space, gzipped: a thousandth of its text.
fn bomb(n_mib: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(b"{\"Records\":[").expect("memory");
    for _ in 0..n_mib {
        encoder.write_all(&vec![b' '; MIB]).expect("memory");
    }
    encoder.write_all(b"]}").expect("memory");
    encoder.finish().expect("memory")
}

/// Neither memory nor work is more than the cap allows, whatever size the body says.
#[test]
fn a_decompression_bomb() {
    let cap_bytes = 4 * MIB as u64;
    let bomb = bomb(64);
    let stating = |stated: u32| {
        let mut body = bomb.clone();
        let end = body.len() - 4;
        body[end..].copy_from_slice(&stated.to_le_bytes());
        body
    };
    let bodies = [
        bomb.clone(),
        stating(100),
        stating(u32::MAX),
        stating(3 << 20),
        [&bomb[..], b"x"].concat(),
    ];
    for in_memory_bytes in [cap_bytes, 1 << 10] {
        let limits = Limits { in_memory_bytes, inflated_bytes: cap_bytes, ..LIMITS };
        for body in &bodies {
            let mut scratch = Scratch::default();
            let found = read_whole(body, Shape::Trail, &limits, &mut scratch);
            let expected = Unreadable::Gzip(GzipError::OverCap { cap_bytes });
            assert_eq!(found.expect_err("too large"), expected);
            assert!(scratch.capacity_bytes() as u64 <= 3 * cap_bytes, "{scratch:?}");

            let mut body = Counting { body: &body[..], taken: 0 };
            let found = read_stream(&mut body, Shape::Trail, &limits);
            assert_eq!(found.expect_err("too large"), expected);
            assert!(body.taken < bomb.len() / 8, "{} of {}", body.taken, bomb.len());
        }
    }
}

/// What is within the cap is read as a stream, and the text is never held.
#[test]
fn a_large_text_of_nothing() {
    let limits = Limits { in_memory_bytes: 1 << 20, inflated_bytes: 1 << 30, ..LIMITS };
    let mut scratch = Scratch::default();
    let found = read_whole(&bomb(64), Shape::Trail, &limits, &mut scratch).expect("readable");
    assert_eq!((found.records, scratch.capacity_bytes()), (0, 0));
}

#[test]
fn members_after_the_first() {
    let (head, forged) =
        (gzip(document(&[call(1)]).as_bytes()), gzip(document(&[call(2)]).as_bytes()));
    let read =
        |body: &[u8], shape, limits| read_whole(body, shape, limits, &mut Scratch::default());
    let accepting = Limits { accept_trailing_members: true, ..LIMITS };
    // Whatever follows `Records` in a trail may be forged, in whatever shape it is.
    for tail in [&forged[..], &gzip(call(2).as_bytes()), &gzip(b"x"), &gzip(b""), b"x"] {
        let body = [&head[..], tail].concat();
        for found in
            [read(&body, Shape::Trail, &LIMITS), read_stream(&body[..], Shape::Trail, &LIMITS)]
        {
            assert_eq!(found.expect_err("forged"), Unreadable::Gzip(GzipError::TrailingBytes));
        }
    }
    // What is accepted is one text; from elsewhere it is accepted.
    let body = [&head[..], &forged].concat();
    for (shape, limits) in [(Shape::Trail, &accepting), (Shape::Any, &LIMITS)] {
        assert_eq!(read(&body, shape, limits).expect("two documents").calls.rows.len(), 2);
        let many = [&head[..], &gzip(b"").repeat(10_000)].concat();
        assert_eq!(read(&many, shape, limits).expect("readable").calls.rows.len(), 1);
    }
    // Other shapes are none that a trail delivers.
    let lines = [gzip(call(1).as_bytes()), gzip(call(2).as_bytes())].concat();
    let found = read(&lines, Shape::Trail, &LIMITS).expect("two records");
    assert_eq!(found.calls.rows.len(), 2);
}

#[test]
fn nesting_of_100_000_levels() {
    const LEVELS: usize = 100_000;
    for (open, close) in [("[", "]"), ("{\"k\":", "}")] {
        let (open, close) = (open.repeat(LEVELS), close.repeat(LEVELS));
        let deep = format!("{open}1{close}");
        // Where nobody looks it does not matter, in calls and in others.
        for field in ["responseElements", "tlsDetails"] {
            let field = format!("{{\"{field}\":{deep},");
            let reading = among(&call(7).replacen('{', &field, 1));
            assert_eq!(
                (reading.calls.rows.len(), reading.rejected),
                (3, 0),
                "{:?}",
                reading.rejections
            );
            let reading = among(&other(7).replacen('{', &field, 1));
            assert_eq!((reading.calls.rows.len(), reading.rejected), (2, 0));
        }
        among(&call(7).replace("\"us.anthropic.claude-sonnet-4-6\"", &deep));
        among(&call(7).replace("\"modelId\"", &format!("\"x\":{deep},\"modelId\"")));
        among(&call(7).replace("{\"type\":\"IAMUser\",\"userName\":\"ada\"}", &deep));
        among(&deep);
        for broken in [format!("{open}1"), format!("{{\"Records\":[{open}"), deep.clone() + "]"] {
            read(broken.as_bytes()).expect_err("no document");
            let found = read_whole(broken.as_bytes(), Shape::Any, &LIMITS, &mut Scratch::default());
            found.expect_err("no document");
        }
        let beside = format!("{{\"a\":{deep},\"Records\":[{}],\"z\":{deep}}}", call(1));
        assert_eq!(read(beside.as_bytes()).expect("readable").calls.rows.len(), 1);
    }
}

#[test]
fn texts_of_ten_megabytes() {
    let long = "ä\\u00e4\\\\\\\"x".repeat(MIB);
    let long_call = call(7).replace("\"cli\"", &format!("\"{long}\""));
    assert!(long_call.len() > 10_000_000);
    let reading = among(&long_call);
    let calls = calls_of(&reading);
    let agent = calls[1].get(Attribute::UserAgent).expect("it has one");
    assert_eq!(agent.chars().count(), bedrock::MAX_TEXT_CHARS);
    assert!(agent.starts_with("ää\\\"xää"), "{agent}");
    assert_eq!(among(&format!("{{\"{long}\":5,{}", &call(7)[1..])).calls.rows.len(), 3);
    // Sentences show no more than the beginning.
    let reading = among(&call(7).replace("2026-08-01T12:00:00Z", &long));
    let sentence = &reading.rejections[0];
    assert!(sentence.starts_with("record 3: eventTime: expected") && sentence.len() < 300);
    let digits = "9".repeat(10 * MIB);
    let reading = among(&call(7).replace(":17", &format!(":{digits}")));
    assert!(reading.notes[0].len() < 300, "{}", reading.notes[0].len());
}

#[test]
fn numbers_beyond_64_bits() {
    for number in [
        "9223372036854775808",
        "1099511627777",
        "9223372036854775807",
        "18446744073709551616",
        "-9223372036854775809",
        "-1",
        "1e400",
        "17.5",
        "1e-400",
        "123456789012345678901234567890",
    ] {
        // The count is rejected, not the call.
        let reading = among(&call(7).replace(":17", &format!(":{number}")));
        assert_eq!((reading.rejected, reading.rejected_counts), (0, 1), "{number}");
        let note = "record 3: additionalEventData.inputTokens: expected a whole number";
        assert!(reading.notes[0].starts_with(note), "{:?}", reading.notes);
        assert_eq!(reading.calls.rows[1].input_tokens, None);
        // Elsewhere they are nobody's business.
        let record = call(7).replacen('{', &format!("{{\"responseElements\":{number},"), 1);
        assert_eq!(among(&record).calls.rows.len(), 3, "{number}");
    }
    let largest = call(7).replace(":17", &format!(":{}", 1_i64 << 40));
    assert_eq!(among(&largest).calls.rows[1].input_tokens, Some(1 << 40));
}

#[test]
fn times_of_other_centuries() {
    for time in [
        "2012-12-31T23:59:59Z",
        "2101-01-01T00:00:00Z",
        "0000-00-00T00:00:00Z",
        "-002026-08-01T12:00:00Z",
        "9999-12-31T23:59:59Z",
        "99999-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-08-01T24:00:01Z",
        "2026-08-01T12:60:00Z",
        "2026-08-01",
        "1785585600",
        "",
        " 2026-08-01T12:00:00Z",
        "2026-08-01T12:00:00",
        "２０２６-08-01T12:00:00Z",
    ] {
        rejected(&call(7).replace("2026-08-01T12:00:00Z", time), "eventTime: expected");
    }
    for time in ["2013-01-01T00:00:00Z", "2100-12-31T23:59:59Z"] {
        let reading = among(&call(7).replace("2026-08-01T12:00:00Z", time));
        assert_eq!(reading.calls.rows.len(), 3, "{time}");
    }
}

/// The last one counts, as JSON parsers commonly have it.
#[test]
fn field_written_twice_has_its_last_value() {
    for field in [
        "\"eventID\":\"a1e5cace-56ad-37b9-be9d-00000000ffff\"",
        "\"eventTime\":\"2026-08-02T12:00:00Z\"",
        "\"eventTime\":5",
        "\"eventName\":\"InvokeModel\"",
        "\"eventSource\":\"s3.amazonaws.com\"",
        "\"awsRegion\":\"eu-west-1\"",
        "\"requestParameters\":{\"modelId\":\"amazon.nova-pro-v1:0\"}",
        "\"additionalEventData\":null",
        "\"userIdentity\":null",
        "\"tlsDetails\":1,\"tlsDetails\":2",
        "\"\\u0065ventID\":\"a1e5cace-56ad-37b9-be9d-00000000ffff\"",
    ] {
        let call = call(7);
        let (first, last) =
            (format!("{{{field},{}", &call[1..]), format!("{},{field}}}", &call[..call.len() - 1]));
        assert_eq!(calls_of(&among(&first)), calls_of(&among(&call)), "{field}");
        // This parser keeps the last one.
        let once = serde_json::from_str::<serde_json::Value>(&last).expect("JSON").to_string();
        let (found, expected) = (among(&last), among(&once));
        assert_eq!(calls_of(&found), calls_of(&expected), "{field}");
        assert_eq!(found.rejected, expected.rejected, "{field}");
    }
}

#[test]
fn texts_that_are_no_unicode() {
    // A lone surrogate is JSON, and no text.
    for (field, value) in
        [("eventID", "\\ud800"), ("userAgent", "cli\\udc00"), ("awsRegion", "\\udfff\\ud800")]
    {
        let record = call(7);
        let start = record.find(&format!("\"{field}\":\"")).expect("it has one") + field.len() + 4;
        let end = start + record[start..].find('"').expect("it ends");
        let record = format!("{}{value}{}", &record[..start], &record[end..]);
        rejected(&record, field);
        assert_eq!(among(&record.replace("bedrock.", "s3.")).rejected, 0);
    }
    let nul = call(7).replace("\"cli\"", "\"\\u0000\"");
    assert_eq!(calls_of(&among(&nul))[1].get(Attribute::UserAgent), Some("\0"));
    // Control characters are no JSON.
    let text = document(&[call(1), call(2)]);
    let with = |bytes: &[u8], behind: &str| {
        let at = text.find(behind).expect("it has one") + 1;
        [&text.as_bytes()[..at], bytes, &text.as_bytes()[at..]].concat()
    };
    for bytes in [b"\0", b"\n"] {
        let text = with(bytes, "cli");
        read(&text).expect_err("no JSON");
        let found = read_whole(&gzip(&text), Shape::Trail, &LIMITS, &mut Scratch::default());
        assert!(found.is_err(), "a call is looked at strictly: {bytes:?}");
    }
    for bytes in [&b"\0"[..], b"\xff\xfe"] {
        read(&[bytes, document(&[call(1)]).as_bytes()].concat()).expect_err("no JSON");
        read(&[document(&[call(1)]).as_bytes(), bytes].concat()).expect_err("no JSON");
    }
    let marked = [b"\xef\xbb\xbf", document(&[call(1)]).as_bytes()].concat();
    assert_eq!(read(&marked).expect("a byte order mark").calls.rows.len(), 1);
    // Bytes that are no UTF-8 reject their record, whether their field is read or not.
    for bytes in
        [&b"\xff"[..], b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3", b"\\\xff"]
    {
        for behind in ["cli", "1.11", "IAMUser", "eventVersion", "us.anthropic"] {
            let text = with(bytes, behind);
            let plain = read(&text).expect("readable");
            assert_eq!((plain.records, plain.rejected, plain.calls.rows.len()), (2, 1, 1));
            assert!(plain.rejections[0].starts_with("record 1: "), "{:?}", plain.rejections);
            let found = read_whole(&gzip(&text), Shape::Trail, &LIMITS, &mut Scratch::default());
            assert_eq!(shown(&found), shown(&Ok(plain)), "{behind}");
        }
        // Records of other services are not looked into.
        let text = document(&[call(1), other(2)]);
        let at = text.rfind("cli").expect("an agent") + 1;
        let text = [&text.as_bytes()[..at], bytes, &text.as_bytes()[at..]].concat();
        let found = read(&text).expect("readable");
        assert_eq!((found.calls.rows.len(), found.skipped, found.rejected), (1, 1, 0));
        // Between records they are no JSON.
        let text = [b"{\"Records\":[", bytes, call(1).as_bytes(), b"]}"].concat();
        read(&text).expect_err("no JSON");
    }
}

/// A call with every field that is read, and one of each kind that is not.
const FULL_CALL: &str = r#"{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:i-01","arn":"arn:aws:sts::111122223333:assumed-role/app/i-01","accountId":"111122223333","userName":"ada","invokedBy":"agents.amazonaws.com","sessionContext":{"attributes":{"mfaAuthenticated":"false"},"sessionIssuer":{"type":"Role","userName":"app"}},"onBehalfOf":{"userId":"u-1","identityStoreArn":"x"}},"eventTime":"2026-08-01T12:00:00Z","eventSource":"bedrock.amazonaws.com","eventName":"Converse","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.20","userAgent":"cli","errorCode":"AccessDenied","errorMessage":"no\u0020","requestParameters":{"modelId":"us.anthropic.claude-sonnet-4-6","model":"m","serviceTier":{"type":"flex"},"service_tier":"flex","callWithBearerToken":true,"x":[1]},"responseElements":null,"additionalEventData":{"inferenceRegion":"us-east-2","inputTokens":17,"outputTokens":"5","callWithBearerToken":"true","resolvedServiceTier":"flex","serviceTier":"flex","x":-1.5e3},"requestID":"b1e5cace-56ad-37b9-be9d-d52d0f29a6a1","eventID":"a1e5cace-56ad-37b9-be9d-000000000001","readOnly":true,"resources":[{"a":"b"}],"eventType":"AwsApiCall","recipientAccountId":"111122223333","vpcEndpointId":"vpce-01","addendum":{"reason":"UPDATED_DATA","originalEventID":"c1e5cace-56ad-37b9-be9d-000000000001"}}"#;

/// A checksum vouches for the bytes and not for who wrote them. Whatever is broken in a record that names
/// Bedrock, the document is unreadable: no value of it is taken.
#[test]
fn document_with_broken_record_of_bedrock_is_unreadable_behind_a_checksum() {
    let mut broken = 0;
    let mut check = |record: &[u8]| {
        let text = [b"{\"Records\":[{},", record, b"]}"].concat();
        if serde_json::from_slice::<&RawValue>(&text).is_err() && names_bedrock(record) {
            broken += 1;
            let found = read_whole(&gzip(&text), Shape::Trail, &LIMITS, &mut Scratch::default());
            assert!(found.is_err(), "{}\n{found:?}", String::from_utf8_lossy(record));
        }
    };
    let skipped = FULL_CALL.replace("Converse", "GetFoundationModel");
    let of_other_service = FULL_CALL
        .replace("\"bedrock.amazonaws.com", "\"s3.amazonaws.com")
        .replace("agents.amazonaws.com", "bedrock.amazonaws.com");
    for record in [FULL_CALL, &skipped, &of_other_service].map(str::as_bytes) {
        assert!(names_bedrock(record));
        for at in 1..record.len() - 1 {
            let (before, after) = (&record[..at], &record[at + 1..]);
            check(&[before, after].concat());
            for damage in [b'\n', b'q'] {
                check(&[before, &[damage], after].concat());
            }
        }
    }
    assert!(broken > 5_000, "{broken}");
}

/// Whether a string of a record is an event source, as far as a broken one shows it.
fn names_bedrock(record: &[u8]) -> bool {
    record.windows(23).any(|text| text == b"\"bedrock.amazonaws.com\"")
}

/// The same in a value that another one replaces, and in one that nothing asks for.
#[test]
fn document_with_broken_value_that_does_not_count_is_unreadable_behind_a_checksum() {
    for (field, value) in FIELDS_OF_FULL_CALL {
        let whole = format!("\"{field}\":{value}");
        assert_eq!(FULL_CALL.matches(&whole).count(), 1, "{whole}");
        for wrong in ["nul", "\"\\q\"", "\"\t\"", "[1,]", "{\"a\"}", "01", "", "tru", "\"a"] {
            for twice in [
                format!("\"{field}\":{wrong},{whole}"),
                format!("{whole},\"{field}\":{wrong}"),
                format!("\"other\":{wrong},{whole}"),
            ] {
                let record = FULL_CALL.replace(&whole, &twice);
                let text = document(&[call(1), record]);
                let found = read_whole(
                    &gzip(text.as_bytes()),
                    Shape::Trail,
                    &LIMITS,
                    &mut Scratch::default(),
                );
                assert!(found.is_err(), "{twice}");
            }
        }
    }
}

/// Fields of [`FULL_CALL`] on every level.
const FIELDS_OF_FULL_CALL: &[(&str, &str)] = &[
    ("type", "\"AssumedRole\""),
    ("arn", "\"arn:aws:sts::111122223333:assumed-role/app/i-01\""),
    (
        "sessionContext",
        "{\"attributes\":{\"mfaAuthenticated\":\"false\"},\"sessionIssuer\":{\"type\":\"Role\",\"userName\":\"app\"}}",
    ),
    ("sessionIssuer", "{\"type\":\"Role\",\"userName\":\"app\"}"),
    ("userName", "\"app\""),
    ("userName", "\"ada\""),
    ("invokedBy", "\"agents.amazonaws.com\""),
    ("userId", "\"u-1\""),
    ("eventTime", "\"2026-08-01T12:00:00Z\""),
    ("eventName", "\"Converse\""),
    ("awsRegion", "\"us-east-1\""),
    ("errorMessage", "\"no\\u0020\""),
    ("modelId", "\"us.anthropic.claude-sonnet-4-6\""),
    ("model", "\"m\""),
    ("serviceTier", "{\"type\":\"flex\"}"),
    ("serviceTier", "\"flex\""),
    ("service_tier", "\"flex\""),
    ("callWithBearerToken", "true"),
    ("callWithBearerToken", "\"true\""),
    ("inferenceRegion", "\"us-east-2\""),
    ("inputTokens", "17"),
    ("outputTokens", "\"5\""),
    ("resolvedServiceTier", "\"flex\""),
    ("eventType", "\"AwsApiCall\""),
    ("requestID", "\"b1e5cace-56ad-37b9-be9d-d52d0f29a6a1\""),
    ("originalEventID", "\"c1e5cace-56ad-37b9-be9d-000000000001\""),
];

fn sample(n_records: usize) -> (Vec<String>, String) {
    let records =
        (0..n_records).map(|n| if n % 3 == 0 { other(n) } else { call(n) }).collect::<Vec<_>>();
    let text = document(&records);
    (records, text)
}

#[test]
fn a_cut_at_every_byte() {
    let (_, text) = sample(8);
    let body = gzip(text.as_bytes());
    for length in 0..body.len() {
        let cut = &body[..length];
        assert!(
            read_whole(cut, Shape::Trail, &LIMITS, &mut Scratch::default()).is_err(),
            "{length}"
        );
        assert!(read_stream(cut, Shape::Trail, &LIMITS).is_err(), "{length}");
    }
    let expected = shown_rows(&read(text.as_bytes()).expect("readable"));
    for length in 0..=text.len() {
        let cut = &text.as_bytes()[..length];
        for found in [
            read_whole(cut, Shape::Trail, &LIMITS, &mut Scratch::default()),
            read_stream(cut, Shape::Trail, &LIMITS),
        ] {
            match found {
                // Only the last line's end is cut.
                Ok(found) if length + 1 >= text.len() => assert_eq!(shown_rows(&found), expected),
                found => assert!(found.is_err(), "{length}"),
            }
        }
    }
}

fn shown_rows(reading: &Reading) -> String {
    format!("{} {:?}", reading.records, calls_of(reading))
}

/// A checksum guards a gzipped body: the rows are the same, or there are none.
#[test]
fn flipped_bits_of_a_gzipped_body() {
    let (_, text) = sample(40);
    let body = gzip(text.as_bytes());
    let expected = shown_rows(&read(text.as_bytes()).expect("readable"));
    let mut dice = Dice::new(1);
    let mut n_read = 0;
    for _ in 0..2_000 {
        let mut damaged = body.clone();
        for _ in 0..=dice.index(3) {
            damaged[dice.index(body.len())] ^= 1 << dice.index(8);
        }
        for shape in [Shape::Trail, Shape::Any] {
            let whole = read_whole(&damaged, shape, &LIMITS, &mut Scratch::default());
            let streamed = read_stream(&damaged[..], shape, &LIMITS);
            match (&whole, &streamed) {
                (Ok(whole), Ok(streamed)) => assert_eq!(shown_rows(whole), shown_rows(streamed)),
                (Err(_), Err(_)) => {}
                // The stream is stricter with codes that the format leaves unused; see `one_call`.
                (Ok(_), Err(Unreadable::Gzip(GzipError::Damaged(_)))) => {}
                (whole, streamed) => panic!("{whole:?}\n{streamed:?}"),
            }
            if let Ok(found) = whole {
                assert_eq!(shown_rows(&found), expected);
                n_read += 1;
            }
        }
    }
    assert!(n_read < 1_000, "most bits matter: {n_read}");
}

/// Nothing guards a plain body. A flip inside a value makes another value, which no reader can notice; but
/// it stays in its own record: all other rows are as they were, and no record is lost or made.
#[test]
fn flipped_bits_of_a_plain_body() {
    let (records, text) = sample(40);
    let valid = read(text.as_bytes()).expect("readable");
    let valid_calls = calls_of(&valid);
    let mut dice = Dice::new(2);
    let mut n_read = 0;
    for _ in 0..2_000 {
        let (at, bit) = (dice.index(text.len()), dice.index(8));
        let mut damaged = text.clone().into_bytes();
        damaged[at] ^= 1 << bit;
        let whole = read_whole(&damaged, Shape::Trail, &LIMITS, &mut Scratch::default());
        let streamed = read_stream(&damaged[..], Shape::Trail, &LIMITS);
        assert_eq!(shown(&whole), shown(&streamed));
        let Ok(found) = whole else { continue };
        n_read += 1;
        assert_eq!(found.records, valid.records, "byte {at}, bit {bit}");
        // The number of the record that was hit, by where records begin.
        let mut end = "{\"Records\":[".len();
        let hit = records.iter().position(|record| {
            end += record.len() + 1;
            at < end
        });
        let n_calls_before = (0..hit.unwrap_or(records.len())).filter(|n| n % 3 != 0).count();
        let is_call_hit = hit.is_some_and(|hit| hit % 3 != 0);
        let rest = n_calls_before + usize::from(is_call_hit);
        let (before, after) = (&valid_calls[..n_calls_before], &valid_calls[rest..]);
        let calls = calls_of(&found);
        assert_eq!(&calls[..before.len()], before, "byte {at}, bit {bit}");
        assert_eq!(&calls[calls.len() - after.len()..], after, "byte {at}, bit {bit}");
        let n_own = calls.len() - before.len() - after.len();
        assert!(n_own <= 1, "byte {at}, bit {bit}");
    }
    assert!(n_read > 500, "most values may be others: {n_read}");
}

#[test]
fn keys_that_nobody_should_write() {
    let parts = [
        "..",
        ".",
        "",
        "%2e%2e",
        "%",
        "%zz",
        " ",
        "a b",
        "\u{0}",
        "é",
        "日本",
        "\u{202e}",
        "\u{fffd}",
        "AWSLogs",
        "CloudTrail",
        "CloudTrail-Digest",
        "us-east-1",
        "012345678901",
        "o-abc",
        "2026",
        "08",
        "01",
        "+8",
        "-1",
        "99",
        "８",
        "BedrockModelInvocationLogs",
        "data",
        "1_CloudTrail_us-east-1_20260801T0310Z_x.json.gz",
        "1_20260801T031059Z.json.gz",
        "_20260801Té310Z.json",
        "é_2026080éT031Z_.json",
        "_________Z",
        "-0260801T0310Z_",
    ];
    let mut dice = Dice::new(3);
    for _ in 0..200_000 {
        let n_parts = dice.index(9);
        let key =
            (0..n_parts).map(|_| parts[dice.index(parts.len())]).collect::<Vec<_>>().join("/");
        for kind in [LogKind::CloudTrail, LogKind::Digest, LogKind::ModelInvocation] {
            let _ = (kind.is_log_file(&key), kind.name(&key));
            // What is taken for a day is one, and is in the key as such.
            if let Some(Delivery { day, .. }) = kind.delivery(&key) {
                let folders = day.strftime("%Y/%m/%d/").to_string();
                let unpadded = format!("{}/{}/{}/", day.year(), day.month(), day.day());
                let stamp = day.strftime("%Y%m%d").to_string();
                let found = [folders, unpadded, stamp].iter().any(|text| key.contains(text));
                assert!(found, "{key} {day}");
            }
        }
        if let Some(name) = DigestName::of_key(&key) {
            assert!(key.contains(&name.end.strftime("%Y%m%dT%H%M%SZ").to_string()), "{key}");
        }
    }
}

/// A stream holds one record at a time, which must not be the whole text.
#[test]
fn a_record_without_an_end() {
    let begin = b"{\"Records\":[{\"x\":\"".as_slice();
    let mut text = begin.chain(io::repeat(b'a')).take(1 << 30);
    let limits = Limits::new(1 << 20, 1 << 40);
    let reading = read_stream(BufReader::new(&mut text), Shape::Trail, &limits);
    assert!(matches!(reading, Err(Unreadable::RecordOverCap { .. })));
    let read = (1 << 30) - text.limit();
    assert!(read < 80 << 20, "{read} bytes were read");
    // Records below the cap go on and on.
    let long = other(1).replace("\"cli\"", &format!("\"{}\"", "a".repeat(10 * MIB)));
    let text = document(&vec![long; 10]);
    assert!(text.len() > 90 * MIB);
    let reading = read_stream(text.as_bytes(), Shape::Trail, &limits).expect("readable");
    assert_eq!(reading.records, 10);
}
