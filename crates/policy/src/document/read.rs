//! Reading a document and its statements.

use std::borrow::Cow;

use bedrock::denial::PolicyType;

use super::{Effect, Principal, Statement};
use crate::condition::{Condition, Form, Literal, Pattern};
use crate::glob::Glob;
use crate::json::{Node, Value};
use crate::operation::ACTIONS;
use crate::operator::Test;
use crate::problem::{Problem, cut};

/// A document without `Statement`: a bare statement, a part of one, or something else.
pub(super) fn without_statement(node: &Node, members: &[(String, Node)]) -> Problem {
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

pub(super) fn unknown_element(node: &Node, path: &str, name: &str, expected: &str) -> Problem {
    Problem::new(node.position, path, expected, &format!("`{}`", cut(name)))
}

/// What a statement is read with: its path in the document, and of what kind that is.
pub(super) struct StatementReader<'a> {
    pub(super) path: &'a str,
    pub(super) policy_type: PolicyType,
    pub(super) has_variables: bool,
}

impl StatementReader<'_> {
    fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    pub(super) fn statement(&self, index: usize, node: &Node) -> Result<Statement, Problem> {
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
