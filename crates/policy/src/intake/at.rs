//! A value of a file, with the path that leads to it: what errors name.

use bedrock::denial::PolicyType;

use super::FileProblem;
use crate::document::Document;
use crate::json::{Limits, Node, Value};
use crate::problem::{Position, Problem, cut};

/// A value of a file.
#[derive(Debug, Clone)]
pub(crate) struct At<'a> {
    pub(crate) file: &'a str,
    /// Empty for the whole.
    pub(crate) path: String,
    pub(crate) node: &'a Node,
}

/// Reads a JSON file.
///
/// # Errors
/// If it is none.
pub(crate) fn json(file: &str, text: &str) -> Result<Node, FileProblem> {
    Node::read_within(Limits::TOOL, text).map_err(|problem| FileProblem::new(file, problem))
}

impl<'a> At<'a> {
    /// The whole of a file.
    pub(crate) fn whole(file: &'a str, node: &'a Node) -> Self {
        At { file, path: String::new(), node }
    }

    pub(crate) fn position(&self) -> Position {
        self.node.position
    }

    fn below(&self, name: &str, node: &'a Node) -> At<'a> {
        let path = match (self.path.is_empty(), name.starts_with('[')) {
            (true, _) => name.to_owned(),
            (false, true) => format!("{}{name}", self.path),
            (false, false) => format!("{}.{name}", self.path),
        };
        At { file: self.file, path, node }
    }

    /// A member that is not null, if it is there and the value an object.
    pub(crate) fn member(&self, name: &str) -> Option<At<'a>> {
        let Value::Object(members) = &self.node.value else { return None };
        let (_, node) = members.iter().find(|(known, _)| known == name)?;
        (node.value != Value::Null).then(|| self.below(name, node))
    }

    /// A member that has to be there.
    ///
    /// # Errors
    /// If it is not.
    pub(crate) fn need(&self, name: &str) -> Result<At<'a>, FileProblem> {
        self.members()?;
        self.member(name).ok_or_else(|| self.instead(name, "none"))
    }

    /// The members of an object in which none is there twice.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn members(&self) -> Result<Vec<(&'a str, At<'a>)>, FileProblem> {
        let members = self.node.members(&self.path, "an object");
        let members = members.map_err(|problem| FileProblem::new(self.file, problem))?;
        Ok(members.iter().map(|(name, node)| (name.as_str(), self.below(name, node))).collect())
    }

    /// The values of a list.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn list(&self) -> Result<Vec<At<'a>>, FileProblem> {
        let Value::List(nodes) = &self.node.value else { return Err(self.not("a list")) };
        let nodes = nodes.iter().enumerate();
        Ok(nodes.map(|(index, node)| self.below(&format!("[{index}]"), node)).collect())
    }

    /// The values of a list that is a member; none if there is no such member.
    ///
    /// # Errors
    /// If it is no list.
    pub(crate) fn list_of(&self, name: &str) -> Result<Vec<At<'a>>, FileProblem> {
        self.member(name).map_or(Ok(Vec::new()), |member| member.list())
    }

    /// Its text.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn text(&self) -> Result<&'a str, FileProblem> {
        match &self.node.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.not("a text")),
        }
    }

    /// Its text; a number as it is written: account IDs are without quotes in some files.
    ///
    /// # Errors
    /// If it is neither.
    pub(crate) fn text_or_number(&self) -> Result<&'a str, FileProblem> {
        match &self.node.value {
            Value::Number(text) => Ok(text),
            _ => self.text(),
        }
    }

    /// The text of a member, if it is there.
    ///
    /// # Errors
    /// If it is no text.
    pub(crate) fn text_of(&self, name: &str) -> Result<Option<&'a str>, FileProblem> {
        self.member(name).map(|member| member.text()).transpose()
    }

    /// Whether a member is true; false if it is not there.
    ///
    /// # Errors
    /// If it is neither true nor false.
    pub(crate) fn is_true(&self, name: &str) -> Result<bool, FileProblem> {
        match self.member(name) {
            None => Ok(false),
            Some(At { node: Node { value: Value::Bool(flag), .. }, .. }) => Ok(*flag),
            Some(other) => Err(other.not("true or false")),
        }
    }

    /// A policy: an object, or the text of one.
    ///
    /// # Errors
    /// If it is none of this type.
    pub(crate) fn document(&self, policy_type: PolicyType) -> Result<Document, FileProblem> {
        match &self.node.value {
            Value::Text(text) => self.document_of(text, policy_type),
            _ => Document::of_node(self.node, policy_type).map_err(|problem| {
                let element = match (self.path.is_empty(), problem.element.is_empty()) {
                    (true, _) => problem.element,
                    (false, true) => self.path.clone(),
                    (false, false) => format!("{}.{}", self.path, problem.element),
                };
                FileProblem::new(self.file, Problem { element, ..problem })
            }),
        }
    }

    /// A policy from the text of this value. An error has the place of the value, and the place in
    /// the text.
    ///
    /// # Errors
    /// If it is none of this type.
    pub(crate) fn document_of(
        &self,
        text: &str,
        policy_type: PolicyType,
    ) -> Result<Document, FileProblem> {
        Document::read(text, policy_type).map_err(|problem| {
            let Position { line, column } = problem.position;
            let element = match problem.element.as_str() {
                "" => format!("{}, line {line}, column {column}", self.path),
                element => format!("{}, line {line}, column {column}: {element}", self.path),
            };
            FileProblem::new(self.file, Problem { position: self.position(), element, ..problem })
        })
    }

    /// That something else was expected than this.
    pub(crate) fn not(&self, expected: &str) -> FileProblem {
        FileProblem::new(self.file, self.node.problem(&self.path, expected))
    }

    /// That something was found instead of what was expected.
    pub(crate) fn instead(&self, expected: &str, found: &str) -> FileProblem {
        FileProblem::new(self.file, Problem::new(self.position(), &self.path, expected, cut(found)))
    }
}
