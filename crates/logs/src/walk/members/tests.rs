//! Every way of taking an object apart against `serde_json`.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::*;
use crate::walk::tests::{apart, value};

type Member<'t> = (String, &'t str);

/// The members that every way gives, which must be the same, and whether the object is supported.
fn given(object: &str) -> (Vec<Member<'_>>, bool) {
    type Each<'t, 'e> = &'e mut dyn FnMut(&str, &'t str) -> Result<(), Unsupported>;
    type Way = for<'t, 'e> fn(&mut Members<'t, Each<'t, 'e>>) -> Option<Result<(), Unsupported>>;
    let ways: &[Way] = &[
        |members| Some(block::run_members(members)),
        #[cfg(target_arch = "x86_64")]
        |members| crate::walk::x86::run_members(members),
    ];
    let mut all = Vec::new();
    let usual = members(object, |key, value| {
        all.push((key.to_owned(), value));
        Ok(())
    });
    let usual = (all, usual.is_ok());
    for way in ways.iter().filter(|_| object.starts_with('{')) {
        let mut all = Vec::new();
        let each: Each<'_, '_> = &mut |key: &str, value| {
            all.push((key.to_owned(), value));
            Ok(())
        };
        let mut members = Members { object, depth: 0, start: 1, each };
        if let Some(found) = way(&mut members) {
            assert_eq!((all, found.is_ok()), usual, "{object}");
        }
    }
    usual
}

/// Every member of an object, in its order.
struct AllMembers<'t>(Vec<Member<'t>>);

impl<'de> Deserialize<'de> for AllMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AllVisitor;
        impl<'de> Visitor<'de> for AllVisitor {
            type Value = AllMembers<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    all.push((key, value.get()));
                }
                Ok(AllMembers(all))
            }
        }
        deserializer.deserialize_map(AllVisitor)
    }
}

/// Of what is JSON, the members are those of `serde_json`. What is not is unsupported, or the value of a
/// member is not JSON.
fn check(object: &str) -> Option<Vec<Member<'_>>> {
    let expected = serde_json::from_str::<AllMembers<'_>>(object).ok().map(|all| all.0);
    let expected = expected.filter(|_| object.starts_with('{'));
    let (all, is_supported) = given(object);
    let is_json = |value: &str| serde_json::from_str::<IgnoredAny>(value).is_ok();
    let found = is_supported.then_some(all).filter(|all| all.iter().all(|m| is_json(m.1)));
    assert_eq!(found, expected, "{object}");
    found
}

#[test]
fn members_of_objects_are_keys_and_raw_values() {
    for (object, expected) in [
        ("{}", &[][..]),
        ("{ \r\n\t}  ", &[]),
        (r#"{"a":1}"#, &[("a", "1")]),
        (r#"{"a":1,"b":"x","a":null}"#, &[("a", "1"), ("b", "\"x\""), ("a", "null")]),
        (
            "{ \"a\"\t:\n[ 1 , {} ] , \"\" : { \"b\" : [] }\r}\n",
            &[("a", "[ 1 , {} ]"), ("", "{ \"b\" : [] }")],
        ),
        (
            r#"{"a":"}],{\"b\":1","c":[[{"d":","}],"]"]}"#,
            &[("a", r#""}],{\"b\":1""#), ("c", r#"[[{"d":","}],"]"]"#)],
        ),
        (
            r#"{"\u0061\"\\\n":1,"\\":2,"\ud83e\udd80":3}"#,
            &[("a\"\\\n", "1"), ("\\", "2"), ("🦀", "3")],
        ),
        ("{\"é,日本\":\"}ß{\", \"🦀\" :[\"ü\"]}", &[("é,日本", "\"}ß{\""), ("🦀", "[\"ü\"]")]),
    ] {
        let found = check(object).expect("an object");
        assert!(
            found.iter().map(|(key, value)| (&key[..], *value)).eq(expected.iter().copied()),
            "{found:?}"
        );
    }
}

#[test]
fn members_of_what_is_no_object_are_unsupported() {
    let objects = r#"
        {  }  []  null  "a"  {]  {}}  {},  {} x  {}é  {,}  {"a":1,}  {,"a":1}  {"a":1,,"b":2}
        {"a"}  {"a" 1}  {a:1}  {"a"x:1}  {"a":1]  {"a":1  {"a":"1}  {"a\":1}  {\"a":1}
        {"\ud800":1}  {"\q":1}
    "#;
    let unusual = ["", " {}", "\u{a0}{}", "{\u{a0}}", "{\"a\nb\":1}"];
    for object in apart(objects).chain(unusual) {
        assert!(!given(object).1, "{object}");
        assert_eq!(check(object), None);
    }
}

/// Only who reads the values notices.
#[test]
fn members_of_broken_values_are_given() {
    for (object, value) in [
        (r#"{"a":}"#, ""),
        (r#"{"a":1 2}"#, "1 2"),
        (r#"{"a":[}}"#, "[}"),
        (r#"{"a":nul}"#, "nul"),
        (r#"{"a":"\q"}"#, r#""\q""#),
        (r#"{"a"::1}"#, ":1"),
    ] {
        assert_eq!(given(object), (vec![("a".to_owned(), value)], true));
        assert_eq!(check(object), None);
    }
}

#[test]
fn members_after_each_ends_it_are_not_given() {
    let mut keys = Vec::new();
    let found = members(r#"{"a":1,"b":2,"c":3}"#, |key, _| {
        keys.push(key.to_owned());
        if key == "b" { Err(Unsupported) } else { Ok(()) }
    });
    assert_eq!((found, keys), (Err(Unsupported), vec!["a".to_owned(), "b".to_owned()]));
}

/// Every character that matters at every position of a block, and an end at every one.
#[test]
fn members_at_every_position_are_found() {
    for pad in 0..150 {
        for unit in ["x", "é", "\\\\", "\\\"", ","] {
            let pad = unit.repeat(pad);
            for object in [
                format!("{{\"{pad}\":1,\"b\":[2]}}"),
                format!("{{\"a\":\"{pad}\",\"b\":{{\"c\":\"}}\"}}}}"),
                format!("{{\"a\":[\"{pad}\",{{}}],\"\\u0062\" : \"{pad}\" }} "),
            ] {
                assert_eq!(check(&object).expect("an object").len(), 2, "{object}");
            }
        }
        let blanks = " ".repeat(pad);
        let object = format!("{{{blanks}\"a\"{blanks}:{blanks}1{blanks},\"b\":2{blanks}}}{blanks}");
        assert_eq!(check(&object).expect("an object").len(), 2, "{object}");
        assert_eq!(check(&format!("{{{blanks}}}{blanks}")), Some(vec![]));
    }
}

#[test]
fn members_of_damaged_objects_are_as_serde() {
    let object = "{\"eventVersion\":\"1.11\" , \"é\\u0062\":{\"b\":[{\"c\":\"}],{\\\"日\\\":\\\"\\\\\"},[],{}]},
        \"x\":[[],{\"y\":\"\\u0062\\\\\\\\\\\"{[\"}] ,\"🦀\":\"\\\\\",\"n\" : -1.5e3 , \"k\":null}";
    assert_eq!(check(object).expect("an object").len(), 6);
    let characters = object.char_indices();
    for (at, c) in characters {
        let (before, after) = (&object[..at], &object[at + c.len_utf8()..]);
        check(before);
        check(&format!("{before}{after}"));
        for damage in "\"\\{}[]:, \n\0é🦀1".chars() {
            check(&format!("{before}{damage}{after}"));
            check(&format!("{before}{damage}{c}{after}"));
        }
    }
}

fn piece() -> impl Strategy<Value = &'static str> {
    let pieces = r#"{  }  [  ]  "  "  "  \  \\  \"  \u0062  \ud800  ,  ,  :  :  "k":"v"  "é":1  "a":{}  1
        null  é  日本  🦀  some text that is longer than a piece"#;
    select(apart(pieces).chain([" ", "\n", "\0", "\u{a0}"]).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn members_of_any_json_are_as_serde(
        members in vec((value(), "[a-cé]{0,3}|[ -~é日🦀]{0,80}", any::<bool>()), 0..8),
        blank in "[ \n]{0,3}",
    ) {
        let member = |(value, key, is_escaped): &(String, String, bool)| {
            let mut key = serde_json::Value::from(key.as_str()).to_string();
            if *is_escaped {
                key.insert_str(1, "\\u00e9\\\"");
            }
            format!("{blank}{key}{blank}:{blank}{value}{blank}")
        };
        let all = members.iter().map(member).collect::<Vec<_>>().join(",");
        let object = format!("{{{blank}{all}}}{blank}");
        prop_assert_eq!(check(&object).map(|all| all.len()), Some(members.len()), "{}", object);
    }

    #[test]
    fn members_of_any_pieces_are_as_serde(pieces in vec(piece(), 0..40)) {
        let pieces = pieces.concat();
        for object in [
            format!("{{{pieces}}}"),
            format!("{{\"k\":{pieces}}}"),
            format!("{{\"k\":\"{pieces}\",{pieces}}}"),
            pieces,
        ] {
            check(&object);
        }
    }

    #[test]
    fn members_of_any_text_are_as_serde(text in "\\{?\\PC{0,200}|[{}\\[\\]\",:\\\\ aé]{0,200}") {
        check(&text);
        check(&format!("{{{text}}}"));
    }
}
