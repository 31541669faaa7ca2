//! What is known of a folder before it is listed, and what its own folders are for it.

use std::collections::{BTreeMap, BTreeSet};

use logs::layout::{
    DateFolder, FileClass, FileName, LogKind, is_account, is_error_output, is_organization,
    is_other_service, is_region_shaped, reason_of_sibling,
};
use store::{ListPage, ListRequest};

use crate::settings::Settings;
use crate::source::discover::Search;
use crate::source::found::RegionFolder;

/// A folder to look into.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) prefix: String,
    pub(super) known: Known,
    /// Where its listing goes on.
    pub(super) token: Option<String>,
}

/// What is known of a folder by what is above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing: it may be called whatever it likes.
    Nothing,
    /// It is called `AWSLogs`, or as an organization: it may hold accounts.
    Logs,
    /// It is called as an account is. In `AWSLogs/`, AWS puts nothing into it but logs.
    Account {
        /// Whether it is in `AWSLogs/`, or in an organization's folder.
        is_in_logs: bool,
    },
    /// It is called as the folder of an account's logs is: it may hold Regions.
    Trail {
        /// The account, if its folder is above, and whether that is in `AWSLogs/`.
        account: Option<(String, bool)>,
        log: &'static str,
    },
    /// It is called as a Region, in a folder that is called as a trail's.
    Region { log: &'static str },
    /// It is called as a folder of other logs: what is below it shows whether it is one.
    OtherLogs,
    /// The last of some folders that are called as dates: whatever is below it shows whether they are.
    Dates {
        /// The folder that holds them: empty, or with a `/` at its end.
        root: String,
        folders: BTreeSet<String>,
        /// The log, if the folder is a Region's in a trail's folder.
        log: Option<&'static str>,
    },
}

impl Folder {
    pub(super) fn new(prefix: String, known: Known) -> Self {
        Folder { prefix, known, token: None }
    }

    pub(super) fn request(&self) -> ListRequest {
        let mut request = match self.known {
            Known::Dates { .. } | Known::OtherLogs => ListRequest::all(&self.prefix),
            _ => ListRequest::folder(&self.prefix).or_empty(),
        };
        request.token.clone_from(&self.token);
        request
    }

    /// What looks like a trail goes first, then what is near the source.
    pub(super) fn rank(&self) -> usize {
        let depth = self.prefix.matches('/').count();
        match self.known {
            Known::Nothing | Known::OtherLogs if self.token.is_some() => usize::MAX,
            Known::Nothing | Known::OtherLogs => 1 + depth,
            _ => 0,
        }
    }

    /// Whether it counts for the limit of the search: the folders of a trail itself do not, which are as
    /// many as it has accounts.
    pub(super) fn is_counted(&self) -> bool {
        !matches!(
            self.known,
            Known::Account { is_in_logs: true } | Known::Trail { account: Some((_, true)), .. }
        )
    }

    /// Whether it is nothing that is known to be a trail's.
    pub(super) fn may_be_closed(&self, root: &str) -> bool {
        let is_unknown =
            matches!(self.known, Known::Nothing | Known::OtherLogs | Known::Dates { .. });
        is_unknown && self.prefix != root
    }

    /// Whether its first keys show that it is a folder of other logs: a Region is directly below it, and no
    /// file is named as those that are asked for.
    pub(super) fn is_other_logs(&self, page: &ListPage, kind: LogKind) -> bool {
        let mut keys = page.objects.iter().map(|meta| meta.key.as_str());
        let is_below_region = |key: &str| {
            let name = key[self.prefix.len()..].split('/').next();
            name.is_some_and(is_region_shaped)
        };
        keys.clone().any(is_below_region) && !keys.any(|key| kind.class(key) == FileClass::Named)
    }

    pub(super) fn reason(&self) -> &'static str {
        reason_of_sibling(name_of(&self.prefix))
    }
}

impl Search<'_> {
    /// Takes the folders of a folder.
    pub(super) fn take_children(&mut self, folder: &Folder, children: Vec<String>) {
        let log = match folder.known {
            Known::Region { log } => Some(log),
            _ => None,
        };
        let mut dates = BTreeMap::<String, BTreeSet<String>>::new();
        for prefix in children {
            let name = name_of(&prefix);
            // Dates of one form are of one kind. A year may be the name of anything.
            let form = match DateFolder::None.child(name) {
                Some(DateFolder::Year(_)) if log.is_none() => Some(name.to_owned()),
                Some(_) => Some(name.replace(|c: char| c.is_ascii_digit(), "0")),
                None => None,
            };
            match form {
                Some(form) => drop(dates.entry(form).or_default().insert(prefix)),
                None => {
                    if let Some(known) = self.known(&folder.known, &prefix) {
                        self.waiting.push(Folder::new(prefix, known));
                    }
                }
            }
        }
        for folders in dates.into_values() {
            let Some(last) = folders.last().cloned() else { continue };
            let known = Known::Dates { root: folder.prefix.clone(), folders, log };
            self.waiting.push(Folder::new(last, known));
        }
    }

    /// What is known of a folder in another one; `None` if there is nothing to look for in it.
    fn known(&mut self, parent: &Known, prefix: &str) -> Option<Known> {
        let name = name_of(prefix);
        let log = self.kind.folders().iter().find(|known| **known == name).copied();
        let leads_to_a_trail = name == "AWSLogs" || is_account(name) || is_organization(name);
        match parent {
            Known::Trail { account: Some((account, _)), log } if is_region_shaped(name) => {
                self.add_region(prefix, Some(account.clone()), log, name);
                return None;
            }
            Known::Trail { account: None, log } if is_region_shaped(name) => {
                return Some(Known::Region { log });
            }
            Known::Account { is_in_logs } => {
                let account = name_of(&prefix[..prefix.len() - name.len() - 1]).to_owned();
                if let Some(log) = log {
                    if !Settings::admits(&self.settings.accounts, &account) {
                        self.found.other_accounts.insert(account);
                        return None;
                    }
                    return Some(Known::Trail { account: Some((account, *is_in_logs)), log });
                }
                if (*is_in_logs && !leads_to_a_trail) || is_other_service(name) {
                    self.found.not_searched.add(prefix.to_owned(), reason_of_sibling(name));
                    return None;
                }
            }
            Known::Logs if is_account(name) => {
                if !Settings::admits(&self.settings.accounts, name) {
                    self.found.other_accounts.insert(name.to_owned());
                    return None;
                }
                return Some(Known::Account { is_in_logs: true });
            }
            _ => {}
        }
        Some(match log {
            Some(log) => Known::Trail { account: None, log },
            None if name == "AWSLogs" || is_organization(name) => Known::Logs,
            None if is_account(name) => Known::Account { is_in_logs: false },
            None if is_other_service(name) => Known::OtherLogs,
            None if is_error_output(name) => {
                let reason = "called as what Firehose could not deliver";
                self.found.not_searched.add(prefix.to_owned(), reason);
                return None;
            }
            None => Known::Nothing,
        })
    }

    fn add_region(
        &mut self,
        prefix: &str,
        account: Option<String>,
        log: &'static str,
        region: &str,
    ) {
        self.found.accounts.extend(account.clone());
        self.found.region_names.insert(region.to_owned());
        if Settings::admits(&self.settings.regions, region) {
            let (prefix, region) = (prefix.to_owned(), region.to_owned());
            let folder = RegionFolder { prefix, account, log, region };
            // A Region's folder with an account above is listed once.
            if folder.account.is_some() || !self.found.regions.contains(&folder) {
                self.found.regions.push(folder);
            }
        }
    }

    /// Whether the folders of a key right below `root` carry the day of its object. A backup of a day may hold
    /// trails, folders, or files of other days.
    fn is_of_day(&self, key: &str, root: &str) -> bool {
        let names = key[root.len()..].split('/').collect::<Vec<_>>();
        let mut date = DateFolder::None;
        let mut folders = names[..names.len() - 1].iter();
        let day = loop {
            date = match folders.next().and_then(|name| date.child(name)) {
                Some(DateFolder::Day(day)) => break Some(day),
                Some(date) => date,
                None => break None,
            };
        };
        let is_trail =
            |pair: &[&str]| self.kind.folders().contains(&pair[0]) && is_region_shaped(pair[1]);
        day.is_some()
            && day == self.kind.delivery(key).map(|delivery| delivery.day)
            && folders.all(|name| DateFolder::None.child(name).is_none())
            && !names.windows(2).any(is_trail)
    }

    /// Takes the first keys below a folder that is called as a date.
    pub(super) fn take_dates(&mut self, folder: Folder, page: &ListPage) {
        let Known::Dates { root, folders, log } = folder.known else { return };
        let with_day = page.objects.iter().filter(|meta| self.is_of_day(&meta.key, &root));
        let keys = with_day.map(|meta| meta.key.as_str()).collect::<Vec<_>>();
        if keys.is_empty() {
            let folders = folders.into_iter();
            self.waiting.extend(folders.map(|folder| Folder::new(folder, Known::Nothing)));
            return;
        }
        let named = keys.iter().find(|key| self.kind.class(key) == FileClass::Named);
        let other = keys.iter().find_map(|key| match self.kind.class(key) {
            FileClass::OtherLog(log) => Some(log),
            _ => None,
        });
        let region = name_of(&root);
        if named.is_some() || log.is_some() {
            let file = named.and_then(|key| FileName::of(key.rsplit('/').next()?));
            let of_file = file.and_then(|file| {
                self.kind.folders().iter().find(|known| **known == file.log).copied()
            });
            let log = log.or(of_file).unwrap_or(self.kind.folder());
            let is_padded = keys.iter().all(|key| is_padded_day(&key[root.len()..]));
            if is_region_shaped(region) && is_padded {
                self.add_region(&root, None, log, region);
            } else if self.kind != LogKind::Digest {
                self.add_other(&root, true, true);
            }
        } else if let Some(other) = other {
            let reason = format!("files named `{other}`");
            folders.into_iter().for_each(|folder| self.found.not_searched.add(folder, &reason));
        } else {
            self.unnamed.entry(root).or_default().extend(folders);
        }
    }
}

/// The last name of a prefix.
pub(super) fn name_of(prefix: &str) -> &str {
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    prefix.rsplit('/').next().unwrap_or_default()
}

/// Whether a path begins with `YYYY/MM/DD/`.
pub(super) fn is_padded_day(path: &str) -> bool {
    path.get(..11).is_some_and(|folder| {
        folder.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 | 10 => byte == b'/',
            _ => byte.is_ascii_digit(),
        })
    })
}
