//! Serves folders as buckets: `s3_server --root DIR` (each folder in it is a bucket) or
//! `s3_server --bucket NAME=DIR …`. The first line on stdout is the server's URL.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use s3_server::{Bucket, Config, Server};

const USAGE: &str = "usage: s3_server [--root DIR] [--bucket NAME[=DIR]]... [--port N] \
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
