//! A policy from a file, or from standard input.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};

/// The name of standard input, as an argument.
const STDIN: &str = "-";

/// The most bytes that are read. The longest policy that AWS takes has 20,480 characters.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// What messages call a file.
pub(super) fn name(file: &Path) -> String {
    if file == Path::new(STDIN) { "standard input".to_owned() } else { file.display().to_string() }
}

/// The text of a file, with a byte order mark, if it has one: a policy must not have it.
///
/// # Errors
/// If it cannot be read, is too large, or is no text.
pub(super) fn read(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let failed = || format!("could not read {}", name(file));
    if file == Path::new(STDIN) {
        let stdin = std::io::stdin().lock();
        stdin.take(MAX_BYTES + 1).read_to_string(&mut text).with_context(failed)?;
    } else {
        let opened = std::fs::File::open(file).with_context(failed)?;
        opened.take(MAX_BYTES + 1).read_to_string(&mut text).with_context(failed)?;
    }
    if text.len() as u64 > MAX_BYTES {
        bail!("{}: expected at most 16 MiB, found more", name(file));
    }
    Ok(text)
}
