//! How long a policy is when it is saved, which depends on who saves it.

use crate::json::{Node, Value};
use crate::problem::Problem;

/// What saves a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pipeline {
    /// A console of AWS, which takes white space out that is not within quotes.
    Console,
    /// The API through the AWS CLI or an SDK, or Terraform's `file()`: as it is.
    Api,
    /// Terraform's `jsonencode()`: without white space, members by name, and `<`, `>`, `&` as escapes
    /// (Terraform documentation, "jsonencode").
    Terraform,
    /// Landing Zone Accelerator, which reads it and writes it without white space.
    Lza,
    /// Customizations for AWS Control Tower, which makes each line end two characters, and takes out every two
    /// blanks that follow each other, also within quotes (`_load_policy` in its `state_machine_handler.py`).
    Cfct,
}

/// How long a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Size {
    /// Unicode characters.
    pub n_characters: usize,
    /// Bytes in UTF-8.
    pub n_bytes: usize,
}

impl Pipeline {
    /// All of them.
    pub const ALL: [Pipeline; 5] =
        [Pipeline::Console, Pipeline::Api, Pipeline::Terraform, Pipeline::Lza, Pipeline::Cfct];

    /// `console`, `api`, `terraform`, `lza`, or `cfct`.
    pub fn as_str(self) -> &'static str {
        match self {
            Pipeline::Console => "console",
            Pipeline::Api => "api",
            Pipeline::Terraform => "terraform",
            Pipeline::Lza => "lza",
            Pipeline::Cfct => "cfct",
        }
    }

    /// The text that it saves.
    ///
    /// # Errors
    /// If it reads JSON, and the text is none.
    pub fn sent(self, text: &str) -> Result<String, Problem> {
        Ok(match self {
            Pipeline::Console => without_white_space(text),
            Pipeline::Api => text.to_owned(),
            Pipeline::Terraform => escaped(&sorted(&Node::read(text)?).to_json(None)),
            Pipeline::Lza => Node::read(text)?.to_json(None),
            // Python reads every kind of line end as one character.
            Pipeline::Cfct => text
                .replace("\r\n", "\n")
                .replace('\r', "\n")
                .replace('\n', "\r\n")
                .replace("  ", ""),
        })
    }
}

impl Size {
    /// The size of a text.
    pub fn of(text: &str) -> Self {
        Size { n_characters: text.chars().count(), n_bytes: text.len() }
    }
}

/// A JSON text without the white space that is not within quotes.
pub fn without_white_space(text: &str) -> String {
    let mut is_quoted = false;
    let mut is_escaped = false;
    let is_kept = |character: &char| {
        let was_quoted = is_quoted;
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = is_quoted,
            '"' => is_quoted = !is_quoted,
            _ => {}
        }
        was_quoted || !matches!(character, ' ' | '\t' | '\n' | '\r')
    };
    text.chars().filter(is_kept).collect()
}

fn sorted(node: &Node) -> Node {
    let value = match &node.value {
        Value::List(nodes) => Value::List(nodes.iter().map(sorted).collect()),
        Value::Object(members) => {
            let mut members = members.clone();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(members.iter().map(|(name, node)| (name.clone(), sorted(node))).collect())
        }
        other => other.clone(),
    };
    Node { position: node.position, value }
}

/// Outside of texts, JSON has none of these characters.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pipeline_sends_its_own_text() {
        let text = "{\n  \"b\": \"x  <ä>\\\" &\",\r\n  \"a\": [1, 2]\n}";
        for (pipeline, expected) in [
            (Pipeline::Console, "{\"b\":\"x  <ä>\\\" &\",\"a\":[1,2]}"),
            (Pipeline::Api, text),
            (Pipeline::Terraform, "{\"a\":[1,2],\"b\":\"x  \\u003cä\\u003e\\\" \\u0026\"}"),
            (Pipeline::Lza, "{\"b\":\"x  <ä>\\\" &\",\"a\":[1,2]}"),
            (Pipeline::Cfct, "{\r\n\"b\": \"x<ä>\\\" &\",\r\n\"a\": [1, 2]\r\n}"),
        ] {
            assert_eq!(pipeline.sent(text).unwrap(), expected, "{pipeline:?}");
        }
        assert_eq!(Size::of("ä€"), Size { n_characters: 2, n_bytes: 5 });
    }
}
