//! Patterns of policies: texts with `*` and `?`. One form serves actions, resources, ARNs, and texts; they
//! differ in what case means and in which wildcards may match a colon.
//!
//! Matching follows all ways through a pattern at once; therefore, it takes at most the pattern's length times
//! the text's, however the pattern is made.

pub(crate) mod inclusion;
pub(crate) mod product;

use std::collections::BTreeMap;

use product::{Budget, combinations};

/// Patterns with fewer elements are matched without an allocation.
const MAX_SMALL: usize = 127;

/// The colons of an ARN before its sixth part, which may have colons of its own.
const ARN_COLONS: usize = 5;

/// A character of a pattern, after its variables are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Symbol {
    pub(crate) character: char,
    /// Whether `*` and `?` are wildcards: not in the value of a variable, nor in `${*}`.
    pub(crate) may_be_wild: bool,
}

/// What one step of a pattern matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Element {
    /// This character.
    Char(char),
    /// One character.
    One { colon: bool },
    /// Any number of characters.
    Many { colon: bool },
}

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Glob {
    elements: Vec<Element>,
    ignores_case: bool,
}

/// The places that a match can have reached, one for each element and one for the end.
type Places = Vec<bool>;

impl Glob {
    /// A pattern of actions: `bedrock:Invoke*`, in any case.
    pub(crate) fn action(text: &str) -> Self {
        Self::text(&symbols(text), true, true)
    }

    /// A text, whose wildcards, if it may have any, match everything.
    pub(crate) fn text(symbols: &[Symbol], has_wildcards: bool, ignores_case: bool) -> Self {
        let element = |symbol: &Symbol| match symbol {
            Symbol { character: '*', may_be_wild: true } if has_wildcards => {
                Element::Many { colon: true }
            }
            Symbol { character: '?', may_be_wild: true } if has_wildcards => {
                Element::One { colon: true }
            }
            Symbol { character, .. } => Element::Char(*character),
        };
        Glob { elements: symbols.iter().map(element).collect(), ignores_case }
    }

    /// A pattern of resources. A wildcard stays within its part of the ARN, but `*` at the end of a part
    /// matches colons, too ("can expand to match beyond the colon boundaries", IAM user guide, "Resource").
    pub(crate) fn resource(symbols: &[Symbol]) -> Self {
        let mut n_colons = 0;
        let mut elements = Vec::with_capacity(symbols.len());
        for (place, symbol) in symbols.iter().enumerate() {
            let is_in_sixth = n_colons >= ARN_COLONS;
            elements.push(match symbol {
                Symbol { character: '*', may_be_wild: true } => {
                    let next = symbols.get(place + 1).map(|next| next.character);
                    Element::Many { colon: is_in_sixth || matches!(next, None | Some(':' | '*')) }
                }
                Symbol { character: '?', may_be_wild: true } => Element::One { colon: is_in_sixth },
                Symbol { character, .. } => Element::Char(*character),
            });
            n_colons += usize::from(symbol.character == ':');
        }
        Glob { elements, ignores_case: false }
    }

    /// A pattern of an ARN condition, whose six parts are compared one by one; `None` if it has fewer, because
    /// then it matches nothing.
    pub(crate) fn arn(symbols: &[Symbol]) -> Option<Self> {
        let mut n_colons = 0;
        let mut elements = Vec::with_capacity(symbols.len());
        for symbol in symbols {
            let colon = n_colons >= ARN_COLONS;
            elements.push(match symbol {
                Symbol { character: '*', may_be_wild: true } => Element::Many { colon },
                Symbol { character: '?', may_be_wild: true } => Element::One { colon },
                Symbol { character, .. } => Element::Char(*character),
            });
            n_colons += usize::from(symbol.character == ':');
        }
        (n_colons >= ARN_COLONS).then_some(Glob { elements, ignores_case: false })
    }

    /// What the action of a request looks like: a service and a name.
    pub(crate) fn any_action() -> Self {
        const PART: [Element; 2] = [Element::One { colon: false }, Element::Many { colon: false }];
        let elements = [&PART[..], &[Element::Char(':')], &PART].concat();
        Glob { elements, ignores_case: true }
    }

    /// What the resource of a request looks like, unless it is `*`: an ARN with its six parts.
    pub(crate) fn any_arn() -> Self {
        let one = |colon| [Element::One { colon }, Element::Many { colon }];
        let any = [Element::Many { colon: false }];
        let colon = [Element::Char(':')];
        let head = "arn:".chars().map(Element::Char).collect::<Vec<_>>();
        let service = one(false);
        let parts: [&[Element]; 10] =
            [&head, &service, &colon, &service, &colon, &any, &colon, &any, &colon, &one(true)];
        Glob { elements: parts.concat(), ignores_case: false }
    }

    /// A shortest text that it matches.
    fn shortest(&self) -> String {
        let character = |element: &Element| match element {
            Element::Char(character) => Some(*character),
            Element::One { .. } => Some('x'),
            Element::Many { .. } => None,
        };
        self.elements.iter().filter_map(character).collect()
    }

    /// Whether it has only wildcards.
    fn is_without_characters(&self) -> bool {
        !self.elements.iter().any(|it| matches!(it, Element::Char(_)))
    }

    /// Whether it is `*`.
    pub(crate) fn is_everything(&self) -> bool {
        self.elements == [Element::Many { colon: true }]
    }

    /// A text that it is like: itself with a text in place of each `*`.
    fn with_wildcards(&self, many: &str) -> String {
        let mut text = String::new();
        for element in &self.elements {
            match element {
                Element::Char(character) => text.push(*character),
                Element::One { .. } => text.push('x'),
                Element::Many { .. } => text.push_str(many),
            }
        }
        text
    }

    /// Whether it matches a text as a whole.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        // Most patterns differ from most texts in one of the first characters.
        let mut rest = text.chars();
        let n_plain = self.elements.iter().position(|it| !matches!(it, Element::Char(_)));
        let (plain, wild) = self.elements.split_at(n_plain.unwrap_or(self.elements.len()));
        for element in plain {
            if !rest.next().is_some_and(|character| self.is_one(*element, character)) {
                return false;
            }
        }
        if wild == [Element::Many { colon: true }] {
            return true;
        }
        // Of the rest, most differ in one of the last ones.
        let mut from_end = rest.clone().rev();
        let is_plain = |element: &&Element| matches!(element, Element::Char(_));
        for element in wild.iter().rev().take_while(is_plain) {
            if !from_end.next().is_some_and(|character| self.is_one(*element, character)) {
                return false;
            }
        }
        if wild.len() < MAX_SMALL {
            return self.is_small_match(wild, rest);
        }
        let mut places = self.start_of(wild);
        for character in rest {
            places = self.step_of(wild, &places, character);
            if !places.contains(&true) {
                return false;
            }
        }
        places.last().copied().unwrap_or_default()
    }

    /// Whether no text can match both, as far as the plain characters at both ends of the other tell.
    pub(crate) fn is_apart(&self, other: &Glob) -> bool {
        let plain = |element: &Element| match element {
            Element::Char(character) => Some(*character),
            _ => None,
        };
        let tails = self.elements.iter().rev().map_while(plain);
        let mut tails = tails.zip(other.elements.iter().rev().map_while(plain));
        if !self.ignores_case && !other.ignores_case && tails.any(|(own, other)| own != other) {
            return true;
        }
        if self.elements.len() >= MAX_SMALL || other.ignores_case {
            return false;
        }
        let head = other.elements.iter().map_while(plain).collect::<String>();
        self.reached(&self.elements, head.chars()) == 0
    }

    /// The places that a text reaches, as the bits of a number.
    fn reached(&self, elements: &[Element], text: std::str::Chars<'_>) -> u128 {
        self.follow(elements, text, false)
    }

    /// Whether it matches.
    fn is_small_match(&self, elements: &[Element], text: std::str::Chars<'_>) -> bool {
        self.follow(elements, text, true) & 1 << elements.len() != 0
    }

    /// Follows a text; may end early once all texts that go on match, if that is what is asked.
    fn follow(&self, elements: &[Element], text: std::str::Chars<'_>, may_end: bool) -> u128 {
        let bits = elements.iter().zip(0_u32..);
        let many = bits.filter(|(element, _)| matches!(element, Element::Many { .. }));
        let many = many.fold(0_u128, |many, (_, bit)| many | 1 << bit);
        let pass_many = |mut places: u128| {
            loop {
                let passed = places | (places & many) << 1;
                if passed == places {
                    return places;
                }
                places = passed;
            }
        };
        let end = 1_u128 << elements.len();
        let ends_with_all = may_end && elements.last() == Some(&Element::Many { colon: true });
        let mut places = pass_many(1);
        for character in text {
            if ends_with_all && places & end != 0 {
                return places;
            }
            let mut next = 0;
            let mut open = places & !end;
            while open != 0 {
                let place = open.trailing_zeros() as usize;
                if self.is_one(elements[place], character) {
                    let is_many = many >> place & 1 == 1;
                    next |= if is_many { 1 << place } else { 2 << place };
                }
                open &= open - 1;
            }
            if next == 0 {
                return 0;
            }
            places = pass_many(next);
        }
        places
    }

    fn is_one(&self, element: Element, character: char) -> bool {
        match element {
            Element::Char(own) if self.ignores_case => {
                own.eq_ignore_ascii_case(&character)
                    || !(own.is_ascii() && character.is_ascii())
                        && own.to_lowercase().eq(character.to_lowercase())
            }
            Element::Char(own) => own == character,
            Element::One { colon } | Element::Many { colon } => colon || character != ':',
        }
    }

    fn start_of(&self, elements: &[Element]) -> Places {
        let mut places = vec![false; elements.len() + 1];
        places[0] = true;
        pass_many(elements, &mut places);
        places
    }

    fn step_of(&self, elements: &[Element], places: &Places, character: char) -> Places {
        let mut next = vec![false; places.len()];
        for (place, element) in elements.iter().enumerate() {
            if places[place] && self.is_one(*element, character) {
                let to = if matches!(element, Element::Many { .. }) { place } else { place + 1 };
                next[to] = true;
            }
        }
        pass_many(elements, &mut next);
        next
    }
}

/// `*` matches nothing, too.
fn pass_many(elements: &[Element], places: &mut Places) {
    for (place, element) in elements.iter().enumerate() {
        if places[place] && matches!(element, Element::Many { .. }) {
            places[place + 1] = true;
        }
    }
}

/// A text whose `*` and `?` are wildcards.
pub(crate) fn symbols(text: &str) -> Vec<Symbol> {
    text.chars().map(|character| Symbol { character, may_be_wild: true }).collect()
}

/// Texts for every combination of lists that some text matches, where a list matches if one of its patterns does:
/// for any text there is one among them that the same lists match. Only texts count that match one of `within`, unless
/// it is empty. `None` if that takes more than so many steps, each of which is one place of one pattern.
pub(crate) fn witnesses_of_lists(
    lists: &[Vec<&Glob>],
    within: &[Glob],
    max_steps: usize,
) -> Option<Vec<String>> {
    /// More combinations than this are never all found by trying.
    const MAX_LISTS: usize = 6;
    let tried = tried(lists, within);
    if lists.len() <= MAX_LISTS && tried.len() == 1 << lists.len() {
        return Some(tried.into_values().collect());
    }
    let within = within.iter().collect::<Vec<_>>();
    let found = combinations(lists, &within, &mut Budget(max_steps)).ok()?;
    Some(found.into_iter().map(|it| it.text).collect())
}

/// Combinations that are found by trying short texts: those that patterns are made of. A search that finds no more is
/// spared.
fn tried(lists: &[Vec<&Glob>], within: &[Glob]) -> BTreeMap<Vec<bool>, String> {
    const OTHER: &str = "x";
    let mut texts = vec![String::new(), OTHER.to_owned()];
    for glob in lists.iter().flatten() {
        texts.extend(["", OTHER].map(|many| glob.with_wildcards(many)));
        // What is behind the last slash or colon is what patterns of ARNs differ in.
        let short = glob.with_wildcards("");
        let last = short.rsplit(['/', ':']).next().unwrap_or_default();
        texts.extend(within.iter().map(|within| within.with_wildcards(last)));
    }
    for glob in within {
        texts.extend(["", OTHER].map(|many| glob.with_wildcards(many)));
    }
    let mut found = BTreeMap::new();
    for text in texts {
        if !within.is_empty() && !within.iter().any(|glob| glob.is_match(&text)) {
            continue;
        }
        let matched = lists.iter().map(|list| list.iter().any(|glob| glob.is_match(&text)));
        found.entry(matched.collect()).or_insert(text);
    }
    found
}

/// Texts for every combination of patterns that some text matches: for any text there is one among them that
/// the same patterns match. Only texts count that match one of `within`, unless it is empty. `None` if that
/// takes more than so many steps, each of which is one place of one pattern.
pub(crate) fn witnesses(globs: &[&Glob], within: &[Glob], max_steps: usize) -> Option<Vec<String>> {
    let lists = globs.iter().map(|glob| vec![*glob]).collect::<Vec<_>>();
    witnesses_of_lists(&lists, within, max_steps)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn wildcards_of_resources_cross_colons_only_at_the_end_of_a_part() {
        for (pattern, text, expected) in [
            ("*", "arn:aws:bedrock:us-east-1::foundation-model/x", true),
            ("arn:aws:bedrock:*", "arn:aws:bedrock:us-east-1::foundation-model/x", true),
            ("arn:aws:bedrock:*::foundation-model/x", "arn:aws:bedrock:::foundation-model/x", true),
            (
                "arn:aws:bedrock:*:*:foundation-model/x",
                "arn:aws:bedrock:::foundation-model/x",
                true,
            ),
            (
                "arn:aws:bedrock:*:*:foundation-model/x",
                "arn:aws:bedrock:r:1:foundation-model/x",
                true,
            ),
            (
                "arn:aws:bedrock:us-*-1::foundation-model/x",
                "arn:aws:bedrock:us-a:b-1::foundation-model/x",
                false,
            ),
            ("arn:aws:bedrock:u?:1:x", "arn:aws:bedrock:u::1:x", false),
            (
                "arn:aws:bedrock:*::foundation-model/a*0",
                "arn:aws:bedrock:r::foundation-model/a-v1:0",
                true,
            ),
            (
                "arn:aws:bedrock:*::foundation-model/A",
                "arn:aws:bedrock:r::foundation-model/a",
                false,
            ),
        ] {
            assert_eq!(
                Glob::resource(&symbols(pattern)).is_match(text),
                expected,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn parts_of_an_arn_are_compared_one_by_one() {
        let own = "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.x-v1:0";
        for (pattern, expected) in [
            ("arn:aws:bedrock:*:*:inference-profile/us.*", true),
            ("arn:*:bedrock:us-east-?:*:inference-profile/us.x-v1:0", true),
            ("arn:aws:*:111122223333:inference-profile/us.*", false),
            ("arn:aws:bedrock:*:inference-profile/us.*", false),
            ("arn:*", false),
            ("*", false),
            ("*:*:*:*:*:*", true),
        ] {
            let found = Glob::arn(&symbols(pattern)).is_some_and(|glob| glob.is_match(own));
            assert_eq!(found, expected, "{pattern}");
        }
    }

    #[test]
    fn hostile_pattern_takes_no_longer_than_pattern_times_text() {
        let pattern = "a*".repeat(2_000);
        let text = "a".repeat(4_000);
        assert!(!Glob::text(&symbols(&format!("{pattern}b")), true, false).is_match(&text));
        assert!(Glob::text(&symbols(&pattern), true, false).is_match(&text));
    }

    #[test]
    fn short_and_long_patterns_match_alike() {
        // The long form has the same meaning: `**` is `*`.
        for pattern in ["a*b?c*", "*a*:b*", "?*?", "*", "a", "*a", "a*?"] {
            let long = pattern.replace('*', &"*".repeat(MAX_SMALL));
            for text in ["", "a", "ab", "aXbYc", "a:b", "xa:bb", "abcc", "aab", "a::b"] {
                let of = |text: &str| Glob::text(&symbols(text), true, false);
                assert_eq!(
                    of(pattern).is_match(text),
                    of(&long).is_match(text),
                    "{pattern} {text}"
                );
            }
        }
    }

    #[test]
    fn patterns_are_apart_only_where_no_text_matches_both() {
        let role = ["arn:aws:iam::1:role/app", "arn:aws:iam::1:role/*/app"];
        for (pattern, text, expected) in [
            ("arn:aws:iam::*:role/exempt", role[0], true),
            ("arn:aws:iam::*:role/exempt", role[1], true),
            ("arn:aws:iam::*:user/*", role[0], true),
            ("arn:aws:iam::*:user/*", role[1], true),
            ("arn:aws:iam::2:*", role[1], true),
            ("arn:aws:iam::*:role/*", role[0], false),
            ("arn:aws:iam::*:role/*", role[1], false),
            ("arn:aws:iam::*:role/app", role[0], false),
            ("arn:aws:iam::*:role/x/*app", role[1], false),
            ("arn:aws:iam::1:role/?pp", role[1], false),
            ("*", role[1], false),
        ] {
            for glob in
                [Glob::arn(&symbols(pattern)), Some(Glob::text(&symbols(pattern), true, false))]
            {
                let Some(glob) = glob else { continue };
                let like = Glob::text(&symbols(text), true, false);
                // As a text, `*` may match colons, and be less apart.
                let is_apart = glob.is_apart(&like);
                assert!(expected || !is_apart, "{pattern} {text}");
                let is_arn = Glob::arn(&symbols(pattern)).as_ref() == Some(&glob);
                assert!(!is_arn || is_apart == expected, "{pattern} {text}");
                let both = witnesses(&[&glob], &[like], 10_000_000).unwrap();
                assert!(
                    !is_apart || !both.iter().any(|text| glob.is_match(text)),
                    "{pattern} {text}"
                );
            }
        }
    }

    #[test]
    fn witnesses_have_every_combination() {
        let globs = ["a*", "*b", "ab", "c?"].map(|text| Glob::text(&symbols(text), true, false));
        let globs = globs.iter().collect::<Vec<_>>();
        let found = witnesses(&globs, &[], 100_000).unwrap();
        let of = |text: &String| globs.iter().map(|glob| glob.is_match(text)).collect::<Vec<_>>();
        let found = found.iter().map(of).collect::<BTreeSet<_>>();
        let expected = [
            [false, false, false, false],
            [true, false, false, false],
            [false, true, false, false],
            [true, true, false, false],
            [true, true, true, false],
            [false, false, false, true],
            [false, true, false, true],
        ];
        assert_eq!(found, expected.map(|it| it.to_vec()).into_iter().collect());
        assert_eq!(witnesses(&globs, &[], 10), None);

        let within = ["a?", "c*"].map(|text| Glob::text(&symbols(text), true, false));
        let found = witnesses(&globs, &within, 100_000).unwrap();
        let found = found.iter().map(of).collect::<BTreeSet<_>>();
        let expected = [
            [true, false, false, false],
            [true, true, true, false],
            [false, false, false, false],
            [false, true, false, false],
            [false, false, false, true],
            [false, true, false, true],
        ];
        assert_eq!(found, expected.map(|it| it.to_vec()).into_iter().collect());
    }
}
