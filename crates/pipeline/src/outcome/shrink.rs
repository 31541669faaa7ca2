//! That a day was not replaced, because it would have lost source objects.

use jiff::civil::Date;
use serde::Serialize;

/// What a refused replacement would have lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShrinkRefusal {
    /// The day, `YYYY-MM-DD`.
    pub dt: String,
    /// How many objects that the day was built from would be lost.
    pub objects: u64,
    /// How many it was built from.
    pub of: u64,
    /// One of them.
    pub example: String,
    /// Why it would be lost.
    pub why: String,
}

impl ShrinkRefusal {
    /// A refusal that no object of before is the reason of.
    pub(crate) fn because(day: Date, why: String) -> Self {
        ShrinkRefusal { dt: day.to_string(), objects: 0, of: 0, example: String::new(), why }
    }

    /// Why the day is left as it is.
    pub(crate) fn reason(&self) -> String {
        let ShrinkRefusal { objects, of, example, why, .. } = self;
        if *of == 0 {
            return why.clone();
        }
        format!(
            "{objects} of the {of} source objects that it was built from {why}, for example {example}"
        )
    }
}

impl std::fmt::Display for ShrinkRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is left as it is: {}", self.dt, self.reason())
    }
}
