//! Lists folders that are no Region's: those that carry days in one of several forms, which are pruned by
//! day, and those whose files say their day.

use std::collections::BTreeMap;

use futures::stream::{FuturesUnordered, StreamExt};
use logs::layout::DateFolder;
use store::{ListPage, ListRequest};

use super::{ListedObject, Lister};
use crate::error::Error;
use crate::source::found::OtherFolder;
use crate::source::known::name_of;

/// Objects by their names, each the first of its name by key.
pub(super) type Held = BTreeMap<String, ListedObject>;

/// A folder that is still to be listed, or the rest of one.
#[derive(Debug)]
pub(super) struct Step {
    prefix: String,
    what: What,
    token: Option<String>,
}

/// What of a folder is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Its folders, as far as they may hold a day that is wanted.
    Dates(DateFolder),
    /// Its own files.
    Files,
    /// Everything below it.
    All,
}

impl Step {
    pub(super) fn new(prefix: String, what: What) -> Self {
        Step { prefix, what, token: None }
    }

    /// A folder among dates, or beside them.
    pub(super) fn of_folder(prefix: String, date: DateFolder) -> Self {
        let what = match date.child(name_of(&prefix)) {
            Some(DateFolder::Day(_)) => What::All,
            Some(date) => What::Dates(date),
            // Partitions may come between those of the date.
            None if name_of(&prefix).contains('=') => What::Dates(date),
            None => What::All,
        };
        Step::new(prefix, what)
    }
}

impl Lister<'_> {
    /// Lists folders of other layouts. Objects whose files are not named like a trail's are given on at once;
    /// the others are held, because a Region's folder may have the same.
    pub(super) async fn list_others(&self, folders: &[OtherFolder]) -> Result<Held, Error> {
        let mut held = Held::new();
        for OtherFolder { prefix, has_days, is_named } in folders {
            let what = if *has_days { What::Dates(DateFolder::None) } else { What::Files };
            let steps = vec![Step::new(prefix.clone(), what)];
            if *is_named {
                for object in self.walk(steps, prefix).await? {
                    self.hold(&mut held, object);
                }
            } else {
                self.walk_each(steps, prefix, None).await?;
            }
        }
        Ok(held)
    }

    fn hold(&self, held: &mut Held, object: ListedObject) {
        let Some(known) = held.get_mut(&object.meta.key) else {
            held.insert(object.meta.key.clone(), object);
            return;
        };
        let first =
            if known.key() <= object.key() { object } else { std::mem::replace(known, object) };
        self.count_copy(known, &first);
    }

    /// The objects below some folders, in the order of their keys.
    pub(super) async fn walk(
        &self,
        steps: Vec<Step>,
        trail: &str,
    ) -> Result<Vec<ListedObject>, Error> {
        let mut found = Vec::new();
        self.walk_each(steps, trail, Some(&mut found)).await?;
        found.sort_by_cached_key(ListedObject::key);
        Ok(found)
    }

    /// Goes through folders and puts their objects into `into`, or gives them on.
    async fn walk_each(
        &self,
        mut waiting: Vec<Step>,
        trail: &str,
        mut into: Option<&mut Vec<ListedObject>>,
    ) -> Result<(), Error> {
        let mut in_flight = FuturesUnordered::new();
        loop {
            while in_flight.len() < self.settings.requests_in_flight.max(1)
                && let Some(step) = waiting.pop()
            {
                in_flight.push(self.list_step(step));
            }
            let Some(listed) = in_flight.next().await else { return Ok(()) };
            let (mut step, page): (Step, ListPage) = listed?;
            if let What::Dates(date) = step.what {
                let (first, last) = (self.selection.first, self.selection.last);
                let may_hold = |prefix: &String| match date.child(name_of(prefix)) {
                    Some(date) => date.may_hold(first, last),
                    // What is beside the dates was searched for itself.
                    None => date != DateFolder::None || name_of(prefix).contains('='),
                };
                let folders = page.prefixes.into_iter().filter(may_hold);
                waiting.extend(folders.map(|prefix| Step::of_folder(prefix, date)));
            }
            if step.what != What::Dates(DateFolder::None) {
                for meta in page.objects {
                    let Some(object) = self.object(meta, trail) else { continue };
                    match &mut into {
                        Some(found) => found.push(object),
                        None => self.send(object).await,
                    }
                }
            }
            if page.next.is_some() {
                step.token = page.next;
                waiting.push(step);
            }
        }
    }

    async fn list_step(&self, step: Step) -> Result<(Step, ListPage), Error> {
        let mut request = match step.what {
            What::All => ListRequest::all(&step.prefix),
            What::Dates(_) | What::Files => ListRequest::folder(&step.prefix).or_empty(),
        };
        request.token.clone_from(&step.token);
        let page = self.list(request).await?;
        Ok((step, page))
    }

    pub(super) fn count_copy(&self, first: &ListedObject, copy: &ListedObject) {
        // An object may be met twice, in two folders that were found.
        if first.key() == copy.key() {
            return;
        }
        let (first_bytes, copy_bytes) = (first.meta.size_bytes, copy.meta.size_bytes);
        self.counts.copy((&first.key(), first_bytes), (&copy.key(), copy_bytes), copy.delivery);
    }
}
