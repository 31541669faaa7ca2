//! The lengths of texts as the differences between them (Parquet format, "Delta Encoding"): of ids,
//! which are all of one length, next to nothing.

use crate::hybrid::{append_varint, bits_of, pack};

/// Differences that are told with the least of them.
const BLOCK: usize = 128;

/// Differences that are written in the same number of bits.
const MINIBLOCK: usize = 32;

/// Appends lengths, none of which is 2 GiB or more.
pub(crate) fn append_lengths(lengths: &[u32], bytes: &mut Vec<u8>) {
    for number in [BLOCK, BLOCK / MINIBLOCK, lengths.len()] {
        append_varint(number as u64, bytes);
    }
    append_signed(lengths.first().copied().map_or(0, i64::from), bytes);
    let difference = |pair: &[u32]| i64::from(pair[1]) - i64::from(pair[0]);
    let differences = lengths.windows(2).map(difference).collect::<Vec<_>>();
    for block in differences.chunks(BLOCK) {
        let least = block.iter().copied().min().unwrap_or_default();
        append_signed(least, bytes);
        let widths_at = bytes.len();
        bytes.resize(widths_at + BLOCK / MINIBLOCK, 0);
        for (index, miniblock) in block.chunks(MINIBLOCK).enumerate() {
            // The last one is filled up.
            let mut above = [0; MINIBLOCK];
            for (above, difference) in above.iter_mut().zip(miniblock) {
                *above = u32::try_from(difference - least).unwrap_or(u32::MAX);
            }
            let bits = bits_of(above.iter().copied().max().unwrap_or_default());
            bytes[widths_at + index] = bits.to_le_bytes()[0];
            pack(&above, bits, bytes);
        }
    }
}

/// Small numbers on both sides of zero in few bytes ("zigzag").
fn append_signed(number: i64, bytes: &mut Vec<u8>) {
    append_varint((number << 1 ^ number >> 63).cast_unsigned(), bytes);
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn encoded(lengths: &[u32]) -> Vec<u8> {
        let mut bytes = Vec::new();
        append_lengths(lengths, &mut bytes);
        bytes
    }

    /// Reads lengths bit by bit, as the format is written down, and gives what stands behind them.
    fn decoded(bytes: &[u8]) -> (Vec<u32>, &[u8]) {
        let mut bytes = bytes;
        let varint = |bytes: &mut &[u8]| {
            let mut number = 0u64;
            for shift in (0..).step_by(7) {
                let (byte, rest) = bytes.split_first().expect("a number");
                *bytes = rest;
                number |= u64::from(byte & 0x7f) << shift;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            number
        };
        let signed = |bytes: &mut &[u8]| {
            let number = varint(bytes);
            (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
        };
        let (block, n_miniblocks) = (varint(&mut bytes) as usize, varint(&mut bytes) as usize);
        let (count, mut last) = (varint(&mut bytes) as usize, signed(&mut bytes));
        let mut lengths = Vec::new();
        lengths.extend((count > 0).then_some(last as u32));
        while lengths.len() < count {
            let least = signed(&mut bytes);
            let (widths, rest) = bytes.split_at(n_miniblocks);
            bytes = rest;
            for width in widths {
                if lengths.len() == count {
                    assert_eq!(*width, 0, "nothing is left for this one");
                    continue;
                }
                let (width, n) = (usize::from(*width), block / n_miniblocks);
                let (packed, rest) = bytes.split_at(n * width / 8);
                bytes = rest;
                for index in 0..n.min(count - lengths.len()) {
                    let at = |bit: usize| index * width + bit;
                    let bit =
                        |bit: usize| i64::from(packed[at(bit) / 8] >> (at(bit) % 8) & 1) << bit;
                    last += least + (0..width).map(bit).sum::<i64>();
                    lengths.push(u32::try_from(last).expect("a length"));
                }
            }
        }
        (lengths, bytes)
    }

    #[test]
    fn the_examples_of_the_format() {
        // 1, 2, 3, 4, 5: the differences are all 1, so that no bits are left.
        assert_eq!(encoded(&[1, 2, 3, 4, 5]), [0x80, 1, 4, 5, 2, 2, 0, 0, 0, 0]);
        // 7, 5, 3, 1, 2, 3, 4, 5: the least difference is -2, and 3 above it is the most.
        let expected = [0x80, 1, 4, 8, 14, 3, 2, 0, 0, 0, 0b1100_0000, 0b0011_1111];
        assert_eq!(encoded(&[7, 5, 3, 1, 2, 3, 4, 5]), [&expected[..], &[0; 6]].concat());
    }

    #[test]
    fn lengths_of_ids_take_next_to_nothing() {
        assert!(encoded(&[36; 8192]).len() < 400);
    }

    #[test]
    fn the_greatest_differences() {
        let greatest = (1 << 31) - 1;
        let lengths = [0, greatest, 0, 0, greatest, greatest];
        assert_eq!(decoded(&encoded(&lengths)), (lengths.to_vec(), &[][..]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_lengths(runs in vec((0u32..1 << 31, 1usize..200), 0..8), few in vec(0u32..80, 0..300)) {
            let runs = runs.iter().flat_map(|(n, times)| std::iter::repeat_n(*n, *times));
            for lengths in [runs.collect::<Vec<_>>(), few] {
                let bytes = encoded(&lengths);
                prop_assert_eq!(decoded(&bytes), (lengths, &[][..]));
            }
        }
    }
}
