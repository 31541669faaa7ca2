//! A year of an organization whose keys are made up when they are listed: the first days are published long
//! before the last ones are listed, and memory does not grow from day to day.

use std::fs;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use pipeline::{DayRange, Error, Settings, Source};
use store::{
    Body, Content, Deleted, Error as StoreError, Guard, ListPage, ListRequest, Memory, Object,
    ObjectMeta, Put, Store,
};
use testkit::block_on;
use tokio::sync::Notify;

use crate::run;

const FIRST: Date = date(2026, 1, 1);
const LAST: Date = date(2026, 12, 31);
/// The days after which the test ends.
const DAYS: usize = 10;
const REGIONS: usize = 17;
/// So many Regions have a delivery each hour, the others have two a day.
const HOT_REGIONS: usize = 3;
const BODY: &[u8] = b"{\"Records\":[]}";

/// The trail: it holds no keys.
#[derive(Debug)]
struct MadeUp {
    accounts: usize,
    /// The last day that was asked for.
    last_asked: Mutex<Date>,
}

/// A destination that takes note of each day that is published.
#[derive(Debug)]
struct Watched<'a> {
    store: Memory,
    source: &'a MadeUp,
    published: Mutex<Vec<Published>>,
    stop: Notify,
}

/// What was so when a day was published.
#[derive(Debug, Clone, Copy)]
struct Published {
    last_asked: Date,
    memory_kib: u64,
}

impl MadeUp {
    /// The names in a folder above the days.
    fn names(&self, depth: usize) -> Vec<String> {
        match depth {
            0 => vec!["AWSLogs".to_owned()],
            1 => (0..self.accounts).map(|n| format!("{:012}", 100_000_000_000 + n)).collect(),
            2 => vec!["CloudTrail".to_owned()],
            _ => (0..REGIONS).map(|n| format!("eu-west-{:02}", n + 10)).collect(),
        }
    }

    /// The keys of a Region's folder after one.
    fn page(prefix: &str, after: &str, limit: usize) -> ListPage {
        let parts = prefix.split('/').collect::<Vec<_>>();
        let (account, region) = (parts[1], parts[3]);
        let is_hot = region[8..].parse::<usize>().expect("a number") - 10 < HOT_REGIONS;
        let day = |text: &str| text.get(..10)?.replace('/', "-").parse::<Date>().ok();
        let mut objects = Vec::new();
        let from = after.strip_prefix(prefix).and_then(day).unwrap_or(FIRST).max(FIRST);
        for day in from.series(1.day()).take_while(|day| *day <= LAST) {
            let (y, m, d) = (day.year(), day.month(), day.day());
            let (n, hours) = if is_hot { (24, 1) } else { (2, 12) };
            for hour in (0..n).map(|n| n * hours) {
                let stamp = format!("{y}{m:02}{d:02}T{hour:02}10Z");
                let name =
                    format!("{account}_CloudTrail_{region}_{stamp}_AbCdEfGhIjKlMnOp.json.gz");
                let key = format!("{prefix}{y}/{m:02}/{d:02}/{name}");
                if key.as_str() <= after {
                    continue;
                }
                if objects.len() == limit {
                    let next = objects.last().map(|last: &ObjectMeta| last.key.clone());
                    return ListPage { objects, next, ..ListPage::default() };
                }
                objects.push(MadeUp::meta(&key));
            }
        }
        ListPage { objects, ..ListPage::default() }
    }

    fn meta(key: &str) -> ObjectMeta {
        let etag = Some("0123456789abcdef0123456789abcdef".to_owned());
        ObjectMeta { key: key.to_owned(), size_bytes: BODY.len() as u64, etag, is_archived: false }
    }
}

#[async_trait]
impl Store for MadeUp {
    fn location(&self) -> String {
        "made up".to_owned()
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, StoreError> {
        // An answer takes time; listing alone must not keep all else waiting.
        tokio::task::yield_now().await;
        let ListRequest { prefix, delimiter, start_after, token, page_size, .. } = request;
        let after = token.as_ref().or(start_after.as_ref()).map(String::as_str).unwrap_or_default();
        let depth = prefix.matches('/').count();
        if depth >= 4 && !delimiter {
            let asked = after.strip_prefix(prefix.as_str()).and_then(|day| day.get(..10));
            if let Some(asked) = asked.and_then(|day| day.replace('/', "-").parse::<Date>().ok()) {
                let mut last = self.last_asked.lock().expect("no holder panics");
                *last = asked.max(*last);
            }
            return Ok(MadeUp::page(prefix, after, page_size.unwrap_or(1000)));
        }
        let names = if depth < 4 { self.names(depth) } else { Vec::new() };
        let prefixes = names.iter().map(|name| format!("{prefix}{name}/"));
        let prefixes = prefixes.filter(|name| name.as_str() > after).collect();
        Ok(ListPage { prefixes, ..ListPage::default() })
    }

    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        tokio::task::yield_now().await;
        Ok(Object { meta: MadeUp::meta(key), body: Body::whole(Bytes::from_static(BODY)) })
    }

    async fn put_if(&self, _: &str, _: Content, _: &Guard) -> Result<Put, StoreError> {
        unreachable!("a source is not written")
    }

    async fn delete_if(&self, _: &str, _: &Guard) -> Result<Deleted, StoreError> {
        unreachable!("a source is not written")
    }
}

impl Watched<'_> {
    fn note(&self, key: &str, content: &Content) {
        let Content::Bytes(content) = content else { return };
        let is_withdrawn = content.windows(12).any(|part| part == b"withdrawn_by");
        if is_withdrawn || !key.starts_with("_hoptrail/manifest/") {
            return;
        }
        let last_asked = *self.source.last_asked.lock().expect("no holder panics");
        let mut published = self.published.lock().expect("no holder panics");
        published.push(Published { last_asked, memory_kib: memory_kib() });
        if published.len() == DAYS {
            self.stop.notify_one();
        }
    }
}

#[async_trait]
impl Store for Watched<'_> {
    fn location(&self) -> String {
        self.store.location()
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, StoreError> {
        self.store.list(request).await
    }

    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        self.store.get(key).await
    }

    async fn put_if(&self, key: &str, content: Content, on: &Guard) -> Result<Put, StoreError> {
        self.note(key, &content);
        self.store.put_if(key, content, on).await
    }

    async fn delete_if(&self, key: &str, on: &Guard) -> Result<Deleted, StoreError> {
        self.store.delete_if(key, on).await
    }
}

/// What this process holds now.
fn memory_kib() -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or_default()
}

/// Runs over the year until some days are published.
fn publish_the_first_days(accounts: usize, keys_in_window: Option<u64>) -> Vec<Published> {
    let source = MadeUp { accounts, last_asked: Mutex::new(FIRST) };
    let destination = Watched {
        store: Memory::new(),
        source: &source,
        published: Mutex::default(),
        stop: Notify::new(),
    };
    let mut settings = Settings { threads: 2, ..Settings::new(DayRange::new(FIRST, LAST)) };
    settings.keys_in_window = keys_in_window.unwrap_or(settings.keys_in_window);
    let source = Source { store: &source, root_path: "" };
    let running = run(source, &destination, &settings, destination.stop.notified());
    let (outcome, _) = block_on(running);
    assert!(matches!(outcome, Err(Error::Stopped)), "{outcome:?}");
    destination.published.into_inner().expect("no holder panics")
}

#[test]
fn first_day_of_a_year_is_published_before_its_second_month_is_listed() {
    let published = publish_the_first_days(5, Some(5 * 100 * 5));
    assert!(published[0].last_asked < date(2026, 2, 1), "{published:?}");
    assert!(published[DAYS - 1].last_asked < date(2026, 3, 1), "{published:?}");
}

/// 36.5 million keys: 1,000 accounts, 17 Regions. It takes minutes.
#[test]
#[ignore = "takes minutes; `cargo nextest run -p pipeline --run-ignored only year_of`"]
fn year_of_a_large_organization_is_held_in_less_than_a_gigabyte() {
    let published = publish_the_first_days(1000, None);
    assert!(published[0].last_asked < date(2026, 2, 1), "{published:?}");
    let memory = published.iter().map(|published| published.memory_kib).collect::<Vec<_>>();
    let most = memory.iter().max().copied().unwrap_or_default();
    assert!(most < 1 << 20, "{memory:?}");
    let (third, later) = (memory[2], memory[2..].iter().max().copied().unwrap_or_default());
    assert!(later < third + third / 20, "{memory:?}");
}
