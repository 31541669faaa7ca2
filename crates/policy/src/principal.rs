//! Who calls, and what condition keys say of that.

use bedrock::arn::Arn;

use crate::intake::Holder;
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
    Session(Role),
    User(String),
    Root,
    FederatedUser,
}

/// What the name of a role says of where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// At the root, or below some path.
    Any,
    /// Of a permission set: IAM Identity Center makes these below `aws-reserved/sso.amazonaws.com/`, in most of its
    /// Regions below the code of the Region.
    PermissionSet,
    /// A service-linked role: below `aws-service-role/`, and the name of the service.
    ServiceLinked,
}

impl Role {
    fn of(name: &str) -> Self {
        const N_DIGITS: usize = 16;
        // Nobody can make a role with either head: IAM reserves the one, and Identity Center the other with a number.
        let number = name.strip_prefix("AWSReservedSSO_").and_then(|it| it.rsplit_once('_'));
        let is_number = |text: &str| {
            text.len() == N_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        match number {
            Some((_, number)) if is_number(number) => Role::PermissionSet,
            _ if name.starts_with("AWSServiceRoleFor") => Role::ServiceLinked,
            _ => Role::Any,
        }
    }

    /// The paths that it may be below, as patterns.
    fn paths(self) -> &'static [&'static str] {
        match self {
            Role::Any => &["", "*/"],
            Role::PermissionSet => {
                &["aws-reserved/sso.amazonaws.com/", "aws-reserved/sso.amazonaws.com/*/"]
            }
            Role::ServiceLinked => &["aws-service-role/*/"],
        }
    }
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
            ("sts", "assumed-role") => {
                let name = arn.resource_id().split('/').next().unwrap_or_default();
                Kind::Session(Role::of(name))
            }
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
        match self.kind {
            Kind::Role => self.arn.contains(":role/aws-service-role/"),
            Kind::Session(role) => role == Role::ServiceLinked,
            Kind::User(_) | Kind::Root | Kind::FederatedUser => false,
        }
    }

    /// Who has its policies.
    pub(crate) fn holder(&self) -> Holder<'_> {
        let path = || self.arn.split_once('/').map_or("", |(_, path)| path);
        match self.kind {
            Kind::Role => Holder::Role(path()),
            Kind::Session(_) => Holder::Session(path().split('/').next().unwrap_or_default()),
            Kind::User(_) => Holder::User(path()),
            Kind::Root => Holder::Root,
            Kind::FederatedUser => Holder::FederatedUser,
        }
    }

    /// What is known of a key, by its name in lower case, from who calls; `None` if that does not depend on it.
    pub(crate) fn state(&self, key: &str) -> Option<KeyState> {
        let has_temporary_credentials =
            matches!(self.kind, Kind::Role | Kind::Session(_) | Kind::FederatedUser);
        Some(match key {
            "aws:principalarn" => match self.kind {
                Kind::Session(role) => self.arn_of_role(role),
                _ => KeyState::value(&self.arn),
            },
            "aws:principaltype" => KeyState::value(match self.kind {
                Kind::Role | Kind::Session(_) => "AssumedRole",
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

    /// The ARN of the role of a session: one of some patterns.
    fn arn_of_role(&self, role: Role) -> KeyState {
        let Some(arn) = Arn::parse(&self.arn) else { return KeyState::Present };
        let name = arn.resource_id().split('/').next().unwrap_or_default();
        // A name has no wildcards; one that were there would only make more ARNs possible.
        let head = format!("arn:{}:iam::{}:role/", arn.partition, arn.account);
        let below = |path: &&str| format!("{head}{path}{name}");
        KeyState::Like(role.paths().iter().map(below).collect())
    }
}
