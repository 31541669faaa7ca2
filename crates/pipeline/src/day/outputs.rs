//! Whether the files of published days are still there as they were written, as far as listings show.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{StreamExt, TryStreamExt};
use jiff::civil::Date;
use store::{ListRequest, ObjectMeta, Pages, Store};

use crate::day::manifest::{Manifest, Output};
use crate::day::spool::Spooled;
use crate::error::Error;

/// Tables that are listed at the same time.
const LISTS_AT_ONCE: usize = 7;

/// The days whose files are not those that their manifests name, each with the key of the first that is
/// not. Sizes are compared, and `ETag`s where they may be the MD5 of the content; a file with another `ETag` is
/// read before it counts as changed.
///
/// # Errors
/// If the destination cannot be listed or read.
pub(crate) async fn changed_days(
    destination: &dyn Store,
    manifests: &BTreeMap<Date, Option<Manifest>>,
) -> Result<BTreeMap<Date, String>, Error> {
    let published = manifests.values().flatten().filter(|manifest| !manifest.is_withdrawn());
    let published = published.collect::<Vec<_>>();
    let (Some(first), Some(last)) = (published.first(), published.last()) else {
        return Ok(BTreeMap::new());
    };
    let files = files(destination, first.dt, last.dt).await?;
    let mut changed = BTreeMap::new();
    let mut has_md5s = true;
    for manifest in published {
        for output in &manifest.outputs {
            let is_there = match files.get(&output.key) {
                None => false,
                Some(meta) if meta.size_bytes != output.bytes => false,
                Some(meta) if has_md5s && is_other(meta, output) => {
                    let file = Spooled::fetch(destination, &output.key).await?;
                    let is_same = file.is_some_and(|file| file.sha256 == output.sha256);
                    // With some encryptions, an ETag is not the MD5.
                    has_md5s = !is_same;
                    is_same
                }
                Some(_) => true,
            };
            if !is_there {
                changed.entry(manifest.dt).or_insert_with(|| output.key.clone());
            }
        }
    }
    Ok(changed)
}

/// Whether the `ETag` of a file looks like an MD5, and is not that of its content.
fn is_other(meta: &ObjectMeta, output: &Output) -> bool {
    let is_md5 = |etag: &String| etag.len() == 32 && etag.bytes().all(|b| b.is_ascii_hexdigit());
    let etag = meta.etag.as_ref().filter(|etag| is_md5(etag));
    !output.md5.is_empty() && etag.is_some_and(|etag| !etag.eq_ignore_ascii_case(&output.md5))
}

/// The files in the partitions of these days, by key.
async fn files(
    destination: &dyn Store,
    first: Date,
    last: Date,
) -> Result<BTreeMap<String, ObjectMeta>, Error> {
    let tables = tables::by_day().map(|table| table.name).collect::<BTreeSet<_>>();
    let lists = futures::stream::iter(tables)
        .map(|table| async move {
            // No key is greater than its folder's name with this character, which comes after `/`.
            let end = format!("{table}/dt={last}0");
            // With its slash: services that walk folders skip all of a folder after its name without one.
            let start =
                ListRequest::all(format!("{table}/")).start_after(format!("{table}/dt={first}/"));
            let mut pages = Pages::new(destination, start);
            let mut files = Vec::new();
            while let Some(page) = pages.next().await? {
                let is_over = page.objects.last().is_some_and(|meta| meta.key > end);
                files.extend(page.objects.into_iter().filter(|meta| meta.key <= end));
                if is_over {
                    break;
                }
            }
            Ok::<_, store::Error>(files)
        })
        .buffer_unordered(LISTS_AT_ONCE);
    let lists = lists.try_collect::<Vec<_>>().await.map_err(Error::Destination)?;
    Ok(lists.into_iter().flatten().map(|meta| (meta.key.clone(), meta)).collect())
}
