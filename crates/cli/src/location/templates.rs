//! Locations of model invocation logs with `{account}` and `{region}` in them.

use std::collections::BTreeSet;

use futures::future::{BoxFuture, FutureExt};
use pipeline::{Callers, LogLocations, ObjectProblem, OpenLogs};
use store::S3Options;

use super::source_options;
use super::sources::{ReadLocation, open_some_logs};
use crate::args::AwsArgs;
use crate::exit::Failure;
use crate::messages::Messages;

const ACCOUNT: &str = "{account}";
const REGION: &str = "{region}";

/// Locations that are filled in with the accounts and Regions of the calls that were found.
#[derive(Debug)]
pub(crate) struct LogTemplates {
    uris: Vec<String>,
    options: S3Options,
    requests_in_flight: usize,
    messages: Messages,
}

impl LogTemplates {
    /// Whether one of these locations is a template.
    pub(crate) fn are_in(uris: &[String]) -> bool {
        uris.iter().any(|uri| is_template(uri))
    }

    /// These locations, if one of them is a template.
    ///
    /// # Errors
    /// If one is no location once it is filled in.
    pub(crate) fn of_uris(
        uris: &[String],
        aws: &AwsArgs,
        requests_in_flight: usize,
        messages: Messages,
    ) -> Result<Option<Self>, Failure> {
        if !Self::are_in(uris) {
            return Ok(None);
        }
        for uri in uris {
            let filled = filled(uri, "111122223333", "us-east-1");
            if filled.contains(['{', '}']) {
                let expected = "expected {account} and {region} only";
                return Err(Failure::usage(format!(
                    "--invocation-logs: {expected}, found `{uri}`"
                )));
            }
            ReadLocation::of_logs(&filled, S3Options::default())?;
        }
        let options = source_options(aws);
        Ok(Some(LogTemplates { uris: uris.to_vec(), options, requests_in_flight, messages }))
    }

    /// The locations of these callers, each once.
    fn filled(&self, callers: &Callers) -> BTreeSet<String> {
        let mut uris = BTreeSet::new();
        for uri in &self.uris {
            if !is_template(uri) {
                uris.insert(uri.clone());
            }
            for (account, regions) in callers {
                uris.extend(regions.iter().map(|region| filled(uri, account, region)));
            }
        }
        uris
    }
}

fn is_template(uri: &str) -> bool {
    uri.contains(['{', '}'])
}

fn filled(uri: &str, account: &str, region: &str) -> String {
    uri.replace(ACCOUNT, account).replace(REGION, region)
}

impl LogLocations for LogTemplates {
    fn open<'a>(&'a self, callers: &'a Callers) -> BoxFuture<'a, OpenLogs> {
        let opening = async move {
            let (mut locations, mut invalid) = (Vec::new(), Vec::new());
            for uri in self.filled(callers) {
                match ReadLocation::of_logs(&uri, self.options.clone()) {
                    Ok(location) => locations.push(location),
                    Err(failure) => {
                        invalid.push(ObjectProblem { key: uri, reason: failure.to_string() });
                    }
                }
            }
            let mut opened =
                open_some_logs(&locations, self.requests_in_flight, &self.messages).await;
            opened.not_opened.append(&mut invalid);
            opened
        };
        opening.boxed()
    }
}
