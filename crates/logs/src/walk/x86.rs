//! The same with the vectors of x86-64 processors since 2013 (AVX2, BMI, carry-less multiplication).
//!
//! This is the one place in our crates with `unsafe`: calling what is compiled for more than the
//! processor that the program is compiled for. That the processor has it is asked right before.

use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m256i, _mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_set_epi64x, _mm_set1_epi8,
    _mm256_cmpeq_epi8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set_epi64x, _mm256_set1_epi8,
};

use super::block::{Block, Marks};
use super::{Odd, Walk};

/// Walks, if the processor has what it takes.
pub(super) fn run(walk: &mut Walk<'_, '_>) -> Option<Result<(), Odd>> {
    let is_able = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("pclmulqdq");
    if !is_able {
        return None;
    }
    // SAFETY: the processor has all features that `run_able` is compiled for. There is no other
    // condition: the function itself is safe code.
    #[expect(unsafe_code, reason = "the only way to call what is compiled for some processors")]
    let result = unsafe { run_able(walk) };
    Some(result)
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
fn run_able(walk: &mut Walk<'_, '_>) -> Result<(), Odd> {
    walk.run(|block| marks(block), |block, byte| equal(halves(block), byte), |bits| parity(bits))
}

#[inline]
#[target_feature(enable = "avx2")]
fn marks(block: &Block) -> Marks {
    let halves = halves(block);
    let bit = _mm256_set1_epi8(0x20);
    let braces = [_mm256_or_si256(halves[0], bit), _mm256_or_si256(halves[1], bit)];
    Marks {
        quotes: equal(halves, b'"'),
        backslashes: equal(halves, b'\\'),
        open: equal(braces, b'{'),
        close: equal(braces, b'}'),
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn halves(block: &Block) -> [__m256i; 2] {
    let word = |index: usize| {
        let bytes = &block[index * 8..][..8];
        i64::from_le_bytes(bytes.try_into().unwrap_or_default())
    };
    let half = |at| _mm256_set_epi64x(word(at + 3), word(at + 2), word(at + 1), word(at));
    [half(0), half(4)]
}

#[inline]
#[target_feature(enable = "avx2")]
fn equal(halves: [__m256i; 2], byte: u8) -> u64 {
    let byte = _mm256_set1_epi8(byte.cast_signed());
    let [low, high] = halves.map(|half| {
        let mask = _mm256_movemask_epi8(_mm256_cmpeq_epi8(half, byte));
        u64::from(mask.cast_unsigned())
    });
    low | high << 32
}

/// Multiplying by ones without carry is adding up all lower bits without carry.
#[inline]
#[target_feature(enable = "pclmulqdq")]
fn parity(bits: u64) -> u64 {
    let bits = _mm_set_epi64x(0, bits.cast_signed());
    let product = _mm_clmulepi64_si128::<0>(bits, _mm_set1_epi8(-1));
    _mm_cvtsi128_si64(product).cast_unsigned()
}
