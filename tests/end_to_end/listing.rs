//! A large organization: listings run in parallel, within bounds, and memory does not grow with the
//! number of keys.

use std::fs;
use std::process::{Child, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use s3_server::{Bucket, Config, Server};
use serde_json::Value;

use crate::world::{Run, World, key};

const N_ACCOUNTS: usize = 200;
const REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];
const N_DAYS: usize = 31;
const N_FOLDERS: usize = N_ACCOUNTS * REGIONS.len();

/// One object for each account, Region and day of a month.
static BUCKET: LazyLock<Bucket> = LazyLock::new(|| {
    let mut bucket = Bucket::new("org-trail");
    for account in 0..N_ACCOUNTS {
        let account = format!("{account:012}");
        for region in REGIONS {
            for day in 1..=N_DAYS {
                let stamp = format!("202610{day:02}T1210Z");
                let key = format!("trails/{}", key(&account, region, &stamp, "AbCdEfGhIjKlMnOp"));
                bucket = bucket.object(&key, "x");
            }
        }
    }
    bucket
});

fn server() -> Server {
    // A wait before every response shows which requests are made at the same time.
    let config = Config::new().bucket(BUCKET.clone()).latency(Duration::from_millis(2));
    Server::start(config).unwrap()
}

fn plan<'a>(from: &'a str, to: &'a str) -> Vec<&'a str> {
    let output = ["--output", "json", "--concurrency", "24"];
    let source = ["plan", "--source", "s3://org-trail/trails"];
    [&source[..], &["--from", from, "--to", to], &output].concat()
}

#[test]
fn large_organization_is_listed_in_parallel_within_bounds() {
    let server = server();
    let run = World::new().hoptrail_on(&server, &plan("2026-10-01", "2026-10-31")).ends(0);
    let plan = serde_json::from_str::<Value>(&run.stdout).unwrap()["plan"].clone();
    assert_eq!(plan["accounts"], N_ACCOUNTS);
    assert_eq!(plan["regions"], REGIONS.len());
    assert_eq!(plan["prefixes"], N_FOLDERS);
    assert_eq!(plan["objects"], N_FOLDERS * N_DAYS);
    assert_eq!(plan["objects_by_delivery_day"].as_object().unwrap().len(), N_DAYS);

    let stats = server.stats();
    // Two look at what the source itself is: one object, files alone, or folders.
    let planned = plan["list_requests"].as_u64().unwrap();
    assert_eq!(planned + 2, stats.lists, "the plan tells what it took");
    let folders_above = 2 + 2 * N_ACCOUNTS;
    let n_lists = usize::try_from(planned).unwrap();
    assert!(
        n_lists <= N_FOLDERS + folders_above,
        "{n_lists} lists, one for each day would be many"
    );
    assert!(stats.max_in_flight > 8, "{stats:?}");
    assert!(stats.max_in_flight <= 24, "{stats:?}");
    assert_eq!(stats.gets, 0, "nothing is fetched");
}

#[test]
fn memory_of_a_plan_does_not_grow_with_keys() {
    let server = server();
    let world = World::new();
    let peak = |to: &str| {
        let mut command = world.command_on(&server, &plan("2026-10-01", to));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let peak_kib = peak_kib(&mut child);
        assert!(child.wait().unwrap().success());
        peak_kib
    };
    let (small, large) = (peak("2026-10-01"), peak("2026-10-31"));
    // The keys of the 30 other days alone are 12 MiB.
    assert!(large < small + 6 * 1024, "{small} KiB for a day, {large} KiB for a month");
}

/// The most memory that a process held until it ended.
pub(crate) fn peak_kib(child: &mut Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
        peak = peak.max(kib.unwrap_or_default());
        std::thread::sleep(Duration::from_millis(5));
    }
    peak
}

/// A folder with many more objects than a page holds is split by days, and every object is met once.
#[test]
fn folder_of_many_pages_is_split_by_day() {
    let mut bucket = Bucket::new("org-trail");
    for day in 1..=N_DAYS {
        for minute in 0..60 {
            let stamp = format!("202610{day:02}T10{minute:02}Z");
            bucket = bucket.object(&key("012345678901", "us-east-1", &stamp, "x"), "x");
        }
    }
    let latency = Duration::from_millis(5);
    let config = Config::new().bucket(bucket).page_size(10).latency(latency);
    let server = Server::start(config).unwrap();
    let arguments = ["plan", "--source", "s3://org-trail", "--from", "2026-10-03", "--to"];
    let arguments = [&arguments[..], &["2026-10-30", "--output", "json"]].concat();
    let run: Run = World::new().hoptrail_on(&server, &arguments).ends(0);
    let plan = serde_json::from_str::<Value>(&run.stdout).unwrap()["plan"].clone();
    assert_eq!(plan["objects"], 28 * 60);
    let days = plan["objects_by_delivery_day"].as_object().unwrap();
    assert!(days.len() == 28 && days.values().all(|objects| *objects == 60), "{days:?}");
    assert!(server.stats().max_in_flight > 3, "{:?}", server.stats());
}
