//! Who called, after the CloudTrail user guide's page on `userIdentity`.

use super::fields::Complaints;
use super::json::Json;

type Name = Option<Box<str>>;

pub(crate) struct Who {
    pub(crate) kind: Name,
    pub(crate) arn: Name,
    pub(crate) name: Name,
    pub(crate) session_name: Name,
    pub(crate) caller: Name,
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
    let caller = caller(&identity, kind.as_deref(), arn.as_deref());
    Who {
        caller,
        name: name.into_iter().flatten().next().or(invoked_by),
        session_name: session_name.filter(|name| !name.is_empty()),
        kind,
        arn,
    }
}

/// What else is said: the ARN of the role, user or root that signed, account, unique ID, whether the credentials
/// were temporary, whether with MFA, the service, the source identity, and the provider. What is of another shape
/// is not there.
fn caller(identity: &Json, kind: Option<&str>, arn: Option<&str>) -> Name {
    let object = |json: &Json, name: &str| json.get(name).cloned().unwrap_or(Json::Null);
    let text = |json: &Json, name: &str| Complaints::default().text(json.get(name), "");
    let context = object(identity, "sessionContext");
    let (issuer, attributes) = (object(&context, "sessionIssuer"), object(&context, "attributes"));

    let signed =
        if kind == Some("AssumedRole") { text(&issuer, "arn") } else { arn.map(Into::into) };
    let (service, resource) = match kind {
        Some("AssumedRole" | "Role") => (":iam:", ":role/"),
        Some("IAMUser") => (":iam:", ":user/"),
        Some("Root") => (":iam:", ":root"),
        Some("FederatedUser") => (":sts:", ":federated-user/"),
        _ => ("none", "none"),
    };
    let is_signer = |arn: &str| {
        let parts = arn.splitn(6, ':').collect::<Vec<_>>();
        let [scheme, partition, its_service, _, _, its_resource] = parts[..] else { return false };
        let (resource, is_prefix) = (&resource[1..], resource.ends_with('/'));
        scheme == "arn"
            && (partition == "aws" || partition.starts_with("aws-"))
            && format!(":{its_service}:") == service
            && if is_prefix { its_resource.starts_with(resource) } else { its_resource == resource }
    };
    let signed = signed.filter(|arn| is_signer(arn));

    let key = text(identity, "accessKeyId").unwrap_or_default();
    let has_members = |json: &Json| matches!(json, Json::Object(members) if !members.is_empty());
    let is_temporary = if kind == Some("AssumedRole") || kind == Some("FederatedUser") {
        Some(true)
    } else if key.starts_with("ASIA") || key.starts_with("AKIA") {
        Some(key.starts_with("ASIA"))
    } else if has_members(&issuer) || has_members(&attributes) {
        Some(true)
    } else {
        None
    };
    let mfa = Complaints::default().boolean(attributes.get("mfaAuthenticated"), "");
    let mfa = mfa.filter(|with| *with || kind == Some("IAMUser") || kind == Some("Root"));
    let mfa = mfa.filter(|_| is_temporary == Some(true));
    let flag = |flag: Option<bool>| flag.map(|flag| Box::from(flag.to_string()));

    let id = text(identity, "principalId");
    let values = [
        signed,
        text(identity, "accountId"),
        id.map(|id| id.split(':').next().unwrap_or_default().into()),
        flag(is_temporary),
        flag(mfa),
        text(identity, "invokedBy"),
        text(&context, "sourceIdentity"),
        text(&object(&context, "webIdFederationData"), "federatedProvider"),
    ];
    joined(values)
}

/// Values with a zero between them; nothing if all are nothing.
pub(crate) fn joined<const N: usize>(values: [Name; N]) -> Name {
    let values = values.map(Option::unwrap_or_default);
    values.iter().any(|value| !value.is_empty()).then(|| values.join("\0").into())
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
