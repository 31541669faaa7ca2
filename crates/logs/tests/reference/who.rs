//! Who called, after the CloudTrail user guide's page on `userIdentity`.

use super::fields::Complaints;
use super::json::Json;

type Name = Option<Box<str>>;

pub(crate) struct Who {
    pub(crate) kind: Name,
    pub(crate) arn: Name,
    pub(crate) name: Name,
    pub(crate) session_name: Name,
}

pub(crate) fn who(identity: Option<&Json>, wrong: &mut Complaints) -> Who {
    let identity = wrong.element(identity, "userIdentity");
    let mut text = |name: &str| wrong.text(identity.get(name), &format!("userIdentity.{name}"));
    let kind = text("type");
    let arn = text("arn");
    let principal_id = text("principalId");
    let user_name = text("userName");
    let invoked_by = text("invokedBy");
    let account_id = text("accountId");

    let path = "userIdentity.sessionContext";
    let context = wrong.object(identity.get("sessionContext"), path);
    let path = "userIdentity.sessionContext.sessionIssuer";
    let issuer = wrong.object(context.get("sessionIssuer"), path);
    let path = "userIdentity.sessionContext.sessionIssuer.userName";
    let issuer_name = wrong.text(issuer.get("userName"), path);
    let user = wrong.object(identity.get("onBehalfOf"), "userIdentity.onBehalfOf");
    let user_id = wrong.text(user.get("userId"), "userIdentity.onBehalfOf.userId");

    let in_arn = arn.as_deref().and_then(name_and_session);
    let (arn_name, arn_session) = in_arn.clone().unwrap_or_default();
    let name = match kind.as_deref() {
        Some("AssumedRole") => [issuer_name, arn_name, None],
        Some("Root") => [Some("root".into()), None, None],
        Some("AWSAccount") => [account_id, None, None],
        Some("AWSService") => [None, None, None],
        Some("IdentityCenterUser") => [user_id, None, None],
        _ => [user_name, arn_name, issuer_name],
    };
    let mut session_name = arn_session;
    if in_arn.is_none() && kind.as_deref() == Some("AssumedRole") {
        let id = principal_id.unwrap_or_default();
        session_name = id.split_once(':').map(|(_, session)| session.into());
    }
    Who {
        name: name.into_iter().flatten().next().or(invoked_by),
        session_name: session_name.filter(|name| !name.is_empty()),
        kind,
        arn,
    }
}

/// The name in an ARN of `iam` or `sts`, without its path, and the session of an assumed role.
fn name_and_session(arn: &str) -> Option<(Name, Name)> {
    let parts = arn.splitn(6, ':').collect::<Vec<_>>();
    let [scheme, partition, service, _region, _account, resource] = parts[..] else { return None };
    let is_aws = partition == "aws" || partition.starts_with("aws-");
    if scheme != "arn" || !is_aws || service.is_empty() || !resource.contains('/') {
        return None;
    }
    let text = |text: &str| (!text.is_empty()).then(|| Box::from(text));
    let names = resource.split('/').collect::<Vec<_>>();
    if names[0] == "assumed-role" && names.len() > 2 {
        return Some((text(names[1]), text(&names[2..].join("/"))));
    }
    Some((text(names[names.len() - 1]), None))
}
