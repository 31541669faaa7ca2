//! Whatever runs came before, over any days and any part of the source: the last run over all days leaves
//! what a single run writes.

use std::fs;

use serde_json::Value;
use testkit::Dice;

use crate::backfill::{DAYS, Objects, backfill};
use crate::batch_jobs;
use crate::world::{World, assert_same, call, document, key, tree, with};

/// A few objects on five days, delivered on time, late, or days late, with events that are recorded twice: on
/// one day, or on two that are neighbours; among them batch jobs, some of which are created on two days, or stopped
/// on a later day.
fn trail(dice: &mut Dice) -> Objects {
    let mut objects = Objects::default();
    let (mut calls, mut jobs) = (Vec::new(), Vec::new());
    for _ in 0..4 + dice.below(12) {
        let n_day = dice.below(5);
        let (hour, minute) = (dice.below(24), dice.below(60));
        let date = DAYS[usize::try_from(n_day).unwrap()].replace('-', "");
        let stamp = format!("{date}T{hour:02}{minute:02}Z");
        let key = key("111122223333", "us-east-1", &stamp, &dice.uuid()[..8]);
        for _ in 0..1 + dice.below(3) {
            let again = calls.last().filter(|_| dice.below(4) == 0).cloned();
            let record = again.unwrap_or_else(|| {
                // Of this day or of one before it.
                let day = DAYS[usize::try_from(dice.below(n_day + 1)).unwrap()];
                let time = format!("{day}T{:02}:00:00Z", dice.below(24));
                call(&dice.uuid(), &time)
            });
            let record = match dice.below(8) {
                0 => batch_jobs::created(&dice.uuid()[..8], record["eventTime"].as_str().unwrap()),
                _ => record,
            };
            let record = match (dice.below(8), n_day) {
                // On the neighbour of its day too.
                (0, 1..) => {
                    let n = DAYS
                        .iter()
                        .position(|d| record["eventTime"].as_str().unwrap().starts_with(d));
                    let beside = (n.unwrap() + 1).min(4);
                    with(record, "/eventTime", format!("{}T00:00:00Z", DAYS[beside]))
                }
                _ => record,
            };
            objects.add(&key, record.clone());
            if record["eventName"] == "CreateModelInvocationJob" {
                jobs.push(record["responseElements"]["jobArn"].as_str().unwrap().to_owned());
                if dice.below(2) == 0 {
                    objects.add(&key, created_again(dice, &record));
                }
            }
            calls.push(record);
        }
        // Some time after a job was created, it is stopped.
        if let Some(job) = jobs.first().filter(|_| dice.below(3) == 0).cloned() {
            let time =
                format!("{}T{hour:02}:{minute:02}:00Z", DAYS[usize::try_from(n_day).unwrap()]);
            objects.add(&key, batch_jobs::stopped(&job, &time));
            jobs.remove(0);
        }
    }
    objects
}

/// A job of before, on the day after: delivered again, or asked for again.
fn created_again(dice: &mut Dice, job: &Value) -> Value {
    let time = job["eventTime"].as_str().unwrap();
    let n = DAYS.iter().position(|day| time.starts_with(day)).unwrap();
    let again =
        with(job.clone(), "/eventTime", format!("{}T00:00:01Z", DAYS[(n + 1).min(DAYS.len() - 1)]));
    match dice.below(2) {
        0 => again,
        _ => with(again, "/eventID", dice.uuid()),
    }
}

/// One run: a day, or a range of them.
fn random_run(world: &World, dice: &mut Dice) -> String {
    let from = usize::try_from(dice.below(5)).unwrap();
    let to = from + usize::try_from(dice.below(3)).unwrap();
    let mut arguments = vec!["--from", DAYS[from], "--to", DAYS[to.min(4)]];
    if dice.below(6) == 0 {
        arguments.push("--force");
    }
    world.run(&arguments).ends(0);
    format!("{arguments:?}")
}

#[test]
fn any_sequence_of_runs_ends_as_a_single_run() {
    for seed in 0..24 {
        let mut dice = Dice::new(seed);
        let objects = if seed == 0 { backfill(seed, 2) } else { trail(&mut dice) };
        let world = World::new();
        let mut left = objects.0.iter().collect::<Vec<_>>();
        let mut history = Vec::new();
        // The source grows between the runs.
        for _ in 0..dice.below(5) {
            for _ in 0..dice.below(left.len() as u64 + 1) {
                let n = usize::try_from(dice.below(left.len() as u64)).unwrap();
                let (key, records) = left.swap_remove(n);
                world.write(&format!("trail/{key}"), document(records));
            }
            if left.len() < objects.0.len() {
                history.push(format!("{} left, {}", left.len(), random_run(&world, &mut dice)));
            }
        }
        for (key, records) in left {
            world.write(&format!("trail/{key}"), document(records));
        }
        for _ in 0..dice.below(3) {
            history.push(random_run(&world, &mut dice));
        }
        let range = ["--from", DAYS[0], "--to", DAYS[4]];
        world.run(&range).ends(0);
        let found = tree(&world.out());
        fs::remove_dir_all(world.out()).unwrap();
        world.run(&range).ends(0);
        let tables = |mut tree: crate::world::Tree| {
            tree.retain(|name, _| !name.contains("_hoptrail/manifest"));
            tree
        };
        let what = format!("seed {seed}, {} objects: {history:#?}", objects.0.len());
        assert_same(&tables(found), &tables(tree(&world.out())), &what);
    }
}
