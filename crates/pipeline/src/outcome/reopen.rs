//! That a published day lacks calls which were delivered late.

use serde::Serialize;

/// A day outside the range that was not opened again, with what it lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotReopened {
    /// The day, `YYYY-MM-DD`.
    pub dt: String,
    /// How many calls of the day the late objects have; `None` if that was not counted.
    pub calls: Option<u64>,
    /// The objects that have them, by key. None if the day was interrupted, or is to let go of a call.
    pub objects: Vec<String>,
    /// The last day on which one of them was delivered.
    pub delivered: Option<String>,
    /// Why the day is left as it is.
    pub why: String,
}

impl std::fmt::Display for NotReopened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let NotReopened { dt, calls, objects, why, .. } = self;
        write!(f, "{dt} is left as it is")?;
        if let Some(example) = objects.first() {
            let calls = calls.map_or("calls".to_owned(), |calls| match calls {
                1 => "1 call".to_owned(),
                calls => format!("{calls} calls"),
            });
            write!(f, ", without {calls} delivered late, for example in {example}")?;
        }
        write!(f, ": {why}")
    }
}
