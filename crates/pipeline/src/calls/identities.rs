//! Which calls a day has, so that other days know them again.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use bedrock::CallId;
use rayon::prelude::*;

/// Which calls a day has, in 16 bytes each: UUIDs as they are, anything else by a hash of 128 bits.
#[derive(Debug, Default)]
pub struct Identities {
    sorted: Vec<u128>,
    /// Where those begin whose first bits are the same, by these bits, with the end of all behind: a
    /// search has a few to look at, which lie beside those of the search before if that is in order too.
    starts: Vec<u32>,
    n_bits: u32,
    addenda: BTreeSet<u128>,
}

/// How many identities share their first bits, where these are as even as those of UUIDs.
const FEW: usize = 8;

impl Identities {
    /// Those that [`short`] gives; `addenda` are the ones among them that addenda tell.
    pub(super) fn new(mut sorted: Vec<u128>, addenda: BTreeSet<u128>) -> Self {
        sorted.par_sort_unstable();
        let n_bits = (sorted.len() / FEW).checked_ilog2().unwrap_or_default().min(24);
        let mut starts = vec![0; (1 << n_bits) + 1];
        for (end, identity) in (1u32..).zip(&sorted) {
            starts[first_bits(*identity, n_bits) + 1] = end;
        }
        // Where there are none, they would begin where those before them end.
        let mut end = 0;
        for start in &mut starts {
            end = end.max(*start);
            *start = end;
        }
        Identities { sorted, starts, n_bits, addenda }
    }

    /// Those of a day that stands: the events of its table `invocations`, and what its manifest says of
    /// addenda, as [`Identities::addenda`] gave it.
    pub fn standing(events: &[CallId], addenda: &[String]) -> Self {
        let addenda = addenda.iter().filter_map(|hex| u128::from_str_radix(hex, 16).ok());
        let addenda = addenda.collect::<BTreeSet<_>>();
        let all = events.iter().map(short).chain(addenda.iter().copied()).collect();
        Identities::new(all, addenda)
    }

    /// The calls that addenda tell, in 32 hexadecimal digits each.
    pub fn addenda(&self) -> Vec<String> {
        self.addenda.iter().map(|identity| format!("{identity:032x}")).collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// Whether a call is among them; `Some(true)` if by an addendum.
    pub fn find(&self, identity: &CallId) -> Option<bool> {
        let short = short(identity);
        let bits = first_bits(short, self.n_bits);
        let (start, end) = (*self.starts.get(bits)?, *self.starts.get(bits + 1)?);
        self.sorted[start as usize..end as usize].binary_search(&short).ok()?;
        Some(self.addenda.contains(&short))
    }
}

fn first_bits(identity: u128, n_bits: u32) -> usize {
    identity.checked_shr(u128::BITS - n_bits).unwrap_or_default() as usize
}

/// An identity as a number, whose order is that of the bytes.
pub(super) fn short(identity: &CallId) -> u128 {
    match identity {
        CallId::Uuid(bytes) => u128::from_be_bytes(*bytes),
        CallId::Text(text) => {
            let half = |salt: u8| {
                let mut hasher = DefaultHasher::new();
                (salt, text).hash(&mut hasher);
                hasher.finish()
            };
            u128::from(half(0)) << 64 | u128::from(half(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> CallId {
        CallId::Uuid(number.to_be_bytes())
    }

    #[test]
    fn all_that_are_there_are_found_and_no_others() {
        // Even ones, all in one place, and none.
        let spread = |n: u128| n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834);
        let near = |n: u128| n * 2;
        let far = |n: u128| u128::MAX - n * 2;
        for numbers in [&spread as &dyn Fn(u128) -> u128, &near, &far] {
            for count in [0, 1, 2, 15, 16, 17, 1000] {
                let events = (0..count).map(|n| id(numbers(n))).collect::<Vec<_>>();
                let found = Identities::standing(&events, &[]);
                assert_eq!(found.len(), events.len());
                for event in &events {
                    assert_eq!(found.find(event), Some(false), "{event} of {count}");
                }
                for n in count..count + 100 {
                    assert_eq!(found.find(&id(numbers(n))), None, "not among {count}");
                }
                for odd in [1, 3, u128::MAX - 1] {
                    assert_eq!(found.find(&id(odd)), None, "not among {count}");
                }
            }
        }
    }

    #[test]
    fn addenda_are_told_apart_and_come_back() {
        let (event, text) = (id(7), CallId::new("no uuid"));
        let addenda = BTreeSet::from([short(&text)]);
        let built = Identities::new(vec![short(&event), short(&text)], addenda);
        assert_eq!((built.find(&event), built.find(&text)), (Some(false), Some(true)));
        let standing = Identities::standing(std::slice::from_ref(&event), &built.addenda());
        assert_eq!((standing.find(&event), standing.find(&text)), (Some(false), Some(true)));
        assert_eq!(standing.find(&CallId::new("another")), None);
    }
}
