//! The same with the vectors of x86-64 processors since 2013 (AVX2, BMI, carry-less multiplication).
//!
//! This is the only module of our crates with `unsafe`: to call what is compiled for more than the
//! processor that the program is compiled for (that the processor has it is checked right before), to
//! load a vector, and to prefetch memory. Nothing else of the walk is in here, and tests compare it with
//! the portable one.

use std::arch::is_x86_feature_detected;
use std::arch::x86_64::{
    __m256i, _MM_HINT_T0, _mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_prefetch, _mm_set_epi64x,
    _mm_set1_epi8, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256,
    _mm256_set1_epi8,
};

use super::block::{Block, Marks, NAME_END};
use super::members::Members;
use super::{Unsupported, Walk};

/// Walks with vectors, if the processor has them.
pub(super) fn run(walk: &mut Walk<'_, '_>) -> Option<Result<(), Unsupported>> {
    if !has_avx2() {
        return None;
    }
    // SAFETY: as above.
    #[expect(unsafe_code, reason = "the only way to call what is compiled for some processors")]
    Some(unsafe { run_avx2(walk) })
}

/// All that `run_avx2` is compiled for.
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("pclmulqdq")
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
fn run_avx2(walk: &mut Walk<'_, '_>) -> Result<(), Unsupported> {
    walk.run(|block| marks(block), |block, byte| equal(halves(block), byte), |bits| parity(bits))
}

/// Takes an object apart with vectors, if the processor has them.
pub(super) fn run_members<'t, F>(members: &mut Members<'t, F>) -> Option<Result<(), Unsupported>>
where
    F: FnMut(&str, &'t str) -> Result<(), Unsupported>,
{
    if !has_avx2() {
        return None;
    }
    // SAFETY: as above.
    #[expect(unsafe_code, reason = "the only way to call what is compiled for some processors")]
    Some(unsafe { members_avx2(members) })
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
fn members_avx2<'t, F>(members: &mut Members<'t, F>) -> Result<(), Unsupported>
where
    F: FnMut(&str, &'t str) -> Result<(), Unsupported>,
{
    members.run(|block| marks(block), |block, byte| equal(halves(block), byte), |bits| parity(bits))
}

/// Has the processor fetch what will be looked at soon: the walk is faster than it fetches by itself.
#[inline]
fn fetch_ahead(block: &Block) {
    const AHEAD_BYTES: usize = 2048;
    let ahead = block.as_ptr().wrapping_add(AHEAD_BYTES);
    // SAFETY: this is a hint, which may name any address: nothing is read.
    #[expect(unsafe_code, reason = "there is no safe way")]
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(ahead.cast());
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn marks(block: &Block) -> Marks {
    fetch_ahead(block);
    let halves = halves(block);
    let bit = _mm256_set1_epi8(0x20);
    let braces = [_mm256_or_si256(halves[0], bit), _mm256_or_si256(halves[1], bit)];
    Marks {
        quotes: equal(halves, b'"'),
        backslashes: equal(halves, b'\\'),
        open: equal(braces, b'{'),
        close: equal(braces, b'}'),
        name_ends: equal(halves, NAME_END),
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn halves(block: &Block) -> [__m256i; 2] {
    let (low, high) = block.split_at(32);
    // SAFETY: each half is 32 bytes long, which is what is loaded, from any address.
    #[expect(unsafe_code, reason = "the safe way to fill a vector compiles to shuffles")]
    unsafe {
        [_mm256_loadu_si256(low.as_ptr().cast()), _mm256_loadu_si256(high.as_ptr().cast())]
    }
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
