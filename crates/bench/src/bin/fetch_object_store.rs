//! What fetching alone costs with the crate `object_store`: lists a bucket and gets every object,
//! many at a time, on one thread. `fetch_object_store URL BUCKET --concurrency 64`.

use std::error::Error;
use std::io::{self, Write};

use clap::Parser;
use futures::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::{ObjectStore, ObjectStoreExt};

#[derive(Parser)]
struct Args {
    /// The server.
    url: String,
    /// The bucket.
    bucket: String,
    /// Requests in flight.
    #[arg(long, default_value_t = 64)]
    concurrency: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    // Asked for when a client is made, also for one that speaks plain HTTP.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (objects, bytes) = runtime.block_on(fetch(&args))?;
    writeln!(io::stdout(), "{objects} objects, {bytes} bytes")?;
    Ok(())
}

async fn fetch(args: &Args) -> object_store::Result<(u64, u64)> {
    let store = AmazonS3Builder::new()
        .with_endpoint(&args.url)
        .with_allow_http(true)
        .with_bucket_name(&args.bucket)
        .with_region("us-east-1")
        .with_access_key_id("bench")
        .with_secret_access_key("bench")
        .build()?;
    let store = &store;
    let sizes = store
        .list(None)
        .map_ok(|meta| async move {
            let body = store.get(&meta.location).await?.bytes().await?;
            Ok(body.len() as u64)
        })
        .try_buffer_unordered(args.concurrency);
    sizes.try_fold((0, 0), async |(objects, bytes), size| Ok((objects + 1, bytes + size))).await
}
