//! From options to the stores that are read and written.

mod sources;
mod templates;

use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::pin::pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::ValueEnum;
use logs::hash::{sha256, to_hex};
use logs::layout::{FileClass, LogKind, is_account};
use pipeline::{Layout, STANDARD_INPUT, Settings};
use store::{
    AddressingStyle, Encryption, Given, Limited, ListRequest, Location, OneObject, Pages,
    S3Options, Store,
};

pub(crate) use sources::{
    OpenSource, ReadLocation, batch_outputs, invocation_logs, open_batch_outputs, open_only_logs,
    open_some_logs, open_sources, required_sources, sources,
};
pub(crate) use templates::LogTemplates;

use crate::args::{Acl, AddressingStyleArg, AwsArgs, DestArgs, Sse};
use crate::exit::Failure;
use crate::messages::Messages;

/// How often the user is told that a store has not answered yet. Retries of one that cannot be reached
/// go on for more than a minute.
const REMIND_EVERY: Duration = Duration::from_secs(5);

/// The location that an option must give.
///
/// # Errors
/// If it is missing or invalid.
pub(crate) fn required(option: &str, text: Option<&str>) -> Result<Location, Failure> {
    optional(option, text)?.ok_or_else(|| missing(option))
}

/// The location that an option must give, once it was read.
///
/// # Errors
/// If it is missing.
pub(crate) fn given<'a>(
    option: &str,
    location: Option<&'a Location>,
) -> Result<&'a Location, Failure> {
    location.ok_or_else(|| missing(option))
}

fn missing(option: &str) -> Failure {
    Failure::usage(format!("{option} is missing: expected s3://bucket/prefix or a folder"))
}

/// The location that an option may give.
///
/// # Errors
/// If it is invalid.
pub(crate) fn optional(option: &str, text: Option<&str>) -> Result<Option<Location>, Failure> {
    let parse = |text| Location::from_str(text);
    text.map(parse).transpose().map_err(|error| Failure::usage(format!("{option}: {error}")))
}

/// How to reach a source on S3.
pub(crate) fn source_options(args: &AwsArgs) -> S3Options {
    S3Options {
        profile: args.profile.clone(),
        region: args.region.clone(),
        endpoint_url: args.endpoint_url.clone(),
        addressing_style: args.addressing_style.map(|style| match style {
            AddressingStyleArg::Auto => AddressingStyle::Auto,
            AddressingStyleArg::Path => AddressingStyle::Path,
            AddressingStyleArg::Virtual => AddressingStyle::Virtual,
        }),
        requester_pays: args.requester_pays,
        no_sign_request: args.no_sign_request,
        ..S3Options::default()
    }
}

/// How to reach a destination on S3 that is only read.
///
/// # Errors
/// If `--expected-bucket-owner` is no account.
pub(crate) fn dest_options(args: &AwsArgs) -> Result<S3Options, Failure> {
    if let Some(owner) = args.expected_bucket_owner.as_deref().filter(|id| !is_account(id)) {
        return Err(Failure::usage(format!(
            "--expected-bucket-owner: expected 12 digits, found `{owner}`"
        )));
    }
    let expected_bucket_owner = args.expected_bucket_owner.clone();
    Ok(S3Options { expected_bucket_owner, ..source_options(args) })
}

/// How to reach a destination on S3, and how to write to it.
///
/// # Errors
/// As [`dest_options`]; a key of KMS without `--sse aws:kms`.
pub(crate) fn write_options(args: &AwsArgs, dest: &DestArgs) -> Result<S3Options, Failure> {
    let key_id = dest.sse_kms_key_id.clone();
    let encryption = match (dest.sse, key_id) {
        (Some(Sse::Kms), key_id) => Some(Encryption::Kms { key_id }),
        (_, Some(_)) => {
            return Err(Failure::usage("--sse-kms-key-id has no effect without --sse aws:kms"));
        }
        (Some(Sse::Aes256), None) => Some(Encryption::Aes256),
        (None, None) => None,
    };
    let name = |acl: Acl| acl.to_possible_value().map(|value| value.get_name().to_owned());
    let acl = dest.acl.and_then(name);
    Ok(S3Options { encryption, acl, ..dest_options(args)? })
}

/// Rejects `--region` if no location is on S3, because `--source-region` was probably meant.
///
/// # Errors
/// If it is given and no location is on S3.
pub(crate) fn check_region<'a>(
    args: &AwsArgs,
    locations: impl IntoIterator<Item = &'a Location>,
) -> Result<(), Failure> {
    let on_s3 = locations.into_iter().any(|location| matches!(location, Location::S3 { .. }));
    match &args.region {
        Some(region) if !on_s3 => Err(Failure::usage(format!(
            "--region is the AWS Region of S3 requests, and no location is on S3; \
             to read only calls to {region}, use --source-region {region}"
        ))),
        _ => Ok(()),
    }
}

/// Rejects a destination inside the source, because the next run would read what this one writes.
///
/// # Errors
/// If the destination is inside the source.
pub(crate) fn check_apart(source: &Location, dest: &Location) -> Result<(), Failure> {
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
            "the destination {dest} is inside the source {source}: expected a location outside of it"
        )));
    }
    Ok(())
}

/// A store that is read, which must exist; `what` names it in messages.
///
/// # Errors
/// If it cannot be reached.
pub(crate) async fn open_source(
    what: &str,
    location: &Location,
    options: &S3Options,
    requests_in_flight: usize,
    messages: &Messages,
) -> Result<Arc<dyn Store>, Failure> {
    let store = answer_from(location, messages, store::open_source(location, options))
        .await
        .map_err(|error| anyhow::Error::new(error).context(format!("could not open {what}")))?;
    // Listing and reading go on at the same time; the bound is for both together.
    Ok(Arc::new(Limited::new(store, requests_in_flight)))
}

/// A trail that is read, and its layout: one object alone, or files without any folder and none of them named
/// like a trail's, are read as with `--layout any`.
///
/// # Errors
/// If it cannot be reached.
async fn open_trail(
    location: &Location,
    options: &S3Options,
    settings: &Settings,
    messages: &Messages,
) -> Result<(Arc<dyn Store>, Layout), Failure> {
    if is_standard_input(location) {
        return Ok((Arc::new(standard_input().await?), Layout::Any));
    }
    let (what, requests) = ("the source", settings.requests_in_flight);
    let store = open_location(what, location, options, requests, messages).await?;
    if store.is_one_object() {
        return Ok((store, Layout::Any));
    }
    if settings.layout == Layout::Auto
        && !settings.verify_digests
        && holds_files_only(&*store, settings).await?
    {
        messages
            .note(&format!("no folders below {location}: its files are read as with --layout any"));
        return Ok((store, Layout::Any));
    }
    Ok((store, settings.layout))
}

/// A location that is read: a folder or bucket, or the one object that it names.
///
/// # Errors
/// If it cannot be reached.
async fn open_location(
    what: &str,
    location: &Location,
    options: &S3Options,
    requests_in_flight: usize,
    messages: &Messages,
) -> Result<Arc<dyn Store>, Failure> {
    let open =
        async |location| open_source(what, location, options, requests_in_flight, messages).await;
    let object = as_object(location);
    if let Some((folder, name, true)) = &object
        && let Some(one) = OneObject::find(open(folder).await?, name.clone()).await?
    {
        return Ok(Arc::new(one));
    }
    let store = open(location).await?;
    if let Some((folder, name, false)) = &object
        && store.list(&ListRequest::all("").page_size(1)).await?.objects.is_empty()
        && let Some(one) = OneObject::find(open(folder).await?, name.clone()).await?
    {
        return Ok(Arc::new(one));
    }
    Ok(store)
}

/// Whether a source is `-`.
pub(crate) fn is_standard_input(location: &Location) -> bool {
    matches!(location, Location::Folder(path) if path.as_os_str() == "-")
}

/// Whether a source is known to be one file before it is opened.
pub(crate) fn is_file(location: &Location) -> bool {
    is_standard_input(location) || matches!(location, Location::Folder(path) if path.is_file())
}

/// What comes from standard input, whole, as the object `stdin`. Its SHA-256 tells it from other input.
async fn standard_input() -> anyhow::Result<Given> {
    let read = || {
        let mut content = Vec::new();
        std::io::stdin().read_to_end(&mut content).map(|_| content)
    };
    let content = tokio::task::spawn_blocking(read).await?;
    let content = content.context("could not read standard input")?;
    Ok(Given::new(STANDARD_INPUT, to_hex(&sha256(&content)), content))
}

/// Whether a source holds no folders, and files that may be logs but none that is named like a trail's.
async fn holds_files_only(store: &dyn Store, settings: &Settings) -> Result<bool, store::Error> {
    let mut pages = Pages::new(store, ListRequest::folder("").or_empty());
    let mut may_be_logs = false;
    for _ in 0..settings.max_search_requests {
        let Some(page) = pages.next().await? else { return Ok(may_be_logs) };
        let classes = page.objects.iter().map(|meta| settings.kind.class(&meta.key));
        if !page.prefixes.is_empty() || classes.clone().any(|class| class == FileClass::Named) {
            return Ok(false);
        }
        may_be_logs |= classes.into_iter().any(|class| class == FileClass::Unknown);
    }
    Ok(false)
}

/// The folder of a location that may be an object, the object's name there, and whether it looks like one. A file
/// is there for sure; of S3, what is not called like a log file is looked for only if nothing is below it.
fn as_object(location: &Location) -> Option<(Location, String, bool)> {
    match location {
        Location::Folder(path) => {
            let name = path.file_name().filter(|_| path.is_file())?.to_str()?;
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.unwrap_or_else(|| Path::new("."));
            Some((Location::Folder(parent.to_owned()), name.to_owned(), true))
        }
        Location::S3 { bucket, prefix } => {
            let key = prefix.strip_suffix('/')?;
            let (parent, name) = key.rsplit_once('/').unwrap_or(("", key));
            let has_suffix = name.contains('.') || LogKind::CloudTrail.delivery(name).is_some();
            let is_log = LogKind::CloudTrail.class(name) != FileClass::NoLog;
            let prefix = if parent.is_empty() { String::new() } else { format!("{parent}/") };
            let parent = Location::S3 { bucket: bucket.clone(), prefix };
            Some((parent, name.to_owned(), has_suffix && is_log))
        }
    }
}

/// The destination. A folder that does not exist is created.
///
/// # Errors
/// If it cannot be reached or created.
pub(crate) async fn open_destination(
    location: &Location,
    options: &S3Options,
    messages: &Messages,
) -> Result<Arc<dyn Store>, Failure> {
    answer_from(location, messages, store::open_destination(location, options))
        .await
        .map_err(|error| anyhow::Error::new(error).context("could not open the destination").into())
}

/// Waits for a store to answer, and reminds the user now and then.
async fn answer_from<T>(
    location: &Location,
    messages: &Messages,
    opening: impl Future<Output = T>,
) -> T {
    let start = Instant::now();
    let mut opening = pin!(opening);
    loop {
        if let Ok(answer) = tokio::time::timeout(REMIND_EVERY, &mut opening).await {
            return answer;
        }
        let seconds = start.elapsed().as_secs();
        messages.note(&format!("no response from {location} for {seconds} s, still waiting"));
    }
}

/// The path above the source's keys, which shows at which level of a trail the source is.
fn root_path(location: &Location) -> String {
    match location {
        Location::S3 { prefix, .. } => prefix.clone(),
        Location::Folder(path) => resolved(path).to_string_lossy().into_owned(),
    }
}

/// A path without symbolic links and dots, as far as it exists.
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
    fn destination_inside_source_is_rejected() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let check = |source: &str, dest: &str, expected: bool| {
            let source = required("--source", Some(source)).expect("a location");
            let dest = required("--dest", Some(dest)).expect("a location");
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
