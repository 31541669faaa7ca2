//! How long a folder of log files takes: inflating alone against reading all records.
//!
//! `decode FOLDER [ROUNDS]` reads every file of the folder with one thread and with two, in alternating
//! rounds, and prints the medians. The files are expected to be in the page cache. Where the system tells
//! it (Linux), the time is that on the processor, so that other programs on the machine matter less.

#![expect(clippy::print_stdout, reason = "the result is the output")]

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use std::{env, fs, thread};

use libdeflater::Decompressor;
use logs::{Limits, Scratch, Shape};

const LIMITS: Limits = Limits::new(64 << 20, 8 << 30);

type Work = fn(&[u8], &mut (Vec<u8>, Scratch)) -> [usize; 2];

fn main() {
    let mut args = env::args().skip(1);
    let folder = args.next().expect("a folder");
    let rounds = args.next().map_or(5, |rounds| rounds.parse().expect("a number of rounds"));
    let mut files = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect::<Vec<_>>();
    files.sort();
    for threads in [1, 2] {
        let works: [Work; 2] = [inflate, decode];
        let mut secs = works.map(|_| Vec::new());
        let mut ratios = Vec::new();
        for round in 0..=rounds {
            let found = works.map(|work| timed(&files, threads, work));
            if round == 0 {
                let ([bytes, ..], [records, calls]) = (found[0].1, found[1].1);
                println!("{threads} threads: {bytes} bytes, {records} records, {calls} calls");
                continue;
            }
            ratios.push(found[1].0 / found[0].0);
            for (secs, (found, _)) in secs.iter_mut().zip(found) {
                secs.push(found);
            }
        }
        let [inflate, decode] = secs.map(median);
        println!("inflate {inflate:.3} s, decode {decode:.3} s, ratio {:.3}", median(ratios));
    }
}

fn inflate(body: &[u8], (buffer, _): &mut (Vec<u8>, Scratch)) -> [usize; 2] {
    let size = body.last_chunk::<4>().map_or(0, |size| u32::from_le_bytes(*size) as usize);
    if buffer.len() < size {
        buffer.resize(size, 0);
    }
    let count = Decompressor::new().gzip_decompress(body, buffer).expect("gzip");
    [count, 0]
}

fn decode(body: &[u8], (_, scratch): &mut (Vec<u8>, Scratch)) -> [usize; 2] {
    let reading = logs::read_whole(body, Shape::Trail, &LIMITS, scratch).expect("readable");
    [reading.records as usize, reading.calls.rows.len()]
}

/// The time that a run took, of all threads together, and the sums of what `work` counted.
fn timed(files: &[PathBuf], threads: usize, work: Work) -> (f64, [usize; 2]) {
    let next = AtomicUsize::new(0);
    let run = || {
        let (start, start_secs) = (Instant::now(), processor_secs());
        let (mut scratch, mut sums) = ((Vec::new(), Scratch::default()), [0, 0]);
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let found = work(&fs::read(file).expect("readable"), &mut scratch);
            sums = [sums[0] + found[0], sums[1] + found[1]];
        }
        let secs = processor_secs().zip(start_secs).map(|(end, start)| end - start);
        (secs.unwrap_or_else(|| start.elapsed().as_secs_f64()), sums)
    };
    thread::scope(|scope| {
        let runs = (0..threads).map(|_| scope.spawn(run)).collect::<Vec<_>>();
        let runs = runs.into_iter().map(|run| run.join().expect("no panic"));
        runs.fold((0f64, [0, 0]), |(secs, sums), (found, more)| {
            (secs + found, [sums[0] + more[0], sums[1] + more[1]])
        })
    })
}

/// What this thread has used of a processor.
fn processor_secs() -> Option<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
