//! The slow reader of trails, which the tests of `logs` compare with too.

#[path = "../../crates/logs/tests/reference/compare.rs"]
pub(crate) mod compare;
#[path = "../../crates/logs/tests/reference/envelopes.rs"]
pub(crate) mod envelopes;
#[path = "../../crates/logs/tests/reference/fields.rs"]
pub(crate) mod fields;
#[path = "../../crates/logs/tests/reference/json.rs"]
pub(crate) mod json;
#[path = "../../crates/logs/tests/reference/logged.rs"]
pub(crate) mod logged;
#[path = "../../crates/logs/tests/reference/shown.rs"]
pub(crate) mod shown;
#[path = "../../crates/logs/tests/reference/slow.rs"]
pub(crate) mod slow;
#[path = "../../crates/logs/tests/reference/who.rs"]
pub(crate) mod who;
