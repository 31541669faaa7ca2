//! The policies that a caller is subject to, from the options.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bedrock::denial::PolicyType;
use policy::organization::Scps;
use policy::{Level, Levels, Organization, Principal};

use super::identities::{self, Identities};
use super::organization::{self, Loaded};
use crate::args::PoliciesArgs;
use crate::exit::Failure;
use crate::messages::Messages;

/// An account and a principal.
type LevelsKey = (Option<String>, Option<String>);

/// All policies of the options.
#[derive(Debug)]
pub(super) struct Policies {
    pub(super) organization: Option<Organization>,
    /// The same without the changes of the options, if there are any.
    pub(super) unchanged: Option<Box<Policies>>,
    /// Identity-based policies, boundary, session policies, endpoint policy.
    others: Vec<Level>,
    /// What has the identity-based policies of whole accounts.
    identities: Arc<Vec<Identities>>,
    /// The levels by account, `None` for who is not subject to SCPs; and by principal, if its policies are
    /// looked up.
    levels: Mutex<BTreeMap<LevelsKey, Arc<Levels>>>,
}

impl Policies {
    /// Reads them.
    ///
    /// # Errors
    /// If there is none, or a file cannot be read or is invalid.
    pub(super) fn load(args: &PoliciesArgs, messages: &Messages) -> Result<Self, Failure> {
        let loaded = organization::load(args, messages)?;
        let mut others = Vec::new();
        let (identities, identity_files) = identities::load(&args.identity)?;
        let of_option =
            |file: &Option<std::path::PathBuf>| file.iter().cloned().collect::<Vec<_>>();
        for (policy_type, files) in [
            (PolicyType::IdentityBased, identity_files),
            (PolicyType::PermissionsBoundary, of_option(&args.boundary)),
            (PolicyType::Session, args.session_policy.clone()),
            (PolicyType::VpcEndpoint, of_option(&args.endpoint_policy)),
        ] {
            let read = |file: &std::path::PathBuf| {
                let id = file.display().to_string();
                organization::policy_of_file(Path::new(file), &id, policy_type)
            };
            let policies = files.iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
            if !policies.is_empty() {
                others.push(Level { policy_type, node: None, policies });
            }
        }
        if loaded.is_none() && others.is_empty() && identities.is_empty() {
            return Err(Failure::usage(
                "expected policies: --org, --identity, --boundary, --session-policy, or --endpoint-policy",
            ));
        }
        let (organization, unchanged) = match loaded {
            Some(Loaded { organization, unchanged }) => (Some(organization), unchanged),
            None => (None, None),
        };
        let identities = Arc::new(identities);
        let of = |organization, unchanged| {
            let (others, levels) = (others.clone(), Mutex::default());
            Policies {
                organization,
                unchanged,
                others,
                identities: Arc::clone(&identities),
                levels,
            }
        };
        let unchanged = unchanged.map(|it| Box::new(of(Some(it), None)));
        Ok(of(organization, unchanged))
    }

    /// Why SCPs do not apply to a caller, if they do not.
    pub(super) fn exemption(
        &self,
        account: &str,
        principal: Option<&Principal>,
    ) -> Option<&'static str> {
        let organization = self.organization.as_ref()?;
        if principal.is_some_and(Principal::is_service_linked) {
            return Some("SCPs do not apply to service-linked roles");
        }
        if organization.why_switched_off().is_some() && self.knows(account) {
            return Some("SCPs are not switched on in the organization");
        }
        let is_management = organization.management_account.as_deref() == Some(account);
        is_management.then_some("SCPs do not apply to the management account")
    }

    /// Whether the organization has an account, or may have it.
    pub(super) fn knows(&self, account: &str) -> bool {
        self.organization.as_ref().is_none_or(|it| it.is_partial() || it.is_member(account))
    }

    /// What a caller is subject to.
    pub(super) fn levels(&self, account: &str, principal: Option<&Principal>) -> Arc<Levels> {
        let is_exempt = self.exemption(account, principal).is_some();
        let of_account = (!is_exempt && self.organization.is_some()).then(|| account.to_owned());
        let looked_up = principal.filter(|_| !self.identities.is_empty());
        let key = (of_account, looked_up.map(|principal| principal.arn.clone()));
        // What another thread has made is as good, even if that thread has ended since.
        let mut known = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(self.make_levels(key.0.as_deref(), principal));
        Arc::clone(known.entry(key.clone()).or_insert_with(make))
    }

    /// What callers of an account are subject to, whoever they are; `None` for who is not subject to SCPs.
    pub(super) fn levels_of(&self, account: Option<&str>) -> Levels {
        self.make_levels(account, None)
    }

    /// What a caller of an account that is not known is subject to.
    pub(super) fn levels_of_unknown(&self) -> Levels {
        let levels = Levels::new(self.others.clone());
        levels.without("it is not known of which account the caller is")
    }

    /// All policies, as if they were attached to one node: what they look at. Those of whole accounts are not among
    /// them.
    pub(super) fn all(&self) -> Levels {
        let scps = self.organization.iter().flat_map(Organization::policies).cloned().collect();
        let scps = Level { policy_type: PolicyType::ServiceControl, node: None, policies: scps };
        Levels::new(std::iter::once(scps).chain(self.others.iter().cloned()).collect())
    }

    /// Whether there are identity-based policies.
    pub(super) fn have_identity(&self) -> bool {
        self.others.iter().any(|level| level.policy_type == PolicyType::IdentityBased)
    }

    /// Whether the policies of a caller are looked up in those of whole accounts.
    pub(super) fn have_identities_of_accounts(&self) -> bool {
        !self.identities.is_empty()
    }

    fn make_levels(&self, account: Option<&str>, principal: Option<&Principal>) -> Levels {
        let of_account = account.zip(self.organization.as_ref());
        let of_account = of_account.map(|(account, organization)| organization.scps(account));
        let is_known = !matches!(of_account, Some(None));
        let Scps { mut levels, elsewhere } = of_account.flatten().unwrap_or_default();
        levels.extend(self.others.iter().cloned());
        let identity = identities::of(&self.identities, principal);
        if let Some(identity) = &identity {
            identity.add_to(&mut levels);
        }
        let levels = Levels::new(levels).with_elsewhere(elsewhere);
        let levels = match &identity {
            Some(identity) => identity.mark(levels),
            None => levels,
        };
        if is_known {
            levels
        } else {
            levels.without("the account is not in the organization: its SCPs are not known")
        }
    }
}
