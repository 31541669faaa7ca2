//! The physical limit: every log file below a folder is read whole and inflated in one call of
//! libdeflate into a buffer that is used again. `inflate_only DIR --threads N`.

use std::cell::RefCell;
use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bench::folder::log_files;
use clap::Parser;
use libdeflater::Decompressor;
use rayon::prelude::*;

#[derive(Parser)]
struct Args {
    /// The folder.
    folder: PathBuf,
    /// Threads that read and inflate.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// What each thread uses again and again.
struct Buffers {
    inflater: Decompressor,
    body: Vec<u8>,
    text: Vec<u8>,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> =
        RefCell::new(Buffers { inflater: Decompressor::new(), body: Vec::new(), text: Vec::new() });
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let files = log_files(&args.folder)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    let inflate = |path: &PathBuf| BUFFERS.with_borrow_mut(|buffers| buffers.inflate(path));
    let inflated_bytes = pool.install(|| files.par_iter().map(inflate).sum::<io::Result<u64>>())?;
    writeln!(io::stdout(), "{} files, {inflated_bytes} bytes inflated", files.len())?;
    Ok(())
}

impl Buffers {
    fn inflate(&mut self, path: &Path) -> io::Result<u64> {
        self.body.clear();
        File::open(path)?.read_to_end(&mut self.body)?;
        // The corpus has single members below 4 GiB, whose last four bytes are their length. A
        // program that reads anybody's files may not believe them.
        let length = self.body.last_chunk::<4>().copied().map_or(0, u32::from_le_bytes) as usize;
        if self.text.len() < length {
            self.text.resize(length, 0);
        }
        let inflated = self.inflater.gzip_decompress(&self.body, &mut self.text[..length]);
        let inflated = inflated.map_err(io::Error::other)?;
        Ok(inflated as u64)
    }
}
