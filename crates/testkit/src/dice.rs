//! Random numbers that are the same every time.

/// A generator of random numbers, the same for the same seed on every machine (`SplitMix64`, by Steele,
/// Lea and Flood).
#[derive(Debug, Clone)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// A generator with a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Dice { state: seed }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below a bound.
    ///
    /// # Panics
    ///
    /// Panics if the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.bits() % bound
    }

    /// An index into so many items.
    ///
    /// # Panics
    ///
    /// Panics if there are none.
    pub fn index(&mut self, n_items: usize) -> usize {
        usize::try_from(self.below(n_items as u64)).expect("smaller than a usize")
    }

    /// One of several items.
    ///
    /// # Panics
    ///
    /// Panics if there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }

    /// Puts items into a random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }

    /// A UUID in lower case, of the version that AWS's ids have.
    pub fn uuid(&mut self) -> String {
        let (a, b) = (self.bits(), self.bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn bits_of_a_seed_are_those_of_the_published_generator() {
        // The first outputs of the reference implementation in C for the seed 1234567.
        let mut dice = Dice::new(1_234_567);
        let expected =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([(); 3].map(|()| dice.bits()), expected);
    }
}
