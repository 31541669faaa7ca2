//! Objects of one name are one delivery: the first by key is read, the others are copies of it.

use rustc_hash::FxHashMap;

use super::ListedObject;
use super::counts::ListCounts;

/// The objects that were met, by name.
#[derive(Debug, Default)]
pub(super) struct Copies {
    sizes: FxHashMap<Box<str>, (u64, Box<str>)>,
}

impl Copies {
    /// Whether an object is the first of its name. Objects come in the order of their keys.
    pub(super) fn is_new(&mut self, object: &ListedObject, counts: &ListCounts) -> bool {
        let key = object.key();
        let size_bytes = object.meta.size_bytes;
        match self.sizes.get(object.meta.key.as_str()) {
            Some((first_bytes, first)) => {
                counts.copy((first, *first_bytes), (&key, size_bytes), object.delivery);
                false
            }
            None => {
                self.sizes.insert(object.meta.key.as_str().into(), (size_bytes, key.into()));
                true
            }
        }
    }
}
