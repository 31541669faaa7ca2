//! From the bytes of an object to its calls: `cargo bench -p bench --bench decode`.

use std::io::Write;

use bench::corpus::{Preset, Spec, Writer, objects};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use flate2::Compression;
use flate2::write::GzEncoder;
use logs::{Limits, Scratch, Shape, read_whole};

const LIMITS: Limits = Limits::new(64 << 20, 8 << 30);

/// Calls in a hundred records.
const SHARES: [u64; 3] = [0, 1, 60];

/// Records in a document: one of the size that CloudTrail delivers for a busy account, and a small one.
const RECORDS: [u64; 2] = [1000, 35];

fn main() {
    divan::main();
}

/// A document of one object in which every share of the records are calls.
fn document(share: u64, records: u64) -> Vec<u8> {
    let spec = Spec {
        objects: 1,
        records,
        calls_in_a_million: share * 10_000,
        files_with_calls_in_a_million: 1_000_000,
        files_with_traps_in_a_million: 0,
        skewed: false,
        ..Spec::preset(Preset::Org)
    };
    let (text, _) = Writer::new(&spec).document(&objects(&spec)[0]);
    text
}

fn member(text: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(text).expect("memory");
    encoder.finish().expect("memory")
}

fn read(bencher: Bencher<'_, '_>, body: &[u8], inflated_bytes: usize) {
    let mut scratch = Scratch::default();
    bencher.counter(BytesCount::new(inflated_bytes)).bench_local(|| {
        read_whole(black_box(body), Shape::Trail, &LIMITS, &mut scratch).expect("readable")
    });
}

/// The walk and the parse: of a member that is stored, so that inflating is a copy and a checksum.
#[divan::bench(args = SHARES, consts = RECORDS)]
fn text<const RECORDS: u64>(bencher: Bencher<'_, '_>, share: u64) {
    let text = document(share, RECORDS);
    read(bencher, &member(&text, Compression::none()), text.len());
}

/// With inflating, as in a run.
#[divan::bench(args = SHARES, consts = RECORDS)]
fn gzip<const RECORDS: u64>(bencher: Bencher<'_, '_>, share: u64) {
    let text = document(share, RECORDS);
    read(bencher, &member(&text, Compression::default()), text.len());
}

/// Inflating alone, by the fastest decoder: the limit of `gzip`.
#[divan::bench(consts = RECORDS)]
fn inflate_only<const RECORDS: u64>(bencher: Bencher<'_, '_>) {
    let text = document(1, RECORDS);
    let body = member(&text, Compression::default());
    let mut inflater = libdeflater::Decompressor::new();
    let mut out = vec![0; text.len()];
    bencher
        .counter(BytesCount::new(text.len()))
        .bench_local(|| inflater.gzip_decompress(black_box(&body), &mut out).expect("gzip"));
}
