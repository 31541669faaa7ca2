//! Counting a day's calls: `cargo bench -p bench --bench group`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rows::Rows;
use tables::group::{Grouped, Groups};

const CALLS: u64 = 20_000;

#[expect(dead_code, reason = "objects are for the benchmark that encodes")]
mod rows;

fn main() {
    divan::main();
}

fn grouped(rows: &Rows) -> Grouped<'_> {
    let mut groups = Groups::new(&rows.contexts);
    for row in &rows.rows {
        groups.add(row);
    }
    groups.finish()
}

/// Two places and a few sums a call, and the routes of all contexts before the first.
#[divan::bench]
fn add(bencher: Bencher<'_, '_>) {
    let rows = rows::invocations(CALLS);
    bencher.counter(ItemsCount::new(rows.rows.len())).bench_local(|| grouped(black_box(&rows)));
}

/// From the groups to the rows of a table.
#[divan::bench]
fn model_costs(bencher: Bencher<'_, '_>) {
    let rows = rows::invocations(CALLS);
    let groups = grouped(&rows);
    let count = groups.groups().count();
    bencher.counter(ItemsCount::new(count)).bench_local(|| groups.model_costs("2026-10"));
}
