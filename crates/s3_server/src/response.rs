//! Answers: an XML error as S3 writes it, an empty answer, text escaped for XML.

use bytes::Bytes;
use hyper::Response;
use hyper::StatusCode;

/// An answer whose body is whole; faults may still change how it is sent.
pub(crate) type Answer = Response<Bytes>;

pub(crate) fn empty(status: StatusCode) -> Answer {
    build(status, "application/xml", Bytes::new())
}

pub(crate) fn xml(text: String) -> Answer {
    build(StatusCode::OK, "application/xml", Bytes::from(text))
}

pub(crate) fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
         <Message>{}</Message><RequestId>0</RequestId></Error>",
        escape(message)
    );
    build(status, "application/xml", Bytes::from(text))
}

pub(crate) fn no_such_key() -> Answer {
    error(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.")
}

pub(crate) fn precondition_failed() -> Answer {
    let message = "At least one of the pre-conditions you specified did not hold";
    error(StatusCode::PRECONDITION_FAILED, "PreconditionFailed", message)
}

pub(crate) fn build(status: StatusCode, content_type: &str, body: Bytes) -> Answer {
    Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(body)
        .expect("the headers are valid")
}

pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // An XML parser may turn a bare carriage return into a line feed.
            '\r' => escaped.push_str("&#13;"),
            other => escaped.push(other),
        }
    }
    escaped
}
