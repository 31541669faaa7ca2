//! Times of events: each is what the library reads, whatever was read before it.

use jiff::Timestamp;
use logs::{Limits, Scratch, Shape, read_whole};
use testkit::gzip;

/// A record whose id is its time.
fn record(time: &str) -> String {
    let time = serde_json::to_string(time).expect("a string");
    format!(
        r#"{{"eventSource":"bedrock.amazonaws.com","eventName":"Converse","eventTime":{time},"eventID":{time}}}"#
    )
}

#[test]
fn time_after_any_other_is_as_alone() {
    let mut texts = Vec::new();
    for year in [2011, 2012, 2013, 2026, 2028, 2099, 2100, 2101] {
        for (month, day) in (0..14).flat_map(|month| (0..33).map(move |day| (month, day))) {
            texts.push(format!("{year}-{month:02}-{day:02}T23:59:58Z"));
            texts.push(format!("{year}-{month:02}-{day:02}T00:00:00Z"));
        }
    }
    let whole = "2026-08-01T12:34:56Z";
    for at in 0..whole.len() {
        for byte in 0..0x80 {
            let mut damaged = whole.to_owned();
            damaged.replace_range(at..=at, &char::from(byte).to_string());
            texts.extend([whole.to_owned(), damaged]);
        }
        texts.push(whole[..at].to_owned());
    }
    texts.extend(["60", "61", "00.5", "00+02:00"].map(|end| format!("2026-08-01T23:59:{end}Z")));
    texts.push("2026-08-01T23:59:00+02:00".to_owned());

    let records = texts.iter().map(|text| record(text)).collect::<Vec<_>>().join(",");
    let body = gzip(format!("{{\"Records\":[{records}]}}").as_bytes());
    let limits = Limits::new(1 << 24, 1 << 24);
    let found = read_whole(&body, Shape::Trail, &limits, &mut Scratch::default());
    let found = found.expect("readable").calls.rows;
    let found = found.into_iter().map(|call| (call.event_id.to_string(), call.event_time_ms));
    let [first, last] = ["2013-01-01T00:00:00Z", "2101-01-01T00:00:00Z"]
        .map(|text| text.parse::<Timestamp>().expect("a time").as_millisecond());
    let expected = texts.into_iter().filter_map(|text| {
        let time_ms = text.parse::<Timestamp>().ok()?.as_millisecond();
        (first..last).contains(&time_ms).then_some((text, time_ms))
    });
    let expected = expected.collect::<Vec<_>>();
    assert!(expected.len() > 4000, "{}", expected.len());
    assert!(found.eq(expected));
}
