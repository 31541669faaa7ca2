//! The Regions where calls may run, as users give them.

use std::path::Path;

use tables::view::ApprovedRegions;

use crate::exit::Failure;

/// The Regions of `--approved-regions`: of a list, or of a file of this name.
///
/// # Errors
/// If it is neither.
pub(crate) fn regions(text: &str) -> Result<ApprovedRegions, Failure> {
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
