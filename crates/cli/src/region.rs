//! Regions as users type them.

use bedrock::Regions;
use logs::layout::is_region_shaped;

use crate::exit::Failure;

/// Rejects what is no code of a Region. One that the catalog does not have may be new.
///
/// # Errors
/// If the text does not have the shape of a code, with the one that was meant.
pub(crate) fn check(option: &str, text: &str, regions: &Regions) -> Result<(), Failure> {
    if is_region_shaped(text) {
        return Ok(());
    }
    let meant = did_you_mean(&regions.meant(text));
    let expected = "expected the code of an AWS Region, such as us-east-1";
    Err(Failure::usage(format!("{option}: {expected}, found `{text}`{meant}")))
}

/// `; did you mean …?`, or nothing.
pub(crate) fn did_you_mean(meant: &[String]) -> String {
    if meant.is_empty() {
        return String::new();
    }
    let meant = meant.iter().map(|meant| format!("`{meant}`")).collect::<Vec<_>>();
    format!("; did you mean {}?", meant.join(" or "))
}
