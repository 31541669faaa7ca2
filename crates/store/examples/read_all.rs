//! Reads every object of a bucket or a folder and says what that cost:
//! `read_all s3://bucket/prefix [in flight] [endpoint]`.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use store::{Location, S3Options, StaticCredentials, list_all, open_source};
use tokio::task::JoinSet;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let location: Location = args.next().ok_or("a location is missing")?.parse()?;
    let n_in_flight: usize = args.next().unwrap_or("32".to_owned()).parse()?;
    let mut options = S3Options { endpoint_url: args.next(), ..S3Options::default() };
    if options.endpoint_url.is_some() {
        options.credentials = Some(StaticCredentials {
            access_key_id: "id".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        });
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = open_source(&location, &options).await?;
        let started = (Instant::now(), cpu_secs()?);
        let objects = list_all(store.as_ref(), "").await?;
        let listed = (Instant::now(), cpu_secs()?);
        let mut reads = JoinSet::new();
        let mut n_bytes = 0;
        let n_objects = objects.len();
        for object in objects {
            if reads.len() == n_in_flight {
                n_bytes += reads.join_next().await.ok_or("no read")???;
            }
            let store = Arc::clone(&store);
            reads.spawn(async move {
                Ok::<_, store::Error>(store.get(&object.key).await?.body.collect().await?.len())
            });
        }
        while let Some(read) = reads.join_next().await {
            n_bytes += read??;
        }
        let (wall, cpu) = (listed.0.elapsed().as_secs_f64(), cpu_secs()? - listed.1);
        writeln!(
            std::io::stdout(),
            "list: {:.2} s, {:.2} CPU s; read: {n_objects} objects, {n_bytes} bytes, \
             {wall:.2} s, {cpu:.2} CPU s, {:.1} CPU us an object",
            (listed.0 - started.0).as_secs_f64(),
            listed.1 - started.1,
            cpu * 1e6 / n_objects as f64,
        )?;
        Ok(())
    })
}

/// User and system time of this process, in a hundredth of a second each (Linux only).
fn cpu_secs() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("no such field")?;
    let ticks = fields.split(' ').skip(12).take(2).map(str::parse::<u64>);
    Ok(ticks.sum::<Result<u64, _>>()? as f64 / 100.0)
}
