//! One request: count it, wait, fail it if a rule says so, answer it.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::{Method, Request, Response, StatusCode};
use socket2::SockRef;

use crate::body::{AnswerBody, Then};
use crate::bucket::Bucket;
use crate::fault::{Failure, Plan};
use crate::multipart::Uploads;
use crate::request::{Head, Kind, Recorded};
use crate::response::{Answer, empty, error};
use crate::stats::{Counters, InFlight};
use crate::{aws_chunked, list, object};

/// What all connections share.
#[derive(Debug)]
pub(crate) struct State {
    buckets: Mutex<BTreeMap<String, (Bucket, Uploads)>>,
    page_size: usize,
    latency_micros: AtomicU64,
    /// If requests are kept.
    pub(crate) recorded: Option<Mutex<Vec<Recorded>>>,
    pub(crate) plan: Plan,
    pub(crate) counters: Arc<Counters>,
}

impl State {
    pub(crate) fn new(buckets: Vec<Bucket>, page_size: Option<usize>, latency: Duration) -> Self {
        let named = |bucket: Bucket| (bucket.name.clone(), (bucket, Uploads::default()));
        let state = Self {
            buckets: Mutex::new(buckets.into_iter().map(named).collect()),
            page_size: page_size.unwrap_or(1000),
            latency_micros: AtomicU64::new(0),
            recorded: None,
            plan: Plan::default(),
            counters: Arc::new(Counters::default()),
        };
        state.set_latency(latency);
        state
    }

    pub(crate) fn set_latency(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.latency_micros.store(micros, Ordering::Relaxed);
    }

    pub(crate) fn buckets(&self) -> MutexGuard<'_, BTreeMap<String, (Bucket, Uploads)>> {
        self.buckets.lock().expect("no holder panics")
    }
}

/// A client's connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) state: Arc<State>,
    /// A second handle on the socket that hyper owns: to close it with a reset.
    pub(crate) socket: OwnedFd,
}

/// The answer to a request. An error closes the connection without one.
pub(crate) async fn handle(
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> io::Result<Response<AnswerBody>> {
    let state = &*connection.state;
    let (parts, body) = request.into_parts();
    let Some(mut head) = Head::parse(parts, |name| state.buckets().contains_key(name)) else {
        let answer = error(StatusCode::BAD_REQUEST, "InvalidURI", "Couldn't parse the URI.");
        return Ok(whole(answer, state.counters.begin(Kind::Other)));
    };
    let kind = head.kind();
    let in_flight = state.counters.begin(kind);
    count_headers(&state.counters, &head, kind);
    if let Some(recorded) = &state.recorded {
        recorded.lock().expect("no holder panics").push(head.recorded());
    }

    // The body is taken in any case, or the next request on the connection would start in it.
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    wait(state).await;
    let mut failure = state.plan.failure(&head, kind);
    if failure.is_some() {
        state.counters.faults.fetch_add(1, Ordering::Relaxed);
    }
    if let Some(Failure::Hold { is_done }) = failure {
        state.plan.changed().await;
        failure = (!is_done).then_some(Failure::Reset);
    }
    forget(&mut head, failure);
    let refusal = match failure {
        Some(Failure::SlowDown) => {
            Some((StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate."))
        }
        Some(Failure::InternalError) => {
            let message = "We encountered an internal error. Please try again.";
            Some((StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message))
        }
        Some(Failure::AccessDenied) => {
            Some((StatusCode::FORBIDDEN, "AccessDenied", "Access Denied"))
        }
        Some(Failure::ExpiredToken) => {
            let message = "The provided token has expired.";
            Some((StatusCode::BAD_REQUEST, "ExpiredToken", message))
        }
        Some(Failure::NoSuchKey) => {
            Some((StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist."))
        }
        Some(Failure::RefuseConditions) if head.has_condition() => {
            let message = "A header you provided implies functionality that is not implemented";
            Some((StatusCode::NOT_IMPLEMENTED, "NotImplemented", message))
        }
        Some(Failure::Close) => return Err(io::ErrorKind::ConnectionAborted.into()),
        Some(Failure::Reset) => return reset(&connection),
        Some(Failure::Refuse { status, code, message }) => {
            Some((StatusCode::from_u16(status).map_err(io::Error::other)?, code, message))
        }
        _ => None,
    };
    let answer = match refusal {
        Some((status, code, message)) => error(status, code, message),
        None => answer(state, &head, kind, body),
    };
    if failure == Some(Failure::Lost) {
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    let mut answer = whole(answer, in_flight);
    if head.method == Method::HEAD {
        return Ok(without_body(answer));
    }
    let body = answer.body_mut();
    match failure {
        Some(Failure::Cut(at)) if at < body.bytes.len() => {
            body.withheld = body.bytes.split_off(at).len() as u64;
            body.then = Then::Flush;
        }
        Some(Failure::Stall(at)) if at < body.bytes.len() => {
            body.withheld = body.bytes.split_off(at).len() as u64;
            body.then = Then::Stall;
        }
        Some(Failure::Shorten(at)) => body.bytes.truncate(at),
        _ => {}
    }
    Ok(answer)
}

/// Closed without linger, a socket is reset instead of being closed politely.
fn reset(connection: &Connection) -> io::Result<Response<AnswerBody>> {
    SockRef::from(&connection.socket).set_linger(Some(Duration::ZERO))?;
    Err(io::ErrorKind::ConnectionReset.into())
}

fn count_headers(counters: &Counters, head: &Head, kind: Kind) {
    let flags = [
        (&counters.range_gets, kind == Kind::Get && head.header("range").is_some()),
        (&counters.requester_pays, head.header("x-amz-request-payer").is_some()),
        (&counters.unsigned, head.header("authorization").is_none()),
    ];
    for (counter, _) in flags.iter().filter(|(_, set)| *set) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Waits before an answer for as long as is set.
async fn wait(state: &State) {
    let latency = Duration::from_micros(state.latency_micros.load(Ordering::Relaxed));
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
}

/// Takes out of a request what is not heeded of it.
fn forget(head: &mut Head, failure: Option<Failure>) {
    match failure {
        Some(Failure::IgnoreRange) => head.forget("range"),
        Some(Failure::RepeatPage) => head.forget_query("continuation-token"),
        Some(Failure::SkipFolder) => head.start_after_folder(),
        Some(Failure::IgnoreConditions) => {
            head.forget("if-match");
            head.forget("if-none-match");
        }
        _ => {}
    }
}

fn answer(state: &State, head: &Head, kind: Kind, body: Bytes) -> Answer {
    let mut buckets = state.buckets();
    let Some((bucket, uploads)) = buckets.get_mut(&head.bucket) else {
        let message = "The specified bucket does not exist";
        return error(StatusCode::NOT_FOUND, "NoSuchBucket", message);
    };
    let region = bucket.region.clone();
    let elsewhere = match (&region, head.signed_region()) {
        (Some(region), Some(signed)) => region != signed,
        _ => false,
    };
    let mut answer = if elsewhere {
        let message = "The bucket you are attempting to access must be addressed using the \
                       specified endpoint. Please send all future requests to this endpoint.";
        error(StatusCode::MOVED_PERMANENTLY, "PermanentRedirect", message)
    } else {
        let objects = &mut bucket.objects;
        match kind {
            Kind::List => {
                let objects = match &bucket.made_up {
                    Some(trail) => list::Objects::MadeUp(trail),
                    None => list::Objects::Stored(objects),
                };
                list::list(head, objects, state.page_size)
            }
            Kind::HeadBucket => empty(StatusCode::OK),
            Kind::HeadObject => object::head(objects.get(&head.key)),
            Kind::Get => {
                let found = objects.get(&head.key).cloned();
                // Reading a file does not hold up the other requests.
                drop(buckets);
                object::get(head, found.as_ref())
            }
            Kind::Delete => object::delete(head, objects),
            Kind::Put | Kind::Create | Kind::Part | Kind::Complete | Kind::Abort | Kind::Other => {
                write(head, bucket, uploads, body)
            }
        }
    };
    if elsewhere || kind == Kind::HeadBucket {
        let region = region.as_deref().unwrap_or("us-east-1");
        let region = HeaderValue::from_str(region).expect("a Region is ASCII");
        answer.headers_mut().insert("x-amz-bucket-region", region);
    }
    answer
}

fn write(head: &Head, bucket: &mut Bucket, uploads: &mut Uploads, body: Bytes) -> Answer {
    let Some(body) = aws_chunked::decode(head, body) else {
        let message = "The body is not in the encoding that its headers announce.";
        return error(StatusCode::BAD_REQUEST, "IncompleteBody", message);
    };
    match uploads.answer(head, &mut bucket.objects, body.clone()) {
        Some(answer) => answer,
        None if head.kind() == Kind::Put => object::put(head, &mut bucket.objects, body),
        None => {
            let message = "A header you provided implies functionality that is not implemented";
            error(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
        }
    }
}

fn whole(answer: Answer, in_flight: InFlight) -> Response<AnswerBody> {
    answer.map(|bytes| AnswerBody { bytes, withheld: 0, then: Then::End, _in_flight: in_flight })
}

/// As the answer to a HEAD request; hyper keeps a `content-length` that is set.
fn without_body(mut answer: Response<AnswerBody>) -> Response<AnswerBody> {
    answer.body_mut().bytes.clear();
    answer
}
