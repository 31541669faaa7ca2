//! Reads an organization in the form that people have it in, told apart by content.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use bedrock::denial::PolicyType;
use policy::intake::aws_cli;
use policy::intake::own::{self, OwnOrganization};
use policy::{Document, Effect, Organization, Policy};
use serde_json::Value;

use crate::args::PoliciesArgs;
use crate::exit::Failure;
use crate::messages::Messages;

/// What AWS attaches to every node unless somebody takes it away.
pub(super) const FULL_ACCESS: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// The node of a document without an organization.
const ROOT: &str = "root";

/// The largest file that is read. The longest policy that AWS takes has 10,240 characters, and the outputs of
/// an organization of 10,000 accounts have some megabytes.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// What is expected of `--org`.
const EXPECTED: &str = "an org.json (nodes, accounts, files of policies), a folder of outputs of `aws organizations`, \
                        or one SCP";

/// Forms that are not read, by what tells them.
const OTHER_FORMS: [(&str, &str); 6] = [
    ("structure.json", "an iam-collect folder"),
    ("organization-config.yaml", "a Landing Zone Accelerator configuration"),
    ("manifest.yaml", "a CfCT package"),
    ("planned_values", "the output of `terraform show -json`"),
    ("terraform_version", "the output of `terraform show -json`"),
    ("Resources", "a CloudFormation template"),
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
    if organization.management_account.is_none() && organization.accounts().next().is_some() {
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
    let text = text_of(path)?;
    if own::is_own(&text) {
        return of_own(path, &text);
    }
    match other_form(&text) {
        Some(form) => {
            bail!("{}: expected {EXPECTED}, found {form}, which is not read", path.display())
        }
        None => of_document(path, &text, messages),
    }
}

/// What another form of organization the text of a file is.
fn other_form(text: &str) -> Option<&'static str> {
    let members = serde_json::from_str::<BTreeMap<String, Value>>(text).ok()?;
    let found = OTHER_FORMS.iter().find(|(name, _)| members.contains_key(*name));
    found.map(|(_, form)| *form)
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
        policies
            .insert(0, of_text(path, "FullAWSAccess", FULL_ACCESS, PolicyType::ServiceControl)?);
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

fn of_folder(folder: &Path, messages: &Messages) -> anyhow::Result<Organization> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let own = folder.join("org.json");
    if files.contains(&own) {
        return of_own(&own, &text_of(&own)?);
    }
    for (name, form) in OTHER_FORMS {
        if files.iter().any(|file| file.ends_with(name)) {
            bail!("{}: expected {EXPECTED}, found {form}, which is not read", folder.display());
        }
    }
    files.retain(|file| file.extension().is_some_and(|end| end == "json"));
    if files.is_empty() {
        bail!("{}: expected {EXPECTED}, found no JSON file", folder.display());
    }
    let mut texts = Vec::with_capacity(files.len());
    for file in &files {
        let name = file.strip_prefix(folder).unwrap_or(file).to_string_lossy().into_owned();
        texts.push((name, text_of(file)?));
    }
    let found = aws_cli::read(&texts).with_context(|| folder.display().to_string())?;
    for (name, policy_type) in &found.other_policies {
        messages
            .note(&format!("policy {name} is of the type {policy_type}, which is not simulated"));
    }
    Ok(found.organization)
}

/// All files below a folder.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(folder);
    for entry in entries.with_context(|| format!("could not list {}", folder.display()))? {
        let path = entry?.path();
        // A link to a folder above would have no end.
        if path.is_dir() && !path.is_symlink() {
            collect(&path, files)?;
        } else if !path.is_dir() {
            files.push(path);
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
fn text_of(file: &Path) -> anyhow::Result<String> {
    let size = std::fs::metadata(file).map(|it| it.len());
    let size = size.with_context(|| format!("could not read {}", file.display()))?;
    if size > MAX_FILE_BYTES {
        bail!("{}: expected at most 16 MiB, found {size} bytes", file.display());
    }
    std::fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))
}
