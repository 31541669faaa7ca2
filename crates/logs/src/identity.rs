//! Who called: the `userIdentity` of every type, role and session apart.
//!
//! The shapes are those of the CloudTrail user guide, "userIdentity element". The element may be
//! absent or null, and so may its `type`.

use std::borrow::Cow;

use bedrock::arn::Arn;
use bedrock::part::Caller;

use crate::reject::Rejection;
use crate::value::{boolean, is_json, object, put, text};

/// Who called, borrowed from the record where that has no escapes.
#[derive(Debug, Default)]
pub(crate) struct Identity<'a> {
    /// `AssumedRole`, `IAMUser`, `AWSService`, ...
    pub(crate) kind: Text<'a>,
    /// The ARN: of the session for an assumed role.
    pub(crate) arn: Text<'a>,
    /// The role or user without its session.
    pub(crate) name: Text<'a>,
    /// The session's name, where there is one.
    pub(crate) session_name: Text<'a>,
    /// What else is said of the caller, as one text of an attribute.
    pub(crate) caller: Option<String>,
}

type Text<'a> = Option<Cow<'a, str>>;

/// The fields of the element that are read, as their text.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<&'a str>,
    arn: Option<&'a str>,
    principal_id: Option<&'a str>,
    user_name: Option<&'a str>,
    invoked_by: Option<&'a str>,
    account_id: Option<&'a str>,
    access_key_id: Option<&'a str>,
    session_context: Option<&'a str>,
    session_issuer: Option<&'a str>,
    issuer_name: Option<&'a str>,
    issuer_arn: Option<&'a str>,
    source_identity: Option<&'a str>,
    session_attributes: Option<&'a str>,
    mfa_authenticated: Option<&'a str>,
    federation: Option<&'a str>,
    federated_provider: Option<&'a str>,
    on_behalf_of: Option<&'a str>,
    user_id: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn read(raw: Option<&'a str>) -> Result<Self, Rejection> {
        let mut fields = Fields::default();
        object(raw, "userIdentity", |key, value| match key {
            "type" => put(&mut fields.kind, value),
            "arn" => put(&mut fields.arn, value),
            "principalId" => put(&mut fields.principal_id, value),
            "userName" => put(&mut fields.user_name, value),
            "invokedBy" => put(&mut fields.invoked_by, value),
            "accountId" => put(&mut fields.account_id, value),
            "accessKeyId" => put(&mut fields.access_key_id, value) && is_json(value),
            "sessionContext" => put(&mut fields.session_context, value),
            "onBehalfOf" => put(&mut fields.on_behalf_of, value),
            _ => is_json(value),
        })?;
        let field = "userIdentity.sessionContext";
        object(fields.session_context, field, |key, value| match key {
            "sessionIssuer" => put(&mut fields.session_issuer, value),
            "sourceIdentity" => put(&mut fields.source_identity, value) && is_json(value),
            "attributes" => put(&mut fields.session_attributes, value) && is_json(value),
            "webIdFederationData" => put(&mut fields.federation, value) && is_json(value),
            _ => is_json(value),
        })?;
        let field = "userIdentity.sessionContext.sessionIssuer";
        object(fields.session_issuer, field, |key, value| match key {
            "userName" => put(&mut fields.issuer_name, value),
            "arn" => put(&mut fields.issuer_arn, value) && is_json(value),
            _ => is_json(value),
        })?;
        object(fields.on_behalf_of, "userIdentity.onBehalfOf", |key, value| match key {
            "userId" => put(&mut fields.user_id, value),
            _ => is_json(value),
        })?;
        fields.mfa_authenticated = member(fields.session_attributes, "mfaAuthenticated");
        fields.federated_provider = member(fields.federation, "federatedProvider");
        Ok(fields)
    }

    /// Whether the credentials were temporary. An access key says so by its first letters, but not every record
    /// has one.
    fn is_temporary(&self, kind: Option<&str>) -> Option<bool> {
        let key = lenient(self.access_key_id);
        let key = key.as_deref().unwrap_or_default();
        match kind {
            Some("AssumedRole" | "FederatedUser") => Some(true),
            _ if key.starts_with("ASIA") => Some(true),
            _ if key.starts_with("AKIA") => Some(false),
            _ => [self.session_issuer, self.session_attributes]
                .into_iter()
                .any(has_members)
                .then_some(true),
        }
    }

    /// Whether the session was authenticated with MFA. A session of a role that was not has the condition key
    /// `aws:MultiFactorAuthPresent` or, if it was begun by federation, has it not; the record does not tell.
    fn is_with_mfa(&self, kind: Option<&str>, is_temporary: Option<bool>) -> Option<bool> {
        let said = boolean(self.mfa_authenticated, "").ok().flatten()? == "true";
        let has_key = said || matches!(kind, Some("IAMUser" | "Root"));
        (has_key && is_temporary == Some(true)).then_some(said)
    }
}

/// A member of an object of which another shape is no reason to lose the call.
fn member<'a>(raw: Option<&'a str>, name: &str) -> Option<&'a str> {
    let mut found = None;
    object(raw, "", |key, value| key != name || put(&mut found, value)).ok()?;
    found
}

fn has_members(raw: Option<&str>) -> bool {
    let mut has_any = false;
    let read = object(raw, "", |_, _| {
        has_any = true;
        true
    });
    read.is_ok() && has_any
}

fn lenient(raw: Option<&str>) -> Text<'_> {
    text(raw, "").ok().flatten()
}

/// What the element says.
#[derive(Default)]
struct Said<'a> {
    kind: Text<'a>,
    arn: Text<'a>,
    principal_id: Text<'a>,
    user_name: Text<'a>,
    invoked_by: Text<'a>,
    account_id: Text<'a>,
    issuer: Text<'a>,
    on_behalf_of: Text<'a>,
}

/// Reads the element.
///
/// # Errors
/// If a field that is read has another type than the guide says.
pub(crate) fn identity(raw: Option<&str>) -> Result<Identity<'_>, Rejection> {
    let fields = Fields::read(raw)?;
    let identity = names(&fields)?;
    let caller = caller(&fields, &identity);
    Ok(Identity { caller, ..identity })
}

/// What is said of the caller beside the names. What is no text is none.
fn caller(fields: &Fields<'_>, identity: &Identity<'_>) -> Option<String> {
    let kind = identity.kind.as_deref();
    let [account_id, id] = [fields.account_id, fields.principal_id].map(lenient);
    let [issuer_arn, invoked_by] = [fields.issuer_arn, fields.invoked_by].map(lenient);
    let [source_identity, provider] =
        [fields.source_identity, fields.federated_provider].map(lenient);
    let arn = identity.arn.as_deref();
    let arn = if kind == Some("AssumedRole") { issuer_arn.as_deref() } else { arn };
    let is_temporary_credential = fields.is_temporary(kind);
    Caller {
        iam_principal_arn: arn.filter(|arn| is_iam_principal(kind, arn)),
        principal_account_id: account_id.as_deref(),
        // The name of a session follows.
        principal_id: id.as_deref().and_then(|id| id.split(':').next()),
        is_temporary_credential,
        mfa_authenticated: fields.is_with_mfa(kind, is_temporary_credential),
        invoked_by: invoked_by.as_deref(),
        source_identity: source_identity.as_deref(),
        federated_provider: provider.as_deref(),
    }
    .text()
}

/// Whether an ARN is one that the condition key `aws:PrincipalArn` has for callers of a type (IAM user guide, "AWS
/// global condition context keys").
fn is_iam_principal(kind: Option<&str>, arn: &str) -> bool {
    let Some(Arn { service, resource, .. }) = Arn::parse(arn) else { return false };
    match kind {
        Some("AssumedRole" | "Role") => service == "iam" && resource.starts_with("role/"),
        Some("IAMUser") => service == "iam" && resource.starts_with("user/"),
        Some("Root") => service == "iam" && resource == "root",
        Some("FederatedUser") => service == "sts" && resource.starts_with("federated-user/"),
        _ => false,
    }
}

/// Who called, by its names.
fn names<'a>(fields: &Fields<'a>) -> Result<Identity<'a>, Rejection> {
    let field = "userIdentity.sessionContext.sessionIssuer.userName";
    Ok(named(Said {
        kind: text(fields.kind, "userIdentity.type")?,
        arn: text(fields.arn, "userIdentity.arn")?,
        principal_id: text(fields.principal_id, "userIdentity.principalId")?,
        user_name: text(fields.user_name, "userIdentity.userName")?,
        invoked_by: text(fields.invoked_by, "userIdentity.invokedBy")?,
        account_id: text(fields.account_id, "userIdentity.accountId")?,
        issuer: text(fields.issuer_name, field)?,
        on_behalf_of: text(fields.user_id, "userIdentity.onBehalfOf.userId")?,
    }))
}

/// Who has an ARN, where nothing else is said: of a session, a user, a role, or the root of an account.
pub(crate) fn identity_of_arn(arn: &str) -> Identity<'_> {
    let resource = Arn::parse(arn).map_or("", |arn| arn.resource);
    let kind = match resource.split('/').next() {
        Some("assumed-role") => Some("AssumedRole"),
        Some("user") => Some("IAMUser"),
        Some("role") => Some("Role"),
        Some("federated-user") => Some("FederatedUser"),
        Some("root") => Some("Root"),
        _ => None,
    };
    let kind = kind.map(Cow::Borrowed);
    named(Said { kind, arn: Some(Cow::Borrowed(arn)), ..Said::default() })
}

/// Name and session, by the type.
fn named(said: Said<'_>) -> Identity<'_> {
    let Said { kind, arn, principal_id, user_name, .. } = said;
    let Said { invoked_by, account_id, issuer, on_behalf_of, .. } = said;
    let has_parts = arn.as_deref().and_then(ArnParts::read).is_some();
    let arn_name = part(arn.as_ref(), |arn| ArnParts::read(arn)?.name);
    let session = part(arn.as_ref(), |arn| ArnParts::read(arn)?.session);
    let name = match kind.as_deref() {
        Some("AssumedRole") => issuer.or(arn_name),
        Some("Root") => Some(Cow::Borrowed("root")),
        // A cross-account caller has neither ARN nor name: its account is all that is known of it.
        Some("AWSAccount") => account_id,
        Some("AWSService") => invoked_by.clone(),
        Some("IdentityCenterUser") => on_behalf_of,
        _ => user_name.or(arn_name).or(issuer),
    };
    let session_name = match kind.as_deref() {
        // A role without an ARN still carries its session behind the role's unique id.
        Some("AssumedRole") if !has_parts => {
            part(principal_id.as_ref(), |id| present(id.split_once(':')?.1))
        }
        _ => session,
    };
    Identity { name: name.or(invoked_by), session_name, kind, arn, caller: None }
}

/// A part of a text, borrowed from where that is borrowed from.
fn part<'a>(text: Option<&Cow<'a, str>>, part: impl Fn(&str) -> Option<&str>) -> Text<'a> {
    match text? {
        Cow::Borrowed(text) => part(text).map(Cow::Borrowed),
        Cow::Owned(text) => part(text).map(|part| Cow::Owned(part.to_owned())),
    }
}

fn present(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Name and session out of an identity's ARN.
struct ArnParts<'a> {
    name: Option<&'a str>,
    session: Option<&'a str>,
}

impl<'a> ArnParts<'a> {
    fn read(arn: &'a str) -> Option<Self> {
        let resource = Arn::parse(arn)?.resource;
        let (kind, rest) = resource.split_once('/')?;
        match (kind, rest.split_once('/')) {
            // The ARN of a session leaves the role's path out.
            ("assumed-role", Some((name, session))) => {
                Some(ArnParts { name: present(name), session: present(session) })
            }
            _ => {
                let name = rest.rsplit('/').next().unwrap_or(rest);
                Some(ArnParts { name: present(name), session: None })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As CloudTrail's identities with the same ARN.
    #[test]
    fn identity_of_an_arn_has_its_type_name_and_session() {
        for (arn, expected) in [
            ("arn:aws:sts::111122223333:assumed-role/app/i-0abc", "AssumedRole app i-0abc"),
            ("arn:aws:iam::111122223333:user/team/ada", "IAMUser ada -"),
            ("arn:aws:iam::111122223333:root", "Root root -"),
            ("arn:aws:sts::111122223333:federated-user/bob", "FederatedUser bob -"),
            ("arn:aws:iam::111122223333:role/path/app", "Role app -"),
            ("arn:aws:bedrock:us-east-1:111122223333:agent/A1", "- A1 -"),
            ("arn:aws:sts::111122223333:assumed-role/...", "AssumedRole ... -"),
        ] {
            let identity = identity_of_arn(arn);
            let Identity { kind, name, session_name, .. } = &identity;
            let shown = [kind, name, session_name].map(|text| text.as_deref().unwrap_or("-"));
            assert_eq!(shown.join(" "), expected);
            assert_eq!(identity.arn.as_deref(), Some(arn));
            let Some(kind) = kind else { continue };
            let record = format!(r#"{{"type":"{kind}","arn":"{arn}"}}"#);
            let of_record = super::identity(Some(&record)).expect("an identity");
            assert_eq!(
                (&of_record.name, &of_record.session_name),
                (&identity.name, &identity.session_name)
            );
        }
    }
}
