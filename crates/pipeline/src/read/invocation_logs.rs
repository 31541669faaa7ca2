//! Reads the model invocation logs around the days, which complete calls when a day is built.

use logs::layout::LogKind;
use tokio::sync::mpsc;

use super::rows::{Given, Rows};
use super::{Job, SENT_AHEAD, send};
use crate::error::Error;
use crate::join::{InvocationDecoder, list_logs};
use crate::outcome::{InvocationLog, MAX_LISTED};
use crate::source::fetch::Fetcher;
use crate::source::health::Health;
use crate::source::list::{LISTED_AHEAD, ListedObject};

/// Reads those that are wanted, and gives them to `rows`; `None` if there is no location of such logs.
///
/// # Errors
/// If they cannot be listed, or fail as a whole.
pub(super) async fn read(
    job: &Job<'_>,
    rows: &Rows,
    is_wanted: impl Fn(&ListedObject) -> bool,
) -> Result<Option<InvocationLog>, Error> {
    let Job { settings, workers, progress, range, .. } = *job;
    let Some(source) = job.endpoints.invocation_logs else { return Ok(None) };
    let store = source.store.as_ref();
    let listed = list_logs(source, settings).await?;
    let (limits, keys) = (settings.limits, settings.request_metadata.clone());
    let decoder = InvocationDecoder { limits, keys };
    let (what, kind) = ("the location of the model invocation logs", LogKind::ModelInvocation);
    let health = Health::new(store, what, kind, !source.may_lack);
    let fetcher = Fetcher::new(store, settings, workers, decoder, &health);
    let (to_send, to_be_sent) = mpsc::channel(LISTED_AHEAD);
    let (to_fetch, fetched) = mpsc::channel(SENT_AHEAD);
    let listing = async {
        let to_send = to_send;
        let around = listed.around(settings, |day| range.contains(day));
        for object in around.filter(|object| is_wanted(object)) {
            // The receiver is gone if reading failed, and that error is returned.
            if to_send.send(object.clone()).await.is_err() {
                break;
            }
        }
        Ok(())
    };
    let mut log = InvocationLog::default();
    let reading = fetcher.read_all(fetched, progress, |read| {
        log.count(&read);
        rows.send(Given::Log(Box::new(read)));
        health.check(false)
    });
    let sending = send(to_be_sent, to_fetch, rows, progress, |_| ());
    futures::future::try_join3(reading, sending, listing).await?;
    health.check(true)?;
    log.unreadable_objects.sort_by(|a, b| a.key.cmp(&b.key));
    log.unreadable_objects.truncate(MAX_LISTED);
    log.locations_not_read = listed.not_read;
    Ok(Some(log))
}
