//! What is wrong with a file: line, column, element, what was expected, and what was found.

use std::fmt;

/// The characters of a text that a message quotes.
const MAX_QUOTED: usize = 80;

/// Where something begins in a text; both numbers begin with 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character of the line.
    pub column: usize,
}

/// Why a text is not what it should be. Who reads the file names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    /// Where it is.
    pub position: Position,
    /// The element, as a path: `Statement[0].Condition.StringEquals`. Empty for the text as a whole.
    pub element: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl Problem {
    /// A problem with an element.
    pub(crate) fn new(position: Position, element: &str, expected: &str, found: &str) -> Self {
        let [element, expected, found] = [element, expected, found].map(str::to_owned);
        Problem { position, element, expected, found }
    }

    /// A problem with the text as a whole.
    pub(crate) fn at_start(expected: &str, found: &str) -> Self {
        Problem::new(Position { line: 1, column: 1 }, "", expected, found)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.position;
        // No line is the 0th: what is missing has no place.
        if line > 0 {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.element.is_empty() {
            write!(f, "{}: ", self.element)?;
        }
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

/// The start of a text that a message quotes.
pub(crate) fn cut(text: &str) -> &str {
    text.char_indices().nth(MAX_QUOTED).map_or(text, |(end, _)| &text[..end])
}
