//! Looks around when there is nothing to read in a range: most often the range or the source is a typo.

use logs::layout::DateFolder;
use store::{Store, list_folders};

use crate::error::Error;
use crate::outcome::nothing_found::NothingFound;
use crate::settings::Settings;
use crate::source::known::name_of;
use crate::source::list::Listed;

/// How many prefixes are named when nothing is found.
const EXAMPLES: usize = 3;

/// The most folders between one that is looked at and its days: a year, a month, a day.
const MAX_DEPTH: usize = 3;

/// Says which prefixes were listed, and which days have folders there.
pub(crate) async fn nothing_found(
    source: &dyn Store,
    settings: &Settings,
    listed: &Listed,
) -> Result<Option<NothingFound>, Error> {
    let Some(range) = settings.range else { return Ok(None) };
    let discovery = &listed.discovery;
    let location = format!("{}/", source.location().trim_end_matches('/'));
    let name = |prefix: &String| match source.several() {
        Some(several) => several.shown(prefix),
        None => format!("{location}{prefix}"),
    };
    let folders = discovery.regions.iter().map(|folder| &folder.prefix);
    let folders = folders.chain(discovery.others.iter().map(|folder| &folder.prefix));
    let folders = folders.collect::<Vec<_>>();
    let examples = folders.iter().take(EXAMPLES);
    let examples = examples.map(|prefix| name(prefix)).collect();
    let mut near = Vec::new();
    for prefix in folders.iter().take(EXAMPLES) {
        for last in [false, true] {
            near.extend(outermost_day(source, prefix, last).await?);
        }
    }
    near.sort();
    near.dedup();
    let near = match near.as_slice() {
        [] => Vec::new(),
        [only] => vec![only.to_string()],
        [first, .., last] => vec![first.to_string(), last.to_string()],
    };
    Ok(Some(NothingFound {
        range: range.to_string(),
        prefixes: folders.len(),
        examples,
        near,
        skipped: listed.listing.skipped,
        skipped_suffixes: listed.listing.skipped_suffixes.clone(),
    }))
}

/// The first or the last day of a folder that has a folder.
async fn outermost_day(
    source: &dyn Store,
    prefix: &str,
    last: bool,
) -> Result<Option<jiff::civil::Date>, Error> {
    let (mut folder, mut date) = (prefix.to_owned(), DateFolder::None);
    for _ in 0..MAX_DEPTH {
        let folders = list_folders(source, &folder).await.map_err(Error::List)?;
        let dated = folders.iter().filter_map(|folder| {
            let date = date.child(name_of(folder))?;
            Some((folder, date))
        });
        // Folders that are not padded are not in the order of their days.
        let order = |(_, date): &(&String, DateFolder)| match *date {
            DateFolder::None => (0, 0, 0),
            DateFolder::Year(year) => (year, 0, 0),
            DateFolder::Month(year, month) => (year, month, 0),
            DateFolder::Day(day) => (day.year(), day.month(), day.day()),
        };
        let next = if last { dated.max_by_key(order) } else { dated.min_by_key(order) };
        let Some((next, next_date)) = next else { return Ok(None) };
        if let DateFolder::Day(day) = next_date {
            return Ok(Some(day));
        }
        (folder, date) = (next.clone(), next_date);
    }
    Ok(None)
}
