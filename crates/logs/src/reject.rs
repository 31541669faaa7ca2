//! Why a record cannot be used: the field, what was expected, what was found.

use std::fmt;

/// Why a record was rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The field, as CloudTrail spells it: `eventTime`, `additionalEventData.inputTokens`.
    pub field: &'static str,
    /// What was expected there.
    pub expected: &'static str,
    /// What was found there: a JSON type, or a short text.
    pub found: String,
}

/// How much of an unusable text is shown.
const MAX_SHOWN_CHARS: usize = 40;

impl Rejection {
    /// A rejection that shows the beginning of the text that was found.
    pub fn of_text(field: &'static str, expected: &'static str, text: &str) -> Self {
        let mut found = text.chars().take(MAX_SHOWN_CHARS).collect::<String>();
        if found.len() < text.len() {
            found.push('…');
        }
        Rejection { field, expected, found: format!("{found:?}") }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.field, self.expected, self.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut() {
        let rejection = Rejection::of_text("eventTime", "a time", &"ä".repeat(100));
        assert_eq!(rejection.to_string().chars().filter(|c| *c == 'ä').count(), MAX_SHOWN_CHARS);
    }
}
