//! Multipart uploads: create, parts, complete, abort.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use hyper::{Method, Response, StatusCode};

use crate::bucket::Stored;
use crate::object::refuse_put;
use crate::request::Head;
use crate::response::{Answer, empty, error, escape, xml};

/// The uploads of a bucket that are neither complete nor aborted.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    n_created: u64,
    open: BTreeMap<String, Upload>,
}

#[derive(Debug)]
struct Upload {
    key: String,
    parts: BTreeMap<u32, Stored>,
}

impl Uploads {
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// The answer to a request with `?uploads` or `?uploadId=`; `None` if it is of another kind.
    pub(crate) fn answer(
        &mut self,
        head: &Head,
        objects: &mut BTreeMap<String, Stored>,
        body: Bytes,
    ) -> Option<Answer> {
        if head.method == Method::POST && head.query("uploads").is_some() {
            return Some(self.create(head));
        }
        let id = head.query("uploadId")?;
        let Some(upload) = self.open.get_mut(id).filter(|upload| upload.key == head.key) else {
            let message = "The specified multipart upload does not exist.";
            return Some(error(StatusCode::NOT_FOUND, "NoSuchUpload", message));
        };
        match head.method {
            Method::PUT => Some(upload.part(head, body)),
            Method::POST => {
                let answer = upload.complete(head, objects, &body);
                if answer.status().is_success() {
                    self.open.remove(id);
                }
                Some(answer)
            }
            Method::DELETE => {
                self.open.remove(id);
                Some(empty(StatusCode::NO_CONTENT))
            }
            _ => None,
        }
    }

    fn create(&mut self, head: &Head) -> Answer {
        self.n_created += 1;
        let id = format!("upload-{}", self.n_created);
        let answer = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InitiateMultipartUploadResult>\
             <Bucket>{}</Bucket><Key>{}</Key><UploadId>{id}</UploadId>\
             </InitiateMultipartUploadResult>",
            escape(&head.bucket),
            escape(&head.key)
        );
        self.open.insert(id, Upload { key: head.key.clone(), parts: BTreeMap::new() });
        xml(answer)
    }
}

impl Upload {
    fn part(&mut self, head: &Head, body: Bytes) -> Answer {
        let number = head.query("partNumber").and_then(|number| number.parse().ok());
        let Some(number @ 1..=10_000) = number else {
            let message = "Part number must be an integer between 1 and 10000, inclusive";
            return error(StatusCode::BAD_REQUEST, "InvalidArgument", message);
        };
        let part = Stored::new(body);
        let answer = Response::builder().header("etag", format!("\"{}\"", part.etag));
        self.parts.insert(number, part);
        answer.body(Bytes::new()).expect("the headers are valid")
    }

    /// The parts that the request names, in the order of their numbers.
    fn complete(
        &self,
        head: &Head,
        objects: &mut BTreeMap<String, Stored>,
        body: &Bytes,
    ) -> Answer {
        if let Some(refusal) = refuse_put(head, objects) {
            return refusal;
        }
        let body = String::from_utf8_lossy(body);
        let mut content = BytesMut::new();
        let mut last = 0;
        for named in body.split("<Part>").skip(1) {
            let number = element(named, "PartNumber").and_then(|number| number.parse().ok());
            let etag = element(named, "ETag").map(|etag| etag.replace("&quot;", "\""));
            let is_meant = |part: &Stored| {
                etag.as_ref().is_none_or(|etag| etag.trim_matches('"') == part.etag)
            };
            let part = number.and_then(|number| self.parts.get(&number)).filter(|p| is_meant(p));
            let (Some(number), Some(part)) = (number, part) else {
                let message = "One or more of the specified parts could not be found.";
                return error(StatusCode::BAD_REQUEST, "InvalidPart", message);
            };
            if number <= last {
                let message = "The list of parts was not in ascending order.";
                return error(StatusCode::BAD_REQUEST, "InvalidPartOrder", message);
            }
            last = number;
            content.extend_from_slice(&part.read().expect("it is in memory"));
        }
        let object = Stored::new(content.freeze());
        let answer = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CompleteMultipartUploadResult>\
             <Bucket>{}</Bucket><Key>{}</Key><ETag>&quot;{}&quot;</ETag>\
             </CompleteMultipartUploadResult>",
            escape(&head.bucket),
            escape(&head.key),
            object.etag
        );
        objects.insert(head.key.clone(), object);
        xml(answer)
    }
}

/// The text of the first element of this name.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once('<')?.0.trim())
}
