//! Remembers what was made of a text, so that equal texts are read once.

use bedrock::Interner;

/// Beyond so many bytes all texts are forgotten, and a longer text is not remembered: a large object must
/// not make its reader hold it twice.
const MAX_BYTES: usize = 1 << 20;

/// What was made of each distinct text.
#[derive(Debug)]
pub(crate) struct Memo<T> {
    texts: Interner,
    made: Vec<T>,
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Memo { texts: Interner::default(), made: Vec::new() }
    }
}

impl<T: Clone> Memo<T> {
    /// What is made of a text.
    pub(crate) fn get(&mut self, text: &str, make: impl FnOnce() -> T) -> T {
        if text.len() > MAX_BYTES {
            return make();
        }
        if self.texts.text_bytes() + text.len() > MAX_BYTES {
            self.clear();
        }
        // 1 MiB of texts cannot use up the ids.
        let Ok(id) = self.texts.intern(text) else { return make() };
        if let Some(made) = self.made.get(id.index()) {
            return made.clone();
        }
        let made = make();
        self.made.push(made.clone());
        made
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.texts.truncate(0);
        self.made.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_beyond_the_limit_are_forgotten() {
        let (mut memo, long) = (Memo::default(), "x".repeat(MAX_BYTES / 3));
        for number in 0..100 {
            memo.get(&format!("{number}{long}"), || number);
            assert!(memo.texts.text_bytes() <= MAX_BYTES, "{number}");
        }
        let larger = "x".repeat(MAX_BYTES + 1);
        assert_eq!(memo.get(&larger, || 1), 1);
        assert!(memo.texts.text_bytes() <= MAX_BYTES);
    }
}
