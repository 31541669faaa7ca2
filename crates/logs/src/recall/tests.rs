//! Records of callers that take turns, against the plain reader of fields.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// The texts that numbers stood for, by their place in a key.
type Numbered = FxHashMap<(usize, u32), Option<String>>;

/// Looks at a record behind others, which must not change what is found.
fn check(recall: &mut Recall, numbered: &mut Numbered, text: &str) {
    let mut glance = Glance::none();
    let is_glance = recall.look(text, &mut glance).is_some();
    let fields = Fields::read(text, RECORD);
    // One with escapes in a key has to be read in full.
    assert_eq!(is_glance, fields.is_some() && !text.contains("\\u"), "{text}");
    let Some(fields) = fields.filter(|_| is_glance) else { return };
    let mut parts = Vec::new();
    for (place, name) in RECORD.iter().enumerate() {
        assert_eq!(glance.fields.at(place), fields.raw(name), "{name} of {text}");
        if let Some(Slot::Part(_)) = Slot::of(&format!("\"{name}\"")) {
            parts.push((place, fields.raw(name)));
        }
    }
    let request = Fields::read(fields.raw("requestParameters").expect("one"), REQUEST_PARAMETERS);
    let request = request.expect("an object");
    for (place, name) in REQUEST_PARAMETERS.iter().enumerate() {
        parts.push((N_TOP + place, request.raw(name)));
    }
    for (place, said) in parts {
        let number = glance.key[place];
        let known = numbered.entry((place, number)).or_insert(said.map(str::to_owned));
        assert_eq!(known.as_deref(), said, "{number} at {place} in {text}");
        assert_eq!(number == 0, said.is_none(), "{text}");
    }
    let tokens = fields.raw("additionalEventData").and_then(|data| data.split([':', '}']).nth(1));
    assert_eq!(glance.input_tokens, tokens, "{text}");
}

/// A record of a caller: what differs from call to call, and what its programs do differently.
fn record(caller: usize, id: u64, habit: usize, shape: usize) -> String {
    let identity = format!(
        r#""userIdentity":{{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/app-{caller}/s","accountId":"1"}}"#
    );
    let (agent, model) =
        (["Boto3", "Go", "Boto3/2"][habit % 3], ["m", "model", "é"][habit / 3 % 3]);
    let mut fields = vec![
        r#""eventVersion":"1.11""#.to_owned(),
        identity,
        format!(r#""eventTime":"2026-08-01T12:00:{:02}Z""#, id % 60),
        r#""eventSource":"bedrock.amazonaws.com""#.to_owned(),
        format!(r#""userAgent":"{agent}""#),
        format!(r#""requestParameters":{{"modelId":"{model}"}}"#),
        format!(r#""additionalEventData":{{"inputTokens":{id}}}"#),
        format!(r#""eventID":"{id}""#),
        r#""readOnly":true"#.to_owned(),
    ];
    match shape {
        0 => {}
        1 => fields.swap(0, 1),
        2 => fields.swap(1, 2),
        3 => fields[0] = r#""eventRevision":"1.11""#.to_owned(),
        4 => fields.insert(4, r#""errorCode":"AccessDenied""#.to_owned()),
        5 => fields.push(format!(r#""userAgent":"{model}""#)),
        6 => fields[1].push_str("  "),
        7 => fields[1].insert(r#""userIdentity":"#.len(), ' '),
        8 => fields[4] = r#""user\u0041gent":"x""#.to_owned(),
        9 => fields[1] = fields[1].replace("\"1\"", "1x"),
        _ => {
            let again = fields[1].replace("app", "web");
            fields.push(again);
        }
    }
    format!("{{{}}}", fields.join(","))
}

#[test]
fn a_caller_that_calls_again_has_a_skeleton() {
    let (mut recall, mut numbered) = (Recall::default(), Numbered::default());
    // The first skeleton is that of the first caller. A caller is numbered when it comes for the second
    // time, and what has a number is remembered.
    for id in 0..16 {
        check(&mut recall, &mut numbered, &record(id % 4, id as u64, 0, 0));
    }
    let other = |caller: usize| record(caller, 77, 1, 0);
    check(&mut recall, &mut numbered, &other(4));
    let mut n_same_bytes = |caller: usize| recall.skeletons.choose(other(caller).as_bytes());
    let caller_end = other(0).find("\"eventTime\"").expect("one");
    for caller in 0..4 {
        assert!(n_same_bytes(caller) > caller_end, "{caller}");
    }
    assert!(n_same_bytes(4) < caller_end);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    /// Callers that take turns, each with its habits, some in records of other shapes.
    #[test]
    fn what_callers_said_before_does_not_matter(
        calls in vec((0..5_usize, any::<u64>(), 0..9_usize, 0..36_usize), 1..120),
        sticky in vec(any::<bool>(), 120),
    ) {
        let (mut recall, mut numbered) = (Recall::default(), Numbered::default());
        let mut last = 0;
        for ((caller, id, habit, shape), stays) in calls.into_iter().zip(sticky) {
            last = if stays { last } else { caller };
            // Most are of the first shape.
            let record = record(last, id % 100_000, habit, shape.saturating_sub(25));
            check(&mut recall, &mut numbered, &record);
        }
    }
}
