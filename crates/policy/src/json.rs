//! JSON with the position of every value and with every member, also one that is there twice.
//!
//! Policies are read by people line by line; therefore, an error says where it is. `serde_json` checks
//! the syntax and finds the ends of values; this module walks over what it found.

mod write;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::{Position, Problem, cut};

/// How deep values may be nested. Conditions are four levels below a statement, and a statement two below
/// the document.
const MAX_DEPTH: usize = 32;

/// The bytes that a text may have. The longest policy that AWS takes has 10,240 characters, and an
/// organization of 10,000 accounts some megabytes.
pub(crate) const MAX_BYTES: usize = 16 * 1024 * 1024;

/// How large and how deep a text may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    bytes: usize,
    depth: usize,
}

impl Limits {
    /// Of a policy, or of an organization with its policies.
    pub(crate) const POLICY: Limits = Limits { bytes: MAX_BYTES, depth: MAX_DEPTH };
    /// Of what tools print of whole accounts and configurations.
    pub(crate) const TOOL: Limits = Limits { bytes: 4 * MAX_BYTES, depth: 100 };
}

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    /// Where it begins.
    pub(crate) position: Position,
    pub(crate) value: Value,
}

/// A value. Numbers are as written, because a float would change them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    /// In the order of the text, repeated names among them.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Reads a text that is one JSON value.
    ///
    /// # Errors
    /// If the text is no JSON, is larger than 16 MiB, or is nested too deeply; with line and column.
    pub(crate) fn read(text: &str) -> Result<Self, Problem> {
        Self::read_within(Limits::POLICY, text)
    }

    /// Reads a text that is one JSON value.
    ///
    /// # Errors
    /// If the text is no JSON, or is larger or deeper than the limits; with line and column.
    pub(crate) fn read_within(limits: Limits, text: &str) -> Result<Self, Problem> {
        if text.len() > limits.bytes {
            let expected = format!("at most {} MiB", limits.bytes / 1024 / 1024);
            return Err(Problem::at_start(&expected, &format!("{} bytes", text.len())));
        }
        if text.starts_with('\u{feff}') {
            return Err(Problem::at_start("JSON", "a byte order mark before it"));
        }
        let raw =
            serde_json::from_str::<&RawValue>(text).map_err(|error| not_json(text, &error))?;
        let reader = Reader {
            text,
            lines: line_starts(text),
            last: Cell::default(),
            max_depth: limits.depth,
        };
        reader.node(raw, 0)
    }

    /// Its members, if it is an object in which none is there twice.
    ///
    /// # Errors
    /// If it is none, or a member is repeated.
    pub(crate) fn members(&self, path: &str, expected: &str) -> Result<&[(String, Node)], Problem> {
        let Value::Object(members) = &self.value else {
            return Err(self.problem(path, expected));
        };
        let mut names = BTreeSet::new();
        for (name, node) in members {
            if !names.insert(name) {
                let found = format!("a second `{}`", cut(name));
                return Err(Problem::new(node.position, path, "each member once", &found));
            }
        }
        Ok(members)
    }

    /// Its text, if it is one.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn text(&self, path: &str, expected: &str) -> Result<&str, Problem> {
        match &self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.problem(path, expected)),
        }
    }

    /// The values of a list, or itself as the only one.
    pub(crate) fn one_or_many(&self) -> &[Node] {
        match &self.value {
            Value::List(nodes) => nodes,
            _ => std::slice::from_ref(self),
        }
    }

    /// That something else was expected.
    pub(crate) fn problem(&self, path: &str, expected: &str) -> Problem {
        Problem::new(self.position, path, expected, &self.to_string())
    }
}

/// What was found, in a few words.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Value::Null => f.write_str("null"),
            Value::Bool(flag) => write!(f, "{flag}"),
            Value::Number(number) => write!(f, "the number {}", cut(number)),
            Value::Text(text) => write!(f, "`{}`", cut(text)),
            Value::List(nodes) if nodes.is_empty() => f.write_str("an empty list"),
            Value::List(_) => f.write_str("a list"),
            Value::Object(members) if members.is_empty() => f.write_str("an empty object"),
            Value::Object(_) => f.write_str("an object"),
        }
    }
}

/// The members of an object in their order, not yet read.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfObject;
        impl<'de> Visitor<'de> for OfObject {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(OfObject)
    }
}

struct Reader<'a> {
    text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
    /// The last position that was asked for, and its offset: the next one counts from there, because a document
    /// may be one long line.
    last: Cell<(usize, Position)>,
    max_depth: usize,
}

impl Reader<'_> {
    fn node(&self, raw: &RawValue, depth: usize) -> Result<Node, Problem> {
        let text = raw.get();
        // A raw value is a part of the text that it was read from.
        let offset = (text.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let position = self.position(offset);
        if depth > self.max_depth {
            let expected = format!("at most {} levels of lists and objects", self.max_depth);
            return Err(Problem::new(position, "", &expected, "more"));
        }
        let invalid = |error: serde_json::Error| {
            Problem::new(position, "", "JSON", &without_position(&error))
        };
        let value = match text.as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text).map_err(invalid)?;
                let member =
                    |(name, raw): (String, &RawValue)| Ok((name, self.node(raw, depth + 1)?));
                Value::Object(members.into_iter().map(member).collect::<Result<_, Problem>>()?)
            }
            Some(b'[') => {
                let raws = serde_json::from_str::<Vec<&RawValue>>(text).map_err(invalid)?;
                let nodes = raws.into_iter().map(|raw| self.node(raw, depth + 1));
                Value::List(nodes.collect::<Result<_, Problem>>()?)
            }
            Some(b'"') => Value::Text(serde_json::from_str(text).map_err(invalid)?),
            Some(b't') => Value::Bool(true),
            Some(b'f') => Value::Bool(false),
            Some(b'n') => Value::Null,
            _ => Value::Number(text.to_owned()),
        };
        Ok(Node { position, value })
    }

    fn position(&self, offset: usize) -> Position {
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let (last_offset, last) = self.last.get();
        let (from, columns) = if last.line == line && (start..=offset).contains(&last_offset) {
            (last_offset, last.column)
        } else {
            (start, 1)
        };
        let before = self.text.get(from..offset).unwrap_or_default();
        let position = Position { line, column: before.chars().count() + columns };
        self.last.set((offset, position));
        position
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    std::iter::once(0).chain(ends.map(|(place, _)| place + 1)).collect()
}

/// What is wrong with a text that is no JSON, with what is often there instead.
fn not_json(text: &str, error: &serde_json::Error) -> Problem {
    let position = Position { line: error.line().max(1), column: error.column().max(1) };
    let line = text.lines().nth(position.line - 1).unwrap_or_default().trim();
    let found = if text.trim().is_empty() {
        "nothing".to_owned()
    } else if line.starts_with("//") || line.starts_with('#') || line.starts_with("/*") {
        format!("a comment: `{}`", cut(line))
    } else if ends_after_comma(text, position) {
        "a trailing comma".to_owned()
    } else {
        without_position(error)
    };
    Problem::new(position, "", "one JSON document", &found)
}

/// Whether a list or an object ends where a value was expected.
fn ends_after_comma(text: &str, position: Position) -> bool {
    let start = line_starts(text).get(position.line - 1).copied().unwrap_or_default();
    let (before, after) = text.split_at_checked(start + position.column - 1).unwrap_or_default();
    after.starts_with([']', '}']) && before.trim_end().ends_with(',')
}

/// What the reader of JSON says, without the position, which is said already.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}
