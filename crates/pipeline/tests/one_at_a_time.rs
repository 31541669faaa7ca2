//! A run holds the lease of its destination, whoever calls it.

use bedrock::Knowledge;
use bytes::Bytes;
use jiff::civil::date;
use pipeline::{DayRange, Endpoints, Error, Notice, Outcome, Progress, Settings, Source};
use store::{Memory, Store, list_all};

const LEASE: &str = "_hoptrail/lease.json";

/// Runs over a day of an empty trail until `stop`, and returns the notices by name.
async fn run(
    destination: &Memory,
    stop: impl Future<Output = ()>,
) -> (Result<Outcome, Error>, Vec<&'static str>) {
    let store = Memory::new();
    let key = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/05/\
               111122223333_CloudTrail_us-east-1_20261005T1210Z_a.json.gz";
    store.put(key, Bytes::from_static(b"{\"Records\":[]}")).await.expect("memory");
    let source = Source { store: &store, root_path: "" };
    let endpoints = Endpoints { source, invocation_logs: None, destination };
    let day = date(2026, 10, 5);
    let settings = Settings { threads: 1, ..Settings::new(DayRange::new(day, day)) };
    let (knowledge, progress) = (Knowledge::embedded(), Progress::default());
    let notices = std::cell::RefCell::new(Vec::new());
    let notify = |notice: Notice<'_>| {
        notices.borrow_mut().push(match notice {
            Notice::Waiting(_) => "waiting",
            Notice::Begun => "begun",
            Notice::NotReleased(_) => "not released",
        });
    };
    let outcome = pipeline::run(endpoints, &settings, knowledge, &progress, notify, stop).await;
    (outcome, notices.into_inner())
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

#[test]
fn destination_that_another_run_holds_is_left_alone() {
    let destination = Memory::new();
    let holder = br#"{"host": "elsewhere", "pid": 7, "process": "another-boot pid:[1] 99",
        "since": "2026-10-05T00:00:00Z", "until": "9999-01-01T00:00:00Z"}"#;
    block_on(async {
        destination.put(LEASE, Bytes::from_static(holder)).await.expect("memory");
        let (outcome, notices) = run(&destination, std::future::pending()).await;
        let error = outcome.expect_err("held").to_string();
        assert!(error.starts_with("another run is writing to"), "{error}");
        assert!(error.contains("process 7 on elsewhere"), "{error}");
        assert!(notices.is_empty(), "{notices:?}");
        let objects = list_all(&destination, "").await.expect("memory");
        assert_eq!(objects.len(), 1, "the lease alone: {objects:?}");
    });
}

#[test]
fn lease_is_given_back_at_the_end_and_when_stopped() {
    let destination = Memory::new();
    block_on(async {
        let (outcome, notices) = run(&destination, std::future::pending()).await;
        assert_eq!(outcome.expect("nothing is wrong").objects.read, 1);
        assert_eq!(notices, ["begun"]);

        // Asked to stop as soon as it has begun.
        let (outcome, notices) = run(&destination, std::future::ready(())).await;
        assert!(matches!(outcome, Err(Error::Stopped)), "{outcome:?}");
        assert_eq!(notices, ["begun"]);

        let objects = list_all(&destination, "").await.expect("memory");
        assert!(objects.iter().all(|object| object.key != LEASE), "{objects:?}");
    });
}
