//! Random numbers that are the same on every machine and in every release: a corpus is named by its
//! seed.

/// A generator (`SplitMix64`, by Sebastiano Vigna; public domain).
#[derive(Debug, Clone)]
pub struct Dice {
    state: u64,
}

const LOWER_HEX: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Dice {
    /// A generator for a thing that is named by numbers. Different names give independent streams,
    /// so that objects may be made in any order.
    pub fn new(name: &[u64]) -> Self {
        let mut dice = Dice { state: 0x686f_7074_7261_696c };
        for part in name {
            dice.state ^= part.wrapping_mul(0xff51_afd7_ed55_8ccd);
            dice.state = dice.bits();
        }
        dice
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `limit`, which is above 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        // The top bits times the limit: no division, and a bias far below what matters here.
        ((self.bits() >> 32) * limit) >> 32
    }

    /// True so many times of a million.
    pub fn in_a_million(&mut self, rate: u64) -> bool {
        self.below(1_000_000) < rate
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// What letters are appended by, as a text of its own.
    pub fn text(&mut self, letters: impl FnOnce(&mut Self, &mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        letters(self, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Appends lower-case hexadecimal digits.
    pub fn hex(&mut self, out: &mut Vec<u8>, digits: usize) {
        self.letters(out, digits, LOWER_HEX, 4);
    }

    /// Appends letters and digits as access keys have them.
    pub fn upper(&mut self, out: &mut Vec<u8>, letters: usize) {
        self.letters(out, letters, UPPER, 5);
    }

    /// Appends base64.
    pub fn base64(&mut self, out: &mut Vec<u8>, letters: usize) {
        self.letters(out, letters, BASE64, 6);
    }

    /// Appends a UUID of version 4.
    pub fn uuid(&mut self, out: &mut Vec<u8>) {
        let start = out.len();
        for digits in [8, 4, 4, 4, 12] {
            if out.len() > start {
                out.push(b'-');
            }
            self.hex(out, digits);
        }
        out[start + 14] = b'4';
        out[start + 19] = b"89ab"[(out[start + 19] & 3) as usize];
    }

    fn letters(&mut self, out: &mut Vec<u8>, count: usize, alphabet: &[u8], bits: usize) {
        let (mut random, mut left) = (0, 0);
        for _ in 0..count {
            if left < bits {
                (random, left) = (self.bits(), 64);
            }
            out.push(alphabet[(random as usize) & ((1 << bits) - 1)]);
            random >>= bits;
            left -= bits;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_gives_the_same_numbers() {
        let numbers = |name: &[u64]| {
            let mut dice = Dice::new(name);
            [dice.bits(), dice.below(1000), dice.bits()]
        };
        assert_eq!(numbers(&[1, 2]), numbers(&[1, 2]));
        assert_ne!(numbers(&[1, 2]), numbers(&[2, 1]));
        // A change here is a change of every corpus.
        assert_eq!(Dice::new(&[1]).bits(), 14_933_312_563_120_142_420);
    }

    #[test]
    fn ids_look_like_ids() {
        let mut out = Vec::new();
        Dice::new(&[7]).uuid(&mut out);
        let text = String::from_utf8(out).expect("ASCII");
        assert_eq!(text.len(), 36);
        assert_eq!(text.as_bytes()[14], b'4', "{text}");
        assert!(text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit()), "{text}");
    }
}
