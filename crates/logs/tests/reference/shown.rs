//! What is compared of two ways to read a document.

use logs::{Reading, Unreadable};

/// All that was read, or that it could not be: which fault is found first may depend on the way.
pub(crate) fn shown(found: &Result<Reading, Unreadable>) -> String {
    match found {
        Ok(reading) => {
            assert!(reading.adds_up(), "{reading:?}");
            format!("{reading:?}")
        }
        Err(reason) => {
            assert!(!reason.to_string().is_empty());
            "unreadable".to_owned()
        }
    }
}
