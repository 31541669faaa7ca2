//! Who makes the calls: sessions of roles, users, services, each with an address and an agent.

use std::borrow::Cow;
use std::fmt::Write;

use super::call::Habit;
use super::object::Object;
use super::spec::Spec;
use crate::dice::Dice;

/// A caller, rendered once for all of its records.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    /// The JSON of `userIdentity`.
    pub(super) identity: String,
    /// The role of a session.
    role: Option<Role>,
    pub(super) ip: String,
    agent: String,
    pub(super) habits: Vec<Habit>,
}

/// Sessions of an account in a Region on a day.
const SESSIONS: u64 = 48;

pub(super) const APPS: [&str; 16] = [
    "orders-api",
    "billing-export",
    "chat-backend",
    "doc-summary",
    "search-indexer",
    "fraud-scoring",
    "data-lake-ingest",
    "ci-runner",
    "image-resizer",
    "notifications",
    "customer-portal",
    "etl-nightly",
    "inventory-sync",
    "ml-features",
    "payments-gateway",
    "support-assistant",
];

/// What some SDKs write into their agent stands where `{api}` does: the client that sent the request,
/// which is another one for each service.
const AGENTS: [&str; 8] = [
    "Boto3/1.43.6 md/Botocore#1.43.6 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.5 md/pyimpl#CPython m/D,b,Z cfg/retry-mode#standard Botocore/1.43.6",
    "Boto3/1.40.4 md/Botocore#1.40.4 ua/2.1 os/linux#5.10.245 md/arch#aarch64 lang/python#3.13.2 md/pyimpl#CPython exec-env/AWS_Lambda_python3.13 cfg/retry-mode#legacy Botocore/1.40.4",
    "aws-sdk-java/2.33.4 md/io#async md/http#NettyNio ua/2.1 os/Linux#6.1.141 lang/java#21.0.8 md/OpenJDK_64-Bit_Server_VM#21.0.8+9-LTS md/vendor#Amazon.com_Inc. md/en m/E,N",
    "aws-sdk-go-v2/1.38.1 ua/2.1 os/linux lang/go#1.24.6 md/GOARCH#arm64 md/GOOS#linux api/{api}#1.49.2 m/E,g",
    "aws-sdk-js/3.883.0 ua/2.1 os/linux#5.10.240-263.959.amzn2.x86_64 lang/js md/nodejs#22.18.0 api/{api}#3.883.0 exec-env/AWS_Lambda_nodejs22.x m/E",
    "APN/1.0 HashiCorp/1.0 Terraform/1.12.2 (+https://www.terraform.io) terraform-provider-aws/6.11.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.38.3 ua/2.1 os/linux lang/go#1.24.6",
    "[aws-cli/2.28.21 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0-1035-aws md/arch#x86_64 lang/python#3.13.7 md/pyimpl#CPython m/G,n,E,b cfg/retry-mode#standard md/installer#exe]",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
];

const SERVICES: [&str; 5] = [
    "lambda.amazonaws.com",
    "autoscaling.amazonaws.com",
    "config.amazonaws.com",
    "ecs.amazonaws.com",
    "delivery.logs.amazonaws.com",
];

/// Some of the sessions that are at work in an object's account, Region and day; the larger the
/// object, the more.
pub(super) fn callers(spec: &Spec, object: &Object) -> Vec<Caller> {
    let count = (3 + object.records / 60).min(SESSIONS / 2);
    let account = object.account.parse::<u64>().unwrap_or_default();
    let region =
        object.region.bytes().fold(0_u64, |hash, b| hash.wrapping_mul(31).wrapping_add(b.into()));
    let mut dice = Dice::new(&[spec.seed, 4, object.number]);
    let caller = |_| {
        let session = dice.below(SESSIONS);
        let name = [spec.seed, 5, account, region, object.day_ms as u64, session];
        Caller::new(&mut Dice::new(&name), object)
    };
    (0..count).map(caller).collect()
}

impl Caller {
    fn new(dice: &mut Dice, object: &Object) -> Self {
        let habits = (0..2).map(|_| Habit::new(dice, object)).collect();
        if dice.in_a_million(80_000) {
            let service = dice.pick(&SERVICES);
            let identity = format!(r#"{{"type":"AWSService","invokedBy":"{service}"}}"#);
            let name = (*service).to_owned();
            return Caller { identity, role: None, ip: name.clone(), agent: name, habits };
        }
        let agent = (*dice.pick(&AGENTS)).to_owned();
        let (identity, role) = if dice.in_a_million(80_000) {
            (user(dice, &object.account), None)
        } else {
            let (identity, role) = session(dice, object);
            (identity, Some(role))
        };
        Caller { identity, role, ip: ip(dice), agent, habits }
    }

    /// The same in a session of its own, if it is one of a role.
    pub(super) fn with_session(&self, dice: &mut Dice, object: &Object) -> Option<Self> {
        let name = text(|out| dice.hex(out, 16));
        let identity = self.role.as_ref()?.session(&name, dice, object);
        Some(Caller { identity, ..self.clone() })
    }

    /// The user agent of its requests to a service, by the name of the service's client.
    pub(super) fn agent(&self, api: &str) -> Cow<'_, str> {
        match self.agent.split_once("{api}") {
            Some((before, after)) => format!("{before}{api}{after}").into(),
            None => Cow::Borrowed(&self.agent),
        }
    }

    /// False for a service, which calls in its own name.
    pub(super) fn is_somebody(&self) -> bool {
        !self.ip.ends_with(".com")
    }
}

/// An address, often a private one.
pub(super) fn ip(dice: &mut Dice) -> String {
    let parts = dice.bits();
    let first = [10, 10, 10, 52, 54, 3, 18, 172][(parts & 7) as usize];
    let [_, b, c, d, ..] = parts.to_le_bytes();
    format!("{first}.{b}.{c}.{d}")
}

fn text(letters: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    letters(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn user(dice: &mut Dice, account: &str) -> String {
    let (id, key) = (text(|out| dice.upper(out, 17)), text(|out| dice.upper(out, 16)));
    let name = dice.pick(&APPS);
    format!(
        r#"{{"type":"IAMUser","principalId":"AIDA{id}","arn":"arn:aws:iam::{account}:user/svc/{name}","accountId":"{account}","accessKeyId":"AKIA{key}","userName":"{name}"}}"#
    )
}

/// A role's session: a function, a task, an instance, or a person who signed on.
fn session(dice: &mut Dice, object: &Object) -> (String, Role) {
    let app = *dice.pick(&APPS);
    let id = text(|out| dice.upper(out, 17));
    let credentials = Credentials::new(dice, object);
    let kind = dice.below(4);
    let name = match kind {
        0 => app.to_owned(),
        1 => text(|out| dice.hex(out, 32)),
        2 => format!("i-0{}", text(|out| dice.hex(out, 16))),
        _ => format!("person{}@example.com", dice.below(400)),
    };
    let role = Role { app, id, kind };
    (role.identity(&name, &credentials, object), role)
}

/// A role that is assumed.
#[derive(Debug, Clone)]
struct Role {
    app: &'static str,
    id: String,
    kind: u64,
}

/// What a session has for itself.
struct Credentials {
    key: String,
    created: String,
}

impl Credentials {
    fn new(dice: &mut Dice, object: &Object) -> Self {
        let key = text(|out| dice.upper(out, 16));
        let created = object.day_ms - 1000 * dice.below(3600) as i64;
        let created = jiff::Timestamp::from_millisecond(created).unwrap_or_default();
        Credentials { key, created: created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string() }
    }
}

impl Role {
    /// The identity of another session.
    fn session(&self, name: &str, dice: &mut Dice, object: &Object) -> String {
        self.identity(name, &Credentials::new(dice, object), object)
    }

    fn identity(&self, session: &str, credentials: &Credentials, object: &Object) -> String {
        let Role { app, id, kind } = self;
        let Object { account, region, .. } = object;
        let Credentials { key, created } = credentials;
        let mut scope = String::new();
        let (path, role) = match kind {
            0 => {
                let _ = write!(
                    scope,
                    r#","inScopeOf":{{"issuerType":"AWS::Lambda::Function","credentialsIssuedTo":"arn:aws:lambda:{region}:{account}:function:{app}"}}"#
                );
                ("service-role/", format!("{app}-role"))
            }
            1 => ("", format!("{app}-task")),
            2 => ("", format!("{app}-node")),
            _ => (
                "aws-reserved/sso.amazonaws.com/",
                format!("AWSReservedSSO_PowerUser_{:016x}", 0x00ab_54a9_8ceb_1f0a ^ account.len()),
            ),
        };
        format!(
            r#"{{"type":"AssumedRole","principalId":"AROA{id}:{session}","arn":"arn:aws:sts::{account}:assumed-role/{role}/{session}","accountId":"{account}","accessKeyId":"ASIA{key}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROA{id}","arn":"arn:aws:iam::{account}:role/{path}{role}","accountId":"{account}","userName":"{role}"}},"attributes":{{"creationDate":"{created}","mfaAuthenticated":"false"}}}}{scope}}}"#
        )
    }
}
