//! The order of calls in the table `invocations`. Calls are sorted as numbers of 128 bits: most of what
//! decides, and behind it the call's place. Numbers sort several times as fast as calls, which are
//! looked at only where numbers do not tell.

use std::cmp::Ordering;

use bedrock::{Call, CallId};
use rayon::prelude::*;

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
    numbers.par_sort_unstable();
    let is_tie = |a: &u128, b: &u128| a >> PLACE_BITS == b >> PLACE_BITS;
    for tied in numbers.chunk_by_mut(is_tie).filter(|tied| tied.len() > 1) {
        let call = |number: &u128| &calls[place(*number) as usize];
        tied.sort_unstable_by(|a, b| compare(call(a), call(b), whole, ranks));
    }
    numbers.into_iter().map(place).collect()
}

/// Orders as the time and then the id do, where it orders at all.
fn number(event_time_ms: i64, id: u128, place: u32) -> u128 {
    const ID_BITS: u32 = u128::BITS - TIME_BITS - PLACE_BITS;
    let decides = match u128::try_from(event_time_ms) {
        Ok(time) if time >> TIME_BITS == 0 => time << ID_BITS | id >> (u128::BITS - ID_BITS),
        // Times beyond the calendar are tied, and so are those before 1970.
        Ok(_) => u128::MAX >> PLACE_BITS,
        Err(_) => 0,
    };
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

#[cfg(test)]
mod tests {
    use bedrock::Caller;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::day::calls::DayCalls;

    /// Ids that differ in their last bits, in their first, and texts that stand between them.
    fn event_id(number: u32, of_texts: bool) -> CallId {
        match number % 4 {
            0 => CallId::Uuid(u128::from(number).to_be_bytes()),
            1 | 2 => CallId::Uuid((u128::from(number) << 100).to_be_bytes()),
            _ if of_texts => CallId::new(&format!("{:x}-text", number >> 2)),
            _ => CallId::Uuid(u128::MAX.to_be_bytes()),
        }
    }

    fn any_time() -> impl Strategy<Value = i64> {
        let usual = 1_790_000_000_000i64..1_790_000_000_004;
        prop_oneof![4 => usual, 1 => -3i64..3, 1 => any::<i64>(), 1 => (1i64 << 48) - 2..(1 << 48) + 2]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn as_if_all_were_compared(
            calls in vec((any_time(), 0u32..24, 0u32..3), 0..60),
            of_texts in any::<bool>(),
        ) {
            let ranks = [1, 2, 0];
            let mut day = DayCalls::default();
            let mut expected = Vec::new();
            for (index, (event_time_ms, number, object)) in (0..).zip(calls) {
                let event_id = event_id(number, of_texts);
                let call = Call {
                    event_time_ms,
                    event_id: event_id.clone(),
                    original_event_id: None,
                    request_id: number.is_multiple_of(3).then_some(CallId::Uuid([7; 16])),
                    input_tokens: None,
                    output_tokens: None,
                    caller: Caller::default(),
                    context: Default::default(),
                };
                day.add_one(call, object, index).unwrap();
                let rank = ranks[object as usize];
                expected.push((event_time_ms, event_id.to_string(), rank, index));
            }
            expected.sort();
            let expected = expected.into_iter().map(|(.., index)| index).collect::<Vec<_>>();
            prop_assert_eq!(by_time(&day.held, &day.whole, &ranks), expected);
        }
    }
}
