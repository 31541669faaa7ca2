//! Gives texts numbers, so that whatever comes after compares and groups numbers.

use std::num::NonZeroU32;
use std::sync::LazyLock;

use ahash::RandomState;
use hashbrown::HashTable;

/// The number of a text in the [`Interner`] that gave it; four bytes, also as an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextId(NonZeroU32);

impl TextId {
    /// The position of the text in its interner, from 0.
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    /// The id as a number, from 1.
    pub fn number(self) -> NonZeroU32 {
        self.0
    }

    /// The id with a number.
    pub fn of_number(number: NonZeroU32) -> Self {
        TextId(number)
    }

    /// The id at a position, if ids go so far.
    pub fn at(index: usize) -> Option<Self> {
        u32::try_from(index).ok()?.checked_add(1).and_then(NonZeroU32::new).map(TextId)
    }
}

/// There are too many texts, or too much of them, for ids of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected fewer than 2^32 texts of less than 4 GiB, found {texts} of {bytes} bytes")]
pub struct InternerFull {
    /// The texts that are held.
    pub texts: usize,
    /// Their length, in bytes.
    pub bytes: usize,
}

/// One random key for the process: drawing one for each interner would cost more than most of their work.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Texts by id: [`Interner::intern`] gives equal texts one id, [`Interner::append`] always gives a new one.
/// Ids count up from the first text, so that equal inputs give equal ids.
///
/// Texts are chosen by whoever calls Bedrock: the hash is keyed by a random number, so that nobody can
/// choose texts that collide. Nothing that is written depends on it.
#[derive(Debug, Default, Clone)]
pub struct Interner {
    /// All texts, one after another.
    text: String,
    /// Where each one ends.
    ends: Vec<u32>,
    /// The ids of the texts that can be found again.
    ids: HashTable<TextId>,
    /// The id that was given last: runs of one text are common.
    last: Option<TextId>,
}

impl Interner {
    /// The id of a text, which is added if it is new.
    ///
    /// # Errors
    /// If there is no id left.
    #[inline]
    pub fn intern(&mut self, text: &str) -> Result<TextId, InternerFull> {
        match self.last {
            Some(last) if self.get(last) == text => Ok(last),
            _ => self.find_or_add(text),
        }
    }

    fn find_or_add(&mut self, text: &str) -> Result<TextId, InternerFull> {
        let hasher = &*HASHER;
        let hash = hasher.hash_one(text);
        let found = self.ids.find(hash, |id| self.get(*id) == text).copied();
        let id = match found {
            Some(id) => id,
            None => {
                let id = self.append(text)?;
                let Interner { text, ends, ids, .. } = self;
                ids.insert_unique(hash, id, |id| hasher.hash_one(text_of(text, ends, *id)));
                id
            }
        };
        self.last = Some(id);
        Ok(id)
    }

    /// Adds a text under an id of its own, without looking whether there is one already, for texts
    /// that hardly ever repeat. [`Interner::intern`] does not find it again.
    ///
    /// # Errors
    /// If there is no id left.
    pub fn append(&mut self, text: &str) -> Result<TextId, InternerFull> {
        let bytes = self.text.len() + text.len();
        let full = || InternerFull { texts: self.ends.len(), bytes: self.text.len() };
        let end = u32::try_from(bytes).map_err(|_| full())?;
        let id = TextId::at(self.ends.len()).ok_or_else(full)?;
        self.text.push_str(text);
        self.ends.push(end);
        Ok(id)
    }

    /// The text with an id.
    ///
    /// # Panics
    /// If the id is another interner's, and beyond the texts of this one.
    #[inline]
    pub fn get(&self, id: TextId) -> &str {
        text_of(&self.text, &self.ends, id)
    }

    /// How many ids were given.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no id was given.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The length of all texts, in bytes.
    pub fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// Every text, in the order of the ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|index| {
            let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
            &self.text[start as usize..self.ends[index] as usize]
        })
    }

    /// How many of the first texts fit into so many bytes.
    pub fn len_within(&self, bytes: usize) -> usize {
        self.ends.partition_point(|end| *end as usize <= bytes)
    }

    /// Forgets all but the first `len` texts, whose ids stay. The memory is kept for those to come.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len() {
            return;
        }
        self.ids.retain(|id| id.index() < len);
        self.ends.truncate(len);
        self.text.truncate(self.ends.last().map_or(0, |end| *end as usize));
        self.last = None;
    }
}

#[inline(always)]
fn text_of<'t>(text: &'t str, ends: &[u32], id: TextId) -> &'t str {
    let index = id.index();
    let start = if index == 0 { 0 } else { ends[index - 1] };
    &text[start as usize..ends[index] as usize]
}
