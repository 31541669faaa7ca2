//! What each day is read from, as sums that add up: of parts of a listing, of shards, of readings.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::ObjectMeta;

use crate::day::manifest::{SourceSet, Sources};
use crate::error::LineError;

/// The source objects of days: how many, their bytes, and a fingerprint. Those of parts add up to those of the
/// whole, in any order.
///
/// As text they are JSON Lines, a line for a day; several lines of one day are its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    days: BTreeMap<Date, SourceSet>,
}

/// A line: what a day, or a part of it, is read from.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    dt: Date,
    #[serde(flatten)]
    sources: Sources,
}

impl Sums {
    /// Reads JSON Lines, such as `{"dt":"2026-10-05","objects":31,"bytes":12345,"fingerprint":"…"}`. Empty lines
    /// are skipped.
    ///
    /// # Errors
    /// [`LineError`] for the first line that is of another form.
    pub fn parse(text: &str) -> Result<Self, LineError> {
        const EXPECTED: &str = "expected {\"dt\": \"YYYY-MM-DD\", \"objects\": N, \"bytes\": N, \
                                \"fingerprint\": \"64 hexadecimal digits\"}";
        let mut sums = Sums::default();
        for (line, text) in (1..).zip(text.lines()) {
            if text.trim().is_empty() {
                continue;
            }
            let error = |found: &str| LineError { line, reason: format!("{EXPECTED}, {found}") };
            let Line { dt, sources } =
                LineError::object(text.as_bytes()).map_err(|found| error(&found))?;
            let set = SourceSet::of_sources(&sources);
            let found = || error(&format!("found fingerprint `{}`", sources.fingerprint));
            sums.day(dt).merge(&set.ok_or_else(found)?);
        }
        Ok(sums)
    }

    /// JSON Lines, a line for each day that has objects, in order.
    pub fn to_lines(&self) -> String {
        let lines = self.days().map(|dt| {
            let line = Line { dt, sources: self.sources(dt) };
            serde_json::to_string(&line).map(|line| line + "\n").unwrap_or_default()
        });
        lines.collect()
    }

    /// Adds the sums of another part.
    pub fn add(&mut self, other: &Sums) {
        for (day, set) in &other.days {
            self.day(*day).merge(set);
        }
    }

    /// Adds an object that a day is read from. Its key is its name.
    pub(crate) fn add_object(&mut self, day: Date, object: &ObjectMeta) {
        self.day(day).add(object);
    }

    /// What a day is read from: nothing, if it has no line.
    pub(crate) fn sources(&self, day: Date) -> Sources {
        self.days.get(&day).cloned().unwrap_or_default().sources()
    }

    /// The days that have objects, in order.
    pub fn days(&self) -> impl Iterator<Item = Date> {
        self.days.keys().copied()
    }

    fn day(&mut self, day: Date) -> &mut SourceSet {
        self.days.entry(day).or_default()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn sums(objects: impl Iterator<Item = u64>) -> Sums {
        let mut sums = Sums::default();
        for n in objects {
            let object = ObjectMeta {
                key: format!("k{n}"),
                size_bytes: n,
                etag: Some("e".to_owned()),
                is_archived: false,
            };
            sums.add_object(date(2026, 10, 5 + i8::try_from(n % 2).expect("0 or 1")), &object);
        }
        sums
    }

    #[test]
    fn lines_of_parts_add_up_to_the_whole() {
        let whole = sums(0..31);
        let text = whole.to_lines();
        let lines = text.lines().collect::<Vec<_>>();
        assert_eq!(lines.len(), 2);
        let begin = r#"{"dt":"2026-10-05","objects":16,"bytes":240,"fingerprint":""#;
        assert!(lines[0].starts_with(begin), "{text}");
        let parts = [sums(20..31), sums(0..1), sums(1..20)].map(|part| part.to_lines());
        let parsed = Sums::parse(&parts.concat()).expect("its own lines");
        assert_eq!(parsed.to_lines(), text);
        assert_eq!(parsed.sources(date(2026, 10, 5)), whole.sources(date(2026, 10, 5)));
        assert_eq!(parsed.sources(date(2026, 10, 7)).objects, 0);
        let mut added = sums(0..3);
        added.add(&sums(3..31));
        assert_eq!(added.to_lines(), text);
        assert_eq!(added.days().count(), 2);
    }

    #[test]
    fn line_of_another_form_is_named() {
        let good = sums(0..1).to_lines();
        let check = |bad: &str, expected: &str| {
            let error = Sums::parse(&format!("{good}\n{bad}\n")).expect_err(bad);
            assert_eq!(error.line, 3, "{bad}");
            assert!(error.to_string().contains(expected), "{error}");
        };
        check("2026-10-05", "line 3: expected {");
        check(r#"["2026-10-05"]"#, "found no object of JSON");
        check(&good.replace("objects", "object"), "missing field `objects`");
        check(&good.replace("2026-10-05", "2026-13-05"), "found");
        check(&good.replace("\"fingerprint\":\"", "\"fingerprint\":\"x"), "found fingerprint `x");
    }
}
