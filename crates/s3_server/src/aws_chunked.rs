//! Bodies in `aws-chunked` encoding, as newer SDKs send them: chunks, each with its length and
//! perhaps a signature, then trailers. Neither signatures nor checksums are checked.

use bytes::{Bytes, BytesMut};

use crate::request::Head;

/// The content of a request's body; `None` if it claims to be chunked and is not.
pub(crate) fn decode(head: &Head, body: Bytes) -> Option<Bytes> {
    let streaming = head.header("x-amz-content-sha256").is_some_and(|v| v.starts_with("STREAMING"));
    let encoded = head.header("content-encoding").is_some_and(|v| v.contains("aws-chunked"));
    if streaming || encoded { chunks(body) } else { Some(body) }
}

fn chunks(mut body: Bytes) -> Option<Bytes> {
    let mut content = BytesMut::new();
    loop {
        let end = body.windows(2).position(|pair| pair == b"\r\n")?;
        let line = body.split_to(end + 2);
        let line = std::str::from_utf8(&line[..end]).ok()?;
        let length = line.split(';').next().unwrap_or(line);
        let length = usize::from_str_radix(length, 16).ok()?;
        if length == 0 {
            return Some(content.freeze());
        }
        if body.len() < length + 2 {
            return None;
        }
        content.extend_from_slice(&body.split_to(length));
        if body.split_to(2) != "\r\n" {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &'static str, expected: Option<&'static str>) {
        assert_eq!(chunks(Bytes::from(body)), expected.map(Bytes::from));
    }

    #[test]
    fn chunks_with_signatures_and_trailers() {
        check("3\r\nabc\r\n0\r\n\r\n", Some("abc"));
        check(
            "3;chunk-signature=x\r\nabc\r\n1\r\n\n\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n",
            Some("abc\n"),
        );
        check("0\r\n\r\n", Some(""));
        check("3\r\nab", None);
        check("plain", None);
    }
}
