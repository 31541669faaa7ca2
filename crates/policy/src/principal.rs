//! Who calls, and what condition keys say of that.

use bedrock::arn::Arn;

use crate::known::KeyState;

/// A caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The ARN as given.
    pub arn: String,
    /// The account.
    pub account: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Role,
    /// A session of a role, whose ARN lacks the path of the role.
    Session,
    User(String),
    Root,
    FederatedUser,
}

impl Principal {
    /// Reads the ARN of a role, a user, a root user, a session of a role, or a federated user; `None` if it is
    /// none.
    pub fn parse(text: &str) -> Option<Self> {
        let arn = Arn::parse(text)?;
        let last = arn.resource.rsplit('/').next().unwrap_or_default();
        let kind = match (arn.service, arn.resource_type()) {
            ("iam", "root") => Kind::Root,
            _ if last.is_empty() || !arn.resource.contains('/') => return None,
            ("iam", "role") => Kind::Role,
            ("iam", "user") => Kind::User(last.to_owned()),
            ("sts", "assumed-role") => Kind::Session,
            ("sts", "federated-user") => Kind::FederatedUser,
            _ => return None,
        };
        let is_account = arn.account.len() == 12 && arn.account.bytes().all(|b| b.is_ascii_digit());
        is_account.then(|| Principal {
            arn: text.to_owned(),
            account: arn.account.to_owned(),
            kind,
        })
    }

    /// Whether it is a service-linked role, which SCPs do not apply to.
    pub fn is_service_linked(&self) -> bool {
        self.arn.contains(":role/aws-service-role/")
            || self.kind == Kind::Session && self.arn.contains(":assumed-role/AWSServiceRoleFor")
    }

    /// What is known of a key, by its name in lower case, from who calls; `None` if that does not depend on it.
    pub(crate) fn state(&self, key: &str) -> Option<KeyState> {
        let has_temporary_credentials =
            matches!(self.kind, Kind::Role | Kind::Session | Kind::FederatedUser);
        Some(match key {
            "aws:principalarn" if self.kind == Kind::Session => self.arn_of_role(),
            "aws:principalarn" => KeyState::value(&self.arn),
            "aws:principaltype" => KeyState::value(match self.kind {
                Kind::Role | Kind::Session => "AssumedRole",
                Kind::User(_) => "User",
                Kind::Root => "Account",
                Kind::FederatedUser => "FederatedUser",
            }),
            "aws:username" => match &self.kind {
                Kind::User(name) => KeyState::value(name),
                _ => KeyState::Absent,
            },
            "aws:userid" => KeyState::Present,
            "aws:tokenissuetime" if has_temporary_credentials => KeyState::Present,
            _ => return None,
        })
    }

    /// The ARN of the role of a session: at the root, or below some path.
    fn arn_of_role(&self) -> KeyState {
        let Some(arn) = Arn::parse(&self.arn) else { return KeyState::Present };
        let role = arn.resource_id().split('/').next().unwrap_or_default();
        // A name has no wildcards; one that were there would only make more ARNs possible.
        let head = format!("arn:{}:iam::{}:role/", arn.partition, arn.account);
        KeyState::Like(vec![format!("{head}{role}"), format!("{head}*/{role}")])
    }
}
