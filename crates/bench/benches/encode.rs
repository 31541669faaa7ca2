//! From rows to the bytes of a Parquet file: `cargo bench -p bench --bench encode`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use tables::{INVOCATIONS, parquet};

mod rows;

fn main() {
    divan::main();
}

/// The widest table.
#[divan::bench(args = [1_000, 50_000])]
fn invocations_table(bencher: Bencher<'_, '_>, calls: u64) {
    let rows = rows::invocations(calls);
    bencher
        .counter(ItemsCount::new(rows.len()))
        .bench_local(|| parquet::write(&INVOCATIONS, black_box(&rows)).expect("the rows fit"));
}
