//! Texts and their ids, ids of calls, and fingerprints of texts.

use std::collections::BTreeMap;

use bedrock::{
    Attribute, Attributes, CallId, Fingerprint, Interner, MAX_TEXT_CHARS, TextId, Texts, cut,
};
use proptest::collection::vec;
use proptest::prelude::*;

#[test]
fn id_is_packed_only_where_the_text_comes_back() {
    let uuid = "a1e5cace-56ad-37b9-be9d-d52d0f29a6a1";
    assert!(matches!(CallId::new(uuid), CallId::Uuid(_)));
    let (upper, simple, braced) =
        (uuid.to_uppercase(), uuid.replace('-', ""), format!("{{{uuid}}}"));
    for text in ["", "EXAMPLE", &upper, &uuid[1..], &simple, &braced] {
        assert!(matches!(CallId::new(text), CallId::Text(_)), "{text}");
    }
}

#[test]
fn attributes_are_in_the_order_of_their_numbers() {
    for (index, attribute) in Attribute::ALL.into_iter().enumerate() {
        assert_eq!(attribute as usize, index);
    }
}

#[test]
fn long_text_is_cut_between_characters_and_is_one_with_what_begins_as_it_does() {
    for character in ["x", "é", "\u{1f980}"] {
        let longest = character.repeat(MAX_TEXT_CHARS);
        assert_eq!(cut(&longest), longest);
        let mut texts = Texts::default();
        let ids = ["", "a", "b", character].map(|end| {
            let text = format!("{longest}{end}");
            texts.intern(Attribute::ModelRef, Some(&text)).expect("room").expect("an id")
        });
        assert_eq!(ids, [ids[0]; 4]);
        assert_eq!(texts[Attribute::ModelRef].get(ids[0]), longest);
    }
}

#[test]
fn empty_text_of_an_attribute_is_none() {
    let (mut texts, mut attributes) = (Texts::default(), Attributes::default());
    for (text, expected) in [(Some("a"), Some("a")), (Some(""), None), (None, None)] {
        texts.set(&mut attributes, Attribute::ModelRef, text).expect("few texts");
        assert_eq!(texts.get(&attributes, Attribute::ModelRef), expected);
        assert_eq!(texts.get(&attributes, Attribute::UserAgent), None);
    }
}

#[test]
fn appended_text_gets_an_id_of_its_own() {
    let mut interner = Interner::default();
    let first = interner.append("a").expect("few texts");
    assert_ne!(interner.append("a").expect("few texts"), first);
    assert_ne!(interner.intern("a").expect("few texts"), first);
    assert_eq!(interner.iter().collect::<Vec<_>>(), ["a"; 3]);
}

#[test]
fn len_within_counts_whole_texts() {
    let mut interner = Interner::default();
    for text in ["ab", "", "cde"] {
        interner.intern(text).expect("few texts");
    }
    let within = [0, 1, 2, 4, 5, 9].map(|bytes| interner.len_within(bytes));
    assert_eq!(within, [0, 0, 2, 2, 3, 3]);
}

#[test]
fn text_ids_end_before_the_greatest_number() {
    let last = u32::MAX as usize - 1;
    let indexes = [0, last, last + 1].map(|index| TextId::at(index).map(TextId::index));
    assert_eq!(indexes, [Some(0), Some(last), None]);
    assert_eq!(size_of::<Option<TextId>>(), 4);
}

#[test]
fn fingerprint_is_xxhash64_and_depends_on_where_texts_end() {
    let published =
        [("", "ef46db3751d8e999"), ("a", "d24ec4f1a98c6e5b"), ("abc", "44bc2cf5ad770999")];
    for (text, expected) in published {
        assert_eq!(Fingerprint::of(text).to_string(), expected, "{text}");
    }
    let both = |first: &str, second: &str| Fingerprint::of(first).and(second);
    assert_ne!(both("a", "bc"), both("ab", "c"));
    assert_ne!(both("a", ""), Fingerprint::of("a"));
    assert_ne!(Fingerprint::of(""), Fingerprint::default());
}

proptest! {
    #[test]
    fn ids_come_back_in_the_order_of_their_texts(
        bytes: [u8; 16],
        text in "\\PC{0,40}|[0-9a-fA-F-]{36}",
    ) {
        prop_assert_eq!(CallId::new(&text).to_string(), text.clone());
        let uuid = CallId::Uuid(bytes);
        prop_assert_eq!(CallId::new(&uuid.to_string()), uuid.clone());
        let texts = uuid.to_string().cmp(&text);
        prop_assert_eq!(uuid.cmp(&CallId::new(&text)), texts);
    }

    /// Compared with a map, with texts forgotten now and then.
    #[test]
    fn interner_gives_each_text_one_id(steps in vec((0u8..12, "[a-c]{0,3}"), 0..200)) {
        let mut interner = Interner::default();
        let mut known = BTreeMap::new();
        for (step, text) in steps {
            if step == 0 {
                let len = interner.len() / 2;
                interner.truncate(len);
                known.retain(|_, id: &mut TextId| id.index() < len);
                continue;
            }
            let id = interner.intern(&text).expect("few texts");
            prop_assert_eq!(*known.entry(text.clone()).or_insert(id), id);
            prop_assert_eq!(interner.get(id), text);
            prop_assert_eq!(interner.len(), known.len());
        }
        let texts = known.iter().map(|(text, id)| (*id, text.as_str()));
        let texts = texts.collect::<BTreeMap<_, _>>().into_values().collect::<Vec<_>>();
        prop_assert_eq!(interner.iter().collect::<Vec<_>>(), texts.clone());
        prop_assert_eq!(interner.text_bytes(), texts.concat().len());
    }
}
