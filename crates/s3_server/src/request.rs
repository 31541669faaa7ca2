//! A request's head, understood: bucket, key, query, kind.

use std::collections::BTreeMap;

use hyper::Method;
use hyper::header::{HOST, HeaderMap};
use hyper::http::request::Parts;
use percent_encoding::percent_decode_str;

/// The kinds of request that are told apart, for counting and for failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A page of a listing.
    List,
    /// `GetObject`.
    Get,
    /// `HeadObject`.
    HeadObject,
    /// `HeadBucket`.
    HeadBucket,
    /// `PutObject`.
    Put,
    /// `CreateMultipartUpload`.
    Create,
    /// `UploadPart`.
    Part,
    /// `CompleteMultipartUpload`.
    Complete,
    /// `AbortMultipartUpload`.
    Abort,
    /// `DeleteObject`.
    Delete,
    /// Anything else.
    Other,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// What it asks for.
    pub kind: Kind,
    /// Of which bucket.
    pub bucket: String,
    /// Empty for a request about the bucket.
    pub key: String,
    /// The parameter of a listing; `None` if it was not sent.
    pub prefix: Option<String>,
    headers: HeaderMap,
}

impl Recorded {
    /// A header by its name in lower case; `None` also for one that is not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Kind {
    pub(crate) const ALL: [Self; 11] = [
        Self::List,
        Self::Get,
        Self::HeadObject,
        Self::HeadBucket,
        Self::Put,
        Self::Create,
        Self::Part,
        Self::Complete,
        Self::Abort,
        Self::Delete,
        Self::Other,
    ];
}

/// A request's head, understood.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    pub(crate) bucket: String,
    /// Empty for a request about the bucket.
    pub(crate) key: String,
    query: BTreeMap<String, String>,
    headers: HeaderMap,
}

impl Head {
    /// `None` for a path or a query that is not percent-encoded UTF-8. The bucket is the first label of
    /// the host, if there is one of that name, else the first segment of the path.
    pub(crate) fn parse(parts: Parts, is_bucket: impl Fn(&str) -> bool) -> Option<Self> {
        let path = parts.uri.path().strip_prefix('/')?;
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let label = host.split('.').next().unwrap_or_default();
        let (bucket, key) = match is_bucket(label) {
            true => (label, path),
            false => path.split_once('/').unwrap_or((path, "")),
        };
        let mut query = BTreeMap::new();
        let pairs = parts.uri.query().unwrap_or_default().split('&');
        for pair in pairs.filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            query.insert(decode(name)?, decode(&value.replace('+', " "))?);
        }
        Some(Self {
            method: parts.method,
            bucket: decode(bucket)?,
            key: decode(key)?,
            query,
            headers: parts.headers,
        })
    }

    pub(crate) fn kind(&self) -> Kind {
        let in_upload = self.query("uploadId").is_some();
        match (&self.method, self.key.is_empty()) {
            (&Method::GET, true) if self.query("list-type") == Some("2") => Kind::List,
            (&Method::GET, false) if !in_upload => Kind::Get,
            (&Method::HEAD, true) => Kind::HeadBucket,
            (&Method::HEAD, false) => Kind::HeadObject,
            (&Method::PUT, false) if in_upload => Kind::Part,
            (&Method::PUT, false) => Kind::Put,
            (&Method::POST, false) if in_upload => Kind::Complete,
            (&Method::POST, false) if self.query("uploads").is_some() => Kind::Create,
            (&Method::DELETE, false) if in_upload => Kind::Abort,
            (&Method::DELETE, false) => Kind::Delete,
            _ => Kind::Other,
        }
    }

    pub(crate) fn recorded(&self) -> Recorded {
        Recorded {
            kind: self.kind(),
            bucket: self.bucket.clone(),
            key: self.key.clone(),
            prefix: self.query("prefix").map(str::to_owned),
            headers: self.headers.clone(),
        }
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn has_condition(&self) -> bool {
        self.header("if-match").or(self.header("if-none-match")).is_some()
    }

    /// As if this header had not been sent.
    pub(crate) fn forget(&mut self, header: &str) {
        self.headers.remove(header);
    }

    /// As if this parameter had not been sent.
    pub(crate) fn forget_query(&mut self, name: &str) {
        self.query.remove(name);
    }

    /// As if a listing started after all that is in the folder of its name.
    pub(crate) fn start_after_folder(&mut self) {
        let name = self.query.get_mut("start-after").filter(|name| !name.ends_with('/'));
        if let Some(name) = name {
            name.push_str("/\u{10ffff}");
        }
    }

    /// The Region that the request is signed for: `Credential=<id>/<date>/<region>/s3/…`.
    pub(crate) fn signed_region(&self) -> Option<&str> {
        let (_, scope) = self.header("authorization")?.split_once("Credential=")?;
        scope.split('/').nth(2)
    }
}

fn decode(text: &str) -> Option<String> {
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned())
}
