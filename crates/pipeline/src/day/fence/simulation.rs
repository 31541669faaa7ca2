//! Runs that replace one day at once, and are paused, and lose answers, at every step: whatever the schedule,
//! no manifest names a file that is not there as it says, and no build replaces a newer one.
//!
//! One thread polls the runs in an order that dice choose. Each request to the store has three moments: it is
//! sent, it takes effect, its answer arrives; between any two the run may be paused for longer than its lease
//! holds, while the others go on. Time is that of the simulation; each run has a clock of its own, and those of
//! some stand still while they are paused.

use std::collections::BTreeMap;
use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::{BoxFuture, Either, select};
use jiff::civil::{Date, date};
use logs::hash::{sha256, to_hex};
use store::{
    Clock, Content, Deleted, Error as StoreError, Folder, Guard, ListPage, ListRequest, Memory,
    Object, ObjectMeta, Put, Store, read_if_there,
};
use testkit::Dice;

use super::DayWriter;
use crate::day::manifest::{self, Manifest};
use crate::day::publish::TableFile;
use crate::day::replace::{Previous, replace};
use crate::day::spool::Spool;
use crate::error::Error;
use crate::lease::{LeaseClock, LeaseOptions, Leases, Wait};

const DAY: Date = date(2026, 10, 5);
const TABLES: [&str; 3] = ["invocations", "denials", "ingest"];
/// One without anything, which costs a reading of the catalog.
static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| Manifest::with_defaults(DAY));
/// How often each run builds the day.
const BUILDS: usize = 2;

/// What all runs share.
#[derive(Debug)]
struct World {
    store: Arc<dyn Store>,
    runtime: tokio::runtime::Runtime,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    dice: Dice,
    now: Duration,
    /// How much of it the clock of each run has not counted.
    not_counted: Vec<Duration>,
    /// When each object was written.
    written: BTreeMap<String, Duration>,
    /// How many source objects there are: what is built later is built from more.
    version: u64,
    /// The last that was published.
    published: u64,
    n_published: u64,
    wrong: Vec<String>,
}

impl World {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    fn dice(&self, below: u64) -> u64 {
        self.state().dice.below(below)
    }

    /// Takes note of what a write did, and looks whether all is as it should be.
    fn check(&self, key: &str, content: Option<&Content>) {
        let mut state = self.state();
        let now = state.now;
        state.written.insert(key.to_owned(), now);
        drop(state);
        let found = self.runtime.block_on(manifest::read(self.store.as_ref(), DAY));
        let Some(Some(manifest)) = found.expect("readable") else { return };
        if manifest.is_withdrawn() {
            return;
        }
        for output in &manifest.outputs {
            let found = self.runtime.block_on(read_if_there(self.store.as_ref(), &output.key));
            let hash = found.expect("readable").map(|(_, bytes)| to_hex(&sha256(&bytes)));
            if hash.as_ref() != Some(&output.sha256) {
                let what = format!("{key} written: {} is not as its manifest says", output.key);
                self.state().wrong.push(what);
            }
        }
        if content.is_some() && key == Manifest::key(DAY) {
            let mut state = self.state();
            let version = manifest.trail.objects;
            if version < state.published {
                let what = format!("{version} replaced {}", state.published);
                state.wrong.push(what);
            }
            state.published = version;
            state.n_published += 1;
        }
    }
}

/// The clock of a run.
#[derive(Debug, Clone)]
struct RunClock {
    world: Arc<World>,
    number: u64,
    offset: Duration,
}

impl Clock for RunClock {
    fn now(&self) -> Duration {
        let state = self.world.state();
        state.now + self.offset - state.not_counted[self.number as usize]
    }
}

impl LeaseClock for RunClock {
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        let (clock, until) = (self.clone(), self.now() + time);
        futures::future::poll_fn(
            move |_| {
                if clock.now() >= until { Poll::Ready(()) } else { Poll::Pending }
            },
        )
        .boxed()
    }
}

/// Lets the others go on once.
fn moment() -> impl Future<Output = ()> {
    let mut is_over = false;
    futures::future::poll_fn(move |context| {
        ready_if(std::mem::replace(&mut is_over, true), context)
    })
}

fn ready_if(is_ready: bool, context: &Context<'_>) -> Poll<()> {
    if is_ready {
        return Poll::Ready(());
    }
    // Whoever polls several futures polls only those that have woken it.
    context.waker().wake_by_ref();
    Poll::Pending
}

/// The store as a run sees it.
#[derive(Debug)]
struct Seen {
    world: Arc<World>,
}

impl Seen {
    /// A write: sent in time, done at some moment after that, its answer perhaps lost.
    async fn write<T>(
        &self,
        key: &str,
        guard: &Guard,
        mut apply: impl FnMut() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        loop {
            moment().await;
            if guard.deadline.as_ref().is_some_and(store::Deadline::has_passed) {
                return Err(StoreError::TooLate { target: key.to_owned() });
            }
            if self.world.dice(2) == 0 {
                moment().await;
            }
            let done = apply()?;
            moment().await;
            match self.world.dice(20) {
                // The answer is lost, and the request is sent again.
                0 => {}
                // All tries are over.
                1 => {
                    let endpoint = "simulated".to_owned();
                    return Err(StoreError::Unreachable { endpoint, source: None });
                }
                _ => return Ok(done),
            }
        }
    }
}

#[async_trait]
impl Store for Seen {
    fn location(&self) -> String {
        "simulated:".to_owned()
    }

    async fn list(&self, request: &ListRequest) -> Result<ListPage, StoreError> {
        moment().await;
        self.world.runtime.block_on(self.world.store.list(request))
    }

    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        moment().await;
        let object = self.world.runtime.block_on(self.world.store.get(key))?;
        moment().await;
        Ok(object)
    }

    async fn put_if(&self, key: &str, content: Content, guard: &Guard) -> Result<Put, StoreError> {
        let world = &self.world;
        self.write(key, guard, || {
            // The deadline is for what is sent, not for what arrives.
            let condition = Guard::of(guard.condition.clone());
            let put = world.store.put_if(key, content.clone(), &condition);
            let put = world.runtime.block_on(put)?;
            if matches!(put, Put::Done { .. }) {
                world.check(key, Some(&content));
            }
            Ok(put)
        })
        .await
    }

    async fn delete_if(&self, key: &str, guard: &Guard) -> Result<Deleted, StoreError> {
        let world = &self.world;
        self.write(key, guard, || {
            let condition = Guard::of(guard.condition.clone());
            let deleted = world.runtime.block_on(world.store.delete_if(key, &condition))?;
            world.check(key, None);
            Ok(deleted)
        })
        .await
    }

    async fn age(&self, key: &str) -> Result<Option<(String, Duration)>, StoreError> {
        moment().await;
        let found = self.world.runtime.block_on(read_if_there(self.world.store.as_ref(), key))?;
        let state = self.world.state();
        let age = state.written.get(key).map(|written| state.now - *written);
        Ok(found.and_then(|(ObjectMeta { etag, .. }, _)| etag).zip(age))
    }
}

/// A run that builds the day as often as the source has more of it.
async fn run(world: Arc<World>, number: u64, options: LeaseOptions) -> Result<(), Error> {
    let seen = Seen { world: Arc::clone(&world) };
    let offset = Duration::from_secs(world.dice(7200));
    let clock = RunClock { world: Arc::clone(&world), number, offset };
    let leases = Leases::new(&seen, Arc::new(clock), options, |_, _| {});
    let building = async {
        for _ in 0..BUILDS {
            build(&world, &seen, &leases, number).await?;
        }
        Ok::<_, Error>(())
    };
    let ended = match select(Box::pin(building), Box::pin(leases.keep())).await {
        Either::Left((built, _)) => built,
        Either::Right((lost, _)) => Err(lost.into()),
    };
    let _ = leases.release_all().await;
    ended
}

async fn build(world: &World, seen: &Seen, leases: &Leases<'_>, number: u64) -> Result<(), Error> {
    // What is listed now is what is built, however long that takes.
    let version = {
        let mut state = world.state();
        state.version += 1;
        state.version
    };
    let lease = leases.take(DAY, Wait::AsAsked).await?;
    let writer = DayWriter::new(seen, leases, lease);
    let (found, etag) = writer.read_manifest().await?.unzip();
    let previous = Previous { manifest: found.flatten(), etag };
    // What a run compares of source objects: one that has fewer of them is refused also where a build of
    // more was interrupted.
    let is_newer = |it: &Manifest| {
        it.trail.objects > version || (it.trail.objects == version && !it.is_withdrawn())
    };
    if !previous.manifest.as_ref().is_some_and(is_newer) {
        let mut manifest = MANIFEST.clone();
        manifest.trail.objects = version;
        let files = TABLES.map(|table| {
            let mut spool = Spool::begin();
            write!(spool, "{table} of version {version} by run {number}").expect("memory");
            TableFile::new(table, DAY, spool, 0)
        });
        replace(&writer, files.into(), manifest, previous).await?;
    }
    writer.release().await?;
    Ok(())
}

/// Plays one schedule, and returns what was wrong, and how often the day was published.
fn play(
    store: Arc<dyn Store>,
    seed: u64,
    n_runs: u64,
    options: LeaseOptions,
) -> (Vec<String>, u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let state = State {
        dice: Dice::new(seed),
        now: Duration::from_secs(1_000_000),
        not_counted: vec![Duration::ZERO; n_runs as usize],
        written: BTreeMap::new(),
        version: 0,
        published: 0,
        n_published: 0,
        wrong: Vec::new(),
    };
    let world = Arc::new(World { store, runtime, state: Mutex::new(state) });
    let mut runs = Vec::<Option<Pin<Box<dyn Future<Output = Result<(), Error>>>>>>::new();
    for number in 0..n_runs {
        runs.push(Some(Box::pin(run(Arc::clone(&world), number, options))));
    }
    let mut paused_until = vec![Duration::ZERO; runs.len()];
    let mut context = Context::from_waker(Waker::noop());
    while runs.iter().any(Option::is_some) {
        let chosen = world.dice(n_runs) as usize;
        let mut state = world.state();
        let passed = state.dice.below(1500);
        let passed = Duration::from_millis(passed);
        state.now += passed;
        // The clocks of the others count suspended time, as they should.
        for number in (0..paused_until.len()).step_by(2) {
            if state.now < paused_until[number] {
                state.not_counted[number] += passed;
            }
        }
        let is_paused = state.now < paused_until[chosen];
        if !is_paused && state.dice.below(25) == 0 {
            // Mostly for longer than a lease holds.
            let pause = state.dice.below(500);
            paused_until[chosen] = state.now + Duration::from_secs(pause);
        }
        drop(state);
        let Some(run) = runs[chosen].as_mut().filter(|_| !is_paused) else { continue };
        if run.as_mut().poll(&mut context).is_ready() {
            runs[chosen] = None;
        }
    }
    let state = world.state();
    (state.wrong.clone(), state.n_published)
}

fn options() -> LeaseOptions {
    LeaseOptions { wait: Duration::from_secs(3600), is_off: false }
}

/// Plays schedules on stores that `store` makes; returns how often a day was published.
fn play_all(n_schedules: u64, mut store: impl FnMut() -> Arc<dyn Store>) -> u64 {
    let mut n_published = 0;
    for seed in 0..n_schedules {
        let (wrong, published) = play(store(), seed, 2 + seed % 2, options());
        assert!(wrong.is_empty(), "schedule {seed}: {wrong:#?}");
        n_published += published;
    }
    n_published
}

#[test]
fn no_schedule_of_runs_leaves_a_day_that_is_not_one_build_in_memory() {
    let n_schedules = 3000;
    let n_published = play_all(n_schedules, || Arc::new(Memory::new()));
    assert!(n_published >= n_schedules, "{n_published}");
}

#[test]
fn no_schedule_of_runs_leaves_a_day_that_is_not_one_build_in_a_folder() {
    // In memory too, if there is such a folder: every write is synced.
    let fast = std::path::Path::new("/dev/shm");
    let mut roots = Vec::new();
    let n_schedules = 200;
    let n_published = play_all(n_schedules, || {
        let root = tempfile::tempdir_in(fast).or_else(|_| tempfile::tempdir()).expect("a folder");
        let folder = Folder::open(root.path()).expect("a folder");
        roots.push(root);
        Arc::new(folder)
    });
    assert!(n_published >= n_schedules, "{n_published}");
}

#[test]
fn simulation_notices_runs_without_leases() {
    let options = LeaseOptions { is_off: true, ..options() };
    let is_wrong = |seed: &u64| {
        let (wrong, _) = play(Arc::new(Memory::new()), *seed, 2, options);
        !wrong.is_empty()
    };
    let n_wrong = (0..100).filter(is_wrong).count();
    assert!(n_wrong > 50, "{n_wrong}");
}
