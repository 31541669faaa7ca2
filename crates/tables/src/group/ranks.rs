//! Puts what is numbered in order, so that rows are sorted by ranks and not by texts.

use std::sync::Arc;

use bedrock::{Interner, TextId};

/// The ranks of what is numbered.
#[derive(Debug, Clone)]
pub(super) struct Ranks<T> {
    /// By number.
    ranks: Vec<u32>,
    in_order: Vec<T>,
}

impl<T: Clone> Ranks<T> {
    /// The ranks of things with numbers less than `end`.
    pub(super) fn new<K: Ord>(
        mut things: Vec<(usize, K)>,
        end: usize,
        owned: impl Fn(K) -> T,
    ) -> Self {
        things.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
        let mut ranks = vec![0; end];
        let mut in_order = Vec::with_capacity(things.len());
        for (rank, (number, thing)) in (0..).zip(things) {
            ranks[number] = rank;
            in_order.push(owned(thing));
        }
        Ranks { ranks, in_order }
    }

    /// The ranks of things that are numbered in the order in which they are given.
    pub(super) fn of_parts<K: Ord>(things: Vec<K>, owned: impl Fn(K) -> T) -> Self {
        let end = things.len();
        Ranks::new(things.into_iter().enumerate().collect(), end, owned)
    }

    /// The rank of a number.
    pub(super) fn rank(&self, number: usize) -> u32 {
        self.ranks[number]
    }

    /// What has a rank.
    pub(super) fn get(&self, rank: u32) -> T {
        self.in_order[rank as usize].clone()
    }
}

impl Ranks<Option<Arc<str>>> {
    /// The ranks of texts; none comes first.
    pub(super) fn of_texts(ids: impl Iterator<Item = Option<TextId>>, texts: &Interner) -> Self {
        let end = 1 + texts.len();
        let mut is_used = vec![false; end];
        ids.for_each(|id| is_used[number(id)] = true);
        let used = (0..end).filter(|number| is_used[*number]);
        let text = |number: usize| TextId::at(number.checked_sub(1)?).map(|id| texts.get(id));
        // Most texts differ in their beginnings, which are compared without a look at the texts.
        let begun = |number| text(number).map(|text| (beginning(text), text));
        let used = used.map(|number| (number, begun(number))).collect();
        Ranks::new(used, end, |begun| begun.map(|(_, text)| Arc::from(text)))
    }

    /// The rank of the text with an id.
    pub(super) fn rank_of(&self, id: Option<TextId>) -> u32 {
        self.rank(number(id))
    }
}

/// The first bytes of a text as a number. The order of such numbers is that of the texts, unless they are equal.
fn beginning(text: &str) -> u64 {
    let mut bytes = [0; 8];
    let len = text.len().min(bytes.len());
    bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
    u64::from_be_bytes(bytes)
}

/// None has the first number.
fn number(id: Option<TextId>) -> usize {
    id.map_or(0, |id| 1 + id.index())
}
