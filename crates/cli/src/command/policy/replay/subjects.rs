//! Who is subject to which policies, once for each account.

use std::collections::BTreeMap;

use policy::replay::Subject;

use super::super::policies::Policies;
use super::requests::{Request, Requests};

/// The policies of all callers.
#[derive(Debug)]
pub(super) struct Subjects<'a> {
    policies: &'a Policies,
    all: BTreeMap<SubjectKey, OfSubject>,
    foreign_calls: u64,
}

/// What decides on the policies of a caller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SubjectKey {
    /// SCPs do not apply, in this account.
    Exempt(String),
    /// The SCPs of an account apply.
    Account(String),
    /// It is not known of which account the caller is.
    Unknown,
}

/// The policies of a caller, and what its account has of condition keys.
#[derive(Debug)]
pub(super) struct OfSubject {
    pub(super) subject: Subject,
    pub(super) organization_id: Option<String>,
    pub(super) organization_path: Option<String>,
}

impl<'a> Subjects<'a> {
    /// Those of the callers of requests.
    pub(super) fn of(policies: &'a Policies, requests: &Requests<'_>) -> Self {
        let mut found = Subjects { policies, all: BTreeMap::new(), foreign_calls: 0 };
        for request in requests.iter() {
            let key = found.key(request);
            if matches!(&key, SubjectKey::Account(account) if !policies.knows(account)) {
                found.foreign_calls += request.calls;
            }
            found.all.entry(key).or_insert_with_key(|key| subject(policies, key));
        }
        found
    }

    pub(super) fn key(&self, request: &Request<'_>) -> SubjectKey {
        let Some(account) = &request.account else { return SubjectKey::Unknown };
        match self.policies.exemption(account, request.principal.as_ref()) {
            Some(_) => SubjectKey::Exempt(account.clone()),
            None => SubjectKey::Account(account.clone()),
        }
    }

    /// The policies of a key that [`Subjects::of`] has seen.
    pub(super) fn get(&self, key: &SubjectKey) -> &OfSubject {
        &self.all[key]
    }

    /// How many calls are of accounts that the organization does not have.
    pub(super) fn foreign_calls(&self) -> u64 {
        self.foreign_calls
    }
}

fn subject(policies: &Policies, key: &SubjectKey) -> OfSubject {
    let levels = |policies: &Policies| match key {
        SubjectKey::Unknown => policies.levels_of_unknown(),
        SubjectKey::Exempt(_) => policies.levels_of(None),
        SubjectKey::Account(account) => {
            policies.levels_of(policies.organization.as_ref().map(|_| account.as_str()))
        }
    };
    let (before, after) = match &policies.unchanged {
        Some(unchanged) => (levels(unchanged), Some(levels(policies))),
        None => (levels(policies), None),
    };
    let is_exempt = matches!(key, SubjectKey::Exempt(_));
    let account = match key {
        SubjectKey::Exempt(account) | SubjectKey::Account(account) => Some(account),
        SubjectKey::Unknown => None,
    };
    let account = account.filter(|account| policies.knows(account));
    let organization = policies.organization.as_ref().zip(account);
    OfSubject {
        subject: Subject::new(before, after, is_exempt),
        organization_id: organization.and_then(|(organization, _)| organization.id.clone()),
        organization_path: organization
            .and_then(|(organization, account)| organization.organization_path(account)),
    }
}
