//! `GetObject`, `HeadObject`, `PutObject`, `DeleteObject`.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use httpdate::fmt_http_date;
use hyper::{Response, StatusCode};

use crate::bucket::Stored;
use crate::request::Head;
use crate::response::{Answer, build, empty, error, no_such_key, precondition_failed};

type Objects = BTreeMap<String, Stored>;

/// `GetObject`, given the object.
pub(crate) fn get(head: &Head, object: Option<&Stored>) -> Answer {
    let Some(object) = object else { return no_such_key() };
    if head.header("if-match").is_some_and(|wanted| !matches(wanted, object)) {
        return precondition_failed();
    }
    if head.header("if-none-match").is_some_and(|known| matches(known, object)) {
        return empty(StatusCode::NOT_MODIFIED);
    }
    if ["GLACIER", "DEEP_ARCHIVE"].contains(&object.storage_class) {
        return archived(object.storage_class);
    }
    let body = match object.read() {
        Ok(body) => body,
        Err(source) => {
            return error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", &source.to_string());
        }
    };
    let answer = Response::builder()
        .header("etag", format!("\"{}\"", object.etag))
        .header("content-type", "binary/octet-stream")
        .header("accept-ranges", "bytes")
        .header("last-modified", fmt_http_date(object.modified));
    let answer = match head.header("range").map(|header| range(header, body.len())) {
        // S3 ignores a range that it cannot parse.
        None | Some(Parsed::Ignored) => answer.body(body),
        Some(Parsed::Outside) => {
            let message = "The requested range is not satisfiable";
            return error(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", message);
        }
        Some(Parsed::Within(range)) => {
            let (first, last, size) = (range.start, range.end - 1, body.len());
            answer
                .status(StatusCode::PARTIAL_CONTENT)
                .header("content-range", format!("bytes {first}-{last}/{size}"))
                .body(body.slice(range))
        }
    };
    answer.expect("the headers are valid")
}

/// `HeadObject`, given the object.
pub(crate) fn head(object: Option<&Stored>) -> Answer {
    let Some(object) = object else { return empty(StatusCode::NOT_FOUND) };
    Response::builder()
        .header("etag", format!("\"{}\"", object.etag))
        .header("content-length", object.size_bytes)
        .header("last-modified", fmt_http_date(object.modified))
        .body(Bytes::new())
        .expect("the headers are valid")
}

/// `PutObject`, with `If-None-Match: *` and `If-Match`.
pub(crate) fn put(head: &Head, objects: &mut Objects, content: Bytes) -> Answer {
    if let Some(refusal) = refuse_put(head, objects) {
        return refusal;
    }
    let object = Stored::new(content);
    let answer = Response::builder().header("etag", format!("\"{}\"", object.etag));
    objects.insert(head.key.clone(), object);
    answer.body(Bytes::new()).expect("the headers are valid")
}

/// Why a conditional write may not be done.
pub(crate) fn refuse_put(head: &Head, objects: &Objects) -> Option<Answer> {
    let present = objects.get(&head.key);
    if head.header("if-none-match") == Some("*") && present.is_some() {
        return Some(precondition_failed());
    }
    match (head.header("if-match"), present) {
        (Some(_), None) => Some(no_such_key()),
        (Some(wanted), Some(object)) if !matches(wanted, object) => Some(precondition_failed()),
        _ => None,
    }
}

/// `DeleteObject`, with `If-Match`: an absent object is fine.
pub(crate) fn delete(head: &Head, objects: &mut Objects) -> Answer {
    if let Some(refusal) = refuse_put(head, objects) {
        return refusal;
    }
    objects.remove(&head.key);
    empty(StatusCode::NO_CONTENT)
}

fn matches(header: &str, object: &Stored) -> bool {
    header == "*" || header.trim_matches('"') == object.etag
}

enum Parsed {
    Within(Range<usize>),
    Outside,
    Ignored,
}

/// `bytes=first-last`, `bytes=first-`, `bytes=-count`.
fn range(header: &str, size: usize) -> Parsed {
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|r| r.split_once('-')) else {
        return Parsed::Ignored;
    };
    let (start, end) = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.saturating_add(1).min(size)),
        (Ok(first), Err(_)) if last.is_empty() => (first, size),
        (Err(_), Ok(count)) if first.is_empty() => (size.saturating_sub(count), size),
        _ => return Parsed::Ignored,
    };
    if start < end { Parsed::Within(start..end) } else { Parsed::Outside }
}

/// An object that is in an archive, as S3 says so.
fn archived(storage_class: &str) -> Answer {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InvalidObjectState</Code>\
         <Message>The operation is not valid for the object's storage class</Message>\
         <StorageClass>{storage_class}</StorageClass><RequestId>0</RequestId></Error>"
    );
    build(StatusCode::FORBIDDEN, "application/xml", Bytes::from(text))
}
