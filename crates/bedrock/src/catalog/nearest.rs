//! The known id that is most like an unknown one.

/// The candidate with the fewest changes of single characters (Levenshtein), of several the first by
/// its text; `None` without candidates.
pub(crate) fn nearest<'a>(
    text: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates.min_by_key(|candidate| (strsim::levenshtein(text, candidate), *candidate))
}
