//! Counting a day's calls: `cargo bench -p bench --bench group`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use tables::Invocation;
use tables::group::Groups;

const CALLS: u64 = 20_000;

mod rows;

fn main() {
    divan::main();
}

fn grouped(rows: &[Invocation]) -> Groups {
    let mut groups = Groups::default();
    for row in rows {
        groups.add(row);
    }
    groups
}

/// One lookup and a few sums a call.
#[divan::bench]
fn add(bencher: Bencher<'_, '_>) {
    let rows = rows::invocations(CALLS);
    bencher.counter(ItemsCount::new(rows.len())).bench_local(|| grouped(black_box(&rows)));
}

/// From the groups to the rows of the tables.
#[divan::bench]
fn routing_distribution(bencher: Bencher<'_, '_>) {
    let groups = grouped(&rows::invocations(CALLS));
    let count = groups.groups().count();
    bencher.counter(ItemsCount::new(count)).bench_local(|| groups.routing_distribution());
}

/// Likewise.
#[divan::bench]
fn model_costs(bencher: Bencher<'_, '_>) {
    let groups = grouped(&rows::invocations(CALLS));
    let count = groups.groups().count();
    bencher.counter(ItemsCount::new(count)).bench_local(|| groups.model_costs("2026-10"));
}
