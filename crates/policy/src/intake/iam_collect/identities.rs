//! The policies of roles and users in a folder of iam-collect.

use bedrock::denial::PolicyType;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::evaluate::Policy;
use crate::intake::at::{At, json};
use crate::intake::identity::{Holder, Identity};
use crate::intake::{FileProblem, Folder};
use crate::principal::Principal;

/// What is not changed in names of folders: that of `encodeURIComponent`.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// Whether a folder has policies of roles and users.
pub fn has_identities(folder: &Folder<'_>) -> bool {
    folder.names.iter().any(|name| name.contains("accounts/") && name.contains("/iam/"))
}

/// The policies of a role or a user.
///
/// # Errors
/// If a file has another shape.
pub fn identity(folder: &Folder<'_>, principal: &Principal) -> Result<Identity, FileProblem> {
    let account = format!("accounts/{}/iam/", principal.account);
    let base = folder.names.iter().find_map(|name| {
        let place = name.find(&account)?;
        (place == 0 || name[..place].ends_with('/')).then(|| &name[..place + account.len()])
    });
    let holder = principal.holder();
    let Some(base) = base else { return Ok(Identity::not_found(&holder, "the folder")) };
    let reader = Identities { folder, base };
    let path = match &holder {
        Holder::Role(path) => reader.find("role", path),
        Holder::User(path) => reader.find("user", path),
        Holder::Session(name) => reader.find_by_name(name),
        Holder::Root | Holder::FederatedUser => None,
    };
    let Some(path) = path else { return Ok(Identity::not_found(&holder, "the folder")) };
    let mut found = Identity::default();
    reader.attached(&path, &mut found)?;
    for group in reader.texts(&format!("{path}groups.json"))? {
        let of_group =
            reader.folder_of(&group).filter(|path| folder.has(&format!("{path}metadata.json")));
        match of_group {
            Some(path) => reader.attached(&path, &mut found)?,
            None => found.lacks(&format!("the group {group}")),
        }
    }
    let file = format!("{path}metadata.json");
    let metadata = json(&file, &folder.read(&file)?)?;
    if let Some(arn) = At::whole(&file, &metadata).text_of("permissionBoundary")? {
        let boundary = reader.managed(arn, PolicyType::PermissionsBoundary);
        found.set_boundary(arn, boundary);
    }
    Ok(found)
}

struct Identities<'a> {
    folder: &'a Folder<'a>,
    base: &'a str,
}

impl Identities<'_> {
    fn find(&self, kind: &str, path: &str) -> Option<String> {
        let name = utf8_percent_encode(path, PLAIN).to_string().to_lowercase();
        let path = format!("{}{kind}/{name}/", self.base);
        self.folder.has(&format!("{path}metadata.json")).then_some(path)
    }

    /// The folder of the only role with a name, whatever its path.
    fn find_by_name(&self, name: &str) -> Option<String> {
        let name = utf8_percent_encode(name, PLAIN).to_string().to_lowercase();
        let roles = format!("{}role/", self.base);
        let of_role = |file: &&String| {
            let role = file.strip_prefix(&roles)?.strip_suffix("/metadata.json")?;
            (role.rsplit("%2f").next() == Some(&name)).then(|| format!("{roles}{role}/"))
        };
        let from = self.folder.names.range(roles.clone()..);
        from.take_while(|file| file.starts_with(&roles)).find_map(|file| of_role(&file))
    }

    /// The folder of what an ARN names.
    fn folder_of(&self, arn: &str) -> Option<String> {
        let arn = bedrock::arn::Arn::parse(arn)?;
        let (kind, path) = arn.resource.split_once('/')?;
        let owner = if arn.account == "aws" { "aws/" } else { "" };
        let name = utf8_percent_encode(path, PLAIN).to_string().to_lowercase();
        Some(format!("{}{owner}{kind}/{name}/", self.base))
    }

    /// The texts of a list in a file; none if there is no such file.
    fn texts(&self, file: &str) -> Result<Vec<String>, FileProblem> {
        if !self.folder.has(file) {
            return Ok(Vec::new());
        }
        let json = json(file, &self.folder.read(file)?)?;
        let texts = At::whole(file, &json).list()?;
        texts.iter().map(|text| Ok(text.text()?.to_owned())).collect()
    }

    /// Adds the inline and the attached policies of a role, a user, or a group.
    fn attached(&self, path: &str, found: &mut Identity) -> Result<(), FileProblem> {
        let file = format!("{path}inline-policies.json");
        if self.folder.has(&file) {
            let json = json(&file, &self.folder.read(&file)?)?;
            for policy in At::whole(&file, &json).list()? {
                found.add_inline(&policy)?;
            }
        }
        for arn in self.texts(&format!("{path}managed-policies.json"))? {
            match self.managed(&arn, PolicyType::IdentityBased) {
                Some(policy) => found.add(&arn, policy),
                None => found.lacks(&format!("the managed policy {arn}")),
            }
        }
        Ok(())
    }

    /// A managed policy; `None` if it is not in the folder.
    fn managed(&self, arn: &str, policy_type: PolicyType) -> Option<Result<Policy, FileProblem>> {
        let file = format!("{}current-policy.json", self.folder_of(arn)?);
        if !self.folder.has(&file) {
            return None;
        }
        let read = || {
            let json = json(&file, &self.folder.read(&file)?)?;
            let document = At::whole(&file, &json).document(policy_type)?;
            let name = arn.rsplit('/').next().unwrap_or(arn).to_owned();
            Ok(Policy { id: arn.to_owned(), name, file: file.clone(), document })
        };
        Some(read())
    }
}
