//! Serves folders as buckets: `s3_server --root DIR` (each folder in it is a bucket) or
//! `s3_server --bucket NAME=DIR …`; `--made-up NAME=ACCOUNTSxDAYS` is a trail from 2026-10-01 on that can be
//! listed only. The first line on stdout is the server's URL.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use jiff::civil::date;
use s3_server::{Bucket, Config, MadeUpTrail, Server};

const USAGE: &str = "usage: s3_server [--root DIR] [--bucket NAME[=DIR]]... \
                     [--made-up NAME=ACCOUNTSxDAYS]... [--port N] \
                     [--latency-ms N] [--page-size N] [--region REGION]";

fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start(config(std::env::args().skip(1))?)?;
    let mut stdout = io::stdout();
    writeln!(stdout, "{}", server.url())?;
    stdout.flush()?;
    server.wait();
    Ok(())
}

fn config(mut args: impl Iterator<Item = String>) -> Result<Config, Box<dyn Error>> {
    let mut config = Config::new();
    let mut region = None;
    while let Some(flag) = args.next() {
        let value = args.next().ok_or(USAGE)?;
        match flag.as_str() {
            "--root" => {
                for entry in std::fs::read_dir(&value)? {
                    let entry = entry?;
                    if entry.path().is_dir() {
                        let name = entry.file_name().to_string_lossy().into_owned();
                        config.buckets.push(Bucket::from_folder(&name, &entry.path())?);
                    }
                }
            }
            "--bucket" => config.buckets.push(match value.split_once('=') {
                Some((name, folder)) => Bucket::from_folder(name, Path::new(folder))?,
                None => Bucket::new(&value),
            }),
            "--made-up" => {
                let (name, trail) = value.split_once('=').ok_or(USAGE)?;
                let (accounts, days) = trail.split_once('x').ok_or(USAGE)?;
                let (accounts, days) = (accounts.parse()?, days.parse()?);
                let trail = MadeUpTrail { accounts, days, first: date(2026, 10, 1) };
                config.buckets.push(Bucket::made_up(name, trail));
            }
            "--port" => config.port = value.parse()?,
            "--latency-ms" => config.latency = Duration::from_millis(value.parse()?),
            "--page-size" => config.page_size = Some(value.parse()?),
            "--region" => region = Some(value),
            _ => return Err(USAGE.into()),
        }
    }
    for bucket in &mut config.buckets {
        bucket.region.clone_from(&region);
    }
    Ok(config)
}
