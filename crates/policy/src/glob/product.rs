//! Lists of patterns side by side: which combinations of lists some text matches, each with a shortest such
//! text.
//!
//! All patterns are followed at once, breadth first, by the places that they can have reached. From a set of
//! places only few characters lead to different sets: those that are named there, the colon, and one that is
//! not named. Once a list matches whatever follows, its other patterns do not matter any more. Therefore the
//! number of sets decides, and not that of the characters or of the patterns.

use std::collections::{BTreeMap, BTreeSet};

use super::{Element, Glob};

/// Candidates for a character that no pattern names, the most readable first.
const OTHERS: &str = "xyzabcdefghijklmnopqrstuvw0123456789";

/// Steps that a search may still take; each is one place of one pattern.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget(pub(crate) usize);

/// That a search takes more steps than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OverBudget;

/// A text, and which of the lists match it, in ascending order: those with a pattern that does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Combination {
    pub(crate) matched: Vec<usize>,
    pub(crate) text: String,
}

/// The places that can have been reached, in ascending order: indices into all elements, with one more for the
/// end of each pattern.
type Places = Vec<usize>;

struct Product<'a> {
    /// The elements of all patterns; `None` is the end of one.
    elements: Vec<Option<Element>>,
    /// The list and the pattern that each element is of.
    owners: Vec<(usize, &'a Glob)>,
    /// A place of each list from which it matches whatever follows; the next one is an end.
    settled: Vec<Option<usize>>,
    starts: Vec<usize>,
    /// Other characters that are the same without case as one that is named; by that in lower case.
    variants: BTreeMap<String, Vec<char>>,
}

impl Budget {
    pub(crate) fn take(&mut self, n_steps: usize) -> Result<(), OverBudget> {
        self.0 = self.0.checked_sub(n_steps).ok_or(OverBudget)?;
        Ok(())
    }
}

/// Every combination of lists that some text matches, with a shortest text. Only texts count that match one of
/// `within`, unless it is empty.
pub(crate) fn combinations(
    lists: &[Vec<&Glob>],
    within: &[&Glob],
    budget: &mut Budget,
) -> Result<Vec<Combination>, OverBudget> {
    // The first list is that of what counts.
    let first = within.to_vec();
    let product = Product::new(&std::iter::once(&first).chain(lists).collect::<Vec<_>>());
    let start = product.start();
    // Each set of places with the one that it was reached from, and by which character.
    let mut reached = vec![(start.clone(), None)];
    let mut seen = BTreeSet::from([start]);
    let mut found = BTreeSet::new();
    let mut combinations = Vec::new();
    let mut next = 0;
    while next < reached.len() {
        let places = reached[next].0.clone();
        let matched = product.matched(&places);
        budget.take(1 + matched.len())?;
        let is_within = within.is_empty() || matched.contains(&0);
        if is_within && found.insert(matched.clone()) {
            let lists = matched.iter().filter_map(|list| list.checked_sub(1));
            let text = text_of(&reached, next);
            combinations.push(Combination { matched: lists.collect(), text });
        }
        for character in product.characters(&places) {
            budget.take(1 + places.len())?;
            let to = product.step(&places, character);
            let is_alive = |place: &usize| product.owners[*place].0 == 0;
            if !within.is_empty() && !to.iter().any(is_alive) {
                continue;
            }
            if seen.insert(to.clone()) {
                reached.push((to, Some((next, character))));
            }
        }
        next += 1;
    }
    Ok(combinations)
}

/// The characters on the way to a set of places.
fn text_of(reached: &[(Places, Option<(usize, char)>)], last: usize) -> String {
    let mut characters = Vec::new();
    let mut place = last;
    while let Some((before, character)) = reached[place].1 {
        characters.push(character);
        place = before;
    }
    characters.into_iter().rev().collect()
}

impl<'a> Product<'a> {
    fn new(lists: &[&Vec<&'a Glob>]) -> Self {
        let (mut elements, mut owners, mut starts) = (Vec::new(), Vec::new(), Vec::new());
        let mut settled = vec![None; lists.len()];
        for (list, globs) in lists.iter().enumerate() {
            for glob in *globs {
                starts.push(elements.len());
                elements.extend(glob.elements.iter().copied().map(Some));
                if let Some(Element::Many { colon: true }) = glob.elements.last() {
                    settled[list] = Some(elements.len() - 1);
                }
                elements.push(None);
                owners.resize(elements.len(), (list, *glob));
            }
        }
        let globs = lists.iter().flat_map(|globs| globs.iter().copied()).collect::<Vec<_>>();
        Product { elements, owners, settled, starts, variants: variants(&globs) }
    }

    fn start(&self) -> Places {
        let mut places = Vec::new();
        for start in &self.starts {
            self.reach(*start, &mut places);
        }
        self.tidy(places)
    }

    /// The lists that match a text which ends here.
    fn matched(&self, places: &Places) -> Vec<usize> {
        let ends = places.iter().filter(|place| self.elements[**place].is_none());
        let mut lists = ends.map(|place| self.owners[*place].0).collect::<Vec<_>>();
        lists.dedup();
        lists
    }

    /// Adds a place, and those behind `*`, which matches nothing, too.
    fn reach(&self, place: usize, places: &mut Places) {
        let mut place = place;
        places.push(place);
        while matches!(self.elements[place], Some(Element::Many { .. })) {
            place += 1;
            places.push(place);
        }
    }

    fn step(&self, places: &Places, character: char) -> Places {
        let mut to = Vec::with_capacity(places.len());
        for place in places {
            let Some(element) = self.elements[*place] else { continue };
            if self.owners[*place].1.is_one(element, character) {
                let is_many = matches!(element, Element::Many { .. });
                self.reach(if is_many { *place } else { *place + 1 }, &mut to);
            }
        }
        self.tidy(to)
    }

    /// In order, and of a list that matches whatever follows nothing else.
    fn tidy(&self, mut places: Places) -> Places {
        places.sort_unstable();
        places.dedup();
        let is_settled = |place: usize| {
            matches!(self.elements[place], Some(Element::Many { colon: true }))
                && self.elements[place + 1].is_none()
        };
        let settled = places.iter().filter(|place| is_settled(**place));
        let settled = settled.map(|place| self.owners[*place].0).collect::<BTreeSet<_>>();
        if settled.is_empty() {
            return places;
        }
        places.retain(|place| !settled.contains(&self.owners[*place].0));
        for place in settled.iter().filter_map(|list| self.settled[*list]) {
            places.extend([place, place + 1]);
        }
        places.sort_unstable();
        places
    }

    /// The characters that need to be tried: from these places, any other leads where one of them does.
    fn characters(&self, places: &Places) -> Vec<char> {
        let mut named = Vec::new();
        for place in places {
            match self.elements[*place] {
                Some(Element::Char(character)) => {
                    named.push(character);
                    if self.owners[*place].1.ignores_case {
                        let lower = character.to_lowercase().collect::<String>();
                        named.extend(self.variants.get(&lower).into_iter().flatten());
                    }
                }
                Some(Element::One { colon: false } | Element::Many { colon: false }) => {
                    named.push(':');
                }
                _ => {}
            }
        }
        let mut named = named.into_iter().collect::<BTreeSet<_>>();
        let is_other = |other: &char| {
            let is_same = |it: &char| it.to_lowercase().eq(other.to_lowercase());
            *other != ':' && !named.iter().any(is_same)
        };
        let other = OTHERS.chars().chain('\u{e000}'..='\u{f8ff}').find(is_other);
        named.extend(other);
        named.into_iter().collect()
    }
}

/// The characters that are the same without case as those that patterns name. Patterns that all mind no case do
/// not tell them apart.
fn variants(globs: &[&Glob]) -> BTreeMap<String, Vec<char>> {
    if globs.iter().all(|glob| glob.ignores_case || glob.is_without_characters()) {
        return BTreeMap::new();
    }
    let mut variants = BTreeMap::<String, Vec<char>>::new();
    for glob in globs.iter().filter(|glob| glob.ignores_case) {
        for element in &glob.elements {
            let Element::Char(character) = element else { continue };
            variants.entry(character.to_lowercase().collect()).or_default();
        }
    }
    for (lower, same) in &mut variants {
        let ascii = lower.chars().next().filter(|it| it.is_ascii() && lower.len() == 1);
        let upper = ascii.map(|it| it.to_ascii_uppercase()).filter(|it| Some(*it) != ascii);
        // The only other character that becomes an ASCII one.
        let kelvin = (ascii == Some('k')).then_some('\u{212a}');
        same.extend(ascii.into_iter().chain(upper).chain(kelvin));
    }
    if variants.values().all(|same| !same.is_empty()) {
        return variants;
    }
    for character in ('\u{80}'..=char::MAX).filter(|it| it.is_alphabetic()) {
        let lower = character.to_lowercase().collect::<String>();
        if let Some(same) = variants.get_mut(&lower).filter(|_| !lower.is_ascii()) {
            same.push(character);
        }
    }
    variants
}

#[cfg(test)]
mod tests {
    use super::super::symbols;
    use super::*;

    fn text(text: &str, ignores_case: bool) -> Glob {
        Glob::text(&symbols(text), true, ignores_case)
    }

    #[test]
    fn texts_are_shortest_and_match_what_they_say() {
        let globs = ["ab*", "*b", "a?c", "*"].map(|it| text(it, false));
        let globs = globs.iter().collect::<Vec<_>>();
        let lists = globs.iter().map(|glob| vec![*glob]).collect::<Vec<_>>();
        let found = combinations(&lists, &[], &mut Budget(10_000)).unwrap();
        for Combination { matched, text } in &found {
            let expected = (0..globs.len()).filter(|glob| globs[*glob].is_match(text));
            assert_eq!(*matched, expected.collect::<Vec<_>>(), "{text}");
        }
        let texts = found.iter().map(|it| it.text.as_str()).collect::<Vec<_>>();
        assert_eq!(texts, ["", "b", "ab", "abc", "abx", "axc"]);
        assert_eq!(combinations(&lists, &[], &mut Budget(20)), Err(OverBudget));
    }

    #[test]
    fn colons_are_told_apart_where_one_pattern_minds_them() {
        let (of_text, of_part) = (text("u?s", false), Glob::resource(&symbols("u?s")));
        let found = combinations(&[vec![&of_text], vec![&of_part]], &[], &mut Budget(10_000));
        let texts = found.unwrap().into_iter().map(|it| (it.matched, it.text)).collect::<Vec<_>>();
        let expected = [(vec![], ""), (vec![0], "u:s"), (vec![0, 1], "uxs")];
        assert_eq!(texts, expected.map(|(matched, text)| (matched, text.to_owned())));
    }

    #[test]
    fn case_is_told_apart_where_one_pattern_minds_it() {
        let globs = [text("k", true), text("k", false), text("K", false)];
        let lists = globs.iter().map(|glob| vec![glob]).collect::<Vec<_>>();
        let found = combinations(&lists, &[], &mut Budget(10_000)).unwrap();
        let texts = found.iter().map(|it| it.text.as_str()).collect::<Vec<_>>();
        // The Kelvin sign is a K without case.
        assert_eq!(texts, ["", "K", "k", "\u{212a}"]);

        let globs = [text("Å", true), text("å", false), text("Å", false)];
        let lists = globs.iter().map(|glob| vec![glob]).collect::<Vec<_>>();
        let found = combinations(&lists, &[], &mut Budget(10_000)).unwrap();
        let texts = found.iter().map(|it| it.text.as_str()).collect::<Vec<_>>();
        assert_eq!(texts, ["", "Å", "å", "\u{212b}"]);
    }

    #[test]
    fn one_other_character_becomes_an_ascii_one_in_lower_case() {
        let others = ('\u{80}'..=char::MAX).filter(|it| it.to_lowercase().all(|it| it.is_ascii()));
        assert_eq!(others.collect::<Vec<_>>(), ['\u{212a}']);
    }

    /// Where each pattern can match again and again, the combinations of patterns are very many, those of lists
    /// are few.
    #[test]
    fn patterns_of_one_list_are_not_told_apart() {
        let globs =
            (0..60).map(|it| text(&format!("a:*:*:type/m{it}x*"), false)).collect::<Vec<_>>();
        let all = globs.iter().collect::<Vec<_>>();
        let one = vec![&globs[7]];
        let found = combinations(&[all, one], &[], &mut Budget(1_000_000)).unwrap();
        let matched = found.iter().map(|it| it.matched.as_slice()).collect::<Vec<_>>();
        assert_eq!(matched, [&[][..], &[0], &[0, 1]]);
        assert_eq!(found[2].text, "a:::type/m7x");
        let alone = globs.iter().map(|glob| vec![glob]).collect::<Vec<_>>();
        assert_eq!(combinations(&alone, &[], &mut Budget(1_000_000)), Err(OverBudget));
    }
}
