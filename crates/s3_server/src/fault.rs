//! How requests fail: rules by kind, key and count, tried in order.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::request::{Head, Kind};

/// One way to fail. The first of the rules that fits a request decides.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The kind of request; `None` is every kind.
    pub kind: Option<Kind>,
    /// What the key contains; empty is every key. For a listing it is the prefix; for a part of an
    /// upload, the key with its number: `key?partNumber=1`.
    pub key_contains: String,
    /// Which of the requests that fit.
    pub when: When,
    /// What happens to them.
    pub failure: Failure,
}

/// Which of the requests that fit a rule fail. Counting starts at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// All.
    Always,
    /// The first `n`.
    First(u64),
    /// The first `n` for each key.
    FirstPerKey(u64),
    /// The `n`-th alone.
    Nth(u64),
    /// Every `n`-th.
    Every(u64),
    /// All but the first `n`: credentials that expire, for example.
    After(u64),
    /// So many of a thousand, chosen by seed, key and how often the key was asked for: the same in
    /// every run, in whatever order requests arrive.
    PerMille {
        /// Changes the choice.
        seed: u64,
        /// How many of a thousand.
        rate: u64,
    },
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// 503 `SlowDown`.
    SlowDown,
    /// 500 `InternalError`.
    InternalError,
    /// 403 `AccessDenied`.
    AccessDenied,
    /// 400 `ExpiredToken`.
    ExpiredToken,
    /// 404 `NoSuchKey`: an object that went away between listing and reading.
    NoSuchKey,
    /// Any other error of S3's.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// Such as `InvalidAccessKeyId`.
        code: &'static str,
        /// In words.
        message: &'static str,
    },
    /// A range that is asked for is not heeded: the answer is the whole object.
    IgnoreRange,
    /// The token of a page is not heeded: the answer is the first page once more.
    RepeatPage,
    /// A listing that starts after a name without a slash leaves out the folder of that name, as where a
    /// service walks folders.
    SkipFolder,
    /// The connection is closed, as at the end of its idle time, before the answer; nothing is done.
    Close,
    /// The conditions of a request (`If-Match`, `If-None-Match`) are not heeded.
    IgnoreConditions,
    /// 501 `NotImplemented`, if the request has a condition.
    RefuseConditions,
    /// The connection is reset before the answer; nothing is done.
    Reset,
    /// What was asked is done, and then the connection is closed before the answer.
    Lost,
    /// The answer is sent up to so many bytes of its body, then the connection is closed.
    Cut(usize),
    /// As `Cut`, but with a `Content-Length` that fits what is sent: a whole answer, and too short.
    Shorten(usize),
    /// The answer is sent up to so many bytes of its body, and then nothing more comes.
    Stall(usize),
    /// The request is held until other rules are set. Then it is done, or its connection is reset.
    Hold {
        /// Whether it is done.
        is_done: bool,
    },
}

impl Fault {
    /// A rule for every request of every kind.
    pub fn always(failure: Failure) -> Self {
        Self { kind: None, key_contains: String::new(), when: When::Always, failure }
    }

    /// For this kind of request only.
    #[must_use]
    pub fn on(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// For keys (of a listing: prefixes) that contain this.
    #[must_use]
    pub fn key(mut self, part: &str) -> Self {
        part.clone_into(&mut self.key_contains);
        self
    }

    /// For these of the requests that fit.
    #[must_use]
    pub fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    fn fits(&self, head: &Head, kind: Kind) -> bool {
        let key = match kind {
            Kind::List => Cow::Borrowed(head.query("prefix").unwrap_or_default()),
            Kind::Part => {
                let number = head.query("partNumber").unwrap_or_default();
                Cow::Owned(format!("{}?partNumber={number}", head.key))
            }
            _ => Cow::Borrowed(head.key.as_str()),
        };
        self.kind.is_none_or(|wanted| wanted == kind) && key.contains(&self.key_contains)
    }
}

/// The rules with what they have counted.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    rules: Mutex<Vec<Rule>>,
    /// How often rules were set.
    times_set: AtomicU64,
}

#[derive(Debug)]
struct Rule {
    fault: Fault,
    n_seen: u64,
    n_seen_per_key: HashMap<String, u64>,
}

impl Plan {
    pub(crate) fn set(&self, faults: Vec<Fault>) {
        let rule = |fault| Rule { fault, n_seen: 0, n_seen_per_key: HashMap::new() };
        *self.rules.lock().expect("no holder panics") = faults.into_iter().map(rule).collect();
        self.times_set.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits until other rules are set.
    pub(crate) async fn changed(&self) {
        let before = self.times_set.load(Ordering::SeqCst);
        while self.times_set.load(Ordering::SeqCst) == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn failure(&self, head: &Head, kind: Kind) -> Option<Failure> {
        let mut rules = self.rules.lock().expect("no holder panics");
        rules.iter_mut().filter(|rule| rule.fault.fits(head, kind)).find_map(|rule| rule.next(head))
    }
}

impl Rule {
    fn next(&mut self, head: &Head) -> Option<Failure> {
        self.n_seen += 1;
        let mut of_key = || {
            let n_seen = self.n_seen_per_key.entry(head.key.clone()).or_default();
            *n_seen += 1;
            *n_seen
        };
        let fails = match self.fault.when {
            When::Always => true,
            When::First(n) => self.n_seen <= n,
            When::FirstPerKey(n) => of_key() <= n,
            When::Nth(n) => self.n_seen == n,
            When::Every(n) => self.n_seen.is_multiple_of(n),
            When::After(n) => self.n_seen > n,
            When::PerMille { seed, rate } => {
                let mut hasher = DefaultHasher::new();
                (seed, &head.key, of_key()).hash(&mut hasher);
                hasher.finish() % 1000 < rate
            }
        };
        fails.then_some(self.fault.failure)
    }
}
