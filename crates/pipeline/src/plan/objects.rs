//! What a plan lists, and the keys and folders themselves, for programs that read them in parts.

use std::sync::Arc;

use futures::TryFutureExt;
use store::Store;
use tokio::sync::mpsc::{self, Sender};

use super::Plan;
use crate::error::Error;
use crate::outcome::progress::Progress;
use crate::settings::Settings;
use crate::source::folders::{given_folders, lines_of};
use crate::source::keys::{Keys, list_given};
use crate::source::lines::Lines;
use crate::source::list::{LISTED_AHEAD, Listed, ListedObject, find_folders, list_all, list_found};

/// About how many bytes of lines are handed over at once.
const CHUNK_BYTES: usize = 64 << 10;

/// What is listed.
#[derive(Debug, Default)]
pub enum ListOf {
    /// The folders of the trails that are found in the source.
    #[default]
    Source,
    /// Only these folders: lines of [`plan_folders`].
    Folders(Lines),
    /// Nothing: these are the objects, lines as those of [`plan_keys`].
    Keys(Lines),
}

/// What is planned.
#[derive(Debug, Default)]
pub struct PlanRequest {
    /// What is listed.
    pub of: ListOf,
    /// Whether it is summed up what each day is read from.
    pub with_sums: bool,
}

impl ListOf {
    pub(crate) async fn list(
        self,
        source: &dyn Store,
        settings: &Settings,
        objects: Sender<ListedObject>,
    ) -> Result<Listed, Error> {
        match self {
            ListOf::Source => list_all(source, settings, objects).await,
            ListOf::Folders(lines) => {
                let folders = Arc::new(given_folders(lines, source, settings).await?);
                list_found(source, settings, folders, None, objects).await
            }
            ListOf::Keys(lines) => list_given(lines, source, settings, objects).await,
        }
    }
}

/// Lists the objects that a run would read, and gives them as JSON Lines to `lines`, in no order. Nothing of the
/// destination is looked at; days are not planned. `None` if nobody takes the lines any more.
///
/// # Errors
/// As [`plan`](super::plan), and if a line that is given is not as expected.
pub async fn plan_keys(
    source: &dyn Store,
    request: PlanRequest,
    settings: &Settings,
    lines: Sender<Vec<u8>>,
    progress: &Progress,
) -> Result<Option<Plan>, Error> {
    /// Why it ends early.
    enum End {
        Failed(Error),
        NotTaken,
    }
    let mut plan = Plan::new(source, request.with_sums, settings);
    let (sender, mut receiver) = mpsc::channel::<ListedObject>(LISTED_AHEAD);
    let listing = request.of.list(source, settings, sender).map_err(End::Failed);
    let keys = Keys::new(source, settings);
    let writing = async {
        let mut chunk = Vec::new();
        while let Some(object) = receiver.recv().await {
            plan.count(&object, settings, progress);
            keys.line(&object).write(&mut chunk);
            if chunk.len() >= CHUNK_BYTES {
                let full = std::mem::take(&mut chunk);
                lines.send(full).await.map_err(|_| End::NotTaken)?;
            }
        }
        lines.send(chunk).await.map_err(|_| End::NotTaken)
    };
    match futures::future::try_join(listing, writing).await {
        Ok((listed, ())) => {
            plan.complete(listed, source, settings, progress).await?;
            Ok(Some(plan))
        }
        Err(End::Failed(error)) => Err(error),
        Err(End::NotTaken) => Ok(None),
    }
}

/// Searches the source for trails, and gives their folders as JSON Lines: each can be listed for itself
/// ([`ListOf::Folders`]), and all together have each object that a run would read once.
///
/// # Errors
/// If a folder cannot be listed, there is no trail, or none that is asked for.
pub async fn plan_folders(
    source: &dyn Store,
    settings: &Settings,
) -> Result<(String, Plan), Error> {
    let mut plan = Plan::new(source, false, settings);
    let found = find_folders(source, settings).await?;
    let lines = lines_of(source, settings, &found).await?;
    plan.add_listed(Listed::of_folders(source, settings, found));
    Ok((lines, plan))
}
