//! What a logged call tells of the condition keys of its requests: from the columns of `invocations` to states.
//!
//! The facts are those of "AWS global condition context keys" in the IAM user guide (which keys a request has,
//! and when) and of "userIdentity element" in the CloudTrail user guide (what a record says, 2026-11). Where
//! the record leaves two states possible, the state says so: a role session that was not authenticated with
//! MFA has `aws:MultiFactorAuthPresent` with `false`, or not at all.

use std::net::IpAddr;

use crate::known::KeyState;
use crate::principal::Principal;

/// What the table says of a call and its caller. Every value may be missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoggedRequest<'a> {
    /// The role or user that signed the request, a role with its path.
    pub iam_principal_arn: Option<&'a str>,
    /// The ARN as logged: that of a session for a role.
    pub principal_arn: Option<&'a str>,
    /// `AssumedRole`, `IAMUser`, …
    pub principal_type: Option<&'a str>,
    /// The account of the principal.
    pub principal_account_id: Option<&'a str>,
    /// The unique ID of the principal, without the session.
    pub principal_id: Option<&'a str>,
    /// Whether the credentials were temporary.
    pub is_temporary_credential: Option<bool>,
    /// Whether the session was authenticated with MFA; missing where the request may lack the key.
    pub mfa_authenticated: Option<bool>,
    /// The AWS service that made the request.
    pub invoked_by: Option<&'a str>,
    /// The source identity of the session.
    pub source_identity: Option<&'a str>,
    /// The OIDC provider of the session.
    pub federated_provider: Option<&'a str>,
    /// The VPC endpoint.
    pub vpc_endpoint_id: Option<&'a str>,
    /// The account that owns it.
    pub vpc_endpoint_account_id: Option<&'a str>,
    /// The address of the caller, or the name of an AWS service.
    pub source_ip: Option<&'a str>,
    /// The user agent.
    pub user_agent: Option<&'a str>,
    /// The tier that served the call. It does not tell which one was asked for, which is what the key has.
    pub service_tier: Option<&'a str>,
    /// Whether the file has the columns of the caller that came with version 7 of the tables. Without them, what
    /// they would say is not known.
    pub has_new_columns: bool,
}

/// The kinds of IAM principals that a record names for sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Role,
    User,
    Root,
    FederatedUser,
}

/// CloudTrail cuts a longer user agent.
const MAX_USER_AGENT_BYTES: usize = 1_000;

/// The keys that depend on how the request came in: over which network, or by which service.
const OF_WAY_IN: &[&str] = &[
    "aws:SourceIp",
    "aws:SourceVpce",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:ViaAWSService",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:UserAgent",
    "aws:SourceIdentity",
];

const OF_ENDPOINT: &[&str] = &[
    "aws:SourceIp",
    "aws:SourceVpce",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
];

/// The keys that depend on what the principal is.
const OF_TYPE: &[&str] = &[
    "aws:PrincipalAccount",
    "aws:PrincipalType",
    "aws:username",
    "aws:userid",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:ViaAWSService",
    "aws:FederatedProvider",
    "aws:SourceIdentity",
];

const OF_IAM_ARN: &[&str] = &[
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:username",
    "aws:ViaAWSService",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
];

const OF_ARN: &[&str] = &["aws:PrincipalArn", "aws:PrincipalAccount", "aws:username", "aws:userid"];

/// A row with the account of its principal is from a trail: what it lacks, the record lacks.
const OF_ACCOUNT: &[&str] = &[
    "aws:PrincipalAccount",
    "aws:SourceIp",
    "aws:SourceVpce",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:ViaAWSService",
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:UserAgent",
    "aws:SourceIdentity",
];

const OF_LIFETIME: &[&str] = &[
    "aws:MultiFactorAuthPresent",
    "aws:MultiFactorAuthAge",
    "aws:TokenIssueTime",
    "aws:FederatedProvider",
];

impl LoggedRequest<'_> {
    /// The columns, each once, with the condition keys whose states depend on it.
    pub const COLUMNS: &'static [(&'static str, &'static [&'static str])] = &[
        ("iam_principal_arn", OF_IAM_ARN),
        ("principal_arn", OF_ARN),
        ("principal_type", OF_TYPE),
        ("principal_account_id", OF_ACCOUNT),
        ("principal_id", &["aws:userid"]),
        ("is_temporary_credential", OF_LIFETIME),
        ("mfa_authenticated", &["aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"]),
        ("invoked_by", OF_WAY_IN),
        ("source_identity", &["aws:SourceIdentity"]),
        ("federated_provider", &["aws:FederatedProvider"]),
        ("vpc_endpoint_id", OF_ENDPOINT),
        ("vpc_endpoint_account_id", OF_ENDPOINT),
        ("source_ip", OF_WAY_IN),
        ("user_agent", &["aws:UserAgent"]),
    ];

    /// What the call tells of these keys, whose names may be in any case. Keys of which it tells nothing are
    /// left out. One that is `Unknown` is so even where a simulation would imply a state: the caller is not
    /// what that implies.
    pub fn states(&self, keys: &mut dyn Iterator<Item = &str>) -> Vec<(String, KeyState)> {
        let with_state = keys.filter_map(|key| {
            let state = self.state(&key.to_ascii_lowercase())?;
            Some((key.to_owned(), state))
        });
        with_state.collect()
    }

    /// Who called, with the path of the role if it is known.
    pub fn principal(&self) -> Option<Principal> {
        let of_iam = self.iam_principal_arn.and_then(Principal::parse);
        of_iam.or_else(|| self.principal_arn.and_then(Principal::parse))
    }

    /// What it tells of a key, by its name in lower case.
    fn state(&self, key: &str) -> Option<KeyState> {
        let is_long_term = self.is_temporary_credential == Some(false);
        match key {
            "aws:principalarn" => self.principal()?.state("aws:principalarn"),
            "aws:principalaccount" => Some(of_text(self.account())),
            "aws:principaltype" => Some(of_text(self.kind().map(|kind| match kind {
                Kind::Role => "AssumedRole",
                Kind::User => "User",
                Kind::Root => "Account",
                Kind::FederatedUser => "FederatedUser",
            }))),
            "aws:username" => Some(self.user_name()),
            "aws:userid" => self.user_id(),
            "aws:principalisawsservice" => Some(of_text(self.kind().map(|_| "false"))),
            // Only requests that a service makes as itself have these.
            "aws:principalservicename"
            | "aws:principalservicenameslist"
            | "aws:sourcearn"
            | "aws:sourceaccount"
            | "aws:sourceorgid"
            | "aws:sourceorgpaths" => Some(absent_if(self.kind().is_some())),
            "aws:viaawsservice" => Some(self.via_service()),
            "aws:calledvia" | "aws:calledviafirst" | "aws:calledvialast" => {
                Some(absent_if(self.is_direct() || self.is_service_linked()))
            }
            "aws:sourceip" => self.address(),
            "aws:sourcevpce" => match self.vpc_endpoint_id {
                Some(id) if self.has_own_connection() => Some(KeyState::value(id)),
                _ => Some(absent_if(self.has_no_endpoint())),
            },
            // Amazon Bedrock is not among the services that are said to have the keys of the endpoint's owner.
            "aws:sourcevpc" | "aws:sourcevpcarn" | "aws:vpcsourceip" | "aws:vpceaccount"
            | "aws:vpceorgid" | "aws:vpceorgpaths" => Some(absent_if(self.has_no_endpoint())),
            "aws:multifactorauthpresent" if is_long_term => Some(KeyState::Absent),
            "aws:multifactorauthpresent" => self.mfa_authenticated.map(of_flag),
            "aws:multifactorauthage" if is_long_term => Some(KeyState::Absent),
            "aws:multifactorauthage" => {
                self.mfa_authenticated.filter(|is_with| *is_with).map(|_| KeyState::Present)
            }
            "aws:tokenissuetime" if is_long_term => Some(KeyState::Absent),
            "aws:tokenissuetime" => self.is_temporary_credential.map(|_| KeyState::Present),
            "aws:sourceidentity" => match self.source_identity {
                Some(identity) => Some(KeyState::value(identity)),
                None => Some(absent_if(self.has_caller() && self.kind().is_some())),
            },
            "aws:federatedprovider" => Some(self.provider()),
            "aws:useragent" => {
                let is_whole = |text: &&str| text.len() < MAX_USER_AGENT_BYTES;
                let user_agent = self.user_agent.filter(|_| self.has_own_connection());
                user_agent.filter(is_whole).map(KeyState::value)
            }
            _ => None,
        }
    }

    fn kind(&self) -> Option<Kind> {
        match self.principal_type? {
            "AssumedRole" | "Role" => Some(Kind::Role),
            "IAMUser" => Some(Kind::User),
            "Root" => Some(Kind::Root),
            "FederatedUser" => Some(Kind::FederatedUser),
            _ => None,
        }
    }

    /// The account of the principal, whose SCPs hold. That of a user of IAM Identity Center is the account of the instance, and
    /// of others it is not said which one it is.
    pub fn account(&self) -> Option<&str> {
        let of_another_account = self.principal_type == Some("AWSAccount");
        if self.kind().is_none() && !of_another_account {
            return None;
        }
        let of_arn = [self.iam_principal_arn, self.principal_arn];
        let mut of_arn = of_arn.into_iter().flatten().filter_map(bedrock::arn::Arn::parse);
        let of_arn = || of_arn.find(|arn| !arn.account.is_empty()).map(|arn| arn.account);
        self.principal_account_id.or_else(of_arn)
    }

    fn user_name(&self) -> KeyState {
        match self.kind() {
            Some(Kind::User) => {
                let of_arn = self.principal().and_then(|it| it.state("aws:username"));
                of_arn.filter(|state| *state != KeyState::Absent).unwrap_or(KeyState::Present)
            }
            Some(_) => KeyState::Absent,
            None => KeyState::Unknown,
        }
    }

    /// The unique ID, which a session has its name behind.
    fn user_id(&self) -> Option<KeyState> {
        let (kind, id) = (self.kind()?, self.principal_id?);
        if matches!(kind, Kind::User | Kind::Root) {
            return Some(KeyState::value(id));
        }
        let of_session = self.principal_arn.and_then(bedrock::arn::Arn::parse);
        let of_session = of_session.filter(|arn| arn.service == "sts");
        let session = of_session.and_then(|arn| arn.resource.rsplit_once('/'));
        Some(match session {
            Some((_, name)) if !name.is_empty() => KeyState::value(format!("{id}:{name}")),
            _ => KeyState::Like(vec![format!("{id}:*")]),
        })
    }

    /// Whether a service used the credentials of its caller. Services call with roles of their own as well; a
    /// user's credentials are the user's.
    fn via_service(&self) -> KeyState {
        let is_of_person =
            matches!(self.kind(), Some(Kind::User | Kind::Root | Kind::FederatedUser));
        let is_of_service = self.invoked_by.is_some_and(is_service_name);
        if self.is_direct() || self.is_service_linked() {
            of_flag(false)
        } else if is_of_person && is_of_service {
            of_flag(true)
        } else {
            KeyState::Present
        }
    }

    /// The address of the caller, which a request through an endpoint does not have.
    fn address(&self) -> Option<KeyState> {
        if !self.has_own_connection() {
            return None;
        }
        if self.has_endpoint() {
            return Some(KeyState::Absent);
        }
        self.ip().filter(|ip| !is_private(*ip)).map(|ip| KeyState::value(ip.to_string()))
    }

    fn provider(&self) -> KeyState {
        let is_of_session = self.is_temporary_credential != Some(false)
            && !matches!(self.kind(), Some(Kind::User | Kind::Root | Kind::FederatedUser));
        match self.federated_provider {
            // The forms that the key is said to have.
            Some(name)
                if name.contains(":oidc-provider/") || name.starts_with("cognito-identity.") =>
            {
                KeyState::value(name)
            }
            Some(_) => KeyState::Present,
            // That a record of a role session names no provider does not say that there was none.
            None => absent_if(self.has_new_columns && !is_of_session),
        }
    }

    fn is_service_linked(&self) -> bool {
        self.iam_principal_arn.is_some_and(|arn| arn.contains(":role/aws-service-role/"))
    }

    fn ip(&self) -> Option<IpAddr> {
        self.source_ip?.parse().ok()
    }

    /// Whether the row has what a trail says of a caller; an invocation log says nothing but an ARN.
    fn has_caller(&self) -> bool {
        self.has_new_columns && (self.source_ip.is_some() || self.principal_account_id.is_some())
    }

    /// Whether no service made the request, for sure.
    fn is_direct(&self) -> bool {
        self.has_caller() && self.has_own_connection()
    }

    /// Whether the connection that the record tells of is that of the caller. Of services it has but the name.
    fn has_own_connection(&self) -> bool {
        let is_own = match self.source_ip {
            Some(_) => self.ip().is_some(),
            None => self.has_caller(),
        };
        self.invoked_by.is_none() && is_own
    }

    fn has_endpoint(&self) -> bool {
        self.vpc_endpoint_id.is_some() || self.vpc_endpoint_account_id.is_some()
    }

    /// Whether the request came through no VPC endpoint, for sure.
    fn has_no_endpoint(&self) -> bool {
        let is_private = self.ip().is_some_and(is_private);
        !self.has_endpoint() && self.has_own_connection() && !is_private
    }
}

fn of_text(text: Option<&str>) -> KeyState {
    text.map_or(KeyState::Unknown, KeyState::value)
}

fn of_flag(flag: bool) -> KeyState {
    KeyState::value(flag.to_string())
}

fn absent_if(is_absent: bool) -> KeyState {
    if is_absent { KeyState::Absent } else { KeyState::Unknown }
}

fn is_service_name(text: &str) -> bool {
    text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn")
}

/// Whether an address is none of the internet's: it cannot have come but through an endpoint.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_loopback(),
    }
}
