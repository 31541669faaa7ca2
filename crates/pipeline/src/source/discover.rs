//! Finds every trail below a source by what is below its folders: what they are called above decides
//! nothing. Folders are listed in parallel, the ones that look like a trail's first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt};
use logs::layout::{FileClass, LogKind};
use store::{ListPage, Store};

use crate::error::{Error, list_of_names};
use crate::settings::{Layout, Settings};
use crate::source::found::{Discovery, OtherFolder};
use crate::source::known::{Folder, Known};
use crate::source::{roots, shown};

/// Folders that are listed before the next ones are chosen. It bounds what is held.
const IN_A_ROUND: usize = 1000;

/// Folders that were not searched and are named where there is no trail.
const NAMED_IN_ERROR: usize = 20;

/// A search that goes on.
pub(super) struct Search<'a> {
    pub(super) settings: &'a Settings,
    pub(super) kind: LogKind,
    pub(super) found: Discovery,
    /// Folders to look into.
    pub(super) waiting: Vec<Folder>,
    /// Folders by day whose files do not say what they are, each with its folders of dates.
    pub(super) unnamed: BTreeMap<String, BTreeSet<String>>,
    /// The folder that is searched: empty, or that of one of several sources.
    root: &'a str,
    /// What is directly below it, to say what was looked at.
    at_root: BTreeSet<String>,
    n_files: u64,
    /// Listings that count for the limit.
    n_searched: u64,
}

/// Sources that are searched at the same time: the requests of all have a bound of their own.
const SEARCHED_AT_ONCE: usize = 16;

/// What a search came to.
pub(crate) struct Searched {
    found: Discovery,
    /// That there is nothing of the kind; `None` if there is, or if filters alone exclude it.
    no_logs: Option<Error>,
}

impl Searched {
    /// What was found.
    ///
    /// # Errors
    /// If there is nothing of the kind.
    pub(crate) fn with_logs(self) -> Result<Discovery, Error> {
        self.no_logs.map_or(Ok(self.found), Err)
    }
}

/// Finds the trails of a source, or of each of several.
///
/// # Errors
/// If a folder cannot be listed, there is no trail in one of them, or none that is asked for in all of them.
pub(crate) async fn discover(
    store: &dyn Store,
    settings: &Settings,
    kind: LogKind,
) -> Result<Discovery, Error> {
    let search = async |root: String| {
        let searched = search(store, &root, settings, kind).await;
        searched.map(|searched| (root, searched))
    };
    let mut searches = stream::iter(roots(store)).map(search).buffered(SEARCHED_AT_ONCE);
    let (mut all, mut no_logs) = (Discovery::default(), None);
    while let Some(searched) = searches.next().await {
        let (root, searched) = searched?;
        if let Some(error) = searched.no_logs {
            all.without.push(root);
            no_logs.get_or_insert(error);
        }
        all.add(searched.found);
    }
    let is_empty = all.regions.is_empty() && all.others.is_empty();
    match no_logs {
        // Not every trail has digests.
        Some(error) if is_empty || kind != LogKind::Digest => Err(error),
        _ => all.check_filters(store, settings).map(|()| all),
    }
}

/// Finds the trails below a folder of a store.
///
/// Every folder is listed at most once, but for those that are known by what is above them: an account's
/// folder in `AWSLogs/` has one folder that is looked into, and other services' logs have none. What was not
/// looked into is named.
///
/// # Errors
/// If a folder cannot be listed.
pub(crate) async fn search(
    store: &dyn Store,
    root: &str,
    settings: &Settings,
    kind: LogKind,
) -> Result<Searched, Error> {
    let mut search = Search {
        root,
        settings,
        kind,
        found: Discovery::default(),
        waiting: vec![Folder::new(root.to_owned(), Known::Nothing)],
        unnamed: BTreeMap::new(),
        at_root: BTreeSet::new(),
        n_files: 0,
        n_searched: 0,
    };
    while let Some(round) = search.next_round() {
        let mut listed = stream::iter(round)
            .map(|folder| async move {
                let page = store.list(&folder.request()).await;
                (folder, page)
            })
            .buffered(settings.requests_in_flight.max(1));
        while let Some((folder, page)) = listed.next().await {
            match page {
                Ok(page) => search.take(folder, page),
                // What is beside a trail may be closed; a trail itself may not.
                Err(error @ store::Error::AccessDenied { .. }) if folder.may_be_closed(root) => {
                    let reason = format!("may not be listed: {error}");
                    search.found.not_searched.add(folder.prefix, &reason);
                }
                Err(error) => return Err(Error::List(error)),
            }
        }
    }
    Ok(search.end(store))
}

impl Search<'_> {
    /// The next folders to list: those of the best rank, as many as the limit allows.
    fn next_round(&mut self) -> Option<Vec<Folder>> {
        // The best ones are at the end.
        self.waiting
            .sort_by(|a, b| (Reverse(a.rank()), &b.prefix).cmp(&(Reverse(b.rank()), &a.prefix)));
        let left = self.settings.max_search_requests.saturating_sub(self.n_searched);
        let mut left = usize::try_from(left).unwrap_or(usize::MAX);
        self.leave_those_over(left);
        let rank = self.waiting.last()?.rank();
        let mut round = Vec::new();
        while round.len() < IN_A_ROUND
            && let Some(folder) = self.waiting.pop_if(|folder| folder.rank() == rank)
        {
            if folder.is_counted() {
                if left == 0 {
                    self.waiting.push(folder);
                    break;
                }
                left -= 1;
                self.n_searched += 1;
            }
            round.push(folder);
        }
        self.found.lists += round.len() as u64;
        (!round.is_empty()).then_some(round)
    }

    /// Gives up the folders that the limit will never reach, the worst first.
    fn leave_those_over(&mut self, left: usize) {
        let counted = self.waiting.iter().filter(|folder| folder.is_counted()).count();
        let mut over = counted.saturating_sub(left);
        if over == 0 {
            return;
        }
        self.found.has_reached_limit = true;
        let limit = self.settings.max_search_requests;
        let reason = format!("the limit of {limit} search requests was reached");
        let found = &mut self.found;
        self.waiting.retain(|folder| {
            if over == 0 || !folder.is_counted() {
                return true;
            }
            over -= 1;
            found.not_searched.add(folder.prefix.clone(), &reason);
            false
        });
    }

    /// Takes what a folder holds.
    fn take(&mut self, mut folder: Folder, page: ListPage) {
        if let Known::Dates { .. } = folder.known {
            self.take_dates(folder, &page);
            return;
        }
        if folder.known == Known::OtherLogs {
            if folder.is_other_logs(&page, self.kind) {
                let reason = folder.reason();
                self.found.not_searched.add(folder.prefix, reason);
            } else {
                self.waiting.push(Folder::new(folder.prefix, Known::Nothing));
            }
            return;
        }
        if folder.prefix == self.root {
            let at_root = page.prefixes.iter().chain(page.objects.iter().map(|meta| &meta.key));
            self.at_root.extend(at_root.take(1000).cloned());
        }
        self.n_files += page.objects.len() as u64;
        let is_named = |key: &str| self.kind.class(key) == FileClass::Named;
        if self.kind != LogKind::Digest && page.objects.iter().any(|meta| is_named(&meta.key)) {
            self.add_other(&folder.prefix, false, true);
        } else if self.kind == LogKind::CloudTrail
            && page.objects.iter().any(|meta| self.kind.class(&meta.key) == FileClass::Unknown)
            && !self.found.not_searched.folders.contains_key(&folder.prefix)
        {
            let reason = "files right in it that are not named like those of a trail";
            self.found.not_searched.add(folder.prefix.clone(), reason);
        }
        self.take_children(&folder, page.prefixes);
        if page.next.is_some() {
            folder.token = page.next;
            self.waiting.push(folder);
        }
    }

    pub(super) fn add_other(&mut self, prefix: &str, has_days: bool, is_named: bool) {
        let other = OtherFolder { prefix: prefix.to_owned(), has_days, is_named };
        if !self.found.others.contains(&other) {
            self.found.others.push(other);
        }
    }

    /// Decides what folders by day are, and whether there is a trail at all.
    fn end(mut self, store: &dyn Store) -> Searched {
        let has_trail = !self.found.regions.is_empty() || !self.found.others.is_empty();
        let is_hidden = !has_trail && !self.found.accounts.is_empty();
        let may_be_read = !has_trail
            && !is_hidden
            && self.found.other_accounts.is_empty()
            && self.kind != LogKind::Digest
            && (self.settings.layout != Layout::Trail || self.kind == LogKind::ModelInvocation);
        for (prefix, folders) in std::mem::take(&mut self.unnamed) {
            if may_be_read {
                self.add_other(&prefix, true, false);
                continue;
            }
            let reason = "folders by day whose files are not named like those of a trail";
            for folder in folders {
                self.found.not_searched.add(folder, reason);
            }
        }
        self.found.regions.sort();
        self.found.others.sort();
        let Discovery { regions, others, .. } = &self.found;
        let is_empty = regions.is_empty() && others.is_empty();
        let no_logs = (is_empty && !self.found.is_filtered()).then(|| self.no_logs(store));
        self.found.not_searched.show(store);
        Searched { found: self.found, no_logs }
    }

    fn no_logs(&self, store: &dyn Store) -> Error {
        let Discovery { lists, has_reached_limit, not_searched, .. } = &self.found;
        let mut looked_at = format!("{lists} folders were listed, {} files seen", self.n_files);
        if *has_reached_limit {
            looked_at += &format!(
                ", and the search ended at its limit of {} requests (--max-search-requests)",
                self.settings.max_search_requests
            );
        }
        if not_searched.count > 0 {
            let mut by_reason = BTreeMap::<&str, Vec<String>>::new();
            for (prefix, reason) in not_searched.folders.iter().take(NAMED_IN_ERROR) {
                let name = match prefix.is_empty() {
                    true => store.location(),
                    false => shown(store, prefix),
                };
                by_reason.entry(reason).or_default().push(format!("`{name}`"));
            }
            let folders = by_reason.into_iter();
            let folders = folders.map(|(reason, names)| format!("{} ({reason})", names.join(", ")));
            let folders = folders.collect::<Vec<_>>().join(", ");
            looked_at += &format!("; not searched: {} folders: {folders}", not_searched.count);
            let more = not_searched.count.saturating_sub(NAMED_IN_ERROR as u64);
            if more > 0 {
                looked_at += &format!(", and {more} more");
            }
        }
        let below = |key: &String| key[self.root.len()..].to_owned();
        let at_root = self.at_root.iter().map(below).collect();
        Error::NoLogs {
            location: match self.root {
                "" => store.location(),
                root => shown(store, root),
            },
            folder: self.kind.folder(),
            found: list_of_names(&at_root),
            looked_at,
        }
    }
}
