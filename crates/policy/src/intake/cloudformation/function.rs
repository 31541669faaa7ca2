//! The functions of a template, as far as the template itself says what they come to.

use std::collections::BTreeMap;

use crate::intake::FileProblem;
use crate::intake::at::At;
use crate::json::{Node, Value};
use crate::problem::Position;

/// Parameters, and what was taken for granted.
pub(super) struct Functions<'a> {
    defaults: BTreeMap<&'a str, Option<At<'a>>>,
    notes: Vec<String>,
}

impl<'a> Functions<'a> {
    /// Of a template.
    pub(super) fn of(template: &At<'a>) -> Result<Self, FileProblem> {
        let mut defaults = BTreeMap::new();
        if let Some(parameters) = template.member("Parameters") {
            for (name, parameter) in parameters.members()? {
                defaults.insert(name, parameter.member("Default"));
            }
        }
        Ok(Functions { defaults, notes: Vec::new() })
    }

    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    pub(super) fn notes(self) -> Vec<String> {
        self.notes
    }

    /// A value without functions.
    ///
    /// # Errors
    /// If one needs more than the template; `resource` has it.
    pub(super) fn resolve(&mut self, resource: &str, at: &At<'_>) -> Result<Node, FileProblem> {
        let position = at.position();
        let value = match &at.node.value {
            Value::List(_) => {
                let values = at.list()?;
                let values = values.iter().map(|value| self.resolve(resource, value));
                Value::List(values.collect::<Result<_, _>>()?)
            }
            Value::Object(members) => match members.as_slice() {
                [(name, _)] if name == "Ref" || name.starts_with("Fn::") => {
                    let argument = at.need(name)?;
                    return self.call(resource, name, &argument, position);
                }
                _ => {
                    let members = at.members()?.into_iter();
                    let members = members.map(|(name, value)| {
                        Ok((name.to_owned(), self.resolve(resource, &value)?))
                    });
                    Value::Object(members.collect::<Result<_, FileProblem>>()?)
                }
            },
            other => other.clone(),
        };
        Ok(Node { position, value })
    }

    fn call(
        &mut self,
        resource: &str,
        name: &str,
        argument: &At<'_>,
        position: Position,
    ) -> Result<Node, FileProblem> {
        let text = |text: String| Node { position, value: Value::Text(text) };
        match name {
            "Ref" => self
                .parameter(resource, argument.text()?, argument)
                .map(|value| Node { position, value }),
            "Fn::Sub" => self.sub(resource, argument).map(text),
            "Fn::Join" => {
                let parts = argument.list()?;
                let [separator, parts] = parts.as_slice() else {
                    return Err(argument.not("a separator and a list"));
                };
                let parts = self.resolve(resource, parts)?;
                let parts = At { node: &parts, ..argument.clone() }.list()?;
                let parts = parts.iter().map(At::text_or_number).collect::<Result<Vec<_>, _>>()?;
                Ok(text(parts.join(separator.text()?)))
            }
            "Fn::ToJsonString" => Ok(text(self.resolve(resource, argument)?.to_json(None))),
            _ => Err(unresolved(resource, &format!("{name} {}", argument.node), argument)),
        }
    }

    /// The value of a parameter: its default.
    fn parameter(&mut self, resource: &str, name: &str, at: &At<'_>) -> Result<Value, FileProblem> {
        if name == "AWS::Partition" {
            self.note("AWS::Partition is taken to be aws".to_owned());
            return Ok(Value::Text("aws".to_owned()));
        }
        let Some(Some(default)) = self.defaults.get(name).cloned() else {
            return Err(unresolved(resource, &format!("Ref {name}"), at));
        };
        let text = default.text_or_number()?;
        self.note(format!("the parameter {name} is taken to be its default, {text}"));
        Ok(Value::Text(text.to_owned()))
    }

    /// Text with `${name}` in it; `${!name}` is `${name}`.
    fn sub(&mut self, resource: &str, argument: &At<'_>) -> Result<String, FileProblem> {
        let mut own = BTreeMap::new();
        let template = match &argument.node.value {
            Value::Text(text) => text.as_str(),
            _ => {
                let parts = argument.list()?;
                let [template, values] = parts.as_slice() else {
                    return Err(argument.not("a text, or a text and an object"));
                };
                for (name, value) in values.members()? {
                    let resolved = self.resolve(resource, &value)?;
                    let text = At { node: &resolved, ..value }.text_or_number()?.to_owned();
                    own.insert(name, text);
                }
                template.text()?
            }
        };
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            text.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                return Err(argument.instead("`}` after `${`", "none"));
            };
            rest = after;
            match (name.strip_prefix('!'), own.get(name)) {
                (Some(literal), _) => text.push_str(&format!("${{{literal}}}")),
                (None, Some(value)) => text.push_str(value),
                (None, None) => match self.parameter(resource, name.trim(), argument)? {
                    Value::Text(value) => text.push_str(&value),
                    _ => return Err(unresolved(resource, name, argument)),
                },
            }
        }
        text.push_str(rest);
        Ok(text)
    }
}

fn unresolved(resource: &str, found: &str, at: &At<'_>) -> FileProblem {
    let expected = format!("{resource}: a value that the template itself has");
    at.instead(&expected, found)
}

/// The resource whose ID a value is: `Ref` of it, or `Fn::GetAtt` of its `Id`.
pub(super) fn of_resource(node: &Node) -> Option<&str> {
    match one_member(node)? {
        ("Ref", Node { value: Value::Text(name), .. }) => Some(name),
        ("Fn::GetAtt", argument) => {
            let (resource, attribute) = attribute(argument)?;
            ["Id", "AccountId"].contains(&attribute).then_some(resource)
        }
        _ => None,
    }
}

/// Whether a value is the ID of the root of an organization in the template.
pub(super) fn is_root_id(node: &Node) -> bool {
    match one_member(node) {
        Some(("Fn::GetAtt", argument)) => attribute(argument).is_some_and(|(_, it)| it == "RootId"),
        _ => false,
    }
}

fn one_member(node: &Node) -> Option<(&str, &Node)> {
    match &node.value {
        Value::Object(members) => match members.as_slice() {
            [(name, value)] => Some((name, value)),
            _ => None,
        },
        _ => None,
    }
}

fn attribute(argument: &Node) -> Option<(&str, &str)> {
    match &argument.value {
        Value::Text(text) => text.split_once('.'),
        Value::List(nodes) => match nodes.as_slice() {
            [Node { value: Value::Text(resource), .. }, Node { value: Value::Text(name), .. }] => {
                Some((resource, name))
            }
            _ => None,
        },
        _ => None,
    }
}
