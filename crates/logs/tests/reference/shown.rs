//! What is compared of two ways to read a document.

use logs::{Reading, Unreadable};

use super::logged::Logged;

/// All that was read, or that it could not be: which fault is found first may depend on the way.
pub(crate) fn shown(found: &Result<Reading, Unreadable>) -> String {
    match found {
        Ok(reading) => {
            assert!(reading.adds_up(), "{reading:?}");
            let Reading { records, skipped, rejected, calls, rejections, .. } = reading;
            let Reading { rejected_counts, notes, events_without_id, .. } = reading;
            let Reading { discovered, unknown_operations, sha256, .. } = reading;
            let counts = (records, skipped, rejected, rejections, rejected_counts, notes);
            let counts = (counts, events_without_id);
            let calls = (Logged::all(calls), Logged::each(&calls.others, &calls.texts));
            format!("{counts:?} {calls:?} {discovered:?} {unknown_operations:?} {sha256:?}")
        }
        Err(reason) => {
            assert!(!reason.to_string().is_empty());
            "unreadable".to_owned()
        }
    }
}
