//! Two runs on one destination, and runs that are asked to end.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use s3_server::{Config, Failure, Fault, Kind, Server, When};

use crate::backfill::{DAYS, backfill};
use crate::world::{Run, World, assert_same, tree};

const RANGE: [&str; 4] = ["--from", DAYS[0], "--to", DAYS[4]];

/// A server that answers no request for an object of the last day, which keeps a run going until the
/// faults are taken away.
fn server() -> Server {
    let server = Server::start(Config::new().bucket(backfill(3, 2).bucket())).unwrap();
    hold(&server);
    server
}

fn hold(server: &Server) {
    let hold = Fault::always(Failure::Stall(0)).on(Kind::Get).key("2026/10/09/");
    server.set_faults(vec![hold.when(When::Always)]);
}

fn command(world: &World, server: &Server, more: &[&str]) -> Command {
    let out = world.text("out");
    let locations = ["run", "--source", "s3://trail", "--dest", &out];
    let mut command = world.command_on(server, &[&locations[..], &RANGE, more].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts a run and waits until it holds the destination and asks for what is not answered.
fn start(world: &World, server: &Server) -> Child {
    let run = command(world, server, &[]).spawn().unwrap();
    wait_for("the lease", || world.out().join("_hoptrail/lease.json").exists());
    // Later days wait for the last one.
    let first_day = format!("_hoptrail/manifest/dt={}.json", DAYS[0]);
    wait_for("the first day", || world.out().join(&first_day).exists());
    wait_for("a request", || server.stats().faults > 0);
    run
}

#[track_caller]
fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < limit, "{what} does not come");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn signal(run: &Child, name: &str) {
    let pid = run.id().to_string();
    assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
}

fn finished(run: Child) -> Run {
    Run::of(run.wait_with_output().unwrap())
}

#[test]
fn second_run_fails_and_names_the_first() {
    let server = server();
    let world = World::new();
    let first = start(&world, &server);
    let before = tree(&world.out());
    let second = Run::of(command(&world, &server, &[]).output().unwrap());
    let process = format!("process {} on ", first.id());
    second.says(1, &["another run is writing to", &process, "--wait-lock"]);
    assert_same(&tree(&world.out()), &before, "the second writes nothing");
    // Killed, it holds the destination no more: nobody has to wait for the end of its lease.
    let mut first = first;
    first.kill().unwrap();
    first.wait().unwrap();
    server.set_faults(Vec::new());
    let began = Instant::now();
    Run::of(command(&world, &server, &[]).output().unwrap()).ends(0);
    assert!(began.elapsed() < Duration::from_secs(60));
    assert!(!world.out().join("_hoptrail/lease.json").exists());
}

#[test]
fn run_with_wait_lock_waits_for_another() {
    let server = server();
    let world = World::new();
    let first = start(&world, &server);
    let short = ["--wait-lock", "0m"];
    Run::of(command(&world, &server, &short).output().unwrap()).says(1, &["another run"]);
    let mut second = command(&world, &server, &["--wait-lock"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1200));
    assert!(second.try_wait().unwrap().is_none(), "it waits");
    signal(&first, "TERM");
    finished(first).ends(143);
    server.set_faults(Vec::new());
    let second = finished(second).ends(0);
    assert_eq!(second.stderr.matches("waiting for another run: process").count(), 1);
    // It does what the first has not done.
    let expected = World::new();
    Run::of(command(&expected, &server, &[]).output().unwrap()).ends(0);
    assert_same(&tree(&world.out()), &tree(&expected.out()), "the second did the work");
}

/// A run that is asked to end leaves whole days, no lease and no unfinished file.
#[test]
fn signal_leaves_whole_days_and_no_lease() {
    let server = server();
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        let world = World::new();
        hold(&server);
        server.reset_stats();
        let run = start(&world, &server);
        signal(&run, name);
        let began = Instant::now();
        let run = finished(run).ends(code);
        assert!(began.elapsed() < Duration::from_secs(10), "{name}: it hangs");
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        assert!(run.stderr.contains("days already published are complete"), "{}", run.stderr);
        let left = tree(&world.out());
        let is_left = |name: &&String| name.contains("lease") || name.contains(".store-tmp-");
        assert_eq!(left.keys().filter(is_left).count(), 0, "{:?}", left.keys());
        server.set_faults(Vec::new());
        Run::of(command(&world, &server, &[]).output().unwrap()).ends(0);
    }
}

/// What waits for a lease that no one can delete ends with a second signal.
#[test]
fn second_signal_ends_the_wait_for_the_lease() {
    let world = World::new();
    let bucket = backfill(3, 2).bucket();
    let config = Config::new().bucket(bucket).bucket(s3_server::Bucket::new("analytics"));
    let server = Server::start(config).unwrap();
    hold(&server);
    let locations = ["run", "--source", "s3://trail", "--dest", "s3://analytics/bedrock"];
    let mut command = world.command_on(&server, &[&locations[..], &RANGE].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut run = command.spawn().unwrap();
    wait_for("a request", || server.stats().faults > 0);
    // From now on nothing is answered: the lease cannot be given back.
    server.set_latency(Duration::from_secs(600));
    signal(&run, "TERM");
    std::thread::sleep(Duration::from_millis(300));
    assert!(run.try_wait().unwrap().is_none(), "it tries to give the lease back");
    signal(&run, "TERM");
    let began = Instant::now();
    finished(run).ends(143);
    assert!(began.elapsed() < Duration::from_secs(10), "it hangs");
}
