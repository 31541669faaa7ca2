//! The locations that are read as one source.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::stream::StreamExt;
use pipeline::{Layout, ObjectProblem, OpenLogs, Settings, Source};
use store::{Limited, Location, S3Options, Several, Store};

use super::{
    open_location, open_source, open_trail, optional, required, resolved, root_path, source_options,
};
use crate::args::{AwsArgs, SourceArgs};
use crate::exit::Failure;
use crate::messages::Messages;

/// Locations that are opened at the same time: each asks S3 once or twice.
const OPENED_AT_ONCE: usize = 16;

/// A location that is read, and how it is reached.
#[derive(Debug, Clone)]
pub(crate) struct ReadLocation {
    pub(crate) location: Location,
    pub(super) options: S3Options,
    /// What is put in front of names in it, if anything.
    name: Option<String>,
}

/// The sources of the options or the settings file.
///
/// # Errors
/// If one is invalid, or two are the same.
pub(crate) fn sources(args: &SourceArgs, aws: &AwsArgs) -> Result<Vec<ReadLocation>, Failure> {
    let (mut locations, mut names) = (Vec::new(), BTreeSet::new());
    for source in args.all() {
        if let Some(name) = &source.name {
            let is_folder =
                !name.is_empty() && !name.starts_with(['.', '@']) && !name.contains('/');
            if !is_folder || !names.insert(name.clone()) {
                let expected =
                    "expected a name of its own, without `/`, that begins with no `.` or `@`";
                return Err(Failure::usage(format!("source: {expected}, found name `{name}`")));
            }
        }
        if let Some(location) = optional("--source", Some(&source.uri))? {
            let options = source_options(&source.aws(aws));
            locations.push(ReadLocation { location, options, name: source.name });
        }
    }
    check_distinct("--source", &locations)?;
    Ok(locations)
}

/// The sources of the options or the settings file, of which there must be one.
///
/// # Errors
/// As [`sources`], and if there is none.
pub(crate) fn required_sources(
    args: &SourceArgs,
    aws: &AwsArgs,
) -> Result<Vec<ReadLocation>, Failure> {
    let sources = sources(args, aws)?;
    if sources.is_empty() {
        required("--source", None)?;
    }
    Ok(sources)
}

/// The locations of the model invocation logs, none of which is a template.
///
/// # Errors
/// If one is invalid, or two are the same.
pub(crate) fn invocation_logs(
    uris: &[String],
    aws: &AwsArgs,
) -> Result<Vec<ReadLocation>, Failure> {
    let locations = uris.iter().map(|uri| ReadLocation::of_logs(uri, source_options(aws)));
    let locations = locations.collect::<Result<Vec<_>, _>>()?;
    check_distinct("--invocation-logs", &locations)?;
    Ok(locations)
}

/// The locations of the outputs of batch jobs.
///
/// # Errors
/// If one is invalid, or two are the same.
pub(crate) fn batch_outputs(uris: &[String], aws: &AwsArgs) -> Result<Vec<ReadLocation>, Failure> {
    const OPTION: &str = "--batch-outputs";
    let locations = uris.iter().map(|uri| ReadLocation::of(OPTION, uri, source_options(aws)));
    let locations = locations.collect::<Result<Vec<_>, _>>()?;
    check_distinct(OPTION, &locations)?;
    Ok(locations)
}

impl ReadLocation {
    pub(super) fn of_logs(uri: &str, options: S3Options) -> Result<Self, Failure> {
        ReadLocation::of("--invocation-logs", uri, options)
    }

    fn of(option: &str, uri: &str, options: S3Options) -> Result<Self, Failure> {
        let location = required(option, Some(uri))?;
        Ok(ReadLocation { location, options, name: None })
    }
}

/// Rejects a location that is named twice: everything there would be read twice.
fn check_distinct(option: &str, locations: &[ReadLocation]) -> Result<(), Failure> {
    let same = |a: &Location, b: &Location| match (a, b) {
        (Location::Folder(a), Location::Folder(b)) => resolved(a) == resolved(b),
        (a, b) => a == b,
    };
    for (n, read) in locations.iter().enumerate() {
        if locations[..n].iter().any(|earlier| same(&earlier.location, &read.location)) {
            let location = &read.location;
            return Err(Failure::usage(format!(
                "{option}: {location} is named twice: expected different locations"
            )));
        }
    }
    Ok(())
}

/// A source, or several as one, open.
pub(crate) struct OpenSource {
    pub(crate) store: Arc<dyn Store>,
    root_path: String,
    /// How it is read: single objects, or folders of files alone, whatever these are called.
    pub(crate) layout: Layout,
}

impl OpenSource {
    pub(crate) fn source(&self) -> Source<'_> {
        Source { store: self.store.as_ref(), root_path: &self.root_path }
    }
}

/// Opens sources, all of which must be there.
///
/// # Errors
/// If one cannot be reached, or has no folders and another has.
pub(crate) async fn open_sources(
    sources: &[ReadLocation],
    settings: &Settings,
    messages: &Messages,
) -> Result<OpenSource, Failure> {
    let open = async |read: &ReadLocation| {
        let ReadLocation { location, options, .. } = read;
        (read.clone(), open_trail(location, options, settings, messages).await)
    };
    let mut opening = futures::stream::iter(sources).map(open).buffered(OPENED_AT_ONCE);
    let (mut stores, mut objects, mut paths) = (Vec::new(), Vec::new(), Vec::new());
    while let Some((read, opened)) = opening.next().await {
        let (store, layout) = opened?;
        paths.push(root_path(&read.location));
        stores.push((read.name, store));
        objects.extend((layout != settings.layout).then_some(read.location));
    }
    if let Some(object) = objects.first().filter(|_| objects.len() < sources.len()) {
        return Err(Failure::usage(format!(
            "--source: {object} has no folders, and is read without looking for trails: expected trails, as \
             the other sources have them, or --layout any for all"
        )));
    }
    let store = as_one(stores, settings.requests_in_flight);
    let layout = if objects.is_empty() { settings.layout } else { Layout::Any };
    Ok(OpenSource { store, root_path: paths.join("/"), layout })
}

/// Opens the one location of model invocation logs, which must be there.
///
/// # Errors
/// If it cannot be reached.
pub(crate) async fn open_only_logs(
    read: &ReadLocation,
    requests_in_flight: usize,
    messages: &Messages,
) -> Result<OpenLogs, Failure> {
    let store = open_logs(read, requests_in_flight, messages).await?;
    Ok(OpenLogs { store, not_opened: Vec::new(), may_lack: false })
}

/// Opens locations of model invocation logs, of which some may lack: they are named in what is read.
pub(crate) async fn open_some_logs(
    locations: &[ReadLocation],
    requests_in_flight: usize,
    messages: &Messages,
) -> OpenLogs {
    let open = async |read: &ReadLocation| {
        (read.location.to_string(), open_logs(read, requests_in_flight, messages).await)
    };
    let mut opening = futures::stream::iter(locations).map(open).buffered(OPENED_AT_ONCE);
    let (mut stores, mut not_opened) = (Vec::new(), Vec::new());
    while let Some((key, opened)) = opening.next().await {
        match opened {
            Ok(store) => stores.push((None, store)),
            Err(failure) => not_opened.push(ObjectProblem { key, reason: failure.to_string() }),
        }
    }
    let store: Arc<dyn Store> = several(stores, requests_in_flight);
    OpenLogs { store, not_opened, may_lack: true }
}

/// Opens the locations of the outputs of batch jobs, all of which must be there; `None` if there are none.
///
/// # Errors
/// If one cannot be reached.
pub(crate) async fn open_batch_outputs(
    locations: &[ReadLocation],
    requests_in_flight: usize,
    messages: &Messages,
) -> Result<Option<Arc<dyn Store>>, Failure> {
    let what = "the location of the batch outputs";
    let open = async |read: &ReadLocation| {
        open_source(what, &read.location, &read.options, requests_in_flight, messages).await
    };
    let mut opening = futures::stream::iter(locations).map(open).buffered(OPENED_AT_ONCE);
    let mut stores = Vec::new();
    while let Some(opened) = opening.next().await {
        stores.push((None, opened?));
    }
    Ok((!stores.is_empty()).then(|| as_one(stores, requests_in_flight)))
}

async fn open_logs(
    read: &ReadLocation,
    requests_in_flight: usize,
    messages: &Messages,
) -> Result<Arc<dyn Store>, Failure> {
    let what = "the invocation log location";
    open_location(what, &read.location, &read.options, requests_in_flight, messages).await
}

type NamedStore = (Option<String>, Arc<dyn Store>);

/// One store as it is, unless names in it have another in front.
fn as_one(stores: Vec<NamedStore>, requests_in_flight: usize) -> Arc<dyn Store> {
    match stores.as_slice() {
        [(None, only)] => Arc::clone(only),
        _ => several(stores, requests_in_flight),
    }
}

/// Each store has a bound of its own, which is for all together.
fn several(stores: Vec<NamedStore>, requests_in_flight: usize) -> Arc<dyn Store> {
    Arc::new(Limited::new(Arc::new(Several::new(stores)), requests_in_flight))
}
