//! Texts by number: equal texts have the same number.

use rustc_hash::FxHashMap;

/// Longer texts are not remembered.
const MAX_TEXT_BYTES: usize = 8 * 1024;

/// How much may be remembered, so that a long stream holds no more than this.
const MAX_BYTES: usize = 4 << 20;

/// The texts that were numbered.
#[derive(Debug, Default)]
pub(super) struct Texts {
    numbers: FxHashMap<Box<str>, u32>,
    n_bytes: usize,
}

impl Texts {
    /// Whether no more should be remembered.
    pub(super) fn is_full(&self) -> bool {
        self.n_bytes > MAX_BYTES
    }

    /// The number of a text: 0 for none, and nothing if it is too long to be remembered.
    pub(super) fn number_of(&mut self, text: Option<&str>) -> Option<u32> {
        let Some(text) = text else { return Some(0) };
        if let Some(number) = self.numbers.get(text) {
            return Some(*number);
        }
        if text.len() > MAX_TEXT_BYTES {
            return None;
        }
        let number = u32::try_from(self.numbers.len() + 1).ok()?;
        self.numbers.insert(text.into(), number);
        self.n_bytes += text.len() + size_of::<(Box<str>, u32)>();
        Some(number)
    }
}
