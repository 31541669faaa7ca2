//! The latest few of many.

use std::ops::{Deref, DerefMut};

/// Up to `N` things. The one that came first makes room for another.
#[derive(Debug)]
pub(super) struct Latest<T, const N: usize> {
    things: Vec<T>,
    /// The place of the one that came first, once there are `N`.
    first: usize,
}

impl<T, const N: usize> Default for Latest<T, N> {
    fn default() -> Self {
        Latest { things: Vec::new(), first: 0 }
    }
}

impl<T, const N: usize> Latest<T, N> {
    pub(super) fn push(&mut self, thing: T) {
        if self.things.len() < N {
            self.things.push(thing);
        } else {
            self.things[self.first] = thing;
            self.first = (self.first + 1) % N;
        }
    }
}

/// In no order that means anything.
impl<T, const N: usize> Deref for Latest<T, N> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.things
    }
}

impl<T, const N: usize> DerefMut for Latest<T, N> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.things
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ones_make_room() {
        let mut latest = Latest::<u32, 3>::default();
        let after = |number| {
            latest.push(number);
            latest.to_vec()
        };
        let all = (0..7).map(after).collect::<Vec<_>>();
        assert_eq!(all[..3], [vec![0], vec![0, 1], vec![0, 1, 2]]);
        assert_eq!(all[3..], [[3, 1, 2], [3, 4, 2], [3, 4, 5], [6, 4, 5]]);
    }
}
