//! The identity-based policies of whole accounts: those of a caller are looked up in them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::bail;
use policy::Principal;
use policy::intake::authorization_details::{self, AuthorizationDetails};
use policy::intake::{Identity, iam_collect};

use super::organization::{names_below, text_of, with_folder};

/// What has the policies of the roles and users of accounts.
#[derive(Debug)]
pub(super) enum Identities {
    /// An output of `aws iam get-account-authorization-details`.
    Details(AuthorizationDetails),
    /// An iam-collect folder, which is read as callers come.
    Collected { path: PathBuf, names: BTreeSet<String> },
}

/// Tells those of whole accounts from files that are one policy each, which come second.
///
/// # Errors
/// If a file cannot be read, or is not whole.
pub(super) fn load(paths: &[PathBuf]) -> anyhow::Result<(Vec<Identities>, Vec<PathBuf>)> {
    let (mut identities, mut files) = (Vec::new(), Vec::new());
    for path in paths {
        if path.is_dir() {
            let names = collected(path)?;
            identities.push(Identities::Collected { path: path.clone(), names });
            continue;
        }
        let text = text_of(path)?;
        if authorization_details::is_details(&text) {
            let details = AuthorizationDetails::read(&path.display().to_string(), &text)?;
            identities.push(Identities::Details(details));
        } else {
            files.push(path.clone());
        }
    }
    Ok((identities, files))
}

/// The files of an iam-collect folder.
fn collected(path: &Path) -> anyhow::Result<BTreeSet<String>> {
    let names = names_below(path)?;
    if !with_folder(path, &names, iam_collect::has_identities) {
        let expected = "a policy, the output of `aws iam get-account-authorization-details`, or an iam-collect folder";
        bail!("{}: expected {expected}, found a folder without accounts/…/iam/…", path.display());
    }
    Ok(names)
}

/// The policies of a caller, in the first of them that has it; `None` if there are none to look it up in.
pub(super) fn of(identities: &[Identities], principal: Option<&Principal>) -> Option<Identity> {
    let mut last = None;
    for one in identities {
        let found = one.of(principal);
        if found.is_known() {
            return Some(found);
        }
        last = last.or(Some(found));
    }
    last
}

impl Identities {
    /// The policies of a caller. What cannot be read is missing: nothing is decided with it.
    fn of(&self, principal: Option<&Principal>) -> Identity {
        let Some(principal) = principal else {
            return Identity::unknown("the caller is not known: give it (--principal)");
        };
        let found = match self {
            Identities::Details(details) => details.identity(principal),
            Identities::Collected { path, names } => {
                with_folder(path, names, |folder| iam_collect::identity(folder, principal))
            }
        };
        found.unwrap_or_else(|problem| {
            Identity::unknown(&format!("policies cannot be read: {problem}"))
        })
    }
}
