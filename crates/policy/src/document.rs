//! Policy documents: read strictly, because what is not understood must not be evaluated.

use std::borrow::Cow;
use std::collections::BTreeSet;

use bedrock::denial::PolicyType;

use crate::condition::{Condition, Form, Literal, Matched, Pattern};
use crate::glob::Glob;
use crate::json::{Node, Value};
use crate::known::{Context, KeyState, Truth};
use crate::operation::ACTIONS;
use crate::operator::Test;
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

/// A document without `Statement`: a bare statement, a part of one, or something else.
fn without_statement(node: &Node, members: &[(String, Node)]) -> Problem {
    const OF_STATEMENT: [&str; 9] = [
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
        "Principal",
        "NotPrincipal",
    ];
    let has = |name: &str| members.iter().any(|(found, _)| found == name);
    let wrapped = r#"{"Version":"2012-10-17","Statement":[…]}"#;
    let found = match OF_STATEMENT.iter().find(|name| has(name)) {
        Some(_) if has("Effect") => {
            format!("a bare statement; put it into {wrapped}")
        }
        Some(name) => format!(
            "a fragment of a statement that begins with {name}; add Effect and what else it lacks, and put it into \
             {wrapped}"
        ),
        None => match members.first() {
            Some((name, _)) => format!("an object with `{}`", cut(name)),
            None => "an empty object".to_owned(),
        },
    };
    Problem::new(node.position, "", "a policy document with Statement", &found)
}

/// Whether AWS takes a text as a resource: `*`, an ARN with its six parts, one with fewer that ends with `*`, or
/// what variables may make one of.
fn is_resource(text: &str, has_variables: bool) -> bool {
    const N_PARTS: usize = 6;
    let before_variable = text.split_once("${").filter(|_| has_variables).map(|(before, _)| before);
    if before_variable.is_some_and(|before| before.is_empty() || before.starts_with("arn:")) {
        return true;
    }
    let has_resource = text.splitn(N_PARTS, ':').nth(N_PARTS - 1).is_some_and(|it| !it.is_empty());
    text == "*" || text.starts_with("arn:") && (has_resource || text.ends_with('*'))
}

/// A type of policy as a message names it.
fn in_sentence(policy_type: PolicyType) -> &'static str {
    match policy_type {
        PolicyType::ServiceControl => "a service control policy",
        PolicyType::ResourceControl => "a resource control policy",
        PolicyType::IdentityBased => "an identity-based policy",
        PolicyType::ResourceBased => "a resource-based policy",
        PolicyType::PermissionsBoundary => "a permissions boundary",
        PolicyType::Session => "a session policy",
        PolicyType::VpcEndpoint => "a VPC endpoint policy",
        PolicyType::RoleTrust => "a role trust policy",
    }
}

fn unknown_element(node: &Node, path: &str, name: &str, expected: &str) -> Problem {
    Problem::new(node.position, path, expected, &format!("`{}`", cut(name)))
}

struct StatementReader<'a> {
    path: &'a str,
    policy_type: PolicyType,
    has_variables: bool,
}

impl StatementReader<'_> {
    fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    fn statement(&self, index: usize, node: &Node) -> Result<Statement, Problem> {
        let members = node.members(self.path, "a statement (an object)")?;
        let of_principals =
            matches!(self.policy_type, PolicyType::VpcEndpoint | PolicyType::ResourceControl);
        for (name, member) in members {
            match name.as_str() {
                "Sid" | "Effect" | "Action" | "NotAction" | "Resource" | "NotResource"
                | "Condition" => {}
                "Principal" if of_principals => {}
                "Principal" | "NotPrincipal" => {
                    let expected = format!("no {name} in {}", in_sentence(self.policy_type));
                    return Err(member.problem(&self.path(name), &expected));
                }
                _ => {
                    let expected =
                        "Sid, Effect, Action, NotAction, Resource, NotResource, or Condition";
                    return Err(unknown_element(member, self.path, name, expected));
                }
            }
        }
        let find = |name: &str| members.iter().find(|(found, _)| found == name).map(|it| &it.1);
        let one_of = |name: &str, other: &str| match (find(name), find(other)) {
            (Some(found), None) => Ok((found, false)),
            (None, Some(found)) => Ok((found, true)),
            (None, None) => {
                let expected = format!("{name} or {other}");
                Err(Problem::new(node.position, self.path, &expected, "neither"))
            }
            (Some(_), Some(found)) => {
                let expected = format!("{name} or {other}");
                Err(Problem::new(found.position, self.path, &expected, "both"))
            }
        };
        let sid = find("Sid").map(|sid| sid.text(&self.path("Sid"), "a text")).transpose()?;
        let Some(effect) = find("Effect") else {
            return Err(Problem::new(node.position, self.path, "Effect", "none"));
        };
        let path = self.path("Effect");
        let effect = match effect.text(&path, "Allow or Deny")? {
            "Allow" => Effect::Allow,
            "Deny" => Effect::Deny,
            _ => return Err(effect.problem(&path, "Allow or Deny")),
        };
        let (action_node, is_not_action) = one_of("Action", "NotAction")?;
        let (resource_node, is_not_resource) = one_of("Resource", "NotResource")?;
        let action_texts =
            self.actions(action_node, if is_not_action { "NotAction" } else { "Action" })?;
        let resources = self
            .resources(resource_node, if is_not_resource { "NotResource" } else { "Resource" })?;
        let principals = match find("Principal") {
            Some(principal) => Some(self.principals(principal)?),
            None if of_principals => {
                return Err(Problem::new(node.position, self.path, "Principal", "none"));
            }
            None => None,
        };
        let conditions = match find("Condition") {
            Some(condition) => self.conditions(condition)?,
            None => Vec::new(),
        };
        let actions = action_texts.iter().map(|text| Glob::action(text)).collect::<Vec<_>>();
        Ok(Statement {
            index,
            position: node.position,
            sid: sid.map(str::to_owned),
            effect,
            listed: ACTIONS.map(|action| actions.iter().any(|glob| glob.is_match(action))),
            actions,
            action_texts,
            is_not_action,
            resources,
            is_not_resource,
            principals,
            conditions,
        })
    }

    fn texts<'n>(
        &self,
        node: &'n Node,
        path: &str,
        expected: &str,
    ) -> Result<Vec<(&'n Node, &'n str)>, Problem> {
        let nodes = node.one_or_many();
        if nodes.is_empty() {
            return Err(node.problem(path, expected));
        }
        nodes.iter().map(|node| Ok((node, node.text(path, expected)?))).collect()
    }

    fn actions(&self, node: &Node, name: &str) -> Result<Vec<String>, Problem> {
        let (path, expected) = (self.path(name), "actions, such as bedrock:InvokeModel, or *");
        let mut found = Vec::new();
        for (node, text) in self.texts(node, &path, expected)? {
            let is_action = match text.split_once(':') {
                Some((service, action)) => {
                    !service.is_empty() && !action.is_empty() && !action.contains(':')
                }
                None => text == "*",
            };
            if !is_action || text.contains(char::is_whitespace) {
                return Err(node.problem(&path, expected));
            }
            found.push(text.to_owned());
        }
        Ok(found)
    }

    fn resources(&self, node: &Node, name: &str) -> Result<Vec<Pattern>, Problem> {
        let (path, expected) = (self.path(name), "ARNs, such as arn:aws:bedrock:*, or *");
        let mut found = Vec::new();
        for (node, text) in self.texts(node, &path, expected)? {
            if !is_resource(text, self.has_variables) {
                return Err(node.problem(&path, expected));
            }
            let pattern = Pattern::read(text, Form::Resource, self.has_variables);
            found.push(pattern.map_err(|()| node.problem(&path, "a variable that ends with `}`"))?);
        }
        Ok(found)
    }

    fn principals(&self, node: &Node) -> Result<Vec<Principal>, Problem> {
        let path = self.path("Principal");
        let expected = r#""*" or an object with AWS, Service, Federated, or CanonicalUser"#;
        if let Value::Text(text) = &node.value {
            return if text == "*" {
                Ok(vec![Principal::Everyone])
            } else {
                Err(node.problem(&path, expected))
            };
        }
        if self.policy_type == PolicyType::ResourceControl {
            return Err(node.problem(&path, r#""*", as in every RCP"#));
        }
        let mut found = Vec::new();
        for (kind, values) in node.members(&path, expected)? {
            if !["AWS", "Service", "Federated", "CanonicalUser"].contains(&kind.as_str()) {
                return Err(unknown_element(values, &path, kind, expected));
            }
            for (_, text) in self.texts(values, &format!("{path}.{kind}"), "texts")? {
                found.push(if kind == "AWS" {
                    Principal::of_aws(text)
                } else {
                    Principal::Other(format!("{kind}:{text}"))
                });
            }
        }
        Ok(found)
    }

    fn conditions(&self, node: &Node) -> Result<Vec<Condition>, Problem> {
        let path = self.path("Condition");
        let mut found = Vec::new();
        for (name, keys) in node.members(&path, "an object of condition operators")? {
            let test = Test::read(name)
                .map_err(|expected| unknown_element(keys, &path, name, &expected))?;
            let path = format!("{path}.{name}");
            for (key, values) in keys.members(&path, "an object of condition keys")? {
                if !key.contains(':') {
                    let expected = "a condition key, such as aws:RequestedRegion";
                    return Err(unknown_element(values, &path, key, expected));
                }
                found.push(self.condition(test, &format!("{path}.{key}"), key, values)?);
            }
        }
        Ok(found)
    }

    fn condition(
        &self,
        test: Test,
        path: &str,
        key: &str,
        node: &Node,
    ) -> Result<Condition, Problem> {
        let (mut values, mut texts) = (Vec::new(), Vec::new());
        for value in node.one_or_many() {
            let text = match &value.value {
                Value::Text(text) | Value::Number(text) => Cow::Borrowed(text),
                Value::Bool(flag) => Cow::Owned(flag.to_string()),
                _ => return Err(value.problem(path, "texts, numbers, or true and false")),
            };
            let literal = Literal::read(&text, test.operator.comparison, self.has_variables);
            values.push(literal.map_err(|expected| value.problem(path, expected))?);
            texts.push(text.into_owned());
        }
        let (key, key_in_lower_case) = (key.to_owned(), key.to_ascii_lowercase());
        Ok(Condition { test, key, key_in_lower_case, values, texts })
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
