//! JSON to be written: keys may repeat, literals may be anything, spellings vary.

use super::dice::Dice;

/// A value to be written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// Written as it is: a number of any size, a word, a string with half a surrogate pair.
    Literal(String),
    Text(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// How a document is spelled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spelling {
    /// 0: on one line, as CloudTrail writes; 1: pretty; more: white space anywhere.
    pub(crate) blanks: usize,
    /// One letter in so many is escaped; 0: none.
    pub(crate) escapes: usize,
    pub(crate) seed: u64,
}

/// A key that ends so is written with half a surrogate pair behind it.
pub(crate) const BROKEN_KEY: &str = "\u{fffd}";

pub(crate) fn literal(text: &str) -> Node {
    Node::Literal(text.to_owned())
}

pub(crate) fn text(text: &str) -> Node {
    Node::Text(text.to_owned())
}

pub(crate) fn object(fields: &[(&str, Node)]) -> Node {
    Node::Object(fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
}

impl Node {
    pub(crate) fn write(&self, spelling: Spelling) -> String {
        let mut writer =
            Writer { out: String::new(), spelling, dice: Dice::of_seed(spelling.seed), depth: 0 };
        writer.node(self);
        writer.out
    }

    /// On one line, without escapes that need not be.
    pub(crate) fn plain(&self) -> String {
        self.write(Spelling { blanks: 0, escapes: 0, seed: 0 })
    }

    /// The fields of an object.
    pub(crate) fn fields(&mut self) -> &mut Vec<(String, Node)> {
        match self {
            Node::Object(fields) => fields,
            other => panic!("{other:?} is no object"),
        }
    }
}

struct Writer {
    out: String,
    spelling: Spelling,
    dice: Dice<'static>,
    depth: usize,
}

impl Writer {
    fn node(&mut self, node: &Node) {
        match node {
            Node::Literal(literal) => self.out.push_str(literal),
            Node::Text(text) => self.text(text),
            Node::Array(items) => {
                self.list('[', ']', items.len(), |writer, index| writer.node(&items[index]));
            }
            Node::Object(fields) => self.list('{', '}', fields.len(), |writer, index| {
                let (key, value) = &fields[index];
                writer.text(key);
                writer.blank();
                writer.out.push(':');
                writer.blank();
                writer.node(value);
            }),
        }
    }

    fn list(&mut self, open: char, close: char, len: usize, item: impl Fn(&mut Self, usize)) {
        self.out.push(open);
        self.depth += 1;
        for index in 0..len {
            if index > 0 {
                self.out.push(',');
            }
            self.line();
            item(self, index);
            self.blank();
        }
        self.depth -= 1;
        self.line();
        self.out.push(close);
    }

    fn line(&mut self) {
        if self.spelling.blanks == 1 {
            self.out.push('\n');
            self.out.push_str(&"  ".repeat(self.depth));
        }
        self.blank();
    }

    fn blank(&mut self) {
        if self.spelling.blanks > 1 {
            let blank = self.dice.pick(&["", "", " ", "\n", "\t", "\r\n", "  "]);
            self.out.push_str(blank);
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                c if c < ' ' => self.escape(c),
                '/' if self.chosen() => self.out.push_str("\\/"),
                c if c.to_string() == BROKEN_KEY => self.out.push_str("\\ud83d"),
                c if self.chosen() => self.escape(c),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    fn chosen(&mut self) -> bool {
        self.spelling.escapes > 0 && self.dice.one_in(self.spelling.escapes)
    }

    fn escape(&mut self, c: char) {
        for unit in c.encode_utf16(&mut [0; 2]) {
            let escape = format!("\\u{unit:04x}");
            let upper = self.dice.one_in(2);
            self.out.push_str(&if upper {
                escape.to_uppercase().replace('U', "u")
            } else {
                escape
            });
        }
    }
}
