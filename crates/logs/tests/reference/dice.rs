//! Choices: of a test runner that shrinks them, or endless ones out of a seed. Where they run out, and
//! where they shrink to, is zero: the plainest choice.

/// A source of choices.
#[derive(Debug)]
pub(crate) struct Dice<'c> {
    choices: std::slice::Iter<'c, u32>,
    seed: Option<u64>,
}

impl<'c> Dice<'c> {
    pub(crate) fn of_choices(choices: &'c [u32]) -> Self {
        Dice { choices: choices.iter(), seed: None }
    }

    pub(crate) fn of_seed(seed: u64) -> Self {
        Dice { choices: [].iter(), seed: Some(seed) }
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        let choice = match (self.choices.next(), &mut self.seed) {
            (Some(choice), _) => u64::from(*choice),
            (None, None) => 0,
            (None, Some(seed)) => {
                // SplitMix64, by Steele, Lea and Flood.
                *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mixed = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                (mixed ^ (mixed >> 31)) >> 16
            }
        };
        usize::try_from(choice % sides as u64).expect("smaller than sides")
    }

    /// True once in so many rolls.
    pub(crate) fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == sides - 1
    }

    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.roll(items.len())]
    }
}
