//! What `aws iam get-account-authorization-details` prints: roles, users, groups, and managed policies of one
//! account. Documents are objects, or percent-encoded text, as the API has them.

use bedrock::arn::Arn;
use bedrock::denial::PolicyType;
use percent_encoding::percent_decode_str;

use super::FileProblem;
use super::at::{At, json};
use super::identity::{Holder, Identity};
use crate::document::Document;
use crate::evaluate::Policy;
use crate::json::Node as Json;
use crate::principal::Principal;

/// The members of the output.
const LISTS: [&str; 4] = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"];

/// The details of an account.
#[derive(Debug, Clone)]
pub struct AuthorizationDetails {
    file: String,
    json: Json,
}

/// Whether a text is such an output, by its members.
pub fn is_details(text: &str) -> bool {
    let Ok(json) = json("", text) else { return false };
    let whole = At::whole("", &json);
    LISTS[..3].iter().any(|list| whole.member(list).is_some())
}

/// A policy: an object, its text, or that percent-encoded.
pub(super) fn document(at: &At<'_>, policy_type: PolicyType) -> Result<Document, FileProblem> {
    match at.text() {
        Ok(text) if text.starts_with('%') => {
            let decoded = percent_decode_str(text).decode_utf8();
            let decoded =
                decoded.map_err(|_| at.instead("percent-encoded UTF-8", "something else"))?;
            at.document_of(&decoded, policy_type)
        }
        _ => at.document(policy_type),
    }
}

impl AuthorizationDetails {
    /// Reads an output.
    ///
    /// # Errors
    /// If it is none, is a page that another one follows, or lacks a list.
    pub fn read(file: &str, text: &str) -> Result<Self, FileProblem> {
        let json = json(file, text.trim_start_matches('\u{feff}'))?;
        let whole = At::whole(file, &json);
        whole.members()?;
        if whole.is_true("IsTruncated")? || whole.member("NextToken").is_some() {
            return Err(whole.instead("the whole output", "a page that another one follows"));
        }
        for list in LISTS {
            whole.need(list)?.list()?;
        }
        Ok(AuthorizationDetails { file: file.to_owned(), json })
    }

    /// The policies of a role or a user.
    ///
    /// # Errors
    /// If what is said of it has another shape.
    pub fn identity(&self, principal: &Principal) -> Result<Identity, FileProblem> {
        let holder = principal.holder();
        let (list, inline) = match &holder {
            Holder::Role(_) | Holder::Session(_) => ("RoleDetailList", "RolePolicyList"),
            Holder::User(_) => ("UserDetailList", "UserPolicyList"),
            Holder::Root | Holder::FederatedUser => {
                return Ok(Identity::not_found(&holder, &self.file));
            }
        };
        let Some(entry) = self.entry(list, principal, &holder)? else {
            return Ok(Identity::not_found(&holder, &self.file));
        };
        let mut found = Identity::default();
        self.attached(&entry, inline, &mut found)?;
        let groups = self.whole().need("GroupDetailList")?.list()?;
        for name in entry.list_of("GroupList")? {
            let name = name.text()?;
            let is_it =
                |group: &&At<'_>| matches!(group.text_of("GroupName"), Ok(Some(it)) if it == name);
            match groups.iter().find(is_it) {
                Some(group) => self.attached(group, "GroupPolicyList", &mut found)?,
                None => found.lacks(&format!("the group {name}")),
            }
        }
        if let Some(boundary) = entry.member("PermissionsBoundary") {
            let arn = boundary.need("PermissionsBoundaryArn")?.text()?;
            found.set_boundary(arn, self.managed(arn, PolicyType::PermissionsBoundary)?);
        }
        Ok(found)
    }

    fn whole(&self) -> At<'_> {
        At::whole(&self.file, &self.json)
    }

    /// What is said of a role or a user.
    fn entry(
        &self,
        list: &str,
        principal: &Principal,
        holder: &Holder<'_>,
    ) -> Result<Option<At<'_>>, FileProblem> {
        for entry in self.whole().need(list)?.list()? {
            let at = entry.need("Arn")?;
            let Some(arn) = Arn::parse(at.text()?) else { return Err(at.not("an ARN")) };
            let path = arn.resource.split_once('/').map_or("", |(_, path)| path);
            let is_it = match holder {
                Holder::Session(name) => path.rsplit('/').next() == Some(name),
                Holder::Role(wanted) | Holder::User(wanted) => path == *wanted,
                _ => false,
            };
            if is_it && arn.account == principal.account {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// Adds the inline and the attached policies of a role, a user, or a group.
    fn attached(
        &self,
        entry: &At<'_>,
        inline: &str,
        found: &mut Identity,
    ) -> Result<(), FileProblem> {
        for policy in entry.list_of(inline)? {
            found.add_inline(&policy)?;
        }
        for policy in entry.list_of("AttachedManagedPolicies")? {
            let arn = policy.need("PolicyArn")?.text()?;
            match self.managed(arn, PolicyType::IdentityBased)? {
                Some(policy) => found.add(&format!("the managed policy {arn}"), policy),
                None => found.lacks(&format!("the managed policy {arn}")),
            }
        }
        Ok(())
    }

    /// The default version of a managed policy; `None` if it is not in the file.
    fn managed(
        &self,
        arn: &str,
        policy_type: PolicyType,
    ) -> Result<Option<Result<Policy, FileProblem>>, FileProblem> {
        for policy in self.whole().need("Policies")?.list()? {
            if policy.need("Arn")?.text()? != arn {
                continue;
            }
            let versions = policy.need("PolicyVersionList")?;
            let mut found = None;
            for version in versions.list()? {
                if version.is_true("IsDefaultVersion")? {
                    found = Some(version);
                }
            }
            let Some(version) = found else {
                return Err(versions.instead("a version with IsDefaultVersion", "none"));
            };
            let Some(at) = version.member("Document") else { return Ok(None) };
            let [id, file] = [arn, &self.file].map(str::to_owned);
            let name = policy.text_of("PolicyName")?.unwrap_or(arn).to_owned();
            let document = document(&at, policy_type);
            return Ok(Some(document.map(|document| Policy { id, name, file, document })));
        }
        Ok(None)
    }
}
