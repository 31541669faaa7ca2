//! A store in memory.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::body::Body;
use crate::content::Content;
use crate::error::Error;
use crate::guard::{Condition, Guard};
use crate::store::{Deleted, ListPage, ListRequest, Object, ObjectMeta, Put, Store};

/// A store in memory: for tests, and the model of what the others do.
#[derive(Debug, Default)]
pub struct Memory {
    objects: Mutex<BTreeMap<String, Bytes>>,
    times: Mutex<Times>,
}

/// Its own clock, which stands still but for [`Memory::pass_time`].
#[derive(Debug, Default)]
struct Times {
    now: Duration,
    written: BTreeMap<String, Duration>,
}

impl Memory {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves its clock.
    pub fn pass_time(&self, time: Duration) {
        self.times().now += time;
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().expect("no holder panics")
    }

    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.objects.lock().expect("no holder panics")
    }
}

#[async_trait]
impl Store for Memory {
    fn location(&self) -> String {
        "memory:".to_owned()
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, Error> {
        Ok(page(&self.objects(), request))
    }

    async fn get(&self, key: &str) -> Result<Object, Error> {
        let bytes = self.objects().get(key).cloned();
        let bytes = bytes.ok_or_else(|| Error::NotFound { target: format!("memory:{key}") })?;
        Ok(Object { meta: meta(key, &bytes), body: Body::whole(bytes) })
    }

    async fn put_if(&self, key: &str, content: Content, guard: &Guard) -> Result<Put, Error> {
        let unread = |source| Error::Unreadable { path: "memory".into(), source };
        let bytes = content.size_bytes().and_then(|size_bytes| content.part(0..size_bytes));
        let bytes = bytes.map_err(unread)?;
        guard.check(key)?;
        let mut objects = self.objects();
        if !holds(&guard.condition, objects.get(key)) {
            return Ok(Put::ConditionFailed);
        }
        let etag = etag(&bytes);
        objects.insert(key.to_owned(), bytes);
        let Times { now, written } = &mut *self.times();
        written.insert(key.to_owned(), *now);
        Ok(Put::Done { etag })
    }

    async fn delete_if(&self, key: &str, guard: &Guard) -> Result<Deleted, Error> {
        guard.check(key)?;
        let mut objects = self.objects();
        if !holds(&guard.condition, objects.get(key)) {
            return Ok(Deleted::ConditionFailed);
        }
        objects.remove(key);
        Ok(Deleted::Done)
    }

    async fn age(&self, key: &str) -> Result<Option<(String, Duration)>, Error> {
        let etag = self.objects().get(key).map(etag);
        let times = self.times();
        let age = times.written.get(key).map(|written| times.now - *written);
        Ok(etag.zip(age))
    }
}

fn holds(condition: &Condition, present: Option<&Bytes>) -> bool {
    match condition {
        Condition::Any => true,
        Condition::Absent => present.is_none(),
        Condition::Unchanged { etag: wanted } => present.is_some_and(|it| etag(it) == *wanted),
    }
}

fn page(objects: &BTreeMap<String, Bytes>, request: &ListRequest) -> ListPage {
    let prefix = request.prefix.as_str();
    let after = request.after();
    let mut page = ListPage::default();
    let mut last = None;
    let from = match after {
        Some(after) if after >= prefix => Bound::Excluded(after),
        _ => Bound::Included(prefix),
    };
    let mut range = objects.range::<str, _>((from, Bound::Unbounded));
    while let Some((key, bytes)) = range.next() {
        let Some(rest) = key.strip_prefix(prefix) else { break };
        let folder = match rest.find('/') {
            Some(slash) if request.delimiter => Some(&key[..=prefix.len() + slash]),
            _ => None,
        };
        let name = folder.unwrap_or(key);
        if folder.is_some() {
            // `0` is the character after `/`.
            let next = format!("{}0", name.strip_suffix('/').unwrap_or(name));
            range = objects.range::<str, _>((Bound::Included(next.as_str()), Bound::Unbounded));
        }
        if after.is_some_and(|after| name <= after) {
            continue;
        }
        if page.objects.len() + page.prefixes.len() == request.limit() {
            page.next = last;
            break;
        }
        last = Some(name.to_owned());
        match folder {
            Some(folder) => page.prefixes.push(folder.to_owned()),
            None => page.objects.push(meta(key, bytes)),
        }
    }
    page
}

fn meta(key: &str, bytes: &Bytes) -> ObjectMeta {
    let (key, size_bytes) = (key.to_owned(), bytes.len() as u64);
    ObjectMeta { key, size_bytes, etag: Some(etag(bytes)), is_archived: false }
}

fn etag(bytes: &Bytes) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
