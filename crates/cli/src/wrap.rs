//! Text in lines of so many columns.

/// The words of a text in lines of at most `width` columns: `first` is before those of the first line, `rest` before
/// those of the others. A word is never cut.
pub(crate) fn hanging(text: &str, width: usize, first: &str, rest: &str) -> String {
    let (mut out, mut used) = (first.to_owned(), first.chars().count());
    for (place, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        if place > 0 && used + 1 + length > width {
            out.push('\n');
            out.push_str(rest);
            used = rest.chars().count();
        } else if place > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_wide_as_they_may_be() {
        for (text, expected) in [
            ("", "- "),
            ("ab cd", "- ab cd"),
            ("abc def gh", "- abc\n  def gh"),
            ("longer-than-a-line x", "- longer-than-a-line\n  x"),
            ("a longer-than-a-line", "- a\n  longer-than-a-line"),
        ] {
            assert_eq!(hanging(text, 8, "- ", "  "), expected, "{text}");
        }
    }
}
