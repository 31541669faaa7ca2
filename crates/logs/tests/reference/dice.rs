//! Choices: of a test runner that shrinks them, or endless ones out of a seed. Where they run out, and
//! where they shrink to, is zero: the plainest choice.

/// A source of choices.
#[derive(Debug)]
pub(crate) struct Dice<'c> {
    choices: std::slice::Iter<'c, u32>,
    endless: Option<testkit::Dice>,
}

impl<'c> Dice<'c> {
    pub(crate) fn of_choices(choices: &'c [u32]) -> Self {
        Dice { choices: choices.iter(), endless: None }
    }

    pub(crate) fn of_seed(seed: u64) -> Self {
        Dice { choices: [].iter(), endless: Some(testkit::Dice::new(seed)) }
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        match (self.choices.next(), &mut self.endless) {
            (Some(choice), _) => *choice as usize % sides,
            (None, Some(dice)) => dice.index(sides),
            (None, None) => 0,
        }
    }

    /// True once in so many rolls.
    pub(crate) fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == sides - 1
    }

    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.roll(items.len())]
    }
}
