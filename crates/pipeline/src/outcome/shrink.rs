//! That a day was not replaced, because it would have lost source objects.

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

impl std::fmt::Display for ShrinkRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ShrinkRefusal { dt, objects, of, example, why } = self;
        if *of == 0 {
            return write!(f, "{dt} is left as it is: {why}");
        }
        write!(
            f,
            "{dt} is left as it is: {objects} of the {of} source objects that it was built from {why}, \
             for example {example}"
        )
    }
}
