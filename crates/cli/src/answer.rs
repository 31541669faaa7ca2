//! Answers from the tables as people read them.

pub(crate) mod cells;
pub(crate) mod other_rate;
pub(crate) mod table;
