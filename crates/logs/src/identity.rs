//! Who called: the `userIdentity` of every type, role and session apart.
//!
//! The shapes are those of the CloudTrail user guide, "userIdentity element". The element may be
//! absent or null, and so may its `type`.

use std::borrow::Cow;

use bedrock::arn::Arn;

use crate::reject::Rejection;
use crate::value::{is_json, object, put, text};

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
    session_context: Option<&'a str>,
    session_issuer: Option<&'a str>,
    issuer_name: Option<&'a str>,
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
            "sessionContext" => put(&mut fields.session_context, value),
            "onBehalfOf" => put(&mut fields.on_behalf_of, value),
            _ => is_json(value),
        })?;
        let field = "userIdentity.sessionContext";
        object(fields.session_context, field, |key, value| match key {
            "sessionIssuer" => put(&mut fields.session_issuer, value),
            _ => is_json(value),
        })?;
        let field = "userIdentity.sessionContext.sessionIssuer";
        object(fields.session_issuer, field, |key, value| match key {
            "userName" => put(&mut fields.issuer_name, value),
            _ => is_json(value),
        })?;
        object(fields.on_behalf_of, "userIdentity.onBehalfOf", |key, value| match key {
            "userId" => put(&mut fields.user_id, value),
            _ => is_json(value),
        })?;
        Ok(fields)
    }
}

/// Reads the element.
///
/// # Errors
/// If a field that is read has another type than the guide says.
pub(crate) fn identity(raw: Option<&str>) -> Result<Identity<'_>, Rejection> {
    let fields = Fields::read(raw)?;
    let kind = text(fields.kind, "userIdentity.type")?;
    let arn = text(fields.arn, "userIdentity.arn")?;
    let principal_id = text(fields.principal_id, "userIdentity.principalId")?;
    let user_name = text(fields.user_name, "userIdentity.userName")?;
    let invoked_by = text(fields.invoked_by, "userIdentity.invokedBy")?;
    let account_id = text(fields.account_id, "userIdentity.accountId")?;
    let field = "userIdentity.sessionContext.sessionIssuer.userName";
    let issuer = text(fields.issuer_name, field)?;
    let on_behalf_of = text(fields.user_id, "userIdentity.onBehalfOf.userId")?;

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
    Ok(Identity { name: name.or(invoked_by), session_name, kind, arn })
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
