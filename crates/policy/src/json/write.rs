//! Writes JSON back: what was read, in its order, with numbers as they were written.

use super::{Node, Value};

impl Node {
    /// Its text: without white space, or a line for each element below `indent` spaces a level.
    pub(crate) fn to_json(&self, indent: Option<usize>) -> String {
        let mut text = String::new();
        self.write(&mut text, indent, 0);
        text
    }

    fn write(&self, text: &mut String, indent: Option<usize>, depth: usize) {
        match &self.value {
            Value::Null => text.push_str("null"),
            Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
            Value::Number(number) => text.push_str(number),
            Value::Text(value) => write_text(text, value),
            Value::List(nodes) if nodes.is_empty() => text.push_str("[]"),
            Value::Object(members) if members.is_empty() => text.push_str("{}"),
            Value::List(nodes) => {
                text.push('[');
                for (place, node) in nodes.iter().enumerate() {
                    next(text, place, indent, depth + 1);
                    node.write(text, indent, depth + 1);
                }
                end_line(text, indent, depth);
                text.push(']');
            }
            Value::Object(members) => {
                text.push('{');
                for (place, (name, node)) in members.iter().enumerate() {
                    next(text, place, indent, depth + 1);
                    write_text(text, name);
                    text.push_str(if indent.is_some() { ": " } else { ":" });
                    node.write(text, indent, depth + 1);
                }
                end_line(text, indent, depth);
                text.push('}');
            }
        }
    }
}

fn write_text(text: &mut String, value: &str) {
    text.push_str(&serde_json::Value::from(value).to_string());
}

fn next(text: &mut String, place: usize, indent: Option<usize>, depth: usize) {
    if place > 0 {
        text.push(',');
    }
    end_line(text, indent, depth);
}

fn end_line(text: &mut String, indent: Option<usize>, depth: usize) {
    if let Some(indent) = indent {
        text.push('\n');
        text.push_str(&" ".repeat(indent * depth));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_was_read() {
        let compact = r#"{"b":[1.50,"a\"\u0001ä",{}],"a":{"x":[],"y":null,"z":[true,false]}}"#;
        let node = Node::read(compact).unwrap();
        assert_eq!(node.to_json(None), compact);
        let indented = "{\n  \"b\": [\n    1.50,\n    \"a\\\"\\u0001ä\",\n    {}\n  ],\n  \"a\": {\n    \"x\": [],\n    \
                        \"y\": null,\n    \"z\": [\n      true,\n      false\n    ]\n  }\n}";
        assert_eq!(node.to_json(Some(2)), indented);
        assert_eq!(Node::read(indented).unwrap().to_json(None), compact);
    }
}
