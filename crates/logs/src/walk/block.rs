//! Quotes, backslashes and brackets of 64 bytes, as one bit per byte.

use super::members::Members;
use super::{NAME, NAME_BYTES, Unsupported, Walk};

/// How many bytes are looked at at once.
pub(super) const BLOCK_BYTES: usize = 64;

/// The last letter of the name.
pub(super) const NAME_END: u8 = NAME[NAME_BYTES - 1];

pub(super) type Block = [u8; BLOCK_BYTES];

/// Which bytes are which: the lowest bit is that of the first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) quotes: u64,
    pub(super) backslashes: u64,
    /// `{` and `[`.
    pub(super) open: u64,
    /// `}` and `]`.
    pub(super) close: u64,
    /// The last letter of [`NAME`], which is a rare one.
    pub(super) name_ends: u64,
}

/// Walks on any processor.
pub(super) fn run(walk: &mut Walk<'_, '_>) -> Result<(), Unsupported> {
    walk.run(marks, equal, parity)
}

/// Takes an object apart on any processor.
pub(super) fn run_members<'t, F>(members: &mut Members<'t, F>) -> Result<(), Unsupported>
where
    F: FnMut(&str, &'t str) -> Result<(), Unsupported>,
{
    members.run(marks, equal, parity)
}

#[inline(always)]
fn marks(block: &Block) -> Marks {
    // Brackets differ from braces in this bit, and no other byte becomes a brace by it.
    let braces = block.map(|byte| byte | 0x20);
    Marks {
        quotes: equal(block, b'"'),
        backslashes: equal(block, b'\\'),
        open: equal(&braces, b'{'),
        close: equal(&braces, b'}'),
        name_ends: equal(block, NAME_END),
    }
}

/// Which bytes are equal to one. Written so that compilers make vectors of it: bytes become 0 or the
/// bit of their position in a word of eight, and a multiplication adds those up.
#[inline(always)]
fn equal(block: &Block, byte: u8) -> u64 {
    let mut bits = [0; BLOCK_BYTES];
    for (index, bit) in bits.iter_mut().enumerate() {
        *bit = if block[index] == byte { 1 << (index % 8) } else { 0 };
    }
    let mut mask = 0;
    for (index, word) in bits.as_chunks::<8>().0.iter().enumerate() {
        let sum = u64::from_le_bytes(*word).wrapping_mul(0x0101_0101_0101_0101) >> 56;
        mask |= sum << (index * 8);
    }
    mask
}

/// For each position, whether the number of bits up to and with it is odd.
#[inline(always)]
fn parity(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}
