//! The order of calls in the table `invocations`. Calls are sorted as numbers of 128 bits: most of what
//! decides, and behind it the call's place. Numbers sort several times as fast as calls, which are
//! looked at only where numbers do not tell.

use std::cmp::Ordering;

use bedrock::{Call, CallId};

use super::StoredCall;

/// Bits of a number for the place of a call.
const PLACE_BITS: u32 = u32::BITS;

/// Bits of a number for a time.
const TIME_BITS: u32 = 48;

/// The places of calls by time, then by event id, then as their objects' keys order: `ranks` are these
/// by the object's number.
pub(super) fn by_time(calls: &[StoredCall], whole: &[Call], ranks: &[u32]) -> Vec<u32> {
    // Beside ids that are other texts, UUIDs stand where their texts do, which their bits do not tell.
    let has_texts = whole.iter().any(|call| matches!(call.event_id, CallId::Text(_)));
    let number = |(place, call): (u32, &StoredCall)| {
        let id = match call.event_id(whole) {
            CallId::Uuid(bytes) if !has_texts => u128::from_be_bytes(bytes),
            _ => 0,
        };
        number(call.event_time_ms, id, place)
    };
    let mut numbers = (0..).zip(calls).map(number).collect::<Vec<_>>();
    numbers.sort_unstable();
    let is_even = |a: &u128, b: &u128| a >> PLACE_BITS == b >> PLACE_BITS;
    for even in numbers.chunk_by_mut(is_even).filter(|even| even.len() > 1) {
        let call = |number: &u128| &calls[place(*number) as usize];
        even.sort_unstable_by(|a, b| compare(call(a), call(b), whole, ranks));
    }
    numbers.into_iter().map(place).collect()
}

/// Orders as the time and then the id do, where it orders at all.
fn number(event_time_ms: i64, id: u128, place: u32) -> u128 {
    const ID_BITS: u32 = u128::BITS - TIME_BITS - PLACE_BITS;
    // Times before 1970, and those beyond the calendar, are even.
    let time = event_time_ms.clamp(0, (1 << TIME_BITS) - 1).cast_unsigned();
    let decides = u128::from(time) << ID_BITS | id >> (u128::BITS - ID_BITS);
    decides << PLACE_BITS | u128::from(place)
}

fn place(number: u128) -> u32 {
    number as u32
}

fn compare(a: &StoredCall, b: &StoredCall, whole: &[Call], ranks: &[u32]) -> Ordering {
    let by_time = a.event_time_ms.cmp(&b.event_time_ms);
    let by_id = || a.event_id(whole).cmp(&b.event_id(whole));
    // Those of one time and event are duplicates, or of two originals.
    let place = |call: &StoredCall| (ranks[call.object as usize], call.index);
    by_time.then_with(by_id).then_with(|| place(a).cmp(&place(b)))
}
