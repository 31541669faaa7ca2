//! A whole gzip member in one call of libdeflate, which is about twice as fast as a stream.
//!
//! Only the plain case is done here. Whatever is not plain (an error, a header checksum, a size that
//! cannot be) is left to the stream, which finds out the same once more and says exactly what is wrong.
//!
//! **Exactly one member.** libdeflate checks the header, and the checksum and the size that follow the
//! compressed bytes; but its safe interface does not say where those ended, and takes no notice of what
//! comes after. So that has to be known in another way: it found the size of its output in four bytes
//! behind the compressed ones. If these four bytes stand nowhere in the body but at its very end, that
//! is where it found them, and nothing follows the member. If they stand elsewhere too (by chance: one
//! body in tens of thousands), the same is tried with the checksum before them; then the stream decides.
//!
//! **Damage.** libdeflate gives a meaning to two codes that the format leaves unused, which the stream
//! refuses. So a body may be damaged in a way that does not matter, and be read here alone: what the
//! checksum and the size vouch for is the text.
//!
//! **Memory.** The buffer is as large as the member says that its text is, if that is within the cap
//! and possible at all; a text that is larger does not fit, which is an error. So a false size costs no
//! more than the cap, and never gives a wrong text.

use std::cell::RefCell;

use libdeflater::Decompressor;
use memchr::memmem;

use super::stated_bytes;

/// What a gzip member has at least: ten bytes of header, eight of trailer.
const MIN_MEMBER_BYTES: usize = 18;

/// A byte of deflate makes at most so many.
const MAX_RATIO: u64 = 1032;

/// The flag of a checksum over the header, which libdeflate does not verify.
const FHCRC: u8 = 1 << 1;

thread_local! {
    /// Making one would cost a small object a hundredth of its time.
    static INFLATER: RefCell<Decompressor> = RefCell::new(Decompressor::new());
}

/// Inflates a body into the beginning of `scratch` and gives the length of the text, or nothing if that
/// is left to the stream.
pub(super) fn inflate(body: &[u8], scratch: &mut Vec<u8>, cap_bytes: u64) -> Option<usize> {
    let stated_bytes = stated_bytes(body)?;
    let possible_bytes = (body.len() as u64).saturating_mul(MAX_RATIO).min(cap_bytes);
    if body.len() < MIN_MEMBER_BYTES || body[3] & FHCRC != 0 || stated_bytes > possible_bytes {
        return None;
    }
    let length = usize::try_from(stated_bytes).ok()?;
    make_room(scratch, length, possible_bytes);
    let found = INFLATER.with_borrow_mut(|inflater| {
        let text = &mut scratch[..length];
        inflater.gzip_decompress(body, text).ok()
    })?;
    (found == length && is_one_member(body, &scratch[..length])).then_some(length)
}

/// Whether the member, which inflated to `text`, is all of the body.
fn is_one_member(body: &[u8], text: &[u8]) -> bool {
    if ends_with_only(body, 4) {
        return true;
    }
    let checksum = libdeflater::crc32(text).to_le_bytes();
    body[body.len() - 8..].starts_with(&checksum) && ends_with_only(body, 8)
}

/// Whether the last `length` bytes of a body stand nowhere else in it.
fn ends_with_only(body: &[u8], length: usize) -> bool {
    let (before_last, end) = (&body[..body.len() - 1], &body[body.len() - length..]);
    memmem::find(before_last, end).is_none()
}

/// The buffer has room for the texts of most objects at once, if the body in hand could be so long. What
/// is not written of it takes no memory, while each new buffer takes new memory as far as it is written.
const ROOM_BYTES: u64 = 16 << 20;

/// Makes the buffer at least so long. A new one is asked for instead of a longer one, because that
/// comes cleared from the system, and nothing in the old one is needed.
fn make_room(scratch: &mut Vec<u8>, length: usize, possible_bytes: u64) {
    if scratch.capacity() < length {
        let room = usize::try_from(ROOM_BYTES.min(possible_bytes)).unwrap_or(length);
        *scratch = Vec::new();
        *scratch = vec![0; room.max(length + length / 4)];
    } else if scratch.len() < length {
        scratch.resize(length, 0);
    }
}
