//! From what was typed to places that are read and written.

use std::path::{Component, Path, PathBuf};
use std::pin::pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use store::{Limited, Location, S3Options, Store};

use crate::args::{AwsArgs, SourceArgs};
use crate::exit::Failure;
use crate::report::Report;

/// How long a place may say nothing before that is told, and how often. One that cannot be reached is
/// tried again for more than a minute.
const SILENCE: Duration = Duration::from_secs(5);

/// The location of a flag.
///
/// # Errors
/// If it is missing or none.
pub fn location(flag: &str, text: Option<&str>) -> Result<Location, Failure> {
    let Some(text) = text else {
        let expected = "expected s3://bucket/prefix or a folder";
        return Err(Failure::usage(format!("{flag} is missing: {expected}")));
    };
    Location::from_str(text).map_err(|error| Failure::usage(format!("{flag}: {error}")))
}

/// How to reach S3.
pub fn s3_options(args: &AwsArgs) -> S3Options {
    S3Options {
        profile: args.profile.clone(),
        region: args.region.clone(),
        endpoint_url: args.endpoint_url.clone(),
        requester_pays: args.requester_pays,
        no_sign_request: args.no_sign_request,
        ..S3Options::default()
    }
}

/// Refuses `--region` where nothing is on S3, because whoever types it there means something else.
///
/// # Errors
/// If it is given without a place on S3.
pub fn check_region(args: &SourceArgs, places: &[&Location]) -> Result<(), Failure> {
    let on_s3 = places.iter().any(|place| matches!(place, Location::S3 { .. }));
    match &args.aws.region {
        Some(region) if !on_s3 => Err(Failure::usage(format!(
            "--region is the AWS Region of S3 requests, and nothing here is on S3; \
             to read only what was called in {region}: --source-region {region}"
        ))),
        _ => Ok(()),
    }
}

/// Refuses a destination inside the source: what is written would be read by the next run.
///
/// # Errors
/// If it lies there.
pub fn check_apart(source: &Location, dest: &Location) -> Result<(), Failure> {
    let is_inside = match (source, dest) {
        (
            Location::S3 { bucket: source_bucket, prefix: source_prefix },
            Location::S3 { bucket, prefix },
        ) => source_bucket == bucket && prefix.starts_with(source_prefix.as_str()),
        (Location::Folder(source), Location::Folder(dest)) => {
            resolved(dest).starts_with(resolved(source))
        }
        _ => false,
    };
    if is_inside {
        return Err(Failure::usage(format!(
            "the destination {dest} lies inside the source {source}: expected a place beside it"
        )));
    }
    Ok(())
}

/// A place that is read, which must exist; `what` names it in messages.
///
/// # Errors
/// If it cannot be reached.
pub async fn open_source(
    what: &str,
    location: &Location,
    options: &S3Options,
    requests_in_flight: usize,
    report: &Report,
) -> Result<Arc<dyn Store>, Failure> {
    let store = answer_of(location, report, store::open_source(location, options))
        .await
        .map_err(|error| anyhow::Error::new(error).context(format!("{what} cannot be used")))?;
    // Listing and reading go on at the same time; the bound is for both together.
    Ok(Arc::new(Limited::new(store, requests_in_flight)))
}

/// The destination; a folder is made if it is missing.
///
/// # Errors
/// If it cannot be reached or made.
pub async fn open_destination(
    location: &Location,
    options: &S3Options,
    report: &Report,
) -> Result<Arc<dyn Store>, Failure> {
    answer_of(location, report, store::open_destination(location, options))
        .await
        .map_err(|error| anyhow::Error::new(error).context("the destination cannot be used").into())
}

/// Waits for the answer of a place, and tells now and then that it is waited for.
async fn answer_of<T>(location: &Location, report: &Report, opening: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let mut opening = pin!(opening);
    loop {
        if let Ok(answer) = tokio::time::timeout(SILENCE, &mut opening).await {
            return answer;
        }
        let seconds = start.elapsed().as_secs();
        report.note(&format!("still waiting for {location} to answer, for {seconds} s"));
    }
}

/// The path that may tell at which level of a trail a source is.
pub fn root_path(location: &Location) -> String {
    match location {
        Location::S3 { prefix, .. } => prefix.clone(),
        Location::Folder(path) => resolved(path).to_string_lossy().into_owned(),
    }
}

/// A path without links and dots, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for existing in path.ancestors() {
        if let Ok(real) = existing.canonicalize() {
            let rest = path.strip_prefix(existing).unwrap_or(Path::new(""));
            return rest.components().fold(real, |mut path, part| {
                match part {
                    Component::ParentDir => drop(path.pop()),
                    part => path.push(part),
                }
                path
            });
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_inside_the_source_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let check = |source: &str, dest: &str, expected: bool| {
            let source = location("--source", Some(source)).expect("a location");
            let dest = location("--dest", Some(dest)).expect("a location");
            assert_eq!(check_apart(&source, &dest).is_ok(), expected, "{source} {dest}");
        };
        check("s3://logs/a", "s3://logs/a/out", false);
        check("s3://logs/a", "s3://logs/a", false);
        check("s3://logs", "s3://logs/out", false);
        check("s3://logs/a", "s3://logs/ab", true);
        check("s3://logs/a", "s3://other/a/out", true);
        check("s3://logs/a/b", "s3://logs/a", true);
        check(&path("trail"), &path("trail/out"), false);
        check(&path("trail"), &path("x/../trail"), false);
        check(&path("trail"), &path("out"), true);
        check(&path("trail"), "s3://logs/out", true);
    }
}
