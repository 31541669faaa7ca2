//! Calls counted in groups, and groups merged.

use std::collections::BTreeMap;
use std::sync::Arc;

use bedrock::cost::{Cost, CostBasis, CostGap, CostGaps, Figure, TokenSource, UnitSums, Usage};
use bedrock::meaning::MeaningKey;
use bedrock::resolve::Unresolved;
use bedrock::{Attribute, Attributes, CallId, CallSource, Meaning, Texts, UsdPerMillion};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tables::attributed_costs::Caller;
use tables::model_costs::CostSums;
use tables::{CostRow, GroupRow, GroupRows, Groups, Invocation, References};

use crate::rows::KNOWLEDGE;

const HOUR_MS: i64 = 3_600_000;

/// What some calls refer to; the meaning of each has the number of its attributes.
struct Calls {
    texts: Texts,
    attributes: Vec<Attributes>,
    meanings: Vec<Meaning>,
}

impl Calls {
    fn new(all: &[[(Attribute, &str); 5]]) -> Self {
        let mut texts = Texts::default();
        let mut attributes = Vec::new();
        for pairs in all {
            let mut of_call = Attributes::default();
            for (attribute, text) in pairs {
                texts.set(&mut of_call, *attribute, Some(text)).expect("few texts");
            }
            attributes.push(of_call);
        }
        let meaning = |all| KNOWLEDGE.meaning(MeaningKey::of(all, &texts));
        let meanings = attributes.iter().map(meaning).collect();
        Calls { texts, attributes, meanings }
    }

    fn references(&self) -> References<'_> {
        References { texts: &self.texts, meanings: &self.meanings, objects: &[] }
    }

    fn row(&self, event_time_ms: i64, number: u32, input: Option<i64>) -> Invocation {
        let usage = input.map(|input| Usage {
            input: Some(input),
            output: None,
            cache_read: None,
            cache_write: None,
            cache_write_1h: None,
            source: TokenSource::CloudTrail,
            input_includes_cache: false,
            exceeding: [None; 2],
        });
        Invocation {
            event_time_ms,
            event_id: CallId::new("e"),
            source: CallSource::CloudTrail,
            request_id: None,
            usage,
            units: Default::default(),
            figure: Figure { cost: None, gaps: CostGap::NoPrice.into() },
            latency_ms: None,
            first_byte_ms: None,
            attributes: self.attributes[number as usize],
            meaning: number,
            object: 0,
        }
    }
}

fn call<'a>(
    account: &'a str,
    event_name: &'a str,
    region: &'a str,
    model_ref: &'a str,
    error_code: &'a str,
) -> [(Attribute, &'a str); 5] {
    [
        (Attribute::AccountId, account),
        (Attribute::EventName, event_name),
        (Attribute::SourceRegion, region),
        (Attribute::ModelRef, model_ref),
        (Attribute::ErrorCode, error_code),
    ]
}

#[test]
fn calls_of_one_route_are_added_up_by_the_hour() {
    let calls = Calls::new(&[
        call("2", "Converse", "us-west-2", "", ""),
        call("2", "InvokeModel", "eu-central-1", "", ""),
        call("2", "Converse", "eu-central-1", "", ""),
        call("1", "Converse", "eu-central-1", "", "ThrottlingException"),
    ]);
    let rows = [
        calls.row(0, 0, None),
        calls.row(1, 1, Some(5)),
        calls.row(2, 2, Some(7)),
        calls.row(HOUR_MS - 1, 3, None),
        calls.row(HOUR_MS, 2, None),
        calls.row(3 * HOUR_MS, 2, None),
    ];
    let mut groups = Groups::default();
    groups.add(&rows[..2], calls.references());
    groups.add(&rows[2..], calls.references());
    assert_eq!(groups.len(), 5 + 3 + 1);
    let GroupRows { routing, costs, unresolved, .. } = groups.take(calls.references(), "1");
    assert!(groups.is_empty());

    let rows = routing.iter().map(|row| {
        let account = row.key.account_id.as_deref().unwrap_or_default();
        let region = row.key.source_region.as_deref().unwrap_or_default();
        let ran = row.key.route.inference_region.is_some();
        let hour = row.key.event_hour_ms / HOUR_MS;
        (hour, account, region, ran, row.counts.by_outcome, row.counts.input_tokens)
    });
    let expected = [
        (0, "1", "eu-central-1", false, [0, 0, 1, 0], None),
        (0, "2", "eu-central-1", true, [2, 0, 0, 0], Some(12)),
        (0, "2", "us-west-2", true, [1, 0, 0, 0], None),
        (1, "2", "eu-central-1", true, [1, 0, 0, 0], None),
        (3, "2", "eu-central-1", true, [1, 0, 0, 0], None),
    ];
    assert_eq!(rows.collect::<Vec<_>>(), expected);

    let counted = |row: &CostRow| {
        let CostSums { calls, succeeded_calls, calls_with_tokens, calls_unpriced, .. } = row.sums;
        [calls, succeeded_calls, calls_with_tokens, calls_unpriced]
    };
    let expected = [[1, 0, 0, 0], [4, 4, 2, 2], [1, 1, 0, 0]];
    assert_eq!(costs.iter().map(counted).collect::<Vec<_>>(), expected);

    let [row] = unresolved.as_slice() else { panic!("one reference: none") };
    let seen = (row.calls, row.first_seen_ms, row.last_seen_ms, row.accounts.len());
    assert_eq!((row.reason, seen), (Unresolved::NoReference, (6, 0, 3 * HOUR_MS, 2)));
}

#[test]
fn destinations_of_a_profile_are_listed_whether_they_were_used_or_not() {
    // Two ids of one profile of a model, whose routes are the same.
    let dated = "us.anthropic.claude-3-haiku-20240307-v1:0";
    let profile = "us.anthropic.claude-sonnet-4-6";
    let calls = Calls::new(&[
        call("1", "Converse", "us-east-1", profile, ""),
        call("1", "Converse", "us-west-1", profile, ""),
        call("1", "InvokeModel", "us-east-1", profile, "ThrottlingException"),
        call("2", "Converse", "us-east-1", dated, "ThrottlingException"),
        call("1", "Converse", "us-east-1", "us.anthropic.claude-unheard-of", ""),
        call("1", "Converse", "us-east-1", "anthropic.claude-sonnet-4-6", ""),
        // From here, the profile has as many destinations as from there, and other ones.
        call("3", "Converse", "ca-central-1", profile, "ThrottlingException"),
        call("3", "Converse", "ca-west-1", profile, "ThrottlingException"),
    ]);
    let rows = [0, 0, 1, 2, 3, 4, 5, 6, 7].map(|number| calls.row(0, number, None));
    let mut groups = Groups::default();
    groups.add(&rows, calls.references());
    let GroupRows { destinations, .. } = groups.take(calls.references(), "1");
    let found = destinations.iter().map(|row| {
        let key = &row.key;
        let (account, source) = (key.account_id.as_deref(), key.source_region.as_deref());
        let places =
            (account.unwrap(), &*key.profile_id, source.unwrap(), &*key.destination_region);
        (places, row.is_declared, row.succeeded_calls)
    });
    let yes = Some(true);
    let expected = [
        (("1", profile, "us-east-1", "us-east-1"), yes, 2),
        (("1", profile, "us-east-1", "us-east-2"), yes, 0),
        (("1", profile, "us-east-1", "us-west-2"), yes, 0),
        (("1", profile, "us-west-1", "us-east-1"), yes, 0),
        (("1", profile, "us-west-1", "us-east-2"), yes, 0),
        (("1", profile, "us-west-1", "us-west-1"), yes, 1),
        (("1", profile, "us-west-1", "us-west-2"), yes, 0),
        (("1", "us.anthropic.claude-unheard-of", "us-east-1", "us-east-1"), None, 1),
        (("2", dated, "us-east-1", "us-east-1"), yes, 0),
        (("2", dated, "us-east-1", "us-west-2"), yes, 0),
        (("3", profile, "ca-central-1", "ca-central-1"), yes, 0),
        (("3", profile, "ca-central-1", "us-east-1"), yes, 0),
        (("3", profile, "ca-central-1", "us-east-2"), yes, 0),
        (("3", profile, "ca-central-1", "us-west-2"), yes, 0),
        (("3", profile, "ca-west-1", "ca-west-1"), yes, 0),
        (("3", profile, "ca-west-1", "us-east-1"), yes, 0),
        (("3", profile, "ca-west-1", "us-east-2"), yes, 0),
        (("3", profile, "ca-west-1", "us-west-2"), yes, 0),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

/// Profiles of different ids, with the same model, scope, and Regions, are one row of the distribution.
#[test]
fn profiles_of_one_route_are_one_row_of_the_distribution() {
    let refs = ["us.deepseek.r1-v1:0", "us.deepseek.r1", "us.deepseek.r1:0"];
    let calls = refs.map(|id| call("1", "Converse", "us-east-1", id, "ThrottlingException"));
    let calls = Calls::new(&calls);
    let rows = [0, 1, 2, 0, 1].map(|number| calls.row(0, number, None));
    let mut groups = Groups::default();
    groups.add(&rows, calls.references());
    let GroupRows { routing, .. } = groups.take(calls.references(), "1");
    let found = routing.iter().map(|row| (row.key.route.declared_destinations, row.counts.calls));
    assert_eq!(found.collect::<Vec<_>>(), [(None, 3), (Some(3), 2)]);
}

/// Merges rows of one group, as whoever takes several times does.
fn merged<R: GroupRow>(mut rows: Vec<R>) -> Vec<R> {
    rows.sort_by(GroupRow::compare_group);
    let mut merged = Vec::<R>::new();
    for row in rows {
        match merged.last_mut() {
            Some(last) if last.same_group(&row) => last.merge(row),
            _ => merged.push(row),
        }
    }
    merged
}

/// Ids mean other texts after a take.
#[test]
fn rows_of_several_takes_merge_to_those_of_one() {
    let sonnet = "us.anthropic.claude-sonnet-4-6";
    let kinds = [
        call("1", "Converse", "us-west-2", sonnet, ""),
        call("2", "Converse", "us-west-2", "no.such-model", ""),
        call("1", "Converse", "eu-west-1", "no.such-model", "AccessDenied"),
        call("1", "InvokeModel", "us-west-2", sonnet, "ThrottlingException"),
    ];
    let mut reversed = kinds;
    reversed.reverse();
    let (calls, others) = (Calls::new(&kinds), Calls::new(&reversed));
    let numbers = (0..40).map(|n| (i64::from(n) * HOUR_MS / 7, n % 4)).collect::<Vec<_>>();
    let input = |number: u32| (number > 0).then(|| i64::from(number));
    let row = |(time, number): &(i64, u32)| calls.row(*time, *number, input(*number));

    let mut groups = Groups::default();
    groups.add(&numbers.iter().map(row).collect::<Vec<_>>(), calls.references());
    let expected = groups.take(calls.references(), "1");

    let (early, late) = numbers.split_at(17);
    groups.add(&early.iter().map(row).collect::<Vec<_>>(), calls.references());
    let mut found = groups.take(calls.references(), "1");
    let row = |(time, number): &(i64, u32)| others.row(*time, 3 - number, input(*number));
    groups.add(&late.iter().map(row).collect::<Vec<_>>(), others.references());
    let rest = groups.take(others.references(), "1");
    found.routing.extend(rest.routing);
    found.costs.extend(rest.costs);
    let attributed = found.attributed.chain(rest.attributed).collect();
    found.unresolved.extend(rest.unresolved);
    assert_eq!(merged(found.routing), expected.routing);
    assert_eq!(merged(found.costs), expected.costs);
    assert_eq!(merged(attributed), expected.attributed.collect::<Vec<_>>());
    assert_eq!(merged(found.unresolved), expected.unresolved);
    assert_eq!(expected.unresolved.len(), 1);
}

/// A call of an account, a model, a session, and request metadata, with its list cost in millionths of a dollar, if
/// it has one.
type AttributedCall = ((usize, usize), (usize, usize), Option<i64>);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever made the calls, `attributed_costs` adds up to `model_costs`, and each of its rows is what a slow
    /// look through the calls finds.
    #[test]
    fn attributed_costs_add_up_to_model_costs(
        all in vec(((0..2usize, 0..3usize), (0..4usize, 0..3usize), option::of(0..1i64 << 60)), 0..60),
    ) {
        let (calls, rows) = attributed(&all);
        let mut groups = Groups::default();
        rows.chunks(7).for_each(|rows| groups.add(rows, calls.references()));
        let GroupRows { costs, attributed, .. } = groups.take(calls.references(), "1");
        let announced = attributed.len();
        let attributed = attributed.collect::<Vec<_>>();
        prop_assert_eq!(attributed.len(), announced);

        let is_in_order = |rows: &[CostRow]| rows.is_sorted_by(|a, b| a.compare_group(b).is_lt());
        prop_assert!(is_in_order(&costs) && is_in_order(&attributed));
        let mut summed = Vec::<CostRow>::new();
        for row in &attributed {
            let row = CostRow { caller: Caller::default(), ..row.clone() };
            match summed.iter_mut().find(|known| known.key == row.key) {
                Some(known) => known.sums.add(&row.sums),
                None => summed.push(row),
            }
        }
        prop_assert_eq!(&summed, &costs);

        let mut slow = BTreeMap::<_, (i64, i128)>::new();
        for ((account, model), (session, metadata), cost) in &all {
            let key = (ACCOUNTS[*account], MODELS[*model], SESSIONS[*session], METADATA[*metadata]);
            let sums = slow.entry((key, cost.is_some())).or_default();
            *sums = (sums.0 + 1, sums.1 + i128::from(cost.unwrap_or_default()));
        }
        let found = attributed.iter().map(|row| {
            let (key, caller) = (&row.key, &row.caller);
            let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
            let model = key.called.model_id.as_deref().unwrap_or_default().to_owned();
            let caller = (text(&caller.session_name), text(&caller.request_metadata));
            let cost = row.sums.cost.map_or(0, |cost| cost.units() / 1_000_000);
            ((text(&key.account_id), model, caller, key.cost_basis.is_some()), (row.sums.calls, cost))
        });
        let expected = slow.into_iter().map(|(((account, model, session, metadata), priced), sums)| {
            let caller = (session.to_owned(), metadata.to_owned());
            ((account.to_owned(), model.to_owned(), caller, priced), sums)
        });
        prop_assert_eq!(found.collect::<BTreeMap<_, _>>(), expected.collect::<BTreeMap<_, _>>());
        prop_assert_eq!(attributed.iter().map(|row| row.sums.calls).sum::<i64>(), all.len() as i64);
    }
}

/// A call's session, whether it succeeded, its tokens, other units, and costs, each if there is any.
type SummedCall = (usize, bool, Option<[Option<i64>; 4]>, [Option<i64>; 4], Option<SummedCost>);
/// The costs of tokens and of units, the upper end, what was negotiated; all, and on which basis.
type SummedCost = ([Option<i64>; 7], i64, usize);

const BASES: [CostBasis; 3] = [CostBasis::Estimate, CostBasis::Full, CostBasis::LowerBound];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whether a group has one call or more, and whatever is summed up of them.
    #[test]
    fn sums_of_a_group_are_those_of_its_calls(
        all in vec(
            (
                0..SESSIONS.len(),
                any::<bool>(),
                option::of([(); 4].map(|()| option::of(0..9i64))),
                [(); 4].map(|()| option::of(0..9i64)),
                option::of(([(); 7].map(|()| option::of(0..9i64)), 0..9i64, 0..BASES.len())),
            ),
            0..20,
        ),
    ) {
        let (calls, rows) = summed(&all);
        let mut groups = Groups::default();
        groups.add(&rows, calls.references());
        let found = groups.take(calls.references(), "1").attributed.map(|row| {
            let session = row.caller.session_name.as_deref().unwrap_or_default().to_owned();
            ((session, row.key.cost_basis), row.sums)
        });
        let mut expected = BTreeMap::<_, CostSums>::new();
        for ((session, succeeded, ..), row) in all.iter().zip(&rows) {
            let basis = row.figure.cost.map(|cost| cost.basis);
            let sums = expected.entry((SESSIONS[*session].to_owned(), basis)).or_default();
            sums.add_call(*succeeded, row);
        }
        prop_assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
    }
}

fn summed(all: &[SummedCall]) -> (Calls, Vec<Invocation>) {
    let kinds = all.iter().map(|(session, succeeded, ..)| {
        [
            (Attribute::AccountId, "1"),
            (Attribute::EventName, "Converse"),
            (Attribute::ModelRef, MODELS[0]),
            (Attribute::SessionName, SESSIONS[*session]),
            (Attribute::ErrorCode, if *succeeded { "" } else { "ThrottlingException" }),
        ]
    });
    let calls = Calls::new(&kinds.collect::<Vec<_>>());
    let usd = |units: i64| one_dollar().of_tokens(units);
    let row = |(number, (_, _, tokens, units, cost)): (u32, &SummedCall)| {
        let mut row = calls.row(i64::from(number), number, tokens.map(|_| 0));
        if let (Some(usage), Some([input, output, cache_read, cache_write])) =
            (&mut row.usage, *tokens)
        {
            *usage = Usage { input, output, cache_read, cache_write, ..*usage };
        }
        let [images, speech_tokens, search_units, guardrail_units] = *units;
        row.units = UnitSums { images, speech_tokens, search_units, guardrail_units };
        row.figure.cost = cost.map(|(amounts, total, basis)| {
            let [input, output, cache_read, cache_write, units, max, contracted] =
                amounts.map(|amount| amount.map(usd));
            let (total, basis) = (usd(total), BASES[basis]);
            Cost { input, output, cache_read, cache_write, units, total, max, contracted, basis }
        });
        row
    };
    let rows = (0..).zip(all).map(row).collect();
    (calls, rows)
}

/// For a million tokens: a millionth of it for one.
fn one_dollar() -> UsdPerMillion {
    "1".parse().expect("a price")
}

const ACCOUNTS: [&str; 2] = ["1", "2"];
const MODELS: [&str; 3] = ["amazon.nova-lite-v1:0", "anthropic.claude-sonnet-4-6", ""];
const SESSIONS: [&str; 4] = ["", "ana", "bo", "ana@example.com"];
const METADATA: [&str; 3] = ["", "team\0a\0", "team\0b\0"];

fn attributed(all: &[AttributedCall]) -> (Calls, Vec<Invocation>) {
    let kinds = all.iter().map(|((account, model), (session, metadata), _)| {
        [
            (Attribute::AccountId, ACCOUNTS[*account]),
            (Attribute::EventName, "Converse"),
            (Attribute::ModelRef, MODELS[*model]),
            (Attribute::SessionName, SESSIONS[*session]),
            (Attribute::RequestMetadata, METADATA[*metadata]),
        ]
    });
    let calls = Calls::new(&kinds.collect::<Vec<_>>());
    let row = |(number, (_, _, units)): (u32, &AttributedCall)| {
        let mut row = calls.row(i64::from(number), number, Some(1));
        if let Some(units) = units {
            let total = one_dollar().of_tokens(*units);
            let cost = Cost {
                input: Some(total),
                output: None,
                cache_read: None,
                cache_write: None,
                total,
                max: None,
                contracted: Some(total),
                units: None,
                basis: CostBasis::Full,
            };
            row.figure = Figure { cost: Some(cost), gaps: CostGaps::NONE };
        }
        row
    };
    let rows = (0..).zip(all).map(row).collect();
    (calls, rows)
}
