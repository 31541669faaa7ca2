//! The Regions where calls may run, as users give them.

use std::path::Path;

use bedrock::Regions;
use tables::view::ApprovedRegions;

use crate::exit::Failure;
use crate::messages::Messages;
use crate::region::did_you_mean;

/// The Regions of `--approved-regions`: of a list, or of a file of this name. One that is not known may be newer
/// than the catalog, or a slip, and is named.
///
/// # Errors
/// If it is neither.
pub(crate) fn regions(text: &str, messages: &Messages) -> Result<ApprovedRegions, Failure> {
    let approved = read(text)?;
    let known = Regions::embedded();
    for region in approved.regions() {
        if known.get(region).is_none() {
            let meant = did_you_mean(&known.meant(region));
            messages.warn(&format!("--approved-regions: unknown Region `{region}`{meant}"));
        }
    }
    Ok(approved)
}

fn read(text: &str) -> Result<ApprovedRegions, Failure> {
    let path = Path::new(text);
    if !path.is_file() {
        return ApprovedRegions::of_list(text).map_err(|error| {
            Failure::usage(format!("--approved-regions: {error}, and no file `{text}`"))
        });
    }
    let csv = std::fs::read_to_string(path);
    let csv =
        csv.map_err(|error| Failure::usage(format!("--approved-regions: {text}: {error}")))?;
    ApprovedRegions::of_csv(&csv)
        .map_err(|error| Failure::usage(format!("--approved-regions: {text}: {error}")))
}
