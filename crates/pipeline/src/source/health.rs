//! Tells a source that fails as a whole from objects that cannot be read.
//!
//! **The rule.** Credentials that are expired or invalid end a run at once. Any other failure does when, of the
//! last 200 answers (or of all, from 20 on), 90 % failed for one cause. An object that is corrupt, archived, or
//! gone is an answer, and no failure.
//!
//! A trail of many accounts is read account by account, and one of them may be denied: denials below fewer than
//! 20 accounts, of which nothing could be read before, are those accounts' own as long as others can be read.
//! Where nothing has been read yet, that is not known: it is decided before the first day is published.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use logs::layout::{KeyParts, LogKind, is_account};
use store::{Error as StoreError, Store};

use crate::error::{Error, SourceFailure, sentence};
use crate::source::list::ListedObject;
use crate::source::roots;

/// So many of the last answers count.
pub(crate) const LAST_ANSWERS: usize = 200;
/// Fewer answers than this say nothing of the whole.
const LEAST_ANSWERS: usize = 20;
/// The share of failed answers that is the whole.
const FAILED_PERCENT: usize = 90;
/// Denials below so many accounts are no matter of single accounts.
const MANY_ACCOUNTS: usize = 20;

/// How the answers of a source turn out.
#[derive(Debug)]
pub(crate) struct Health {
    what: &'static str,
    kind: LogKind,
    /// The folders of several sources.
    folders: Vec<String>,
    /// Whether each of several sources has to be readable.
    needs_each: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Of each source that has to be readable.
    answers: Vec<Answers>,
    archived: u64,
    failure: Option<Error>,
}

/// The answers of one source.
#[derive(Debug, Default)]
struct Answers {
    last: VecDeque<Option<Failed>>,
    /// How many were no failures.
    good: u64,
    /// The accounts that something was read of.
    readable: BTreeSet<String>,
    /// The last failure, whose words are shown.
    example: Option<StoreError>,
}

/// An answer that is a failure.
#[derive(Debug)]
struct Failed {
    cause: Cause,
    /// Whose object it is: of an account, or of a source.
    account: String,
    /// What was denied, as a user would write it.
    target: Option<String>,
}

/// What may fail of a source as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Credentials,
    AccessDenied,
    KmsDenied,
    Throttled,
    ServiceFailed,
    Unreachable,
    BrokenOff,
    Other,
}

impl Health {
    /// That of a store, which messages call `what`. With `needs_each`, each of several sources that are read as one has
    /// to be readable; without, one of them may fail as an account may.
    pub(crate) fn new(
        store: &dyn Store,
        what: &'static str,
        kind: LogKind,
        needs_each: bool,
    ) -> Self {
        let folders = roots(store);
        let answers = folders.iter().map(|_| Answers::default()).collect();
        let state = Mutex::new(State { answers, ..State::default() });
        Health { what, kind, folders, needs_each, state }
    }

    /// How many objects were archived.
    pub(crate) fn n_archived(&self) -> u64 {
        self.state().archived
    }

    /// Takes note of an object that was fetched.
    pub(crate) fn fetched(&self, object: &ListedObject) {
        let (source, account) = self.origin(object);
        let answers = &mut self.state().answers[source];
        answers.good += 1;
        if !answers.readable.contains(account.as_ref()) {
            answers.readable.insert(account.into_owned());
        }
        answers.push(None);
    }

    /// Takes note of an object that could not be fetched.
    pub(crate) fn failed(&self, object: &ListedObject, error: StoreError) {
        let Some(cause) = Cause::of(&error) else {
            self.state().archived += u64::from(matches!(error, StoreError::Archived { .. }));
            return self.fetched(object);
        };
        let (source, account) = self.origin(object);
        let target = match &error {
            StoreError::AccessDenied { target, .. } => Some(target.clone()),
            _ => None,
        };
        let mut state = self.state();
        let answers = &mut state.answers[source];
        let account = account.into_owned();
        answers.push(Some(Failed { cause, account, target }));
        answers.example = Some(error);
        if state.failure.is_none() {
            state.failure = state.answers[source].failure(self.what, cause, false);
        }
    }

    /// Whether the source has failed as a whole. Once all that a day is built from is read, `is_read`, nothing
    /// is left open.
    ///
    /// # Errors
    /// [`Error::SourceFailed`], once.
    pub(crate) fn check(&self, is_read: bool) -> Result<(), Error> {
        let mut state = self.state();
        if is_read && state.failure.is_none() {
            let denied = [Cause::AccessDenied, Cause::KmsDenied];
            state.failure = state.answers.iter_mut().find_map(|answers| {
                denied.iter().find_map(|c| answers.failure(self.what, *c, true))
            });
        }
        state.failure.take().map_or(Ok(()), Err)
    }

    /// The index of the source that an object is of, and what may be denied alone: its account.
    fn origin<'o>(&self, object: &'o ListedObject) -> (usize, Cow<'o, str>) {
        let name = object.meta.key.as_str();
        // Every object is asked about, and the name of nearly each begins with its account.
        let account = match name.split_once('/') {
            Some((account, _)) if is_account(account) => account,
            _ => KeyParts::of(name, self.kind).account.unwrap_or_default(),
        };
        if self.folders.len() < 2 {
            return (0, account.into());
        }
        let key = object.key();
        let index = self.folders.iter().position(|folder| key.starts_with(folder)).unwrap_or(0);
        if self.needs_each {
            (index, account.into())
        } else {
            (0, format!("{index}/{account}").into())
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answers {
    fn push(&mut self, answer: Option<Failed>) {
        if self.last.len() == LAST_ANSWERS {
            self.last.pop_front();
        }
        self.last.push_back(answer);
    }

    /// That the source has failed for a cause, if it has.
    fn failure(&mut self, what: &'static str, cause: Cause, is_read: bool) -> Option<Error> {
        let of_cause = || self.last.iter().flatten().filter(|failed| failed.cause == cause);
        let (failed, answers) = (of_cause().count(), self.last.len());
        let is_whole = answers >= LEAST_ANSWERS && failed * 100 >= answers * FAILED_PERCENT;
        let why = if cause == Cause::Credentials {
            let (plural, good) = (if self.good == 1 { "" } else { "s" }, self.good);
            format!("{good} object{plural} could be read before")
        } else if is_whole && !self.may_be_accounts(of_cause(), cause, is_read) {
            let missing = self.missing(of_cause(), cause);
            format!("{failed} of the last {answers} objects failed{missing}")
        } else {
            return None;
        };
        let source = self.example.take()?;
        Some(Error::SourceFailed(Box::new(SourceFailure { what, why, source })))
    }

    /// Whether it may be that single accounts are denied, and not the source.
    fn may_be_accounts<'f>(
        &self,
        failed: impl Iterator<Item = &'f Failed>,
        cause: Cause,
        is_read: bool,
    ) -> bool {
        let accounts = failed.map(|failed| &failed.account).collect::<BTreeSet<_>>();
        matches!(cause, Cause::AccessDenied | Cause::KmsDenied)
            && accounts.len() < MANY_ACCOUNTS
            && accounts.iter().all(|account| !self.readable.contains(*account))
            && !(is_read && self.readable.is_empty())
    }

    /// The permission that the caller seems to lack, as the end of a sentence.
    fn missing<'f>(&self, failed: impl Iterator<Item = &'f Failed>, cause: Cause) -> String {
        match cause {
            Cause::KmsDenied => {
                let words = self.example.as_ref().map(|error| sentence(error)).unwrap_or_default();
                let key = words.split_whitespace().find(|word| word.contains(":kms:"));
                let key = key.map_or_else(
                    || "the key that they are encrypted with".to_owned(),
                    |key| format!("`{}`", key.trim_end_matches(['.', ',', ';'])),
                );
                format!(", and `kms:Decrypt` on {key} is likely missing")
            }
            Cause::AccessDenied => {
                match common_prefix(failed.filter_map(|f| f.target.as_deref())) {
                    Some(prefix) => {
                        format!(", and `s3:GetObject` on `{prefix}*` is likely missing")
                    }
                    None => String::new(),
                }
            }
            _ => String::new(),
        }
    }
}

/// What locations begin with in common, to the end of a folder.
fn common_prefix<'t>(mut targets: impl Iterator<Item = &'t str>) -> Option<&'t str> {
    let first = targets.next()?;
    let common = |prefix: &'t str, target: &str| {
        let bytes = prefix.bytes().zip(target.bytes());
        let length = bytes.take_while(|(a, b)| a == b).count();
        // A difference within a character is behind a folder's end, too.
        &prefix[..prefix.as_bytes()[..length].iter().rposition(|b| *b == b'/').map_or(0, |n| n + 1)]
    };
    let folder = &first[..=first.rfind('/')?];
    Some(targets.fold(folder, common)).filter(|prefix| !prefix.is_empty())
}

impl Cause {
    /// The cause of an error that may be the source's; `None` if it is about one object.
    fn of(error: &StoreError) -> Option<Self> {
        Some(match error {
            StoreError::NotFound { .. }
            | StoreError::Changed { .. }
            | StoreError::Archived { .. }
            | StoreError::InvalidKey { .. } => return None,
            StoreError::Unreadable { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => Cause::AccessDenied,
                _ => Cause::Other,
            },
            StoreError::Credentials { .. } | StoreError::NoSuchProfile { .. } => Cause::Credentials,
            // A signature may be wrong for one key, and a clock for one request.
            StoreError::CredentialsRejected { code, .. } => match code.as_str() {
                "SignatureDoesNotMatch" | "RequestTimeTooSkewed" | "RequestExpired" => Cause::Other,
                _ => Cause::Credentials,
            },
            // S3 gives KMS's own codes (`KMS.DisabledException`), or its own with KMS's message.
            StoreError::AccessDenied { code, .. } | StoreError::Other { code: Some(code), .. }
                if code.starts_with("KMS.") || sentence(error).contains("kms:Decrypt") =>
            {
                Cause::KmsDenied
            }
            StoreError::AccessDenied { .. } => Cause::AccessDenied,
            StoreError::Throttled { .. } => Cause::Throttled,
            StoreError::ServiceFailed { .. } => Cause::ServiceFailed,
            StoreError::Unreachable { .. } => Cause::Unreachable,
            StoreError::Interrupted { .. } => Cause::BrokenOff,
            _ => Cause::Other,
        })
    }
}
