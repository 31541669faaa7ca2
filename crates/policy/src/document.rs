//! Policy documents: read strictly, because what is not understood must not be evaluated.

mod read;

use std::collections::BTreeSet;

use bedrock::denial::PolicyType;

use self::read::{StatementReader, unknown_element, without_statement};
use crate::condition::{Condition, Literal, Matched, Pattern};
use crate::glob::Glob;
use crate::json::{Node, Value};
use crate::known::{Context, KeyState, Truth};
use crate::operation::ACTIONS;
use crate::problem::{Position, Problem, cut};

/// The version with variables.
const VERSION_WITH_VARIABLES: &str = "2012-10-17";

/// A policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its statements, in their order.
    pub statements: Vec<Statement>,
    /// The document as it was written: every element with its position, in its order.
    pub(crate) source: Node,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows, unless another statement denies.
    Allow,
    /// It denies, whatever others allow.
    Deny,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its place in the document, from 0.
    pub index: usize,
    /// Where it begins.
    pub position: Position,
    /// Its name, if it has one.
    pub sid: Option<String>,
    /// What it does.
    pub effect: Effect,
    actions: Vec<Glob>,
    /// Which of the actions of calls these list.
    listed: [bool; ACTIONS.len()],
    action_texts: Vec<String>,
    /// Whether the actions are a `NotAction`.
    is_not_action: bool,
    resources: Vec<Pattern>,
    is_not_resource: bool,
    principals: Option<Vec<Principal>>,
    conditions: Vec<Condition>,
}

/// Whom a statement is about, in policies that say so.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Principal {
    Everyone,
    /// An account, by its number.
    Account(String),
    /// A role or user, by its ARN.
    Arn(String),
    /// A service, or an identity of another kind, as written: none that calls Bedrock under a policy of this
    /// account.
    Other(String),
}

/// What is to be authorized: one action on one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// `bedrock:InvokeModel`, ...
    pub action: &'a str,
    /// An ARN, or `*`.
    pub resource: &'a str,
}

impl Document {
    /// Reads a document of a type of policy.
    ///
    /// # Errors
    /// If it is no JSON, or has anything that AWS does not define for such a policy.
    pub fn read(text: &str, policy_type: PolicyType) -> Result<Self, Problem> {
        Self::of_node(&Node::read(text)?, policy_type)
    }

    /// Writes it back as it was read: the same elements in the same order, without white space, or a line for
    /// each element below `indent` spaces a level.
    pub fn to_json(&self, indent: Option<usize>) -> String {
        self.source.to_json(indent)
    }

    pub(crate) fn of_node(node: &Node, policy_type: PolicyType) -> Result<Self, Problem> {
        let members = node.members("", "a policy document (an object)")?;
        let find = |name: &str| members.iter().find(|(found, _)| found == name).map(|it| &it.1);
        let Some(statement) = find("Statement") else {
            return Err(without_statement(node, members));
        };
        for (name, member) in members {
            if !["Version", "Id", "Statement"].contains(&name.as_str()) {
                return Err(unknown_element(member, "", name, "Version, Id, or Statement"));
            }
        }
        if let Some(id) = find("Id") {
            id.text("Id", "a text")?;
        }
        let has_variables = match find("Version") {
            None => false,
            Some(version) => {
                let expected = "2012-10-17 or 2008-10-17";
                match version.text("Version", expected)? {
                    VERSION_WITH_VARIABLES => true,
                    "2008-10-17" => false,
                    _ => return Err(version.problem("Version", expected)),
                }
            }
        };
        let nodes = statement.one_or_many();
        if nodes.is_empty() {
            return Err(statement.problem("Statement", "at least one statement"));
        }
        let is_list = matches!(statement.value, Value::List(_));
        let mut statements = Vec::with_capacity(nodes.len());
        let mut sids = BTreeSet::new();
        for (index, node) in nodes.iter().enumerate() {
            let path = if is_list { format!("Statement[{index}]") } else { "Statement".to_owned() };
            let reader = StatementReader { path: &path, policy_type, has_variables };
            let statement = reader.statement(index, node)?;
            if let Some(sid) = statement.sid.as_ref().filter(|sid| !sid.is_empty())
                && !sids.insert(sid.clone())
            {
                let found = format!("a second `{}`", cut(sid));
                return Err(Problem::new(node.position, &path, "each Sid once", &found));
            }
            statements.push(statement);
        }
        Ok(Document { statements, source: node.clone() })
    }
}

impl Principal {
    fn of_aws(text: &str) -> Self {
        let is_account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        let of_root = bedrock::arn::Arn::parse(text)
            .filter(|arn| arn.service == "iam" && arn.resource == "root")
            .map(|arn| arn.account);
        match of_root {
            _ if text == "*" => Principal::Everyone,
            Some(account) => Principal::Account(account.to_owned()),
            None if is_account(text) => Principal::Account(text.to_owned()),
            None => Principal::Arn(text.to_owned()),
        }
    }

    fn is_caller(&self, context: &Context) -> Truth {
        let is_value = |key: &str, expected: &str| match context.state(key) {
            KeyState::Values(values) => values.iter().any(|value| value == expected).into(),
            KeyState::Absent => Truth::False,
            _ => Truth::of_key(key),
        };
        match self {
            Principal::Everyone => Truth::True,
            Principal::Account(account) => is_value("aws:PrincipalAccount", account),
            // A session's ARN names a session, of which the key knows the role only.
            Principal::Arn(arn) if arn.contains(":assumed-role/") => {
                Truth::of_key("aws:PrincipalArn")
            }
            Principal::Arn(arn) => is_value("aws:PrincipalArn", arn),
            Principal::Other(_) => Truth::False,
        }
    }
}

impl Statement {
    /// Whether it applies to a request.
    pub fn applies(&self, request: Request<'_>, context: &Context) -> Truth {
        let is_listed = match ACTIONS.iter().position(|action| *action == request.action) {
            Some(place) => self.listed[place],
            None => self.actions.iter().any(|glob| glob.is_match(request.action)),
        };
        if is_listed == self.is_not_action {
            return Truth::False;
        }
        let Some(resource) = self.of_resource(request.resource, context) else {
            return Truth::False;
        };
        let conditions = || {
            self.conditions
                .iter()
                .fold(Truth::True, |all, condition| all.and(|| condition.holds(context)))
        };
        resource.and(|| self.of_principal(context)).and(conditions)
    }

    fn of_resource(&self, resource: &str, context: &Context) -> Option<Truth> {
        let (mut found, mut all_needed) = (Truth::False, BTreeSet::new());
        for pattern in &self.resources {
            let Matched { truth, needed } = pattern.is_match(resource, context)?;
            found = found.or(|| truth);
            all_needed.extend(needed);
        }
        let found = if self.is_not_resource { found.not() } else { found };
        Some(found.and(|| Truth::needs(all_needed)))
    }

    fn of_principal(&self, context: &Context) -> Truth {
        let Some(principals) = &self.principals else { return Truth::True };
        let any = |found: Truth, one: &Principal| found.or(|| one.is_caller(context));
        principals.iter().fold(Truth::False, any)
    }

    /// The patterns of its actions, listed or not.
    pub(crate) fn actions(&self) -> &[Glob] {
        &self.actions
    }

    /// The actions as the policy writes them.
    pub(crate) fn action_texts(&self) -> &[String] {
        &self.action_texts
    }

    /// The patterns of its resources.
    pub(crate) fn resources(&self) -> &[Pattern] {
        &self.resources
    }

    /// Whether it is about all resources but those that it lists.
    pub(crate) fn is_not_resource(&self) -> bool {
        self.is_not_resource
    }

    /// Whether it is about whoever calls.
    pub(crate) fn is_about_everyone(&self) -> bool {
        self.principals.as_ref().is_none_or(|all| all.contains(&Principal::Everyone))
    }

    /// Whether it is about the same callers as another one.
    pub(crate) fn has_principals_of(&self, other: &Statement) -> bool {
        let all = |statement: &Statement| statement.principals.clone().unwrap_or_default();
        let (own, others) = (all(self), all(other));
        own.iter().all(|it| others.contains(it)) && others.iter().all(|it| own.contains(it))
    }

    /// Its conditions.
    pub(crate) fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Whether it is about single accounts, roles, or users.
    pub(crate) fn names_principals(&self) -> bool {
        let mut principals = self.principals.iter().flatten();
        principals.any(|it| matches!(it, Principal::Account(_) | Principal::Arn(_)))
    }

    /// The keys of variables in it.
    pub(crate) fn variable_keys(&self) -> impl Iterator<Item = &str> {
        let of_conditions = self.conditions.iter().flat_map(|condition| &condition.values);
        let of_conditions = of_conditions.filter_map(|literal| match literal {
            Literal::Pattern(pattern) => Some(pattern),
            _ => None,
        });
        self.resources.iter().chain(of_conditions).flat_map(Pattern::keys)
    }

    /// Whether it is about all actions but those that it lists.
    pub fn is_not_action(&self) -> bool {
        self.is_not_action
    }

    /// The values that a test of a key has in it, as written: of `StringNotEquals` and `aws:RequestedRegion`,
    /// the Regions that a Deny spares.
    pub fn values_of(&self, is_negated: bool, key: &str) -> Option<&[String]> {
        let is_asked = |condition: &&Condition| {
            condition.test.operator.is_negated == is_negated
                && condition.key.eq_ignore_ascii_case(key)
        };
        self.conditions.iter().find(is_asked).map(|condition| condition.texts.as_slice())
    }
}
