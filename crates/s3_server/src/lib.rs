//! A small S3 server on 127.0.0.1 for tests and benchmarks; never part of the shipped binary.
//!
//! It speaks HTTP/1.1 for real, with the bucket in the path or, to clients that come as to a proxy, in the
//! host, and can be made to fail in the ways
//! that S3 and networks fail. Signatures are not checked. It runs on a thread of its own, so that
//! blocking tests and child processes can use it:
//!
//! ```
//! use s3_server::{Bucket, Config, Server};
//!
//! let bucket = Bucket::new("logs").object("a/b.json.gz", "bytes");
//! let server = Server::start(Config::new().bucket(bucket)).expect("a free port");
//! assert!(server.url().starts_with("http://127.0.0.1:"));
//! assert_eq!(server.stats().gets, 0);
//! ```

mod aws_chunked;
mod body;
mod bucket;
mod config;
mod fault;
mod handler;
mod list;
mod made_up;
mod multipart;
mod object;
mod request;
mod response;
mod server;
mod stats;

pub use bucket::Bucket;
pub use config::Config;
pub use fault::{Failure, Fault, When};
pub use made_up::MadeUpTrail;
pub use request::{Kind, Recorded};
pub use server::Server;
pub use stats::Stats;
