//! Checks that counts add up. One that does not is a bug, and must not be published.

/// Checks that a count is the sum of its parts, all with their names.
///
/// # Errors
/// What was expected and what was found, if it is not.
pub(crate) fn check_sum((name, total): (&str, u64), parts: &[(&str, u64)]) -> Result<(), String> {
    if total == parts.iter().map(|(_, count)| count).sum::<u64>() {
        return Ok(());
    }
    let names = parts.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" + ");
    let counts = parts.iter().map(|(_, count)| count.to_string()).collect::<Vec<_>>().join(" + ");
    Err(format!("expected {name} = {names}, found {total} = {counts}"))
}
