//! The JSON of `userIdentity`.

use super::object::Object;
use crate::dice::Dice;

/// Who sent a request.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    /// The JSON of `userIdentity`.
    pub(super) json: String,
    /// Its ARN; empty for a service.
    pub(super) arn: String,
}

/// The service that calls with roles of its own.
pub(super) const WORKFLOWS: &str = "states.amazonaws.com";

/// A role that is assumed.
#[derive(Debug, Clone)]
pub(super) struct Role {
    /// The path of its ARN, with a slash at the end, or nothing.
    pub(super) path: &'static str,
    pub(super) name: String,
    /// The last letters of its id.
    pub(super) id: String,
    /// More members of a session's context, each with a comma before it, or nothing.
    pub(super) in_context: String,
    /// Members behind the context, `inScopeOf` and `invokedBy`, each with a comma before it, or nothing.
    pub(super) scope: String,
}

/// What a session has for itself.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    /// The last letters of the access key.
    pub(super) key: String,
    /// When they were issued, in milliseconds since 1970 UTC.
    pub(super) issued_ms: i64,
}

/// The letters of an access key that follow its kind.
pub(super) fn key(dice: &mut Dice) -> String {
    dice.text(|dice, out| dice.upper(out, 16))
}

/// The letters of an id that follow its kind.
pub(super) fn id(dice: &mut Dice) -> String {
    dice.text(|dice, out| dice.upper(out, 17))
}

impl Role {
    /// The role of tasks, instances or whoever else may assume it.
    pub(super) fn plain(name: String, id: String) -> Self {
        Role { path: "", name, id, in_context: String::new(), scope: String::new() }
    }

    /// The role of a function, whose sessions say which one they were issued to.
    pub(super) fn of_function(function: &str, id: String, object: &Object) -> Self {
        let Object { account, region, .. } = object;
        let scope = format!(
            r#","inScopeOf":{{"issuerType":"AWS::Lambda::Function","credentialsIssuedTo":"arn:aws:lambda:{region}:{account}:function:{function}"}}"#
        );
        let name = format!("{function}-role");
        Role { path: "service-role/", name, id, in_context: String::new(), scope }
    }

    /// The role that people have after they signed on; `set` is the permission set's.
    pub(super) fn of_people(set: &str, suffix: u64, id: String) -> Self {
        Role {
            path: "aws-reserved/sso.amazonaws.com/",
            name: format!("AWSReservedSSO_{set}_{suffix:016x}"),
            id,
            in_context: String::new(),
            scope: String::new(),
        }
    }

    /// The role that a workflow has, whose requests a service makes.
    pub(super) fn of_workflow(app: &str, id: String) -> Self {
        Role {
            path: "service-role/",
            name: format!("StepFunctions-{app}-role"),
            id,
            in_context: String::new(),
            scope: format!(r#","invokedBy":"{WORKFLOWS}""#),
        }
    }

    /// The same where whoever begins a session has to say who it is.
    pub(super) fn with_source_identity(self, name: &str) -> Self {
        let in_context = format!(r#","sourceIdentity":"{name}""#);
        Role { in_context, ..self }
    }

    /// The same for pods of a cluster, whose sessions are begun with its OIDC provider.
    pub(super) fn of_cluster(self, object: &Object) -> Self {
        let Object { account, region, .. } = object;
        let provider = format!("oidc.eks.{region}.amazonaws.com/id/{account}EXAMPLE");
        let in_context = format!(
            r#","webIdFederationData":{{"federatedProvider":"arn:aws:iam::{account}:oidc-provider/{provider}","attributes":{{}}}}"#
        );
        Role { in_context, ..self }
    }

    /// The same with the ID that the role of this name has in an account, whoever assumes it, on any day.
    pub(super) fn with_own_id(self, account: &str) -> Self {
        let name = self.name.bytes().chain(account.bytes()).map(u64::from).collect::<Vec<_>>();
        Role { id: id(&mut Dice::new(&name)), ..self }
    }

    /// The identity of one of its sessions.
    pub(super) fn session(
        &self,
        session: &str,
        credentials: &Credentials,
        account: &str,
    ) -> Identity {
        let Role { path, name, id, in_context, scope } = self;
        let Credentials { key, issued_ms } = credentials;
        let issued = jiff::Timestamp::from_millisecond(*issued_ms).unwrap_or_default();
        let issued = issued.strftime("%Y-%m-%dT%H:%M:%SZ");
        let arn = format!("arn:aws:sts::{account}:assumed-role/{name}/{session}");
        let json = format!(
            r#"{{"type":"AssumedRole","principalId":"AROA{id}:{session}","arn":"{arn}","accountId":"{account}","accessKeyId":"ASIA{key}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROA{id}","arn":"arn:aws:iam::{account}:role/{path}{name}","accountId":"{account}","userName":"{name}"}},"attributes":{{"creationDate":"{issued}","mfaAuthenticated":"false"}}{in_context}}}{scope}}}"#
        );
        Identity { json, arn }
    }
}

impl Identity {
    /// A user with a long-lived key.
    pub(super) fn user(name: &str, id: &str, key: &str, account: &str) -> Self {
        let arn = format!("arn:aws:iam::{account}:user/svc/{name}");
        let json = format!(
            r#"{{"type":"IAMUser","principalId":"AIDA{id}","arn":"{arn}","accountId":"{account}","accessKeyId":"AKIA{key}","userName":"{name}"}}"#
        );
        Identity { json, arn }
    }

    /// A service that calls in its own name.
    pub(super) fn service(name: &str) -> Self {
        let json = format!(r#"{{"type":"AWSService","invokedBy":"{name}"}}"#);
        Identity { json, arn: String::new() }
    }
}
