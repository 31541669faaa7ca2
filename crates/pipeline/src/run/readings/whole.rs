//! Whether the readings of a day are whole: all of its objects, each once, with all of its parts.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::day::manifest::Sources;
use crate::error::Error;

/// Which parts of objects came: of those that are in several, and of those that are in no sum.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    came: BTreeMap<String, Vec<bool>>,
}

impl Parts {
    /// Takes note of a part, and says whether it is the first of its object that came. Of a whole object it is only
    /// known that it came before if that `is_in_no_sum`.
    ///
    /// # Errors
    /// A sentence, if it came before, or is none of those that there are.
    pub(crate) fn add(
        &mut self,
        key: &str,
        (part, parts): (u32, u32),
        is_in_no_sum: bool,
    ) -> Result<bool, String> {
        if part >= parts {
            return Err(format!("`{key}`: expected a part below {parts}, found part {part}"));
        }
        if parts == 1 && !is_in_no_sum {
            return Ok(true);
        }
        let is_first = !self.came.contains_key(key);
        let came = self.came.entry(key.to_owned()).or_insert_with(|| vec![false; parts as usize]);
        match came.get_mut(part as usize) {
            Some(is_there) if !*is_there => *is_there = true,
            Some(_) => return Err(format!("`{key}`: part {part} of {parts} is there twice")),
            None => return Err(format!("`{key}`: expected {} parts, found {parts}", came.len())),
        }
        Ok(is_first)
    }

    /// That none is missing.
    ///
    /// # Errors
    /// A sentence that names the first one that is.
    pub(crate) fn check(&self) -> Result<(), String> {
        let missing = |parts: &Vec<bool>| parts.iter().position(|is_there| !is_there);
        let first = self.came.iter().find_map(|(key, of)| Some((key, missing(of)?, of.len())));
        first.map_or(Ok(()), |(key, part, parts)| {
            Err(format!("`{key}`: part {part} of {parts} is missing"))
        })
    }
}

/// Checks that a day's objects are those that it is to be built from.
///
/// # Errors
/// [`Error::Readings`] with both, if they are not.
pub(crate) fn check_sources(day: Date, expected: &Sources, found: &Sources) -> Result<(), Error> {
    if expected == found {
        return Ok(());
    }
    let shown = |sources: &Sources| {
        let Sources { objects, bytes, fingerprint } = sources;
        let fingerprint = fingerprint.get(..12).unwrap_or(fingerprint);
        format!("{objects} objects of {bytes} bytes with the fingerprint {fingerprint}…")
    };
    let (expected, found) = (shown(expected), shown(found));
    let what = format!("expected {expected}, found {found}");
    Err(Error::Readings { day, what })
}
