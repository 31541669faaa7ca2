//! A run holds the lease of its destination, whoever calls it.

use std::time::Duration;

use jiff::civil::date;
use pipeline::{Error, Outcome, Settings, Source};
use store::{Memory, Store, list_all};
use testkit::block_on;

use crate::{put, settings};

const LEASE: &str = "_hoptrail/lease.json";

/// The lease of a process elsewhere, which may still be there.
fn lease_until(year: u16) -> String {
    format!(
        r#"{{"host": "elsewhere", "pid": 7, "process": "another-boot pid:[1] 99",
            "since": "2026-10-05T00:00:00Z", "until": "{year}-01-01T00:00:00Z"}}"#
    )
}

/// Runs over a day of an empty trail until `stop`, and returns the notices by name.
async fn run(
    destination: &Memory,
    lease_wait: Duration,
    stop: impl Future<Output = ()>,
) -> (Result<Outcome, Error>, Vec<&'static str>) {
    let store = Memory::new();
    let key = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/05/\
               111122223333_CloudTrail_us-east-1_20261005T1210Z_a.json.gz";
    put(&store, key, "{\"Records\":[]}").await;
    let source = Source { store: &store, root_path: "" };
    let settings = Settings { lease_wait, ..settings(date(2026, 10, 5)) };
    crate::run(source, destination, &settings, stop).await
}

#[test]
fn destination_that_another_run_holds_is_left_alone() {
    let destination = Memory::new();
    block_on(async {
        put(&destination, LEASE, lease_until(9999)).await;
        let (outcome, notices) = run(&destination, Duration::ZERO, std::future::pending()).await;
        let error = outcome.expect_err("held").to_string();
        assert!(error.starts_with("another run is writing to"), "{error}");
        assert!(error.contains("process 7 on elsewhere"), "{error}");
        assert!(notices.is_empty(), "{notices:?}");
        let objects = list_all(&destination, "").await.expect("memory");
        assert_eq!(objects.len(), 1, "the lease alone: {objects:?}");
    });
}

#[test]
fn stale_or_corrupt_lease_is_taken_over() {
    for stale in [lease_until(2020), "{".to_owned()] {
        let destination = Memory::new();
        block_on(async {
            put(&destination, LEASE, stale).await;
            let (outcome, _) = run(&destination, Duration::ZERO, std::future::pending()).await;
            assert_eq!(outcome.expect("nothing is wrong").objects.read, 1);
        });
    }
}

#[test]
fn waiting_run_takes_the_lease_once_it_is_released() {
    let destination = Memory::new();
    block_on(async {
        put(&destination, LEASE, lease_until(9999)).await;
        let waiting = run(&destination, Duration::from_secs(60), std::future::pending());
        let releasing = async {
            tokio::time::sleep(Duration::from_millis(700)).await;
            destination.delete(LEASE).await
        };
        let ((outcome, notices), released) = futures::future::join(waiting, releasing).await;
        released.expect("memory");
        assert_eq!(outcome.expect("free after a while").objects.read, 1);
        assert_eq!(notices, ["waiting", "begun"]);
    });
}

#[test]
fn lease_is_given_back_at_the_end_and_when_stopped() {
    let destination = Memory::new();
    block_on(async {
        let (outcome, notices) = run(&destination, Duration::ZERO, std::future::pending()).await;
        assert_eq!(outcome.expect("nothing is wrong").objects.read, 1);
        assert_eq!(notices, ["begun"]);

        // Asked to stop as soon as it has begun.
        let (outcome, notices) = run(&destination, Duration::ZERO, std::future::ready(())).await;
        assert!(matches!(outcome, Err(Error::Stopped)), "{outcome:?}");
        assert_eq!(notices, ["begun"]);

        let objects = list_all(&destination, "").await.expect("memory");
        assert!(objects.iter().all(|object| object.key != LEASE), "{objects:?}");
    });
}
