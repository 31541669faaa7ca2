//! What a day was built from, as a manifest keeps it: a fingerprint of a set of objects.

use logs::hash::{from_hex, sha256};
use serde::{Deserialize, Serialize};
use store::ObjectMeta;

/// A set of source objects, without its members.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sources {
    /// How many.
    pub objects: u64,
    /// Their bytes, as stored.
    pub bytes: u64,
    /// See [`SourceSet`].
    pub fingerprint: String,
}

/// Builds a [`Sources`] from its members, in any order.
///
/// The fingerprint is the sum, modulo 2^256, of the SHA-256 of each object's key, size and `ETag`: an
/// incremental multiset hash (Clarke et al., ASIACRYPT 2003), which holds and sorts nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SourceSet {
    objects: u64,
    bytes: u64,
    sum: [u64; 4],
}

impl SourceSet {
    /// Adds an object.
    pub(crate) fn add(&mut self, object: &ObjectMeta) {
        self.objects += 1;
        self.bytes += object.size_bytes;
        let etag = object.etag.as_deref().unwrap_or_default();
        // No key and no ETag has a NUL.
        let text = [&object.key, "\0", &object.size_bytes.to_string(), "\0", etag].concat();
        let hash = sha256(text.as_bytes());
        let (numbers, _) = hash.as_chunks::<8>();
        self.add_numbers(numbers.iter().map(|number| u64::from_le_bytes(*number)));
    }

    /// Adds the members of another set.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.objects += other.objects;
        self.bytes += other.bytes;
        self.add_numbers(other.sum.into_iter());
    }

    /// The set of a sum that was written; `None` if its fingerprint is no number of 256 bits in hexadecimal.
    pub(crate) fn of_sources(sources: &Sources) -> Option<Self> {
        let bytes = from_hex(&sources.fingerprint)?;
        let bytes = <[u8; 32]>::try_from(bytes).ok()?;
        let (limbs, _) = bytes.as_chunks::<8>();
        let mut sum = [0; 4];
        for (limb, bytes) in sum.iter_mut().rev().zip(limbs) {
            *limb = u64::from_be_bytes(*bytes);
        }
        Some(SourceSet { objects: sources.objects, bytes: sources.bytes, sum })
    }

    /// Adds a number of 256 bits, the lowest 64 first.
    fn add_numbers(&mut self, numbers: impl Iterator<Item = u64>) {
        let mut carry = false;
        for (limb, number) in self.sum.iter_mut().zip(numbers) {
            let (sum, over) = limb.overflowing_add(number);
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            (*limb, carry) = (sum, over || over_again);
        }
    }

    /// What was added.
    pub(crate) fn sources(&self) -> Sources {
        let fingerprint = self.sum.iter().rev().map(|limb| format!("{limb:016x}")).collect();
        Sources { objects: self.objects, bytes: self.bytes, fingerprint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(key: &str, size_bytes: u64, etag: &str) -> ObjectMeta {
        ObjectMeta {
            key: key.to_owned(),
            size_bytes,
            etag: Some(etag.to_owned()),
            is_archived: false,
        }
    }

    fn fingerprint(objects: &[ObjectMeta]) -> String {
        let mut set = SourceSet::default();
        objects.iter().for_each(|object| set.add(object));
        set.sources().fingerprint
    }

    #[test]
    fn fingerprint_depends_on_each_object_and_not_on_order() {
        let (a, b) = (object("a", 1, "x"), object("b", 2, "y"));
        let both = fingerprint(&[a.clone(), b.clone()]);
        assert_eq!(fingerprint(&[b.clone(), a.clone()]), both);
        assert_eq!(both.len(), 64);
        let others = [
            vec![],
            vec![a.clone()],
            vec![a.clone(), a.clone()],
            vec![a.clone(), object("b", 2, "z")],
            vec![a.clone(), object("b", 3, "y")],
            vec![a.clone(), object("c", 2, "y")],
        ];
        let mut seen = vec![both];
        for other in others {
            let found = fingerprint(&other);
            assert!(!seen.contains(&found), "{other:?}");
            seen.push(found);
        }
    }

    #[test]
    fn parts_that_were_written_add_up_to_the_whole_in_any_order() {
        let objects =
            (0..40).map(|n| object(&format!("k{n}"), n * n, &format!("e{n}"))).collect::<Vec<_>>();
        let sources = |objects: &[ObjectMeta]| {
            let mut set = SourceSet::default();
            objects.iter().for_each(|object| set.add(object));
            set.sources()
        };
        let whole = sources(&objects);
        for size in [1, 7, 39, 40] {
            let parts = objects.chunks(size).map(sources).collect::<Vec<_>>();
            for parts in [parts.clone(), parts.into_iter().rev().collect()] {
                let mut sum = SourceSet::default();
                for part in &parts {
                    sum.merge(&SourceSet::of_sources(part).expect("it was written"));
                }
                assert_eq!(sum.sources(), whole, "parts of {size}");
            }
        }
        let of = |fingerprint: &str| {
            SourceSet::of_sources(&Sources { fingerprint: fingerprint.to_owned(), ..whole.clone() })
        };
        for wrong in ["", "0", &whole.fingerprint[1..], &whole.fingerprint.replace('0', "g")] {
            assert!(of(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn fingerprint_is_a_sum_of_256_bits() {
        let objects = (0..100).map(|n| object(&n.to_string(), n, "e")).collect::<Vec<_>>();
        // Added up by Python, as earlier manifests have it.
        let expected = "3a5f8c41a86d2918c928c11a21a4be2bd68c6bd82337982d28c6afb04cbd0740";
        assert_eq!(fingerprint(&objects), expected);
    }
}
