//! From rows to the bytes of a Parquet file: `cargo bench -p bench --bench encode`.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use tables::{BATCH_ROWS, INVOCATIONS, Referred, TableWriter};

mod rows;

fn main() {
    divan::main();
}

/// The widest table.
#[divan::bench(args = [1_000, 50_000])]
fn invocations_table(bencher: Bencher<'_, '_>, calls: u64) {
    let rows = rows::invocations(calls);
    let referred =
        Referred { contexts: &rows.contexts, callers: &rows.callers, objects: &rows.objects };
    bencher.counter(ItemsCount::new(rows.rows.len())).bench_local(|| {
        let mut writer =
            TableWriter::new(&INVOCATIONS, referred, Vec::new()).expect("a table of ours");
        for batch in black_box(&rows.rows).chunks(BATCH_ROWS) {
            writer.write(batch).expect("the rows fit");
        }
        writer.finish().expect("the rows fit")
    });
}
