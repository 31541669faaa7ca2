//! Reads an organization in the form that people have it in, told apart by content.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use bedrock::denial::PolicyType;
use policy::intake::own::{self, OwnOrganization};
use policy::intake::{
    self, Folder, FromFiles, aws_cli, cfct, cloudformation, iam_collect, lza, terraform,
};
use policy::{Document, Effect, Organization, Policy};
use serde::de::IgnoredAny;

use crate::args::PoliciesArgs;
use crate::exit::Failure;
use crate::messages::Messages;
use crate::number::counted;

/// The node of a document without an organization.
const ROOT: &str = "root";

/// The largest file that is read: what Terraform prints of a large configuration. How long a policy may be is
/// said by its reader.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// What is expected of `--org`.
const EXPECTED: &str = "an org.json (nodes, accounts, files of policies), a folder of outputs of `aws organizations`, an \
                        iam-collect folder, a Landing Zone Accelerator configuration, a CfCT package, the output of \
                        `terraform show -json`, a CloudFormation template, or one SCP";

/// What is none of these, by a member that tells it.
const OTHER_FORMS: [(&str, &str); 3] = [
    ("lineage", "a Terraform state: give what `terraform show -json` prints of it"),
    (
        "UserDetailList",
        "the output of `aws iam get-account-authorization-details`: give it to --identity",
    ),
    (
        "RoleDetailList",
        "the output of `aws iam get-account-authorization-details`: give it to --identity",
    ),
];

/// An organization, as it is and as it would be.
#[derive(Debug)]
pub(super) struct Loaded {
    /// With the changes of the options.
    pub(super) organization: Organization,
    /// Without them, if there are any.
    pub(super) unchanged: Option<Organization>,
}

/// The organization of the options; `None` if there is none.
///
/// # Errors
/// If a file cannot be read or is invalid, or a change names what is not there.
pub(super) fn load(args: &PoliciesArgs, messages: &Messages) -> Result<Option<Loaded>, Failure> {
    let Some(path) = &args.org else { return Ok(None) };
    let mut organization = read(path, messages)?;
    if let Some(unit) = &args.unit {
        let done = organization.place(unit);
        done.map_err(|fault| Failure::usage(format!("--unit: {fault}")))?;
    }
    let has_changes = [&args.remove, &args.replace, &args.policy].iter().any(|it| !it.is_empty());
    let unchanged = has_changes.then(|| organization.clone());
    for change in &args.remove {
        let (node, policy) = split(change, ':', "--remove", "NODE:POLICY")?;
        let done = organization.detach(node, policy);
        done.map_err(|fault| Failure::usage(format!("--remove: {fault}")))?;
    }
    for change in &args.replace {
        let (node, rest) = split(change, ':', "--replace", "NODE:POLICY=FILE")?;
        let (replaced, file) = split(rest, '=', "--replace", "NODE:POLICY=FILE")?;
        let policy = policy_of_file(Path::new(file), file, PolicyType::ServiceControl)?;
        let done = organization.replace(node, replaced, policy);
        done.map_err(|fault| Failure::usage(format!("--replace: {fault}")))?;
    }
    for change in &args.policy {
        let (node, file) = split(change, '=', "--policy", "NODE=FILE")?;
        let policy = policy_of_file(Path::new(file), file, PolicyType::ServiceControl)?;
        let done = organization.attach(node, policy);
        done.map_err(|fault| Failure::usage(format!("--policy: {fault}")))?;
    }
    if organization.management_account.is_none()
        && organization.accounts().next().is_some()
        && !organization.is_partial()
    {
        messages.note(
            "the organization does not say which account is the management account: its SCPs are taken to apply to \
             every account",
        );
    }
    Ok(Some(Loaded { organization, unchanged }))
}

fn split<'a>(
    text: &'a str,
    at: char,
    option: &str,
    expected: &str,
) -> Result<(&'a str, &'a str), Failure> {
    let parts = text.split_once(at).filter(|(left, right)| !left.is_empty() && !right.is_empty());
    parts.ok_or_else(|| Failure::usage(format!("{option}: expected {expected}, found `{text}`")))
}

fn read(path: &Path, messages: &Messages) -> anyhow::Result<Organization> {
    if path.is_dir() {
        return of_folder(path, messages);
    }
    let name = path.file_name().unwrap_or_default();
    if name == lza::ORGANIZATION || name == cfct::MANIFEST || name == cfct::TEMPLATE {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        return of_folder(folder.unwrap_or(Path::new(".")), messages);
    }
    let (text, file) = (text_of(path)?, path.display().to_string());
    if own::is_own(&text) {
        return of_own(path, &text);
    }
    if terraform::is_output(&text) && other_form(&text).is_none() {
        return Ok(said(terraform::read(&file, &text)?, messages));
    }
    let is_yaml = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
    if is_yaml || cloudformation::is_template(&text) {
        return Ok(said(cloudformation::read(&file, &text)?, messages));
    }
    match other_form(&text) {
        Some(form) => bail!("{file}: expected {EXPECTED}, found {form}"),
        None => of_document(path, &text, messages),
    }
}

/// What another form the text of a file is.
fn other_form(text: &str) -> Option<&'static str> {
    let members = serde_json::from_str::<BTreeMap<String, IgnoredAny>>(text).ok()?;
    let found = OTHER_FORMS.iter().find(|(name, _)| members.contains_key(*name));
    found.map(|(_, form)| *form)
}

/// The organization, with what there is to say about it said.
fn said(found: FromFiles, messages: &Messages) -> Organization {
    let rcps = found.other_policies.iter().filter(|(_, it)| it == "RESOURCE_CONTROL_POLICY");
    let rcps = rcps.map(|(name, _)| name.as_str()).collect::<Vec<_>>();
    if !rcps.is_empty() {
        let n_rcps = counted(u64::try_from(rcps.len()).unwrap_or(u64::MAX), "RCP");
        let verb = if rcps.len() == 1 { "is" } else { "are" };
        let names = rcps.join(", ");
        messages.note(&format!(
            "{n_rcps} ({names}) {verb} not simulated: RCPs do not apply to Amazon Bedrock"
        ));
    }
    for (name, policy_type) in &found.other_policies {
        let why = match policy_type.as_str() {
            "RESOURCE_CONTROL_POLICY" => continue,
            "BEDROCK_POLICY" => {
                ": where it applies, a call needs bedrock:ApplyGuardrail on a guardrail of the management account, too"
            }
            _ => "",
        };
        messages.note(&format!(
            "policy {name} is of the type {policy_type}, which is not simulated{why}"
        ));
    }
    for note in &found.notes {
        messages.note(note);
    }
    if let Some(why) = found.organization.why_switched_off() {
        messages.note(&format!("{why}: no SCP is simulated"));
    }
    found.organization
}

/// One SCP: what it does where AWS attached `FullAWSAccess`, too, unless it has an Allow of its own.
fn of_document(path: &Path, text: &str, messages: &Messages) -> anyhow::Result<Organization> {
    let file = path.display().to_string();
    let policy = of_text(path, &file, text, PolicyType::ServiceControl)?;
    let has_allow = policy.document.statements.iter().any(|it| it.effect == Effect::Allow);
    let mut policies = vec![policy];
    if has_allow {
        messages
            .note(&format!("{file} is simulated as the only SCP, at a root above every account"));
    } else {
        policies.insert(0, intake::full_access()?);
        messages.note(&format!(
            "{file} is simulated beside FullAWSAccess, at a root above every account"
        ));
    }
    Ok(Organization::of_everyone(ROOT, policies))
}

fn of_own(path: &Path, text: &str) -> anyhow::Result<Organization> {
    let named = || path.display().to_string();
    let own = OwnOrganization::read(text).with_context(named)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut policies = BTreeMap::new();
    for file in own.files() {
        let policy = policy_of_file(&folder.join(file), file, PolicyType::ServiceControl);
        policies.insert(file.to_owned(), policy.with_context(named)?);
    }
    own.with_policies(&policies).with_context(named)
}

fn of_folder(path: &Path, messages: &Messages) -> anyhow::Result<Organization> {
    let own = path.join("org.json");
    if own.is_file() {
        return of_own(&own, &text_of(&own)?);
    }
    let named = || path.display().to_string();
    let names = names_below(path)?;
    let found = with_folder(path, &names, |folder| {
        if let Some(base) = folder.find(lza::ORGANIZATION)? {
            return Ok(lza::read(folder, base)?);
        }
        if let Some(base) = folder.find(cfct::MANIFEST)? {
            return Ok(cfct::read(folder, base)?);
        }
        if folder.find(cfct::TEMPLATE)?.is_some() {
            bail!("expected {}, found {} only: fill it in first", cfct::MANIFEST, cfct::TEMPLATE);
        }
        if iam_collect::organization_folder(folder)?.is_some() {
            return Ok(iam_collect::read(folder)?);
        }
        if iam_collect::has_identities(folder) {
            bail!("expected {EXPECTED}, found an iam-collect folder without an organization");
        }
        let files = folder.names.iter().filter(|name| name.ends_with(".json")).collect::<Vec<_>>();
        if files.is_empty() {
            bail!("expected {EXPECTED}, found no JSON file");
        }
        let mut texts = Vec::with_capacity(files.len());
        for file in files {
            texts.push((
                file.clone(),
                (folder.text)(file).map_err(|error| anyhow!("{file}: {error}"))?,
            ));
        }
        Ok(aws_cli::read(&texts)?)
    });
    Ok(said(found.with_context(named)?, messages))
}

/// Does something with the files below a folder, which have these names.
pub(super) fn with_folder<T>(
    path: &Path,
    names: &BTreeSet<String>,
    of: impl FnOnce(&Folder<'_>) -> T,
) -> T {
    let text = |name: &str| text_of(&path.join(name)).map_err(|error| format!("{error:#}"));
    of(&Folder { names, text: &text })
}

/// The names of all files below a folder, but for those of hidden folders.
///
/// # Errors
/// If a folder cannot be listed.
pub(super) fn names_below(path: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    collect(path, "", &mut names)?;
    Ok(names)
}

fn collect(folder: &Path, prefix: &str, names: &mut BTreeSet<String>) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(folder);
    for entry in entries.with_context(|| format!("could not list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // A link to a folder above would have no end.
        if !path.is_dir() {
            names.insert(format!("{prefix}{name}"));
        } else if !path.is_symlink() && !name.starts_with('.') {
            collect(&path, &format!("{prefix}{name}/"), names)?;
        }
    }
    Ok(())
}

/// Reads a policy from a file, which `id` names.
///
/// # Errors
/// If the file cannot be read, or is no policy of this type.
pub(super) fn policy_of_file(
    file: &Path,
    id: &str,
    policy_type: PolicyType,
) -> anyhow::Result<Arc<Policy>> {
    of_text(file, id, &text_of(file)?, policy_type)
}

fn of_text(
    file: &Path,
    id: &str,
    text: &str,
    policy_type: PolicyType,
) -> anyhow::Result<Arc<Policy>> {
    let document = Document::read(text, policy_type).with_context(|| file.display().to_string())?;
    let name = Path::new(id).file_stem().map_or(id.into(), |stem| stem.to_string_lossy());
    let (id, name) = (id.to_owned(), name.into_owned());
    Ok(Arc::new(Policy { file: id.clone(), id, name, document }))
}

/// The text of a file, with a byte order mark, if it has one: a policy must not have it.
pub(super) fn text_of(file: &Path) -> anyhow::Result<String> {
    let size = std::fs::metadata(file).map(|it| it.len());
    let size = size.with_context(|| format!("could not read {}", file.display()))?;
    if size > MAX_FILE_BYTES {
        bail!("{}: expected at most 64 MiB, found {size} bytes", file.display());
    }
    std::fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))
}
