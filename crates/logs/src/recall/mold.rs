//! Objects that are the same but for what their strings and numbers say.
//!
//! Sessions differ in a name, a key and a time, and counts differ from call to call; keys, order and all
//! else is the same byte for byte. So that an object is laid against one that was read before, the
//! [`Mold`], and only the strings and numbers that are unlike are scanned.
//!
//! **What it promises.** A string in the place of a string, or a number in the place of a number, changes
//! neither whether a text is JSON nor what its keys are for. Where anything else differs, the mold does
//! not fit, which is no verdict: the object has to be read in full.

use super::skeleton::n_same_bytes;
use crate::scan::Scan;

/// How many shapes are remembered: there are some types of callers.
const MAX_MOLDS: usize = 8;

/// A longer object is none.
const MAX_OBJECT_BYTES: usize = 8 * 1024;

/// Some shapes of an object of which `N` values are asked for, the one that fitted last first.
#[derive(Debug, Default)]
pub(super) struct Molds<const N: usize>(Vec<Mold<N>>);

/// The text of an object with the values in it that are asked for, as they stand there.
pub(super) type Taken<'a, const N: usize> = (&'a str, [Option<&'a str>; N]);

/// An object.
#[derive(Debug)]
struct Mold<const N: usize> {
    text: Box<str>,
    /// Its values that are no objects, lists or null, in their order.
    leaves: Vec<Leaf>,
}

/// A string with its quotes, a number, `true` or `false`.
#[derive(Debug)]
struct Leaf {
    start: usize,
    end: usize,
    /// Its place among the values that are asked for.
    asked: Option<usize>,
}

impl<const N: usize> Molds<N> {
    /// Goes over an object that is like one before, or has it read in full. Nothing if that cannot be.
    pub(super) fn take<'a>(
        &mut self,
        scan: &mut Scan<'a>,
        in_full: impl FnOnce(&mut Scan<'a>) -> Option<Taken<'a, N>>,
    ) -> Option<Taken<'a, N>> {
        for place in 0..self.0.len() {
            if let Some(taken) = self.0[place].take(scan) {
                self.0[..=place].rotate_right(1);
                return Some(taken);
            }
        }
        let (text, values) = in_full(scan)?;
        if let Some(mold) = Mold::of(text, &values) {
            self.0.truncate(MAX_MOLDS - 1);
            self.0.insert(0, mold);
        }
        Some((text, values))
    }
}

impl<const N: usize> Mold<N> {
    /// The mold of an object's text, in which the values stand. Nothing if one of these is an object or a
    /// list, or if the text is too long.
    fn of(text: &str, values: &[Option<&str>; N]) -> Option<Self> {
        if text.len() > MAX_OBJECT_BYTES || !text.starts_with('{') {
            return None;
        }
        let place_of = |value: &str| value.as_ptr().addr().checked_sub(text.as_ptr().addr());
        let places = values.map(|value| value.and_then(place_of));
        let mut leaves = Vec::new();
        let mut at = 0;
        while let Some(byte) = text.as_bytes().get(at) {
            if !matches!(byte, b'"' | b'-' | b'0'..=b'9' | b't' | b'f') {
                at += 1;
                continue;
            }
            let (start, mut scan) = (at, Scan::new(&text[at..]));
            scan.value()?;
            at += scan.at();
            if *byte != b'"' || scan.peek() != Some(b':') {
                let asked = places.iter().position(|place| *place == Some(start));
                leaves.push(Leaf { start, end: at, asked });
            }
        }
        let n_asked = leaves.iter().filter(|leaf| leaf.asked.is_some()).count();
        let is_whole = n_asked == values.iter().flatten().count();
        is_whole.then(|| Mold { text: text.into(), leaves })
    }

    /// Goes over an object that is like this one; stays where it is before another.
    #[inline]
    fn take<'a>(&self, scan: &mut Scan<'a>) -> Option<Taken<'a, N>> {
        let (mut place, mut values) = (scan.clone(), [None; N]);
        let mut leaves = self.leaves.iter();
        // Where this object is looked at; `place` is where the other one is.
        let mut at = 0;
        loop {
            let same_to = at + n_same_bytes(&self.text.as_bytes()[at..], place.rest());
            let is_end = same_to == self.text.len();
            let unlike = loop {
                match leaves.next() {
                    // A number that ends where the texts part may go on in the other.
                    Some(leaf) if leaf.end < same_to => {
                        let value = place.skip(leaf.start - at, leaf.end - leaf.start);
                        at = leaf.end;
                        if let Some(asked) = leaf.asked {
                            values[asked] = Some(value);
                        }
                    }
                    Some(leaf) => break leaf,
                    None if is_end => {
                        place.skip(self.text.len() - at, 0);
                        return Some((scan.skip_to(&place), values));
                    }
                    None => return None,
                }
            };
            if unlike.start > same_to {
                return None;
            }
            place.skip(unlike.start - at, 0);
            at = unlike.end;
            let value = match (self.text.as_bytes()[unlike.start], *place.rest().first()?) {
                (b'"', b'"') => place.value()?,
                (b'-' | b'0'..=b'9', b'-' | b'0'..=b'9') => place.value()?,
                _ => return None,
            };
            if let Some(asked) = unlike.asked {
                values[asked] = Some(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const NAMES: &[&str; 3] = &["a", "b", "c"];

    /// What is taken of a text, with what is left of it, and whether it had to be read in full.
    fn take<'a>(molds: &mut Molds<3>, text: &'a str) -> (Option<(Taken<'a, 3>, &'a [u8])>, bool) {
        let (mut scan, mut is_full) = (Scan::new(text), false);
        let taken = molds.take(&mut scan, |scan| {
            is_full = true;
            scan.fields(NAMES)
        });
        (taken.map(|taken| (taken, scan.rest())), is_full)
    }

    fn in_full(text: &str) -> Option<(Taken<'_, 3>, &[u8])> {
        let mut scan = Scan::new(text);
        let taken = scan.fields(NAMES)?;
        Some((taken, scan.rest()))
    }

    fn check(molds: &mut Molds<3>, text: &str) -> bool {
        let (taken, is_full) = take(molds, text);
        assert_eq!(taken, in_full(text), "{text}");
        is_full
    }

    #[test]
    fn what_differs_in_strings_and_numbers_is_taken() {
        let mut molds = Molds::default();
        let mold = r#"{"a":"é", "x":{"a":[1,"y"]},"c":12,"d":true,"b":null}"#;
        assert!(check(&mut molds, mold));
        for like in [
            mold,
            r#"{"a":"é", "x":{"a":[1,"y"]},"c":12,"d":true,"b":null},"e":1"#,
            r#"{"a":"è", "x":{"a":[1,"y"]},"c":12,"d":true,"b":null}"#,
            r#"{"a":"", "x":{"a":[-0.5e7,"\u00e9"]},"c":1,"d":true,"b":null}"#,
            r#"{"a":"\"}", "x":{"a":[10,"yy"]},"c":123,"d":true,"b":null} "#,
        ] {
            assert!(!check(&mut molds, like), "{like}");
        }
        for unlike in [
            r#"{"a":1, "x":{"a":[1,"y"]},"c":12,"d":true,"b":null}"#,
            r#"{"a":"é", "x":{"a":[{},"y"]},"c":12,"d":true,"b":null}"#,
            r#"{"a":"é", "x":{"b":[1,"y"]},"c":12,"d":true,"b":null}"#,
            r#"{"a":"é", "x":{"a":[1,"y"]},"c":null,"d":true,"b":null}"#,
            r#"{"a":"é", "x":{"a":[1,"y"]},"c":"12","d":true,"b":null}"#,
            r#"{"a":"é", "x":{"a":[1,"y"]},"c":12,"d":false,"b":null}"#,
            r#"{"a":"é", "x":{"a":[1,"y"]},"c":12,"d":true,"b":"n"}"#,
            r#"{"a":"é","x":{"a":[1,"y"]},"c":12,"d":true,"b":null}"#,
            r#"{"a":"é", "x":{"a":[1,"y"]},"c":12,"d":true,"b":null,"e":1}"#,
        ] {
            let mut molds = Molds::default();
            check(&mut molds, mold);
            assert!(check(&mut molds, unlike), "{unlike}");
        }
        for broken in [
            r#"{"a":"é, "x":{"a":[1,"y"]},"c":12,"d":true,"b":null}"#,
            r#"{"a":"é", "x":{"a":[01,"y"]},"c":12,"d":true,"b":null}"#,
            r#"{"a":"é", "x":{"a":[1,"y"]},"c":12x,"d":true,"b":null}"#,
            r#"{"a":"\x", "x":{"a":[1,"y"]},"c":12,"d":true,"b":null}"#,
            r#"{"a":"é", "x":{"a":[1,"y"]},"c":12,"d":true,"b":nul"#,
        ] {
            check(&mut molds, broken);
            assert_eq!(take(&mut molds, broken).0, None, "{broken}");
        }
    }

    #[test]
    fn a_word_is_taken_where_it_is_the_same() {
        let mut molds = Molds::default();
        assert!(check(&mut molds, r#"{"a":"x","b":true}"#));
        assert!(!check(&mut molds, r#"{"a":"y","b":true}"#));
        assert!(check(&mut molds, r#"{"a":"y","b":false}"#));
    }

    #[test]
    fn some_shapes_are_remembered() {
        let mut molds = Molds::default();
        let shape = |number: usize| format!(r#"{{"k{number}":"v","a":"{number}"}}"#);
        let all = 0..MAX_MOLDS;
        assert!(all.clone().all(|number| check(&mut molds, &shape(number))));
        assert!(!all.clone().rev().any(|number| check(&mut molds, &shape(number))));
        // One more, and the one that fitted longest ago is forgotten.
        assert!(check(&mut molds, &shape(MAX_MOLDS)));
        assert!(!check(&mut molds, &shape(0)));
        assert!(check(&mut molds, &shape(MAX_MOLDS - 1)));
        assert_eq!(molds.0.len(), MAX_MOLDS);
    }

    #[test]
    fn what_is_no_mold() {
        for text in [r#"{"a":{},"b":1}"#, r#"{"b":[]}"#, "null"] {
            let mut molds = Molds::default();
            assert!(check(&mut molds, text) && check(&mut molds, text), "{text}");
        }
        let mut molds = Molds::default();
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_OBJECT_BYTES));
        assert!(check(&mut molds, &long) && check(&mut molds, &long));
    }

    fn piece() -> impl Strategy<Value = String> {
        let values = [
            "\"\"",
            "\"x\"",
            "\"xy\"",
            "\"é\"",
            "\"\\\"\"",
            "0",
            "1",
            "12",
            "-1",
            "1.5",
            "true",
            "false",
            "null",
            "{}",
            "[]",
            "{\"a\":1}",
            "[1,\"x\"]",
            "x",
            "01",
            "\"",
        ];
        let value = prop::sample::select(values.to_vec());
        let key = prop::sample::select(vec!["a", "b", "c", "d", "\\u0061"]);
        (key, value, prop::bool::weighted(0.1)).prop_map(|(key, value, blank)| {
            format!("\"{key}\":{}{value}", if blank { " " } else { "" })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2048, ..ProptestConfig::default() })]

        /// Objects that have much in common, one after the other.
        #[test]
        fn the_same_as_in_full(
            objects in vec(vec(piece(), 0..5), 1..6),
            changes in vec((0..6_usize, 0..5_usize, piece()), 0..24),
            ends in prop::sample::select(vec!["", ",", "x", " }"]),
        ) {
            let mut molds = Molds::default();
            let mut objects = objects;
            for object in &objects {
                check(&mut molds, &format!("{{{}}}{ends}", object.join(",")));
            }
            for (object, place, piece) in changes {
                let n_objects = objects.len();
                let object = &mut objects[object % n_objects];
                if let Some(old) = object.get_mut(place) {
                    *old = piece;
                }
                check(&mut molds, &format!("{{{}}}{ends}", object.join(",")));
            }
        }
    }
}
