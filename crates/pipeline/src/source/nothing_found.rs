//! Looks around when there is nothing to read in a range: most often the range or the source is a typo.

use store::{Store, list_folders};

use crate::error::Error;
use crate::outcome::nothing_found::NothingFound;
use crate::settings::Settings;
use crate::source::discover::Discovery;

/// How many prefixes are named when nothing is found.
const EXAMPLES: usize = 3;

/// Says which prefixes were listed, and which days have objects there.
pub(crate) async fn nothing_found(
    source: &dyn Store,
    settings: &Settings,
    discovery: &Discovery,
) -> Result<Option<NothingFound>, Error> {
    let Some(range) = settings.range else { return Ok(None) };
    let folders = &discovery.folders;
    let location = format!("{}/", source.location().trim_end_matches('/'));
    let examples = folders.iter().take(EXAMPLES);
    let examples = examples.map(|folder| format!("{location}{}", folder.prefix)).collect();
    let mut near = Vec::new();
    for folder in folders.iter().take(EXAMPLES) {
        for last in [false, true] {
            if let Some(day) = outermost_day(source, &folder.prefix, last).await? {
                near.push(day);
            }
        }
    }
    near.sort();
    near.dedup();
    let near = match near.as_slice() {
        [] => Vec::new(),
        [only] => vec![only.clone()],
        [first, .., last] => vec![first.clone(), last.clone()],
    };
    Ok(Some(NothingFound::new(range, examples, folders.len(), near)))
}

/// The first or the last day of a Region's folder that has a folder: `2026-08-01`.
async fn outermost_day(
    source: &dyn Store,
    prefix: &str,
    last: bool,
) -> Result<Option<String>, Error> {
    let mut folder = prefix.to_owned();
    for _ in 0..3 {
        let folders = list_folders(source, &folder).await.map_err(Error::List)?;
        let next = if last { folders.last() } else { folders.first() };
        let Some(next) = next else { return Ok(None) };
        folder.clone_from(next);
    }
    let day = folder[prefix.len()..].trim_end_matches('/').replace('/', "-");
    Ok(Some(day))
}
