//! YAML as values of JSON, with the position of every value.
//!
//! Configurations of landing zones and templates of `CloudFormation` are YAML. What of YAML has no meaning in
//! JSON is refused: a second document, a key that is no text, a merge key, a tag that is not known.

use std::collections::BTreeMap;

use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag};

use crate::json::{MAX_BYTES, Node, Value};
use crate::problem::{Position, Problem, cut};

/// How deep lists and objects may be nested.
const MAX_DEPTH: usize = 64;

/// The values that a text may have, with those that aliases repeat.
const MAX_NODES: usize = 200_000;

/// What tags mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tags {
    /// Nothing: there must be none.
    #[default]
    Refused,
    /// Functions of `CloudFormation`: `!Sub x` is `{"Fn::Sub": "x"}`.
    CloudFormation,
}

/// Reads a text that is one YAML document.
///
/// # Errors
/// If it is none, is larger than 16 MiB, nested too deeply, or has what JSON cannot say; with line and column.
pub(crate) fn read(text: &str, tags: Tags) -> Result<Node, Problem> {
    if text.len() > MAX_BYTES {
        let found = format!("{} bytes", text.len());
        return Err(Problem::at_start("at most 16 MiB", &found));
    }
    let options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
        emit_comments: false,
    };
    let mut reader = Reader { tags, ..Reader::default() };
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| not_yaml(&error))?;
        reader.event(event, span)?;
    }
    reader.root.ok_or_else(|| Problem::at_start("one YAML document", "nothing"))
}

/// What is wrong with a text that is no YAML.
fn not_yaml(error: &ScanError) -> Problem {
    Problem::new(position(*error.marker()), "", "YAML", &error.kind().to_string())
}

fn position(marker: Marker) -> Position {
    Position { line: marker.line().max(1), column: marker.col() + 1 }
}

/// A list or an object that has not ended.
struct Open {
    position: Position,
    anchor: usize,
    /// The function that its tag is.
    function: Option<String>,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    /// With the key whose value comes next.
    Object(Vec<(String, Node)>, Option<String>),
}

#[derive(Default)]
struct Reader {
    tags: Tags,
    open: Vec<Open>,
    root: Option<Node>,
    /// Values that aliases may repeat, by the number of their anchor, with how many values each is.
    anchors: BTreeMap<usize, (Node, usize)>,
    n_nodes: usize,
}

impl Reader {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let position = position(span.start);
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(Problem::new(position, "", "one YAML document", "a second one"))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let function = self.function(tag.as_deref(), position)?;
                let is_text = tag.as_ref().is_some_and(|tag| tag.core_suffix() == Some("str"));
                let is_plain = style == ScalarStyle::Plain && !is_text && function.is_none();
                if let Some(Open { content: Content::Object(members, key @ None), .. }) =
                    self.open.last_mut()
                {
                    if is_plain && text == "<<" {
                        let expected = "members of its own";
                        return Err(Problem::new(position, "", expected, "a merge key (<<)"));
                    }
                    if members.iter().any(|(known, _)| *known == text) {
                        let found = format!("a second `{}`", cut(&text));
                        return Err(Problem::new(position, "", "each member once", &found));
                    }
                    *key = Some(text.into_owned());
                    return Ok(());
                }
                let value = match (is_plain, function.is_some()) {
                    (true, _) => plain(&text),
                    _ => Value::Text(text.into_owned()),
                };
                self.add(Node { position, value }, anchor, function)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.start(position, anchor, tag.as_deref(), Content::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.start(position, anchor, tag.as_deref(), Content::Object(Vec::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, position),
            _ => Ok(()),
        }
    }

    fn start(
        &mut self,
        position: Position,
        anchor: usize,
        tag: Option<&Tag>,
        content: Content,
    ) -> Result<(), Problem> {
        if matches!(self.open.last(), Some(Open { content: Content::Object(_, None), .. })) {
            return Err(Problem::new(position, "", "a key that is a text", "a list or an object"));
        }
        let function = self.function(tag, position)?;
        self.open.push(Open { position, anchor, function, content });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Problem> {
        let Some(Open { position, anchor, function, content }) = self.open.pop() else {
            return Ok(());
        };
        let value = match content {
            Content::List(nodes) => Value::List(nodes),
            Content::Object(members, _) => Value::Object(members),
        };
        self.add(Node { position, value }, anchor, function)
    }

    fn alias(&mut self, anchor: usize, position: Position) -> Result<(), Problem> {
        let Some((node, n_nodes)) = self.anchors.get(&anchor).cloned() else {
            let expected = "an alias of a value that has ended";
            return Err(Problem::new(position, "", expected, "one of a value that it is in"));
        };
        self.count(n_nodes, position)?;
        self.add(node, 0, None)
    }

    fn count(&mut self, n_nodes: usize, position: Position) -> Result<(), Problem> {
        self.n_nodes += n_nodes;
        if self.n_nodes > MAX_NODES {
            let expected = format!("at most {MAX_NODES} values, with those of aliases");
            return Err(Problem::new(position, "", &expected, "more"));
        }
        Ok(())
    }

    /// Adds a value that has ended to what it is in.
    fn add(&mut self, node: Node, anchor: usize, function: Option<String>) -> Result<(), Problem> {
        self.count(1, node.position)?;
        let node = match function {
            Some(name) => {
                Node { position: node.position, value: Value::Object(vec![(name, node)]) }
            }
            None => node,
        };
        if anchor > 0 {
            let n_nodes = size(&node);
            self.count(n_nodes, node.position)?;
            self.anchors.insert(anchor, (node.clone(), n_nodes));
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(nodes)) => nodes.push(node),
            Some(Content::Object(members, key)) => match key.take() {
                Some(key) => members.push((key, node)),
                None => {
                    let found = node.to_string();
                    return Err(Problem::new(node.position, "", "a key that is a text", &found));
                }
            },
        }
        Ok(())
    }

    /// The function that a tag is, if it is one.
    fn function(&self, tag: Option<&Tag>, position: Position) -> Result<Option<String>, Problem> {
        let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) else { return Ok(None) };
        let refused = |expected| {
            let found = format!("`{}`", cut(&tag.original()));
            Err(Problem::new(position, "", expected, &found))
        };
        match (self.tags, tag.handle(), tag.suffix()) {
            (Tags::CloudFormation, "!", name @ ("Ref" | "Condition")) => Ok(Some(name.to_owned())),
            (Tags::CloudFormation, "!", name) if !name.is_empty() => {
                Ok(Some(format!("Fn::{name}")))
            }
            (Tags::CloudFormation, ..) => refused("a function of CloudFormation, such as !Ref"),
            (Tags::Refused, ..) => refused("a value without a tag"),
        }
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::List(nodes) => nodes.iter().map(size).sum::<usize>(),
        Value::Object(members) => members.iter().map(|(_, node)| size(node)).sum(),
        _ => 0,
    }
}

/// What a scalar without quotes is (YAML 1.2, core schema). A number that JSON does not have stays a text: the
/// leading zero of an account ID counts.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
            && serde_json::from_str::<serde_json::Number>(text).is_ok() =>
        {
            Value::Number(text.to_owned())
        }
        _ => Value::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        read(text, Tags::Refused).unwrap().to_json(None)
    }

    fn problem(text: &str) -> String {
        read(text, Tags::Refused).unwrap_err().to_string()
    }

    #[test]
    fn values_are_those_of_json() {
        let text = "a: [1, 1.5, 012345678901, 2012-10-17, yes, ~, '1', \"x\\ty\", !!str 5]\nb:\n  - c: >\n      folded\n      \
                    text\n    d: {e: true, f: }\n";
        let expected = "{\"a\":[1,1.5,\"012345678901\",\"2012-10-17\",\"yes\",null,\"1\",\"x\\ty\",\"5\"],\"b\":[{\"c\":\
                        \"folded text\\n\",\"d\":{\"e\":true,\"f\":null}}]}";
        assert_eq!(json(text), expected);
        assert_eq!(json("a: &x {b: 1}\nc: [*x, *x]"), r#"{"a":{"b":1},"c":[{"b":1},{"b":1}]}"#);
    }

    #[test]
    fn positions_are_those_of_values() {
        let node = read("a:\n  - b\n  - c: d\n", Tags::Refused).unwrap();
        let Value::Object(members) = &node.value else { panic!() };
        let Value::List(nodes) = &members[0].1.value else { panic!() };
        let places = nodes.iter().map(|node| (node.position.line, node.position.column));
        assert_eq!(places.collect::<Vec<_>>(), [(2, 5), (3, 5)]);
    }

    #[test]
    fn tags_are_functions_where_they_are_known() {
        let text = "a: !Sub x-${y}\nb: !Join [',', [!Ref z]]\nc: !Sub [x, {y: 1}]";
        let found = read(text, Tags::CloudFormation).unwrap().to_json(None);
        let expected = r#"{"a":{"Fn::Sub":"x-${y}"},"b":{"Fn::Join":[",",[{"Ref":"z"}]]},"c":{"Fn::Sub":["x",{"y":1}]}}"#;
        assert_eq!(found, expected);
        assert_eq!(
            problem("a: !include b.yaml"),
            "line 1, column 13: expected a value without a tag, found `!include`"
        );
    }

    #[test]
    fn what_json_cannot_say_is_refused() {
        for (text, expected) in [
            ("a: 1\na: 2", "line 2, column 1: expected each member once, found a second `a`"),
            ("a: 1\n---\nb: 2", "line 2, column 1: expected one YAML document, found a second one"),
            ("a: &x {b: 1}\nc: {<<: *x}", "expected members of its own, found a merge key (<<)"),
            ("? [a]\n: b", "expected a key that is a text, found a list or an object"),
            ("a: &x [*x]", "expected an alias of a value that has ended"),
            ("a: [", "line 1, column 4: expected YAML, found"),
            ("a: *none", "expected YAML, found"),
            ("", "expected one YAML document, found nothing"),
        ] {
            let found = problem(text);
            assert!(found.contains(expected), "{expected}: {found}");
        }
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        assert!(problem(&deep).contains("expected YAML, found"));
    }

    #[test]
    fn aliases_do_not_explode() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..12 {
            let aliases = vec![format!("*a{}", n - 1); 10].join(", ");
            text.push_str(&format!("a{n}: &a{n} [{aliases}]\n"));
        }
        assert!(
            problem(&text).contains("at most 200000 values, with those of aliases, found more")
        );
    }
}
