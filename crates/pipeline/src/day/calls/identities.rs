//! Which calls a day has, so that other days know them again.

use std::collections::BTreeSet;

use bedrock::CallId;
use logs::hash::sha256;
use rayon::prelude::*;

/// What makes two records the same call, in 16 bytes: a UUID as it is, anything else by the first
/// half of its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Identity(u128);

impl Identity {
    /// That of the event that was first delivered.
    pub(crate) fn of(event_id: &CallId) -> Self {
        Identity(match event_id {
            CallId::Uuid(bytes) => u128::from_be_bytes(*bytes),
            // Manifests keep it, so that it must not depend on the toolchain.
            CallId::Text(text) => {
                let mut half = [0; 16];
                half.copy_from_slice(&sha256(text.as_bytes())[..16]);
                u128::from_be_bytes(half)
            }
        })
    }

    /// One of so many parts of a day's calls, each about as large as the others.
    pub(super) fn part(self, n_parts: u128) -> usize {
        // Multiplied and folded, because ids of other kinds than UUIDs may differ in few bits.
        const MIX: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
        ((self.0.wrapping_mul(MIX) >> 64) % n_parts) as usize
    }

    fn first_bits(self, n_bits: u32) -> usize {
        self.0.checked_shr(u128::BITS - n_bits).unwrap_or_default() as usize
    }
}

/// Which calls a day has.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    sorted: Vec<Identity>,
    /// Where those begin whose first bits are the same, by these bits, with the end of all behind: a
    /// search has a few to look at, which lie beside those of the search before if that is in order too.
    starts: Vec<u32>,
    n_bits: u32,
    addenda: BTreeSet<Identity>,
}

/// How many identities share their first bits, where these are as even as those of UUIDs.
const FEW: usize = 8;

impl Identities {
    /// Those of a day's calls; `addenda` are the ones among them that addenda tell.
    pub(super) fn new(mut sorted: Vec<Identity>, addenda: BTreeSet<Identity>) -> Self {
        sorted.par_sort_unstable();
        let n_bits = (sorted.len() / FEW).checked_ilog2().unwrap_or_default().min(24);
        let mut starts = vec![0; (1 << n_bits) + 1];
        for (end, identity) in (1u32..).zip(&sorted) {
            starts[identity.first_bits(n_bits) + 1] = end;
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
    pub(crate) fn standing(mut events: Vec<Identity>, addenda: &[String]) -> Self {
        let addenda =
            addenda.iter().filter_map(|hex| Some(Identity(u128::from_str_radix(hex, 16).ok()?)));
        let addenda = addenda.collect::<BTreeSet<_>>();
        events.extend(addenda.iter().copied());
        Identities::new(events, addenda)
    }

    /// The calls that addenda tell, in 32 hexadecimal digits each.
    pub(crate) fn addenda(&self) -> Vec<String> {
        self.addenda.iter().map(|identity| format!("{:032x}", identity.0)).collect()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether a call is among them; `Some(true)` if by an addendum.
    pub(crate) fn find(&self, identity: Identity) -> Option<bool> {
        let bits = identity.first_bits(self.n_bits);
        let (start, end) = (*self.starts.get(bits)?, *self.starts.get(bits + 1)?);
        self.sorted[start as usize..end as usize].binary_search(&identity).ok()?;
        Some(self.addenda.contains(&identity))
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
                let identities = events.iter().map(Identity::of).collect();
                let found = Identities::standing(identities, &[]);
                assert_eq!(found.len(), events.len());
                for event in &events {
                    assert_eq!(found.find(Identity::of(event)), Some(false), "{event} of {count}");
                }
                for n in count..count + 100 {
                    assert_eq!(
                        found.find(Identity::of(&id(numbers(n)))),
                        None,
                        "not among {count}"
                    );
                }
                for odd in [1, 3, u128::MAX - 1] {
                    assert_eq!(found.find(Identity::of(&id(odd))), None, "not among {count}");
                }
            }
        }
    }

    #[test]
    fn addenda_are_told_apart_and_come_back() {
        let (event, text) = (id(7), CallId::new("no uuid"));
        let both = [&event, &text].map(Identity::of);
        let built = Identities::new(both.to_vec(), BTreeSet::from([both[1]]));
        assert_eq!(both.map(|identity| built.find(identity)), [Some(false), Some(true)]);
        let standing = Identities::standing(vec![both[0]], &built.addenda());
        assert_eq!(both.map(|identity| standing.find(identity)), [Some(false), Some(true)]);
        assert_eq!(standing.find(Identity::of(&CallId::new("another"))), None);
    }

    #[test]
    fn addendum_without_a_uuid_has_the_identity_that_earlier_manifests_have() {
        let identity = Identity::of(&CallId::new("no uuid"));
        let addenda = Identities::new(vec![identity], BTreeSet::from([identity])).addenda();
        assert_eq!(addenda, ["e4f934b11780890ab83657bbe5c774a2"], "as sha256sum prints it");
    }
}
