//! Calls grouped by what policies look at, against the rows one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use bedrock::cost::{CostGap, Figure};
use bedrock::meaning::MeaningKey;
use bedrock::{Attribute, Attributes, CallId, CallSource, Meaning, Texts};
use bytes::Bytes;
use jiff::civil::date;
use proptest::collection::vec;
use proptest::prelude::*;
use tables::contexts::{
    ContextColumn, ContextQuestion, ContextSource, Contexts, Count, DayContexts, event_ids_of_rows,
};
use tables::{DENIALS, DenialRow, INVOCATIONS, Invocation, References};

use crate::rows::KNOWLEDGE;

const MESSAGES: [&str; 3] = [
    "User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: bedrock:InvokeModel on resource: \
     arn:aws:bedrock:us-east-2::foundation-model/m with an explicit deny in a service control policy",
    "User: arn:aws:sts::1:assumed-role/a/b is not authorized to perform: bedrock:InvokeModel on resource: \
     arn:aws:bedrock:us-east-1::foundation-model/m because no identity-based policy allows the bedrock:InvokeModel \
     action",
    "no",
];

/// A call: its time, account, principal, whether it has an API key, and the message that refused it.
type Call = (i64, usize, usize, Option<bool>, Option<usize>);

fn principal(number: usize) -> String {
    format!("arn:aws:sts::1:assumed-role/role{}/session{number}", number % 3)
}

fn role(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(role, _)| role)
}

struct Day {
    texts: Texts,
    meanings: Vec<Meaning>,
    calls: Vec<Call>,
    invocations: Vec<Invocation>,
    denials: Vec<DenialRow>,
}

impl Day {
    /// Calls, and requests that only network activity events tell of.
    fn new(mut calls: Vec<Call>, others: &[i64]) -> Self {
        calls.sort_by_key(|call| call.0);
        let (mut texts, mut meanings) = (Texts::default(), Vec::new());
        let mut attributes = |pairs: &[(Attribute, Option<&str>)]| {
            let mut of_call = Attributes::default();
            for (attribute, text) in pairs {
                texts.set(&mut of_call, *attribute, *text).expect("few texts");
            }
            meanings.push(KNOWLEDGE.meaning(MeaningKey::of(&of_call, &texts)));
            (of_call, u32::try_from(meanings.len() - 1).expect("few"))
        };
        let (mut invocations, mut denials) = (Vec::new(), Vec::new());
        for (number, (time, account, who, api_key, message)) in calls.iter().enumerate() {
            let (account, who) = (format!("account{account}"), principal(*who));
            let (attributes, meaning) = attributes(&[
                (Attribute::EventName, Some("Converse")),
                (Attribute::SourceRegion, Some("us-east-1")),
                (Attribute::AccountId, Some(account.as_str()).filter(|_| *time % 7 > 0)),
                (Attribute::PrincipalArn, Some(&who)),
                (Attribute::ApiKey, api_key.map(|flag| if flag { "true" } else { "false" })),
                (Attribute::ErrorCode, message.map(|_| "AccessDenied")),
                (Attribute::ErrorMessage, message.map(|number| MESSAGES[number])),
                (Attribute::EventCategory, Some("Management")),
            ]);
            let event_id = CallId::new(&format!("{number:08}"));
            invocations.push(Invocation {
                event_time_ms: *time,
                event_id: event_id.clone(),
                source: CallSource::CloudTrail,
                request_id: None,
                usage: None,
                units: Default::default(),
                figure: Figure { cost: None, gaps: CostGap::NoPrice.into() },
                latency_ms: None,
                first_byte_ms: None,
                attributes,
                meaning,
                object: 0,
            });
            if message.is_some() {
                let source = CallSource::CloudTrail;
                denials.push(DenialRow {
                    event_time_ms: *time,
                    event_id,
                    source,
                    attributes,
                    meaning,
                });
            }
        }
        for (number, time) in others.iter().enumerate() {
            let (attributes, meaning) = attributes(&[
                (Attribute::ErrorCode, Some("VpceAccessDenied")),
                (Attribute::EventCategory, Some("NetworkActivity")),
            ]);
            // Before, between, and after the calls of the same time.
            let event_id = CallId::new(&format!("{:08}", number * 3));
            let source = CallSource::CloudTrail;
            denials.push(DenialRow { event_time_ms: *time, event_id, source, attributes, meaning });
        }
        denials.sort_by(DENIALS.order);
        Day { texts, meanings, calls, invocations, denials }
    }

    fn files(&self) -> (Bytes, Bytes) {
        let objects = [Arc::from("key")];
        let references =
            References { texts: &self.texts, meanings: &self.meanings, objects: &objects };
        let calls = tables::write(&INVOCATIONS, references, &self.invocations, Vec::new());
        let denials = tables::write(&DENIALS, references, &self.denials, Vec::new());
        (calls.expect("the rows fit").into(), denials.expect("the rows fit").into())
    }
}

const CUTS: [i64; 2] = [20, 40];

fn question() -> ContextQuestion {
    let whole = ContextColumn::whole;
    let columns = vec![
        whole(ContextSource::Call("account_id")),
        ContextColumn { of: ContextSource::Call("principal_arn"), part: Some(role) },
        whole(ContextSource::Call("api_key")),
        whole(ContextSource::Call("no_such_column")),
        whole(ContextSource::Denial("policy_type")),
        whole(ContextSource::Denial("blocked_region")),
        whole(ContextSource::Has("account_id")),
        whole(ContextSource::Has("no_such_column")),
        whole(ContextSource::Day),
        whole(ContextSource::Time),
    ];
    ContextQuestion { columns, cuts_ms: CUTS.to_vec() }
}

/// What the question asks of a call, the slow way.
fn key(day: &str, call: &Call) -> Vec<Option<String>> {
    let (time, account, who, api_key, message) = call;
    let refusal = match message {
        Some(0) => [Some("service_control_policy"), Some("us-east-2")],
        Some(1) => [Some("identity_based_policy"), Some("us-east-1")],
        _ => [None, None],
    };
    let text = |text: &str| Some(text.to_owned());
    vec![
        Some(format!("account{account}")).filter(|_| time % 7 > 0),
        text(role(&principal(*who))),
        api_key.map(|flag| flag.to_string()),
        None,
        refusal[0].map(str::to_owned),
        refusal[1].map(str::to_owned),
        text("true"),
        text("false"),
        text(day),
        Some(CUTS.iter().filter(|cut| *cut <= time).count().to_string()),
    ]
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let message = prop_oneof![2 => Just(None), 3 => (0..MESSAGES.len()).prop_map(Some)];
    vec((0..60_i64, 0..3_usize, 0..9_usize, proptest::option::of(any::<bool>()), message), 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn contexts_are_those_of_the_calls_one_by_one(
        first in calls(), second in calls(), others in vec(0..60_i64, 0..9),
    ) {
        let question = question();
        let mut found = Contexts::new(&question);
        let mut expected = BTreeMap::<_, (Count, String)>::new();
        for (day, calls) in [(date(2026, 10, 5), first), (date(2026, 10, 6), second)] {
            let of_day = Day::new(calls, &others);
            let (calls, denials) = of_day.files();
            let mut contexts = DayContexts::new(&question);
            contexts.add_denials(&question, denials).unwrap();
            contexts.add_calls(&question, day, calls.clone()).unwrap();
            let new = found.add(&contexts);
            let rows = new.iter().map(|(_, row)| *row).collect::<Vec<_>>();
            let mut places = new.iter().map(|(place, _)| *place);
            event_ids_of_rows(calls, &rows, |id| {
                found.set_first_event(places.next().unwrap(), id);
            }).unwrap();
            for (number, call) in of_day.calls.iter().enumerate() {
                let time = call.0;
                let one = Count { calls: 1, first_ms: time, last_ms: time };
                let known = expected.entry(key(&day.to_string(), call));
                let known = known.or_insert_with(|| (Count { calls: 0, ..one }, format!("{number:08}")));
                known.0.calls += 1;
                known.0.last_ms = time;
            }
        }
        let n_columns = question.columns.len();
        let found = found.iter().map(|context| {
            let key = (0..n_columns).map(|column| context.text(column).map(str::to_owned));
            let event = context.first_event().unwrap().to_owned();
            (key.collect::<Vec<_>>(), (context.count(), event))
        });
        let found = found.collect::<Vec<_>>();
        prop_assert_eq!(found.len(), expected.len(), "each once");
        prop_assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>(), expected);
    }
}

#[test]
fn file_of_another_table_is_an_error() {
    let (question, day) = (question(), Day::new(Vec::new(), &[]));
    let (calls, denials) = day.files();
    let mut contexts = DayContexts::new(&question);
    let found = contexts.add_calls(&question, date(2026, 10, 5), denials).unwrap_err();
    assert!(found.to_string().contains("expected the table invocations"), "{found}");
    assert!(contexts.add_denials(&question, calls).is_err());
    let cut = Bytes::from_static(b"PAR1 no");
    assert!(contexts.add_calls(&question, date(2026, 10, 5), cut).is_err());
}

/// Each row group has a dictionary of its own, in which the same number is another text.
#[test]
fn row_groups_with_other_dictionaries_are_read_as_they_are() {
    let few = Day::new(vec![(1, 1, 0, None, None), (2, 2, 1, Some(true), None)], &[]);
    let [first, second] = [0, 1].map(|number| few.invocations[number].clone());
    let n_first = tables::ROW_GROUP_ROWS;
    let mut rows = vec![first; n_first];
    rows.extend(vec![second; 20_000]);
    let objects = [Arc::from("key")];
    let references = References { texts: &few.texts, meanings: &few.meanings, objects: &objects };
    let file = tables::write(&INVOCATIONS, references, &rows, Vec::new()).expect("the rows fit");
    let (question, file) = (question(), Bytes::from(file));
    let mut contexts = DayContexts::new(&question);
    contexts.add_calls(&question, date(2026, 10, 5), file.clone()).unwrap();
    let mut found = Contexts::new(&question);
    let new = found.add(&contexts);
    assert_eq!(new, [(0, 0), (1, n_first as u64)]);
    let accounts = found.iter().map(|it| (it.text(0).unwrap(), it.count().calls));
    let expected = [("account1", n_first as u64), ("account2", 20_000)];
    assert_eq!(accounts.collect::<Vec<_>>(), expected);
    let mut ids = Vec::new();
    event_ids_of_rows(file, &[0, n_first as u64], |id| ids.extend(id.map(str::to_owned))).unwrap();
    assert_eq!(ids, ["00000000", "00000001"]);
}
