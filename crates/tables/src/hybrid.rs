//! Parquet's hybrid of run lengths and bit packing, in which it writes small numbers (Parquet format,
//! "Run Length Encoding / Bit-Packing Hybrid"): equal numbers in a row as one number and how often it
//! stands, all others packed by eights, lowest bits first.

/// How many numbers are packed at a time.
const GROUP: usize = 8;

/// The bits that a number needs if none is greater.
pub(crate) fn bits_of(greatest: u32) -> u32 {
    u32::BITS - greatest.leading_zeros()
}

/// Appends numbers of no more than `bits` bits each.
pub(crate) fn encode(numbers: &[u32], bits: u32, bytes: &mut Vec<u8>) {
    // What is not yet written: only whole groups, but for the last one.
    let (mut packed_from, mut at) = (0, 0);
    while let Some(first) = numbers.get(at) {
        let rest = &numbers[at..];
        let are_same = match rest.first_chunk::<GROUP>() {
            // One question for all eight: what each of them is cannot be foreseen.
            Some(group) => group.iter().fold(0, |unlike, number| unlike | (number ^ first)) == 0,
            None => rest.iter().all(|number| number == first),
        };
        if !are_same {
            at += rest.len().min(GROUP);
            continue;
        }
        let times = rest.iter().take_while(|number| *number == first).count();
        pack(&numbers[packed_from..at], bits, bytes);
        repeat(*first, times, bits, bytes);
        at += times;
        packed_from = at;
    }
    pack(&numbers[packed_from..], bits, bytes);
}

/// Appends one number as often as it stands.
pub(crate) fn repeat(number: u32, times: usize, bits: u32, bytes: &mut Vec<u8>) {
    if times == 0 {
        return;
    }
    append_varint((times as u64) << 1, bytes);
    bytes.extend_from_slice(&number.to_le_bytes()[..bits.div_ceil(8) as usize]);
}

fn pack(numbers: &[u32], bits: u32, bytes: &mut Vec<u8>) {
    if numbers.is_empty() {
        return;
    }
    let n_groups = numbers.len().div_ceil(GROUP);
    append_varint((n_groups as u64) << 1 | 1, bytes);
    let end = bytes.len() + n_groups * bits as usize;
    let (mut pending, mut n_pending) = (0u64, 0);
    for number in numbers {
        pending |= u64::from(*number) << n_pending;
        n_pending += bits;
        if n_pending >= u32::BITS {
            bytes.extend_from_slice(&pending.to_le_bytes()[..4]);
            pending >>= u32::BITS;
            n_pending -= u32::BITS;
        }
    }
    bytes.extend_from_slice(&pending.to_le_bytes()[..n_pending.div_ceil(8) as usize]);
    // The last group is filled up with zeros.
    bytes.resize(end, 0);
}

fn append_varint(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Reads numbers bit by bit, as the format is written down.
    fn decoded(mut bytes: &[u8], bits: u32, count: usize) -> Vec<u32> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            let mut header = 0u64;
            for shift in (0..).step_by(7) {
                let (byte, rest) = bytes.split_first().expect("a header");
                bytes = rest;
                header |= u64::from(byte & 0x7f) << shift;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            let n = (header >> 1) as usize;
            assert!(n > 0, "no empty runs");
            let is_packed = header & 1 == 1;
            let n_bytes = if is_packed { n * bits as usize } else { bits.div_ceil(8) as usize };
            let (run, rest) = bytes.split_at(n_bytes);
            bytes = rest;
            let number = |index: usize| {
                let bit = |bit: u32| {
                    let at = index * bits as usize + bit as usize;
                    u32::from(run[at / 8] >> (at % 8) & 1) << bit
                };
                (0..bits).map(bit).sum::<u32>()
            };
            match is_packed {
                true => numbers.extend((0..n * 8).map(number)),
                false => numbers.extend(std::iter::repeat_n(number(0), n)),
            }
        }
        assert_eq!(bytes, [] as [u8; 0], "nothing behind the last number");
        assert!(numbers.len() < count + GROUP, "only the last group is filled up");
        numbers.truncate(count);
        numbers
    }

    fn check(numbers: &[u32], bits: u32) {
        let mut bytes = Vec::new();
        encode(numbers, bits, &mut bytes);
        assert_eq!(decoded(&bytes, bits, numbers.len()), numbers, "{bits} bits");
    }

    #[test]
    fn the_example_of_the_format() {
        let mut bytes = Vec::new();
        encode(&[0, 1, 2, 3, 4, 5, 6, 7], 3, &mut bytes);
        assert_eq!(bytes, [0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
        bytes.clear();
        encode(&[5; 1000], 3, &mut bytes);
        assert_eq!(bytes, [0b1101_0000, 0b1111, 5]);
    }

    #[test]
    fn any_width() {
        for bits in 0..=32 {
            let greatest = u32::MAX.checked_shr(32 - bits).unwrap_or_default();
            assert_eq!(bits_of(greatest), bits);
            check(&[greatest], bits);
            let numbers = (0..100).map(|n: u32| n.wrapping_mul(0x9e37_79b9) & greatest);
            check(&numbers.collect::<Vec<_>>(), bits);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_runs(runs in vec((0u32..20, 1usize..40), 0..12)) {
            let numbers = runs.iter().flat_map(|(n, times)| std::iter::repeat_n(*n, *times));
            let numbers = numbers.collect::<Vec<_>>();
            let bits = bits_of(numbers.iter().copied().max().unwrap_or_default());
            check(&numbers, bits);
            check(&numbers, bits + 7);
        }
    }
}
