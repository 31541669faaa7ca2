//! Groups the calls of the published tables by what policies look at. Nothing is written.

use futures::stream::{StreamExt, TryStreamExt};
use store::Store;
use tables::contexts::{ContextQuestion, Contexts, DayContexts};
use tables::layout::part_key;
use tables::{DENIALS, INVOCATIONS};
use tokio::task::spawn_blocking;

use crate::answer::Basis;
use crate::dates::DayRange;
use crate::day::manifest::{Manifest, load};
use crate::day::spool::Spooled;
use crate::error::Error;

/// Days that are fetched and read at the same time.
const DAYS_AT_ONCE: usize = 4;

/// What came of a day.
type OfDay = Result<Option<(DayContexts, Spooled)>, Error>;

/// Groups the calls of the days of a range, or of all that are published, by the columns of a question. The same
/// tables give the same contexts in the same order.
///
/// # Errors
/// If the destination cannot be listed or read. A file that is no table, or not the one that was written, is no
/// error: it is named, and its day is missing.
pub async fn contexts(
    destination: &dyn Store,
    range: Option<DayRange>,
    question: &ContextQuestion,
) -> Result<(Contexts, Basis), Error> {
    let manifests = load(destination, range).await?;
    let mut basis = Basis::of(&manifests, range);
    let mut contexts = Contexts::new(question);
    let published = manifests.values().flatten().filter(|manifest| !manifest.is_withdrawn());
    let of_days = published.map(|manifest| async move {
        let mut unreadable = Vec::new();
        let found = of_day(destination, manifest, question, &mut unreadable).await;
        found.map(|found| (found, unreadable))
    });
    let mut of_days = futures::stream::iter(of_days).buffered(DAYS_AT_ONCE);
    while let Some((found, unreadable)) = of_days.try_next().await? {
        basis.unreadable.extend(unreadable);
        let Some((day, file)) = found else { continue };
        let add = move || {
            let new = contexts.add(&day);
            let rows = new.iter().map(|(_, row)| *row).collect::<Vec<_>>();
            let mut places = new.iter().map(|(place, _)| *place);
            let named = file.event_ids_of_rows(&rows, |id| {
                if let Some(place) = places.next() {
                    contexts.set_first_event(place, id);
                }
            });
            (contexts, named)
        };
        let (given_back, named) = spawn_blocking(add).await.map_err(|_| Error::Worker)?;
        named.map_err(Error::Answer)?;
        contexts = given_back;
    }
    Ok((contexts, basis))
}

async fn of_day(
    destination: &dyn Store,
    manifest: &Manifest,
    question: &ContextQuestion,
    unreadable: &mut Vec<(String, String)>,
) -> OfDay {
    let day = manifest.dt;
    let Some(calls) = fetch(destination, manifest, INVOCATIONS.name, unreadable).await? else {
        return Ok(None);
    };
    let denials = match question.asks_denials() {
        true => fetch(destination, manifest, DENIALS.name, unreadable).await?,
        false => None,
    };
    let question = question.clone();
    let group = move || calls.contexts(&question, day, denials).map(|found| (found, calls));
    let found = spawn_blocking(group).await.map_err(|_| Error::Worker)?;
    Ok(Some(found.map_err(Error::Answer)?))
}

/// The file of a table that a day has, if it is the one that was written.
async fn fetch(
    destination: &dyn Store,
    manifest: &Manifest,
    table: &'static str,
    unreadable: &mut Vec<(String, String)>,
) -> Result<Option<Spooled>, Error> {
    let key = part_key(table, manifest.dt);
    let Some(output) = manifest.outputs.iter().find(|output| output.key == key) else {
        return Ok(None);
    };
    let reason = match Spooled::fetch(destination, &key).await? {
        None => "it does not exist".to_owned(),
        Some(file) if file.sha256 == output.sha256 => return Ok(Some(file)),
        Some(file) => format!("it is not the file that was written (bytes: {})", file.n_bytes),
    };
    unreadable.push((key, reason));
    Ok(None)
}
