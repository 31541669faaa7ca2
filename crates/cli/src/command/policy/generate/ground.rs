//! The accounts that a goal is tried on, with the SCPs above them.

use std::collections::BTreeSet;

use bedrock::denial::PolicyType;
use policy::generate::Place;
use policy::generate::form::node_id;
use policy::{Level, Organization};

use crate::args::{GenerateCommonArgs, PoliciesArgs};
use crate::command::policy::calls;
use crate::command::policy::organization;
use crate::exit::Failure;
use crate::messages::Messages;

/// The account that calls where none is known: an example of AWS's documentation.
pub(super) const EXAMPLE_ACCOUNT: &str = "111122223333";

/// Accounts, and the organization that they are of.
#[derive(Debug)]
pub(super) struct Places {
    /// The accounts, one for each set of SCPs unless some were asked for.
    pub(super) places: Vec<Place>,
    /// The nodes that new SCPs are attached to.
    pub(super) targets: Vec<String>,
    organization: Option<Organization>,
    /// Whether accounts were asked for.
    has_given: bool,
}

impl Places {
    /// The accounts of the options.
    ///
    /// # Errors
    /// If the organization cannot be read, or lacks an account or a node that was asked for.
    pub(super) fn load(common: &GenerateCommonArgs, messages: &Messages) -> Result<Self, Failure> {
        for account in &common.account {
            calls::check_account(account, None)
                .map_err(|it| Failure::usage(format!("--account: {it}")))?;
        }
        let args = PoliciesArgs { org: common.org.clone(), ..PoliciesArgs::default() };
        let loaded = organization::load(&args, messages)?;
        let has_given = !common.account.is_empty();
        let Some(organization) = loaded.map(|it| it.organization) else {
            let given = common.account.clone();
            let accounts = if has_given { given } else { vec![EXAMPLE_ACCOUNT.to_owned()] };
            let places = accounts.into_iter().map(open_place).collect::<Result<_, Failure>>()?;
            return Ok(Places { places, targets: Vec::new(), organization: None, has_given });
        };
        let targets = if organization.is_of_everyone() {
            Vec::new()
        } else {
            let found = common.target.iter().map(|it| node_of(&organization, it));
            found.collect::<Result<Vec<_>, _>>()?
        };
        let mut found =
            Places { places: Vec::new(), targets, organization: Some(organization), has_given };
        found.places = found.chosen(&common.account)?;
        Ok(found)
    }

    /// A place for an account, if the organization has it.
    pub(super) fn place(&self, account: &str) -> Result<Option<Place>, Failure> {
        let Some(organization) = &self.organization else {
            return open_place(account.to_owned()).map(Some);
        };
        let is_management = organization.management_account.as_deref() == Some(account);
        let levels = organization.levels(account).filter(|_| !is_management);
        Ok(levels.map(|levels| Place {
            account: account.to_owned(),
            levels,
            organization_id: organization.id.clone(),
            organization_path: organization.organization_path(account),
        }))
    }

    /// All accounts that the policy reaches; of an organization without accounts, an example.
    pub(super) fn accounts(&self) -> Vec<String> {
        let known = self.organization.iter().flat_map(Organization::accounts);
        let known = known.map(str::to_owned).collect::<Vec<_>>();
        if known.is_empty() { vec![EXAMPLE_ACCOUNT.to_owned()] } else { known }
    }

    /// Whether accounts were asked for.
    pub(super) fn has_given(&self) -> bool {
        self.has_given
    }

    /// Whether the accounts are known.
    pub(super) fn has_organization(&self) -> bool {
        self.organization.as_ref().is_some_and(|it| !it.is_of_everyone())
    }

    /// The ARN of an organizational unit.
    pub(super) fn unit_arn(&self, unit: &str) -> Option<String> {
        let organization = self.organization.as_ref()?;
        let (id, account) = (organization.id.as_ref()?, organization.management_account.as_ref()?);
        let unit = node_of(organization, unit).ok().filter(|it| it.starts_with("ou-"))?;
        Some(format!("arn:aws:organizations::{account}:ou/{id}/{unit}"))
    }

    fn chosen(&self, given: &[String]) -> Result<Vec<Place>, Failure> {
        let accounts = if given.is_empty() { self.accounts() } else { given.to_vec() };
        let mut places = Vec::new();
        for account in &accounts {
            match self.place(account)? {
                Some(place) if self.is_reached(&place) => places.push(place),
                _ if given.is_empty() => {}
                Some(_) => {
                    let targets = self.targets.join(", ");
                    return Err(Failure::usage(format!(
                        "--account: expected an account below {targets}, found {account}"
                    )));
                }
                None => {
                    return Err(Failure::usage(format!(
                        "--account: expected an account of the organization that SCPs apply to, found {account}"
                    )));
                }
            }
        }
        if given.is_empty() {
            places = distinct(places, &|_| true);
        }
        if places.is_empty() {
            return Err(Failure::usage(
                "the organization has no account below --target that SCPs apply to: nothing can be tried",
            ));
        }
        Ok(places)
    }

    /// Whether a new SCP reaches an account.
    pub(super) fn is_reached(&self, place: &Place) -> bool {
        let mut nodes = place.levels.iter().filter_map(|level| level.node.as_ref());
        self.targets.is_empty() || nodes.any(|node| self.targets.contains(node))
    }
}

/// One account for each set of SCPs, and for each side of a question; all, if the SCPs ask for the account.
pub(super) fn distinct(places: Vec<Place>, side: &dyn Fn(&Place) -> bool) -> Vec<Place> {
    let mut seen = BTreeSet::new();
    let is_new = |place: &Place| {
        let levels = policy::Levels::new(place.levels.clone());
        let asks_for_account = levels.keys().any(|key| {
            ["aws:principalaccount", "aws:principalorgpaths", "aws:resourceaccount"].contains(&key)
        });
        let attached = |level: &Level| {
            let ids = level.policies.iter().map(|it| it.id.clone());
            ids.collect::<BTreeSet<_>>()
        };
        let attached = place.levels.iter().map(attached).collect::<Vec<_>>();
        asks_for_account || seen.insert((attached, side(place)))
    };
    let mut is_new = is_new;
    places.into_iter().filter(|place| is_new(place)).collect()
}

/// A node by its ID, its ARN, or its name.
fn node_of(organization: &Organization, target: &str) -> Result<String, Failure> {
    let id = node_id(target);
    let mut nodes = organization.nodes();
    let by_id = nodes.find(|node| node.id == id);
    let mut named = organization.nodes().filter(|node| node.name.as_deref() == Some(target));
    match (by_id, named.next(), named.next()) {
        (Some(node), _, _) | (None, Some(node), None) => Ok(node.id.clone()),
        (None, Some(_), Some(_)) => Err(Failure::usage(format!(
            "--target: expected an ID, because several nodes are called `{target}`"
        ))),
        (None, None, _) => Err(Failure::usage(format!(
            "--target: expected the ID or the name of a node of the organization, found `{target}`"
        ))),
    }
}

/// An account of which nothing is known: subject to what AWS attaches.
fn open_place(account: String) -> Result<Place, Failure> {
    let policy_type = PolicyType::ServiceControl;
    let policies = vec![policy::intake::full_access().map_err(anyhow::Error::new)?];
    let levels = vec![Level { policy_type, node: Some("root".to_owned()), policies }];
    Ok(Place { account, levels, organization_id: None, organization_path: None })
}
