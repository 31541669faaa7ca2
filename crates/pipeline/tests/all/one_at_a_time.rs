//! A run holds the lease of each day that it writes, whoever calls it.

use std::time::Duration;

use jiff::civil::date;
use pipeline::{Error, Outcome, Settings, Source};
use store::{Memory, Store, list_all};
use testkit::block_on;

use crate::{put, settings};

const LEASE: &str = "_hoptrail/lease/dt=2026-10-05.json";
/// That of hoptrail 0.1, which is of the whole destination.
const OLD_LEASE: &str = "_hoptrail/lease.json";

/// The lease of a process elsewhere, which may still be there. What it says of times is not asked.
const ELSEWHERE: &str = r#"{"host": "elsewhere", "pid": 7, "process": "another-boot pid:[1] 99",
    "run": "1", "since": "2026-10-05T00:00:00Z", "until": "9999-01-01T00:00:00Z"}"#;
/// Longer than a lease may go without being renewed.
const STALE: Duration = Duration::from_secs(181);

/// Runs over a day of an empty trail until `stop`, and returns the notices by name.
async fn run(
    destination: &Memory,
    settings: Settings,
    stop: impl Future<Output = ()>,
) -> (Result<Outcome, Error>, Vec<&'static str>) {
    let store = Memory::new();
    let key = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/10/05/\
               111122223333_CloudTrail_us-east-1_20261005T1210Z_a.json.gz";
    put(&store, key, "{\"Records\":[]}").await;
    let source = Source { store: &store, root_path: "" };
    crate::run(source, destination, &settings, stop).await
}

fn day() -> Settings {
    settings(date(2026, 10, 5))
}

fn waiting() -> Settings {
    Settings { lease_wait: Duration::from_secs(60), ..day() }
}

#[test]
fn day_that_another_run_holds_is_left_alone() {
    for (key, day_named) in [(LEASE, "holds 2026-10-05 in"), (OLD_LEASE, "of an older version")] {
        let destination = Memory::new();
        block_on(async {
            put(&destination, key, ELSEWHERE).await;
            let (outcome, notices) = run(&destination, day(), std::future::pending()).await;
            let error = outcome.expect_err("held").to_string();
            assert!(error.contains(day_named), "{error}");
            assert!(error.contains("process 7 on elsewhere"), "{error}");
            assert!(!notices.contains(&"waiting"), "{notices:?}");
            let objects = list_all(&destination, "").await.expect("memory");
            assert_eq!(objects.len(), 1, "the lease alone: {objects:?}");
        });
    }
}

#[test]
fn another_day_is_not_held_by_it() {
    let destination = Memory::new();
    block_on(async {
        put(&destination, "_hoptrail/lease/dt=2026-10-04.json", ELSEWHERE).await;
        let (outcome, _) = run(&destination, day(), std::future::pending()).await;
        assert_eq!(outcome.expect("nothing is wrong").objects.read, 1);
    });
}

#[test]
fn lease_is_taken_over_once_it_is_stale_by_the_clock_of_the_store() {
    for lease in [ELSEWHERE, "{", ""] {
        for key in [LEASE, OLD_LEASE] {
            let destination = Memory::new();
            block_on(async {
                put(&destination, key, lease).await;
                let (outcome, _) = run(&destination, day(), std::future::pending()).await;
                assert!(matches!(outcome, Err(Error::Lease(_))), "{outcome:?}");
                destination.pass_time(STALE);
                let (outcome, _) = run(&destination, day(), std::future::pending()).await;
                assert_eq!(outcome.expect("nothing is wrong").objects.read, 1);
            });
        }
    }
}

#[test]
fn waiting_run_takes_the_lease_once_it_is_released() {
    for key in [LEASE, OLD_LEASE] {
        let destination = Memory::new();
        block_on(async {
            put(&destination, key, ELSEWHERE).await;
            let waiting = run(&destination, waiting(), std::future::pending());
            let releasing = async {
                tokio::time::sleep(Duration::from_millis(700)).await;
                destination.delete(key).await
            };
            let ((outcome, notices), released) = futures::future::join(waiting, releasing).await;
            released.expect("memory");
            assert_eq!(outcome.expect("free after a while").objects.read, 1);
            assert_eq!(notices.iter().filter(|notice| **notice == "waiting").count(), 1);
        });
    }
}

#[test]
fn leases_are_given_back_at_the_end_and_when_stopped() {
    let destination = Memory::new();
    block_on(async {
        let (outcome, notices) = run(&destination, day(), std::future::pending()).await;
        assert_eq!(outcome.expect("nothing is wrong").objects.read, 1);
        assert_eq!(notices, ["begun"]);

        // Asked to stop as soon as it has begun.
        let (outcome, notices) = run(&destination, day(), std::future::ready(())).await;
        assert!(matches!(outcome, Err(Error::Stopped)), "{outcome:?}");
        assert_eq!(notices, ["begun"]);

        let objects = list_all(&destination, "_hoptrail/lease").await.expect("memory");
        assert!(objects.is_empty(), "{objects:?}");
    });
}

#[test]
fn run_without_leases_takes_none_and_minds_none() {
    let destination = Memory::new();
    block_on(async {
        put(&destination, LEASE, ELSEWHERE).await;
        let settings = Settings { no_lease: true, ..day() };
        let (outcome, _) = run(&destination, settings, std::future::pending()).await;
        assert_eq!(outcome.expect("nothing is wrong").objects.read, 1);
        let objects = list_all(&destination, "_hoptrail/lease").await.expect("memory");
        assert_eq!(objects.len(), 1, "{objects:?}");
    });
}
