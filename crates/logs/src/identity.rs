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

    let parts = arn.as_ref().and_then(ArnParts::read);
    let has_parts = parts.is_some();
    let ArnParts { name: arn_name, session } = parts.unwrap_or_default();
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
struct ArnName<'a> {
    name: Option<&'a str>,
    session: Option<&'a str>,
}

/// The same, borrowed from where the ARN is borrowed from.
#[derive(Default)]
struct ArnParts<'a> {
    name: Text<'a>,
    session: Text<'a>,
}

impl<'a> ArnParts<'a> {
    fn read(arn: &Cow<'a, str>) -> Option<Self> {
        match arn {
            Cow::Borrowed(arn) => {
                let ArnName { name, session } = ArnName::read(arn)?;
                Some(ArnParts {
                    name: name.map(Cow::Borrowed),
                    session: session.map(Cow::Borrowed),
                })
            }
            Cow::Owned(arn) => {
                let ArnName { name, session } = ArnName::read(arn)?;
                let owned = |text: &str| Cow::Owned(text.to_owned());
                Some(ArnParts { name: name.map(owned), session: session.map(owned) })
            }
        }
    }
}

impl<'a> ArnName<'a> {
    fn read(arn: &'a str) -> Option<Self> {
        let resource = Arn::parse(arn)?.resource;
        let (kind, rest) = resource.split_once('/')?;
        match (kind, rest.split_once('/')) {
            // The ARN of a session leaves the role's path out.
            ("assumed-role", Some((name, session))) => {
                Some(ArnName { name: present(name), session: present(session) })
            }
            _ => {
                let name = rest.rsplit('/').next().unwrap_or(rest);
                Some(ArnName { name: present(name), session: None })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(identity: &str, name: Option<&str>, session: Option<&str>) {
        let found = super::identity(Some(identity)).expect("well-formed");
        assert_eq!((found.name.as_deref(), found.session_name.as_deref()), (name, session));
    }

    #[test]
    fn every_type() {
        check(
            r#"{"type":"AssumedRole","principalId":"AROAEXAMPLE:i-01","arn":"arn:aws:sts::111122223333:assumed-role/app/i-01","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/team/app","userName":"app"}}}"#,
            Some("app"),
            Some("i-01"),
        );
        check(
            r#"{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_X_0123/ada@example.com"}"#,
            Some("AWSReservedSSO_X_0123"),
            Some("ada@example.com"),
        );
        check(r#"{"type":"AssumedRole","principalId":"AROAEXAMPLE:s"}"#, None, Some("s"));
        check(
            r#"{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/path/ada","userName":"ada"}"#,
            Some("ada"),
            None,
        );
        check(
            r#"{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/path/ada"}"#,
            Some("ada"),
            None,
        );
        check(r#"{"type":"Root","arn":"arn:aws:iam::111122223333:root"}"#, Some("root"), None);
        check(
            r#"{"type":"FederatedUser","arn":"arn:aws:sts::111122223333:federated-user/bo","sessionContext":{"sessionIssuer":{"type":"IAMUser","userName":"ada"}}}"#,
            Some("bo"),
            None,
        );
        check(r#"{"type":"AWSAccount","accountId":"012345678901"}"#, Some("012345678901"), None);
        check(
            r#"{"type":"AWSService","invokedBy":"bedrock.amazonaws.com"}"#,
            Some("bedrock.amazonaws.com"),
            None,
        );
        check(
            r#"{"type":"IdentityCenterUser","onBehalfOf":{"userId":"u-1","identityStoreArn":"x"}}"#,
            Some("u-1"),
            None,
        );
        check(r#"{"type":"WebIdentityUser","userName":"w"}"#, Some("w"), None);
        check("{}", None, None);
        let Identity { kind, arn, name, session_name } = identity(None).expect("absent");
        assert_eq!([kind, arn, name, session_name], [const { None }; 4]);
    }

    #[test]
    fn names_in_several_fields_are_taken_in_order() {
        check(
            r#"{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/cut/i-01","userName":"ada","invokedBy":"x","sessionContext":{"sessionIssuer":{"userName":"uncut"}}}"#,
            Some("uncut"),
            Some("i-01"),
        );
        check(
            r#"{"type":"SAMLUser","arn":"arn:aws:iam::111122223333:user/bo","sessionContext":{"sessionIssuer":{"userName":"issuer"}}}"#,
            Some("bo"),
            None,
        );
        // The service that called for somebody is all that is known of the caller.
        for kind in ["AssumedRole", "AWSAccount", "IdentityCenterUser", "IAMUser"] {
            let identity = format!(r#"{{"type":"{kind}","invokedBy":"agents.amazonaws.com"}}"#);
            check(&identity, Some("agents.amazonaws.com"), None);
        }
    }

    #[test]
    fn session_with_colons_is_all_behind_the_first() {
        check(r#"{"type":"AssumedRole","principalId":"AROAEXAMPLE:a:b"}"#, None, Some("a:b"));
    }

    #[test]
    fn an_empty_name_is_none() {
        check(
            r#"{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/app/","sessionContext":{"sessionIssuer":{"userName":""}}}"#,
            Some("app"),
            None,
        );
        check(r#"{"type":"AssumedRole","principalId":"AROAEXAMPLE:"}"#, None, None);
        check(r#"{"type":"IdentityCenterUser","onBehalfOf":{"userId":""}}"#, None, None);
        check(r#"{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/"}"#, None, None);
    }

    #[test]
    fn another_type_is_rejected() {
        for (identity, field) in [
            ("\"me\"", "userIdentity"),
            (r#"{"arn":5}"#, "userIdentity.arn"),
            (r#"{"sessionContext":[]}"#, "userIdentity.sessionContext"),
        ] {
            assert_eq!(super::identity(Some(identity)).expect_err("wrong type").field, field);
        }
    }
}
