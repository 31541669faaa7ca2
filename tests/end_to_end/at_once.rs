//! Two runs on one destination, and runs that are asked to end.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use s3_server::{Bucket, Config, Failure, Fault, Kind, Server, When};

use crate::backfill::{DAYS, backfill};
use crate::world::{Run, Tree, World, assert_same, call, document, tree};

const RANGE: [&str; 4] = ["--from", DAYS[0], "--to", DAYS[4]];
const LEASES: &str = "bedrock/_hoptrail/lease";
const MANIFESTS: &str = "bedrock/_hoptrail/manifest";

/// A server that answers no request to write the calls of the second day, which keeps a run going, and the day
/// held, until the faults are taken away.
fn server() -> Server {
    let (trail, analytics) = (backfill(3, 2).bucket(), Bucket::new("analytics"));
    let server = Server::start(Config::new().bucket(trail).bucket(analytics)).unwrap();
    hold(&server);
    server
}

fn hold(server: &Server) {
    let key = format!("invocations/dt={}", DAYS[1]);
    let hold = Fault::always(Failure::Hold { is_done: false }).on(Kind::Put).key(&key);
    server.set_faults(vec![hold.when(When::Always)]);
}

fn command(world: &World, server: &Server, more: &[&str]) -> Command {
    let locations = ["run", "--source", "s3://trail", "--dest", "s3://analytics/bedrock"];
    let mut command = world.command_on(server, &[&locations[..], more].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn range(world: &World, server: &Server, more: &[&str]) -> Command {
    command(world, server, &[&RANGE[..], more].concat())
}

/// Starts a run and waits until it holds the second day, asks for what is not answered, and has nothing else to do:
/// the other days are published.
fn start(world: &World, server: &Server) -> Child {
    let run = range(world, server, &[]).spawn().unwrap();
    let lease = |day: &str| format!("{LEASES}/dt={day}.json");
    wait_for("a request", || server.stats().faults > 0);
    wait_for("the other days", || {
        let manifest =
            |day: &&str| server.object("analytics", &format!("{MANIFESTS}/dt={day}.json"));
        DAYS.iter().all(|day| manifest(day).is_some()) && leases(server) == [lease(DAYS[1])]
    });
    run
}

/// What the destination holds, leases apart.
fn published(server: &Server) -> Tree {
    let keys = server.keys("analytics").into_iter().filter(|key| !key.starts_with(LEASES));
    keys.map(|key| (key.clone(), server.object("analytics", &key).unwrap().to_vec())).collect()
}

fn leases(server: &Server) -> Vec<String> {
    server.keys("analytics").into_iter().filter(|key| key.starts_with(LEASES)).collect()
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
fn second_run_fails_and_names_the_day_and_the_first() {
    let server = server();
    let world = World::new();
    let mut first = start(&world, &server);
    let before = published(&server);
    let day = ["--day", DAYS[1]];
    let second = Run::of(command(&world, &server, &day).output().unwrap());
    let holds = format!("another run holds {} in s3://analytics/bedrock", DAYS[1]);
    let process = format!("process {} on ", first.id());
    second.says(1, &[&holds, &process, "--wait-lock"]);
    assert_same(&published(&server), &before, "the second writes nothing");
    // Killed, it holds the day no more: nobody has to wait for the end of its lease.
    first.kill().unwrap();
    first.wait().unwrap();
    server.set_faults(Vec::new());
    Run::of(range(&world, &server, &[]).output().unwrap()).ends(0);
    assert_eq!(leases(&server), [""; 0]);
    let expected = server_of_one_run(&world);
    assert_same(&published(&server), &expected, "as if there had been one run");
}

fn server_of_one_run(world: &World) -> Tree {
    let server = server();
    server.set_faults(Vec::new());
    Run::of(range(world, &server, &[]).output().unwrap()).ends(0);
    published(&server)
}

/// Any number of runs on different days go side by side.
#[test]
fn run_on_another_day_is_not_held_up() {
    let server = server();
    let world = World::new();
    let mut first = start(&world, &server);
    let day = ["--day", DAYS[3], "--reopen", "0"];
    Run::of(command(&world, &server, &day).output().unwrap()).ends(0);
    assert!(first.try_wait().unwrap().is_none(), "it still holds its day");
    server.set_faults(Vec::new());
    signal(&first, "TERM");
    finished(first).ends(143);
}

#[test]
fn run_with_wait_lock_waits_for_another() {
    let server = server();
    let world = World::new();
    let first = start(&world, &server);
    let short = ["--day", DAYS[1], "--wait-lock", "0m"];
    Run::of(command(&world, &server, &short).output().unwrap()).says(1, &["another run"]);
    let messages = world.path("messages");
    let mut second = range(&world, &server, &["--wait-lock"]);
    let mut second = second.stderr(File::create(&messages).unwrap()).spawn().unwrap();
    let waiting = format!("waiting for another run, which holds {}: process", DAYS[1]);
    let said = || fs::read_to_string(&messages).unwrap();
    wait_for("the notice", || said().contains(&waiting));
    assert!(second.try_wait().unwrap().is_none(), "it waits");
    signal(&first, "TERM");
    finished(first).ends(143);
    server.set_faults(Vec::new());
    finished(second).ends(0);
    assert_eq!(said().matches(&waiting).count(), 1, "{}", said());
    // It does what the first has not done.
    let expected = server_of_one_run(&world);
    assert_same(&published(&server), &expected, "the second did the work");
}

/// A run that is asked to end leaves whole days and no lease.
#[test]
fn signal_leaves_whole_days_and_no_lease() {
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        let (server, world) = (server(), World::new());
        let run = start(&world, &server);
        signal(&run, name);
        let began = Instant::now();
        let run = finished(run).ends(code);
        assert!(began.elapsed() < Duration::from_secs(10), "{name}: it hangs");
        // On a busy machine, lines of progress come before.
        let last = run.stderr.lines().last().unwrap_or_default();
        assert!(last.contains("days already published are complete"), "{}", run.stderr);
        assert_eq!(leases(&server), [""; 0]);
        server.set_faults(Vec::new());
        Run::of(range(&world, &server, &[]).output().unwrap()).ends(0);
    }
}

/// What waits for a lease that no one can delete ends with a second signal.
#[test]
fn second_signal_ends_the_wait_for_the_lease() {
    let (server, world) = (server(), World::new());
    let mut run = start(&world, &server);
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

/// A run that is stopped while a request of it is on its way, and goes on after another run has taken its day
/// over, changes nothing of what that one published.
#[test]
fn paused_run_changes_nothing_that_another_has_published() {
    for (is_done, what) in [(true, "its request arrives"), (false, "its connection is reset")] {
        let (server, world) = (server(), World::new());
        let key = format!("invocations/dt={}", DAYS[1]);
        let hold = Fault::always(Failure::Hold { is_done }).on(Kind::Put).key(&key);
        server.set_faults(vec![hold.when(When::First(1))]);
        let first = start(&world, &server);
        signal(&first, "STOP");
        server.pass_time("analytics", Duration::from_secs(181));
        // The second reads more than the first did.
        let key =
            server.keys("trail").into_iter().find(|key| key.contains("/2026/10/06/")).unwrap();
        let more = key.replace(".json.gz", "-more.json.gz");
        let record = call("more", "2026-10-06T12:00:00Z");
        server.put_object("trail", &more, document(&[record]));
        Run::of(range(&world, &server, &[]).output().unwrap()).ends(0);
        let expected = published(&server);
        server.set_faults(Vec::new());
        std::thread::sleep(Duration::from_millis(50));
        assert_same(&published(&server), &expected, what);
        signal(&first, "CONT");
        let first = finished(first);
        assert_same(&published(&server), &expected, what);
        first.says(1, &["this run no longer holds 2026-10-0"]);
        assert_eq!(leases(&server), [""; 0]);
        let verify = ["verify", "--dest", "s3://analytics/bedrock"];
        Run::of(world.command_on(&server, &verify).output().unwrap()).ends(0);
    }
}

/// The same into a folder: it is stopped while it reads, and another run publishes all days meanwhile.
#[test]
fn paused_run_leaves_days_in_a_folder_that_another_has_published() {
    let (server, world) = (server(), World::new());
    let hold = Fault::always(Failure::Hold { is_done: false }).on(Kind::Get).key("2026/10/09/");
    server.set_faults(vec![hold.when(When::First(1))]);
    let out = world.text("out");
    let run = || {
        let locations = ["run", "--source", "s3://trail", "--dest", &out];
        let mut command = world.command_on(&server, &[&locations[..], &RANGE].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let first = run().spawn().unwrap();
    wait_for("a request", || server.stats().faults > 0);
    signal(&first, "STOP");
    let key = server.keys("trail").into_iter().find(|key| key.contains("/2026/10/08/")).unwrap();
    let record = call("more", "2026-10-08T12:00:00Z");
    server.put_object("trail", &key.replace(".json.gz", "-more.json.gz"), document(&[record]));
    Run::of(run().output().unwrap()).ends(0);
    let expected = tree(&world.out());
    server.set_faults(Vec::new());
    signal(&first, "CONT");
    let first = finished(first).ends(0);
    assert!(first.stdout.contains("Unchanged"), "{}", first.stdout);
    assert_same(&tree(&world.out()), &expected, "nothing is replaced by what was listed before");
    world.hoptrail(&["verify", "--dest", &out]).ends(0);
}
