//! Every way of walking against a walk of one byte after another, and against the strict reader.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::document;

/// What every way of walking finds, which must be the same.
fn walked(text: &[u8]) -> Result<Vec<Found>, Unsupported> {
    type Way = fn(&mut Walk<'_, '_>) -> Option<Result<(), Unsupported>>;
    let ways: &[Way] = &[
        |walk| Some(block::run(walk)),
        #[cfg(target_arch = "x86_64")]
        x86::run,
    ];
    let mut all = Vec::new();
    let usual = records(text, &mut |found| {
        all.push(found);
        Ok(())
    });
    let usual = usual.map(|()| all);
    for way in ways {
        let mut all = Vec::new();
        let mut each = |found| {
            all.push(found);
            Ok(())
        };
        let Some(list) = list_start(text) else { continue };
        if let Some(found) = way(&mut Walk::new(text, list, &mut each)) {
            // What is seen behind a record in its last block may count for it, in each way alike.
            assert_eq!(found.map(|()| all), usual, "{}", String::from_utf8_lossy(text));
        }
    }
    usual
}

/// The same promise, kept slowly: the ranges, and whether the name and an escape are in them.
fn slow(text: &[u8]) -> Option<Vec<(Range<usize>, bool, bool)>> {
    let list = list_start(text)?;
    let mut found = Vec::new();
    let (mut is_string, mut depth, mut start, mut between) = (false, 0, 0, Vec::new());
    let mut at = list;
    loop {
        let byte = *text.get(at)?;
        if is_string {
            match byte {
                b'"' => is_string = false,
                b'\\' => at += 1,
                _ => {}
            }
            at += 1;
            continue;
        }
        if depth == 0 && !b"{}[]".contains(&byte) {
            between.push(byte);
        }
        match byte {
            b'"' => is_string = true,
            b'\\' => return None,
            b'{' | b'[' => {
                if depth == 0 {
                    let separator: &[u8] = if found.is_empty() { b"" } else { b"," };
                    if byte == b'[' || trim(&between) != separator {
                        return None;
                    }
                    start = at;
                }
                depth += 1;
            }
            b'}' | b']' if depth == 0 => {
                let is_end = byte == b']' && trim(&between).is_empty();
                return (is_end && trim(&text[at + 1..]) == b"}").then_some(found);
            }
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    if byte == b']' {
                        return None;
                    }
                    let record = &text[start..=at];
                    found.push((start..at + 1, has_source(record), has_unicode_escape(record)));
                    between.clear();
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// Whether a string in a record is an event source of Bedrock's.
fn has_source(record: &[u8]) -> bool {
    let sources = ["", "-runtime", "-mantle", "-agent"]
        .map(|kind| format!("\"bedrock{kind}.amazonaws.com\""));
    let is_source = |at: usize| sources.iter().any(|s| record[at..].starts_with(s.as_bytes()));
    let quotes = unescaped(record).into_iter().filter(|at| record[*at] == b'"');
    quotes.step_by(2).any(is_source)
}

fn has_unicode_escape(record: &[u8]) -> bool {
    unescaped(record).into_iter().any(|at| record[at..].starts_with(b"\\u"))
}

/// The positions of all bytes that are not behind the backslash of an escape.
fn unescaped(record: &[u8]) -> Vec<usize> {
    let mut positions = Vec::new();
    let mut at = 0;
    while at < record.len() {
        positions.push(at);
        at += if record[at] == b'\\' { 2 } else { 1 };
    }
    positions
}

fn check(text: &[u8]) -> Option<Vec<Range<usize>>> {
    let found = walked(text).ok();
    let expected = slow(text);
    let shown = String::from_utf8_lossy(text);
    let ranges = found.as_ref().map(|all| all.iter().map(|f| f.range.clone()).collect::<Vec<_>>());
    let expected_ranges =
        expected.as_ref().map(|all| all.iter().map(|f| f.0.clone()).collect::<Vec<_>>());
    assert_eq!(ranges, expected_ranges, "{shown}");
    for (found, (_, has_source, has_escape)) in
        found.iter().flatten().zip(expected.iter().flatten())
    {
        // One that is not there only costs time; that happens at the end of a block.
        assert!(found.has_source || !has_source, "{shown}");
        assert!(found.has_unicode_escapes || !has_escape, "{shown}");
    }
    // Where the strict reader reads, both have the same records, or the shape is not for the walk.
    if let (Some(strict), Some(ranges)) = (strict(text), &ranges) {
        let texts = ranges.iter().map(|range| &text[range.clone()]);
        assert!(texts.eq(strict.iter().map(String::as_bytes)), "{shown}");
    }
    ranges
}

/// The records that the strict reader finds.
fn strict(text: &[u8]) -> Option<Vec<String>> {
    let mut records = Vec::new();
    let each = &mut |found: document::Found<'_>| {
        if let document::Found::Record(record) = found {
            records.push(record.to_owned());
        }
    };
    document::read_str(str::from_utf8(text).ok()?, each).ok()?;
    Some(records)
}

fn n_records(text: &str) -> Option<usize> {
    check(text.as_bytes()).map(|records| records.len())
}

#[test]
fn records_plain_documents_are_counted() {
    for (text, expected) in [
        (r#"{"Records":[]}"#, 0),
        (" {\n\"Records\"\t: [ \r\n ] } \n", 0),
        (r#"{"Records":[{}]}"#, 1),
        (r#"{"Records":[{},{}]}"#, 2),
        ("{\"Records\": [ { } ,\n { \"a\" : [ { } , [ ] ] } ] }", 2),
        (r#"{"Records":[{"a":"}]},{\"eventVersion\":\"1\"}"},{"b":"\\"},{"c":"\\\""}]}"#, 3),
        (r#"{"Records":[{"Records":[{},{}]},{"a":{"Records":[{"eventVersion":"1"},{}]}}]}"#, 2),
        (r#"{"Records":[{"a\"]":"b"},{"{":"["}]}"#, 2),
    ] {
        assert_eq!(n_records(text), Some(expected), "{text}");
    }
}

/// What the strict reader has to judge.
#[test]
fn records_other_documents_are_unsupported() {
    let documents = r#"
        {  {}  []  null  {"Records":{}}  {"Records":null}  {"Records":[1]}  {"Records":[{},1]}
        {"Records":["{}"]}  {"Records":[[]]}  {"Records":[{},]}  {"Records":[,{}]}  {"Records":[{}{}]}
        {"Records":[{},,{}]}  {"Records":[{}  {"Records":[{}]  {"Records":[{}}}  {"Records":[{]]}
        {"Records":[{}]}}  {"Records":[{}]]  {"Records":[{}],"Records":[]}  {"x":1,"Records":[]}
        {"Records":[{}],"x":1}  {"Records":[{}]}{"Records":[]}  {"Records":[{"a":"]}
        {"Records":[{"a":"\"}]}  {"Records":[{\"a":1}]}  {"Records":[{\"a\":1}]}  {"\u0052ecords":[]}
        {"Records":[{} x]}  ["Records":[{}]}  {"Records":[{}"x",{}]}  {"Records":[{}]"x"}
    "#;
    let unusual = ["", "{\"Records\":[\u{c}{}]}", "{\"Records\":[{}]}\u{0}"];
    for text in apart(documents).chain(unusual) {
        assert_eq!(n_records(text), None, "{text}");
    }
}

/// Wrong inside a record, where the walk does not look: this is all that it may let pass.
#[test]
fn records_broken_inside_are_given_unnoticed() {
    for (record, is_utf8) in [
        (&b"{\"a\":nul}"[..], true),
        (b"{\"a\" 1}", true),
        (b"{\"a\":1,}", true),
        (b"{\"a\":\"\t\"}", true),
        (b"{\"a\":\"\\x\"}", true),
        (b"{\"a\":[}}", true),
        (b"{\"a\":\"\xff\"}", false),
        (b"{\0}", true),
    ] {
        let text = [b"{\"Records\":[{},", record, b"]}"].concat();
        assert_eq!(check(&text).map(|records| records.len()), Some(2));
        assert_eq!(strict(&text), None);
        assert_eq!(str::from_utf8(&text).is_ok(), is_utf8);
    }
}

/// Rows of backslashes of any length at any position of a block, and what they escape.
#[test]
fn records_backslashes_at_every_position_escape_every_second() {
    for pad in 0..130 {
        for row in 0..9 {
            for end in ["", "\\\"", "\\u0062", "n"] {
                let value = format!("{}{}{end}", "x".repeat(pad), "\\\\".repeat(row));
                let text = format!("{{\"Records\":[{{\"k\":\"{value}\"}},{{\"]\":\"{value}\"}}]}}");
                assert_eq!(n_records(&text), Some(2), "{text}");
            }
            let value = format!("{}{}", "x".repeat(pad), "\\".repeat(row));
            check(
                format!("{{\"Records\":[{{\"k\":\"{value}\"}},{{\"]\":\"{value}\"}}]}}").as_bytes(),
            );
        }
    }
}

/// A source, and escapes of its letters, at any position of a block.
#[test]
fn records_source_at_every_position_is_found() {
    for pad in 0..200 {
        let pad = "x".repeat(pad);
        for (value, has_source, has_escape) in [
            ("bedrock.amazonaws.com", true, false),
            ("bedrock-runtime.amazonaws.com", true, false),
            ("bedrock-mantle.amazonaws.com", true, false),
            ("bedrock", false, false),
            ("bedrock-agent.amazonaws.com", true, false),
            // They begin as one does: whoever reads the record tells them apart.
            ("bedrock-runtime.us-east-1.amazonaws.com", true, false),
            ("bedrock.amazonaws.com.", true, false),
            ("bedrocks.amazonaws.com", false, false),
            (r"\u0062edrock", false, true),
            (r"bedroc\u006B", false, true),
            (r#"x\"bedrock"#, false, false),
            ("Bedrock", false, false),
            (r"\\u0062edrock", false, false),
        ] {
            let text = format!("{{\"Records\":[{{\"k\":\"{pad}\"}},{{\"k\":\"{value}\"}}]}}");
            let found = walked(text.as_bytes()).expect("plain");
            assert!(found[1].has_source || !has_source, "{text}");
            assert!(found[1].has_unicode_escapes || !has_escape, "{text}");
            assert!(has_source || !found[1].has_source, "{text}");
            assert!(has_escape || !found[1].has_unicode_escapes, "{text}");
            check(text.as_bytes());
        }
    }
}

/// Of two in one block, both count.
#[test]
fn records_short_records_have_their_own_sources_and_escapes() {
    for pad in 0..70 {
        let pad = " ".repeat(pad);
        for record in [r#"{"k":"\u0061"}"#, r#"{"bedrock.amazonaws.com":0}"#] {
            let text = format!("{{\"Records\":[{pad}{record},{record},{{}}]}}");
            let found = walked(text.as_bytes()).expect("plain");
            let is_escape = record.contains('u');
            for found in &found[..2] {
                assert_eq!((found.has_source, found.has_unicode_escapes), (!is_escape, is_escape));
            }
        }
    }
}

/// Whatever is between two records, at any position of a block, with one bracket open and with three.
#[test]
fn records_boundary_at_every_position_is_found() {
    for pad in 0..200 {
        let pad = "x".repeat(pad);
        for (begin, end) in [(r#"{"k":""#, r#""}"#), (r#"{"a":{"b":[""#, r#""]}}"#)] {
            for (between, n_found) in [
                (",", Some(2)),
                (" , ", Some(2)),
                (",{},", Some(3)),
                ("},", None),
                ("],", None),
                (";", None),
                (",,", None),
                (",[],", None),
                ("", None),
            ] {
                let record = format!("{begin}{pad}{end}");
                let text = format!("{{\"Records\":[{record}{between}{record}]}}");
                assert_eq!(n_records(&text), n_found, "{text}");
            }
        }
    }
}

/// Damage of every kind to a document with everything in it.
#[test]
fn records_damage_at_every_byte_is_as_slow() {
    let text = br#"{"Records":[{"eventVersion":"1.11","a":{"b":[{"c":"}]},{\"eventVersion\":\"\\"},[],{}]}},
        {"eventSource":"bedrock.amazonaws.com","x":[[],{"y":"\u0062\\\\\"{["}],"z":"\\"} , {"k":null}] }"#;
    assert_eq!(check(text).map(|records| records.len()), Some(3));
    for at in 0..text.len() {
        check(&text[..at]);
        for byte in (0..8).map(|bit| text[at] ^ 1 << bit).chain(*b"\"\\{}[], \0\xff") {
            let mut damaged = text.to_vec();
            damaged[at] = byte;
            check(&damaged);
            damaged.insert(at, text[at]);
            check(&damaged);
        }
        check(&[&text[..at], &text[at + 1..]].concat());
    }
}

/// Texts that are divided by two spaces.
pub(super) fn apart(texts: &'static str) -> impl Iterator<Item = &'static str> {
    texts.lines().flat_map(|line| line.split("  ")).filter(|text| !text.is_empty())
}

fn piece() -> impl Strategy<Value = &'static str> {
    let pieces = r#"{  }  [  ]  {  }  },{  "  "  "  \  \\  \"  \u0062  ,  :  u  k  text  "k":"v"  "bedrock
        "bedrock.amazonaws.com"  bedrock-mantle.amazonaws.com  some text that is longer than a piece
        {"eventVersion":"1.11"}  "a":{}  "Records":[{}]  "}]},{\"eventVersion\""#;
    select(apart(pieces).chain([" ", "\n"]).collect::<Vec<_>>())
}

/// A value of any shape, with strings of any content.
pub(super) fn value() -> impl Strategy<Value = String> {
    let pieces = r#"\"  \\  {  }  [  ]  ,  :  \u0062  bedrock  bedrock.amazonaws.com
        }]},{\"eventVersion\"  é  \n  k  plain text of some length"#;
    let text = vec(select(apart(pieces).collect::<Vec<_>>()), 0..12)
        .prop_map(|pieces| format!("\"{}\"", pieces.concat()));
    let blank = || select(&["", "", "", " ", "\n    ", "\r\n\t"][..]);
    let leaf = prop_oneof![
        text.clone(),
        select(&["1", "null", "{}", "[]", "{ }", "-1.5e3"][..]).prop_map(str::to_owned)
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        let item = (blank(), inner.clone(), blank()).prop_map(|(a, b, c)| format!("{a}{b}{c}"));
        let field = (blank(), text.clone(), blank(), item.clone())
            .prop_map(|(a, key, b, value)| format!("{a}{key}{b}:{value}"));
        prop_oneof![
            vec(item, 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            vec(field, 0..6).prop_map(|fields| format!("{{{}}}", fields.join(","))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2048, ..ProptestConfig::default() })]

    #[test]
    fn records_any_pieces_is_as_slow(pieces in vec(piece(), 0..60)) {
        let pieces = pieces.concat();
        check(format!("{{\"Records\":[{pieces}]}}").as_bytes());
        check(format!("{{\"Records\":[{{{pieces}}}]}}").as_bytes());
        check(format!("{{\"Records\":[{{\"k\":\"{pieces}\"}},{{{pieces}}}]}}").as_bytes());
    }

    #[test]
    fn records_any_bytes_is_as_slow(bytes in vec(select(&b"{}[]\",:\\ \nuk\0\xff\xc3a"[..]), 0..300)) {
        check(&[b"{\"Records\":[{", &bytes[..], b"}]}"].concat());
    }

    /// All JSON of the plain shape is for the walk.
    #[test]
    fn records_any_json_is_supported(records in vec(vec(value(), 0..4), 0..6), blank in "[ \n]{0,3}") {
        let record = |values: &Vec<String>| {
            let fields = values.iter().map(|value| format!("{blank}\"k\":{value}"));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        };
        let all = records.iter().map(record).collect::<Vec<_>>().join(&format!("{blank},"));
        let text = format!("{blank}{{\"Records\"{blank}:[{blank}{all}{blank}]{blank}}}{blank}");
        prop_assert_eq!(n_records(&text), Some(records.len()));
    }
}
