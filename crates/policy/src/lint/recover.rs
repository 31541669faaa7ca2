//! What can be read of a text that is no JSON: comments, placeholders, and trailing commas become blanks, so
//! that the rest keeps its lines and columns.

use super::Findings;
use crate::json::{MAX_BYTES, Node};
use crate::problem::{Position, cut};

/// Reads what is left. What was there instead of JSON is a finding of its own.
pub(super) fn read(text: &str, found: &mut Findings) -> Option<Node> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut characters = text.chars().collect::<Vec<_>>();
    if characters.first() == Some(&'\u{feff}') {
        characters[0] = ' ';
    }
    blank_what_is_no_json(&mut characters, found);
    blank_commas(&mut characters);
    Node::read(&characters.into_iter().collect::<String>()).ok()
}

/// Whether each character is in a text, its quotes included.
fn in_texts(characters: &[char]) -> Vec<bool> {
    let mut is_in = false;
    let mut escaped = false;
    let of = |character: &char| {
        let was_in = is_in;
        match character {
            '"' if !escaped => is_in = !is_in,
            // A text ends with its line: what is after it is not lost.
            '\n' => is_in = false,
            _ => {}
        }
        escaped = was_in && *character == '\\' && !escaped;
        was_in || is_in
    };
    characters.iter().map(of).collect()
}

fn blank_what_is_no_json(characters: &mut [char], found: &mut Findings) {
    let in_texts = in_texts(characters);
    let mut position = Position { line: 1, column: 1 };
    let mut place = 0;
    while place < characters.len() {
        let length = if in_texts[place] { 0 } else { length_at(&characters[place..]) };
        if length > 0 {
            let what = characters[place..place + length].iter().collect::<String>();
            let shown = cut(&what);
            let message = match what.starts_with(['/', '#']) {
                true => format!("`{shown}` is a comment, which JSON does not have"),
                false => format!("`{shown}` is no JSON: it was to be replaced or left out"),
            };
            found.add("placeholder", position, "", message, None);
        }
        for character in &mut characters[place..place + length.max(1)] {
            if *character == '\n' {
                position = Position { line: position.line + 1, column: 1 };
            } else {
                position.column += 1;
                if length > 0 {
                    *character = ' ';
                }
            }
        }
        place += length.max(1);
    }
}

/// The characters of a comment or a placeholder that begins here; 0 if none does.
fn length_at(rest: &[char]) -> usize {
    let starts = |head: &str| head.chars().eq(rest.iter().take(head.chars().count()).copied());
    let until = |end: char| rest.iter().take_while(|it| !['\n', end].contains(it)).count();
    let enclosed = |end: char| match until(end) {
        length if rest.get(length) == Some(&end) => length + 1,
        _ => 0,
    };
    match rest.first() {
        Some('/') if starts("//") => until('\n'),
        Some('/') if starts("/*") => {
            let ends = rest.windows(2).position(|two| two == ['*', '/']);
            ends.map_or(rest.len(), |end| end + 2)
        }
        Some('#') => until('\n'),
        Some('.') if starts("...") => 3,
        Some('…') => 1,
        Some('<') => enclosed('>'),
        Some('[') if rest.get(1).is_some_and(|it| it.is_alphabetic()) => enclosed(']'),
        Some('$') if starts("${") => enclosed('}'),
        Some('`') => rest.iter().take_while(|it| **it == '`').count(),
        _ => 0,
    }
}

/// Commas before the end of a list or an object, and before another comma.
fn blank_commas(characters: &mut [char]) {
    let in_texts = in_texts(characters);
    let mut next = None;
    for place in (0..characters.len()).rev() {
        let character = characters[place];
        if !in_texts[place] && character == ',' && matches!(next, None | Some(',' | ']' | '}')) {
            characters[place] = ' ';
        } else if in_texts[place] || !character.is_whitespace() {
            next = Some(character);
        }
    }
}
