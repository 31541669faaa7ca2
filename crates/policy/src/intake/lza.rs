//! A configuration of the Landing Zone Accelerator (awslabs/landing-zone-accelerator-on-aws, 2026-06):
//! `organization-config.yaml` with `accounts-config.yaml`, `global-config.yaml`, and `replacements-config.yaml`
//! beside it. Organizational units are named by their paths (`Workloads/Prod`), accounts by their names; the
//! IDs of both are in it, or not.

mod replacement;

use std::collections::BTreeMap;
use std::sync::Arc;

use bedrock::denial::PolicyType;

use self::replacement::Replacements;
use super::at::At;
use super::tree::{ROOT, Tree};
use super::{FileProblem, Folder, FromFiles};
use crate::document::Document;
use crate::evaluate::Policy;
use crate::json::Node as Json;
use crate::organization::is_account;

/// The file that makes a folder a configuration.
pub const ORGANIZATION: &str = "organization-config.yaml";

const ACCOUNTS: &str = "accounts-config.yaml";

/// The lists of policies that are no SCPs, with their types.
const OTHER_POLICIES: [(&str, &str); 5] = [
    ("resourceControlPolicies", super::RESOURCE_CONTROL_POLICY),
    ("declarativePolicies", "DECLARATIVE_POLICY_EC2"),
    ("taggingPolicies", "TAG_POLICY"),
    ("chatbotPolicies", "CHATBOT_POLICY"),
    ("backupPolicies", "BACKUP_POLICY"),
];

/// What the accounts of a configuration are.
#[derive(Debug, Default)]
struct Accounts {
    /// IDs by name; the name itself, if it has none.
    ids: BTreeMap<String, String>,
}

/// Reads a configuration. `base` is the folder of its files: empty, or with `/` at its end.
///
/// # Errors
/// If a file has another shape, names what is not there, has a replacement that is not known, or a policy is
/// invalid.
pub fn read(folder: &Folder<'_>, base: &str) -> Result<FromFiles, FileProblem> {
    let mut replacements = Replacements::read(folder, base)?;
    let file = format!("{base}{ORGANIZATION}");
    let yaml = replacements.yaml(&file, &folder.read(&file)?)?;
    let config = At::whole(&file, &yaml);
    if !config.is_true("enable")? {
        return Err(
            config.instead("enable: true", "false: the Landing Zone Accelerator attaches nothing")
        );
    }
    let mut tree = Tree::of_file(&file);
    let units = units(&config, &mut tree)?;
    let accounts_file = format!("{base}{ACCOUNTS}");
    let mut accounts = Accounts::default();
    if folder.has(&accounts_file) {
        let yaml = replacements.yaml(&accounts_file, &folder.read(&accounts_file)?)?;
        accounts = accounts_of(&At::whole(&accounts_file, &yaml), &units, &mut tree)?;
    }
    replacements.know(&accounts.ids, &tree);
    for policy in config.list_of("serviceControlPolicies")? {
        scp(&policy, folder, base, &mut replacements, &units, &accounts, &mut tree)?;
    }
    let other_policies = others(&config)?;
    let mut notes = replacements.notes();
    if let Some(quarantine) = config.member("quarantineNewAccounts")
        && quarantine.is_true("enable")?
    {
        let name = quarantine.need("scpPolicyName")?.text()?;
        notes.push(format!(
            "{name} is attached to new accounts until they are set up: that is not simulated"
        ));
    }
    notes.push(
        "only the policies of the Landing Zone Accelerator are simulated, beside FullAWSAccess at every node that it does \
         not take it from: others, such as those of Control Tower, may be attached"
            .to_owned(),
    );
    Ok(FromFiles { organization: tree.finish()?, other_policies, notes })
}

/// The nodes of the units, by their paths.
fn units(config: &At<'_>, tree: &mut Tree) -> Result<BTreeMap<String, String>, FileProblem> {
    let mut ids = BTreeMap::new();
    for unit in config.list_of("organizationalUnitIds")? {
        let name = unit.need("name")?.text()?;
        let id = unit.need("id")?;
        if !id.text()?.starts_with(if name == ROOT { "r-" } else { "ou-" }) {
            return Err(id.not(if name == ROOT { "r-…" } else { "ou-…" }));
        }
        if let Some(arn) = unit.text_of("arn")? {
            // arn:aws:organizations::<account>:ou/<organization>/<unit>
            tree.organization_id =
                arn.split('/').find(|part| part.starts_with("o-")).map(str::to_owned);
        }
        ids.insert(name.to_owned(), id.text()?.to_owned());
    }
    let root = ids.get(ROOT).map_or(ROOT, String::as_str).to_owned();
    tree.node(&root, Some(ROOT), None, config)?;
    tree.root = Some(root.clone());
    let mut units = BTreeMap::from([(ROOT.to_owned(), root)]);
    let mut listed = Vec::new();
    for unit in config.need("organizationalUnits")?.list()? {
        listed.push((unit.need("name")?.text()?, unit));
    }
    // Those above come first, in whichever order they are listed.
    listed.sort_by_key(|(path, _)| path.matches('/').count());
    for (path, at) in listed {
        let (above, _) = path.rsplit_once('/').unwrap_or((ROOT, path));
        let Some(parent) = units.get(above) else {
            return Err(at.instead(&format!("the unit {above}, which {path} is in"), "none"));
        };
        let id = ids.get(path).map_or(path, String::as_str).to_owned();
        if units.contains_key(path) {
            return Err(at.instead("each unit once", path));
        }
        tree.node(&id, Some(path), Some(parent), &at)?;
        units.insert(path.to_owned(), id);
    }
    Ok(units)
}

fn accounts_of(
    config: &At<'_>,
    units: &BTreeMap<String, String>,
    tree: &mut Tree,
) -> Result<Accounts, FileProblem> {
    let mut numbers = BTreeMap::new();
    for account in config.list_of("accountIds")? {
        let id = account.need("accountId")?;
        if !is_account(id.text_or_number()?) {
            return Err(id.not("an account ID (12 digits)"));
        }
        let email = account.need("email")?.text()?.to_lowercase();
        if numbers.insert(email, id.text_or_number()?.to_owned()).is_some() {
            return Err(account.instead("each account once", "it twice"));
        }
    }
    let mut accounts = Accounts::default();
    let mandatory = config.need("mandatoryAccounts")?.list()?;
    for account in mandatory.into_iter().chain(config.list_of("workloadAccounts")?) {
        let name = account.need("name")?;
        let email = account.need("email")?.text()?.to_lowercase();
        let number = numbers.get(&email);
        let id = number.map_or(name.text()?, String::as_str).to_owned();
        let parent = match account.member("organizationalUnit") {
            Some(unit) => Some(
                units
                    .get(unit.text()?)
                    .ok_or_else(|| unit.not(&format!("one of the units of {ORGANIZATION}")))?,
            ),
            None => None,
        };
        if accounts.ids.contains_key(name.text()?) || tree.has(&id) {
            return Err(name.instead("each account once", &format!("{} again", name.text()?)));
        }
        tree.node(&id, Some(name.text()?), parent.map(String::as_str), &account)?;
        if number.is_none() {
            tree.account_without_id(&id);
        }
        if name.text()? == "Management" {
            tree.management_account = number.cloned();
        }
        accounts.ids.insert(name.text()?.to_owned(), id);
    }
    Ok(accounts)
}

fn scp(
    policy: &At<'_>,
    folder: &Folder<'_>,
    base: &str,
    replacements: &mut Replacements,
    units: &BTreeMap<String, String>,
    accounts: &Accounts,
    tree: &mut Tree,
) -> Result<(), FileProblem> {
    let name = policy.need("name")?.text()?;
    let at = policy.need("policy")?;
    let kind = policy.text_of("type")?.unwrap_or("customerManaged");
    if kind != "customerManaged" {
        return Err(policy.instead("a policy of the type customerManaged", kind));
    }
    let is_allow_list = match policy.member("strategy") {
        None => false,
        Some(strategy) => match strategy.text()? {
            "deny-list" => false,
            "allow-list" => true,
            _ => return Err(strategy.not("deny-list or allow-list")),
        },
    };
    let file = super::normal(&format!("{base}{}", at.text()?));
    if !folder.has(&file) {
        return Err(at.instead("a file of the configuration", &format!("no {file}")));
    }
    let text = replacements.policy(&file, &folder.read(&file)?)?;
    let document = Document::read(&text, PolicyType::ServiceControl);
    let document = document.map_err(|problem| FileProblem::new(&file, problem))?;
    let found = Policy { id: at.text()?.to_owned(), name: name.to_owned(), file, document };
    let found = Arc::new(found);
    let targets = policy.need("deploymentTargets")?;
    let mut nodes = Vec::new();
    for unit in targets.list_of("organizationalUnits")? {
        let node = units.get(unit.text()?);
        nodes.push(node.ok_or_else(|| unit.not("one of organizationalUnits"))?);
    }
    for account in targets.list_of("accounts")? {
        let node = accounts.ids.get(account.text()?);
        nodes.push(node.ok_or_else(|| account.not(&format!("an account of {ACCOUNTS}")))?);
    }
    for node in nodes {
        tree.attach(node, &found);
        if is_allow_list {
            tree.without_full_access(node);
        }
    }
    Ok(())
}

/// The policies that are no SCPs.
fn others(config: &At<'_>) -> Result<Vec<(String, String)>, FileProblem> {
    let mut found = Vec::new();
    for (list, policy_type) in OTHER_POLICIES {
        for policy in config.list_of(list)? {
            found.push((policy.need("name")?.text()?.to_owned(), policy_type.to_owned()));
        }
    }
    Ok(found)
}

/// A file that may be there.
fn optional(folder: &Folder<'_>, file: &str) -> Result<Option<(String, Json)>, FileProblem> {
    if !folder.has(file) {
        return Ok(None);
    }
    let yaml = crate::yaml::read(&folder.read(file)?, crate::yaml::Tags::Refused);
    Ok(Some((file.to_owned(), yaml.map_err(|problem| FileProblem::new(file, problem))?)))
}
