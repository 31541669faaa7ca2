//! Costs at another rate, worked out from sums, against the same calls one by one.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bedrock::cost::{
    CallSums, Cost, CostBasis, CostGap, CostGaps, Figure, NoRate, OtherRate, Rated, Rates,
    TokenSource, TokenSum,
};
use bedrock::price::{Routing, Tier};
use bedrock::{Aliases, Catalog, Knowledge, PriceBook, PriceKey, Regions, Usage, Usd};
use jiff::civil::{Date, date};
use proptest::prelude::*;

const DAY: Date = date(2026, 11, 1);
const REGION: &str = "us-east-1";

static BUILT_IN: LazyLock<Knowledge> = LazyLock::new(Knowledge::embedded);

/// Input, output, cache reads, cache writes for five minutes, and for an hour.
type Counts = [i64; 5];

fn usage([input, output, cache_read, write_5m, write_1h]: Counts) -> Usage {
    Usage {
        input: Some(input),
        output: Some(output),
        cache_read: Some(cache_read),
        cache_write: Some(write_5m + write_1h),
        cache_write_1h: Some(write_1h),
        source: TokenSource::InvocationLog,
        input_includes_cache: false,
        exceeding: [None; 2],
    }
}

fn figure(knowledge: &Knowledge, key: &PriceKey<'_>, usage: &Usage) -> Option<Figure> {
    let card = knowledge.prices.rate_card(&knowledge.regions, key, DAY)?;
    Some(Figure::of(&[&card], Some(usage), None, CostGaps::NONE))
}

/// Calls of one row of a table.
#[derive(Default)]
struct Row {
    tokens: [TokenSum; 4],
    /// What they cost at the other rate, call by call; `None` if one of them has a token without a price there.
    other: Option<i128>,
}

/// Sums up as the tables do, and prices every call at both rates.
fn rows(
    knowledge: &Knowledge,
    (now, other): (&PriceKey<'_>, &PriceKey<'_>),
    calls: &[Counts],
) -> BTreeMap<(CostBasis, CostGaps), Row> {
    let mut rows = BTreeMap::<_, Row>::new();
    for counts in calls {
        let usage = usage(*counts);
        let Some(Figure { cost: Some(cost), gaps }) = figure(knowledge, now, &usage) else {
            continue;
        };
        let row = rows
            .entry((cost.basis, gaps))
            .or_insert_with(|| Row { other: Some(0), ..Row::default() });
        let of_call = [usage.input, usage.output, usage.cache_read, usage.cache_write];
        let costs = [cost.input, cost.output, cost.cache_read, cost.cache_write];
        for ((sum, count), cost) in row.tokens.iter_mut().zip(of_call).zip(costs) {
            sum.count = Some(sum.count.unwrap_or(0) + count.unwrap_or(0));
            if let Some(cost) = cost {
                sum.cost = Some(sum.cost.unwrap_or(0) + cost.units());
            }
        }
        // The same kinds cost something at both rates.
        let parts = |cost: Cost| {
            let parts = [cost.input, cost.output, cost.cache_read, cost.cache_write];
            parts.map(|part| part.is_some_and(|usd| usd > Usd::ZERO))
        };
        let at_other = figure(knowledge, other, &usage).filter(|other| other.gaps == gaps);
        let at_other = at_other.and_then(|figure| figure.cost);
        let at_other = at_other.filter(|at_other| parts(*at_other) == parts(cost));
        row.other = row.other.zip(at_other).map(|(sum, cost)| sum + cost.total.units());
    }
    rows
}

fn sums<'a>(key: &PriceKey<'a>, gaps: CostGaps, row: &Row, version: &'a str) -> CallSums<'a> {
    CallSums {
        model_id: Some(key.model_id),
        source_region: Some(key.source_region),
        profile_scope: (key.routing == Routing::Global).then_some("global"),
        service_tier: Some(key.tier.as_str()),
        day: DAY,
        gaps,
        price_version: version,
        tokens: row.tokens,
    }
}

fn counts() -> impl Strategy<Value = Counts> {
    let small = || prop_oneof![Just(0), 1..5_000_i64];
    let input = prop_oneof![Just(0), 1..5_000_i64, 150_000..300_000_i64];
    let all = (input, small(), prop_oneof![Just(0), 1..250_000_i64], small(), small());
    all.prop_map(|(input, output, read, write_5m, write_1h)| {
        [input, output, read, write_5m, write_1h]
    })
}

const MODELS: [&str; 7] = [
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "anthropic.claude-opus-4-6-v1",
    "amazon.nova-2-lite-v1:0",
    "amazon.nova-pro-v1:0",
    "openai.gpt-5.6-sol",
    "openai.gpt-oss-120b-1:0",
];

const RATES: [&str; 4] = ["routing=global", "routing=regional", "tier=flex", "tier=batch"];

fn other_key<'a>(rate: OtherRate, now: &PriceKey<'a>) -> PriceKey<'a> {
    match rate {
        OtherRate::Routing(routing) => PriceKey { routing, ..*now },
        OtherRate::Tier(tier) => PriceKey { tier, ..*now },
    }
}

/// How many rows of random calls are compared, with what each answer is.
fn compare(
    model_id: &str,
    (routing, region, rate): (Routing, &str, OtherRate),
    calls: &[Counts],
) -> Vec<Result<Rated, NoRate>> {
    let knowledge = &*BUILT_IN;
    let now = PriceKey { model_id, routing, source_region: region, tier: Tier::Standard };
    let other = other_key(rate, &now);
    let version = knowledge.prices.version();
    let mut found = Vec::new();
    for ((_, gaps), row) in rows(knowledge, (&now, &other), calls) {
        let rated = Rates::new(knowledge, rate).of(&sums(&now, gaps, &row, &version));
        if let Ok(Rated::Cost(units)) = rated
            && let Some(expected) = row.other
        {
            assert_eq!(units, expected, "{now:?} {rate:?} {gaps} {calls:?}");
        }
        // In the built-in book, the other rate is the same part of all prices of a kind.
        let no_price = [NoRate::NoPrice, NoRate::NoRoute, NoRate::NoTokens].map(Err);
        let is_known = rated.is_ok() || no_price.contains(&rated);
        assert!(is_known, "{now:?} {rate:?} {gaps} {rated:?} {calls:?}");
        if rated == Err(NoRate::NoPrice) {
            assert_eq!(row.other, None, "{now:?} {rate:?} {gaps} {calls:?}");
        }
        found.push(rated);
    }
    found
}

proptest! {
    #[test]
    fn cost_at_the_other_rate_is_that_of_the_same_calls_one_by_one(
        model in 0..MODELS.len(),
        is_global: bool,
        region in prop_oneof![Just("us-east-1"), Just("eu-central-1")],
        rate in 0..RATES.len(),
        calls in prop::collection::vec(counts(), 1..12),
    ) {
        let routing = if is_global { Routing::Global } else { Routing::Regional };
        let rate = OtherRate::parse(RATES[rate]).expect("a rate");
        compare(MODELS[model], (routing, region, rate), &calls);
    }
}

#[test]
fn geographic_call_at_the_global_rate_costs_an_eleventh_less() {
    let calls = [[1000, 200, 0, 0, 0], [250_000, 100, 7, 0, 3]];
    let rate = OtherRate::Routing(Routing::Global);
    let found = compare(MODELS[0], (Routing::Regional, REGION, rate), &calls);
    // Below 200,000 tokens: 3 and 15 dollars; above: 6, 22.5, 0.6, and 12.
    let units = 1000 * 3 + 200 * 15 + 250_000 * 6 + 100 * 225 / 10 + 3 * 12;
    assert_eq!(found, [Ok(Rated::Cost(units * 1_000_000 + 7 * 600_000))]);
    assert_eq!(compare(MODELS[0], (Routing::Global, REGION, rate), &calls), [Ok(Rated::Already)]);
}

const HEAD: &str = "model_id,routing,source_region,service_tier,context_over_tokens,token_kind,\
    usd_per_million,valid_from,valid_until,source,source_date\n";

fn book(rows: &[(&str, i64, &str)]) -> Knowledge {
    let mut text = HEAD.to_owned();
    for (routing, over, price) in rows {
        for kind in ["input", "output"] {
            text +=
                &format!("m.x,{routing},{REGION},standard,{over},{kind},{price},,,s,2026-01-01\n");
        }
    }
    let models = "model_id,canonical_id,provider,name,on_demand_regions,profile_only_regions,source\n\
        m.x,m.x,M,X,us-east-1,,s 2026-01\n";
    let profiles = "profile_id,source_region,destination_regions,source\n\
        global.m.x,us-east-1,ALL_COMMERCIAL,s 2026-01\n";
    Knowledge {
        catalog: Catalog::parse(models, profiles).expect("well-formed"),
        regions: Regions::embedded(),
        aliases: Aliases::default(),
        prices: PriceBook::parse(&text).expect("well-formed"),
        discounts: None,
    }
}

const NOW: PriceKey<'_> = PriceKey {
    model_id: "m.x",
    routing: Routing::Regional,
    source_region: REGION,
    tier: Tier::Standard,
};

/// What calls with so much input and no output cost at the global rate of a book: in fact, and as found.
fn at_global(
    knowledge: &Knowledge,
    inputs: &[i64],
    version: Option<&str>,
) -> (Option<i128>, Result<Rated, NoRate>) {
    let global = PriceKey { routing: Routing::Global, ..NOW };
    let calls = inputs.iter().map(|input| [*input, 0, 0, 0, 0]).collect::<Vec<_>>();
    let rows = rows(knowledge, (&NOW, &global), &calls);
    let ((_, gaps), row) = rows.into_iter().next().expect("priced calls");
    let own = knowledge.prices.version();
    let sums = sums(&NOW, gaps, &row, version.unwrap_or(&own));
    let rate = OtherRate::Routing(Routing::Global);
    (row.other, Rates::new(knowledge, rate).of(&sums))
}

proptest! {
    /// Two prices and two sums say how many tokens had which.
    #[test]
    fn tokens_of_two_bands_are_told_apart_by_their_sums(
        inputs in prop::collection::vec(1..3000_i64, 1..20),
        prices in prop::array::uniform4(1..90_u32),
    ) {
        let [low, high, other_low, other_high] = prices.map(|price| price.to_string());
        let knowledge = book(&[
            ("regional", 0, &low), ("regional", 1000, &high), ("global", 0, &other_low), ("global", 1000, &other_high),
        ]);
        let (expected, found) = at_global(&knowledge, &inputs, None);
        if low == high && other_low != other_high {
            prop_assert_eq!(found, Err(NoRate::RatesDiffer));
        } else {
            prop_assert_eq!(found, Ok(Rated::Cost(expected.expect("all are priced"))));
        }
    }
}

#[test]
fn calls_that_cannot_be_compared_say_why() {
    let three = [("regional", 0, "1"), ("regional", 10, "2"), ("regional", 100, "4")];
    let with_global =
        |global: &[(&'static str, i64, &'static str)]| book(&[&three[..], global].concat());
    let differ = with_global(&[("global", 0, "1"), ("global", 10, "1"), ("global", 100, "1")]);
    let of = |knowledge: &Knowledge, inputs: &[i64]| at_global(knowledge, inputs, None).1;
    assert_eq!(of(&differ, &[5, 50, 500]), Err(NoRate::RatesDiffer));
    // All in the lowest band, or in the highest: that is known.
    assert_eq!(of(&differ, &[5, 6]), Ok(Rated::Cost(11_000_000)));
    assert_eq!(of(&differ, &[500, 600]), Ok(Rated::Cost(1_100_000_000)));
    let half = with_global(&[("global", 0, "0.5"), ("global", 10, "1"), ("global", 100, "2")]);
    assert_eq!(of(&half, &[5, 50, 500]), Ok(Rated::Cost(2_500_000 + 50_000_000 + 1_000_000_000)));
    // A price that some of the tokens would need is missing.
    let lacks = book(&[("regional", 0, "1"), ("regional", 10, "2"), ("global", 0, "1")]);
    assert_eq!(of(&lacks, &[5]), Ok(Rated::Cost(5_000_000)));
    assert_eq!(of(&lacks, &[5, 50]), Ok(Rated::Cost(55_000_000)), "no band of its own: one price");
    let none = book(&three);
    assert_eq!(of(&none, &[5]), Err(NoRate::NoPrice));
    // Costs from another book, which this one may give, too.
    let other = |knowledge: &Knowledge, inputs: &[i64]| {
        at_global(knowledge, inputs, Some("another book")).1
    };
    assert_eq!(other(&half, &[5]), Ok(Rated::Cost(2_500_000)));
    assert_eq!(other(&half, &[5, 50]), Err(NoRate::OtherPrices));
    // Nothing that a token costs.
    let units = CallSums { tokens: [TokenSum::default(); 4], ..plain(CostGaps::NONE) };
    let rate = OtherRate::Routing(Routing::Global);
    assert_eq!(Rates::new(&half, rate).of(&units), Err(NoRate::NoTokens));
    // Of the tokens that are counted, some have no price: how many had which is not known.
    let mut writes = HEAD.to_owned();
    for (routing, over, price) in
        [("regional", 0, 2), ("regional", 1000, 4), ("global", 0, 1), ("global", 1000, 3)]
    {
        writes += &format!(
            "m.x,{routing},{REGION},standard,{over},cache_write_1h,{price},,,s,2026-01-01\n"
        );
    }
    let mut with_writes = half.clone();
    with_writes.prices = PriceBook::parse(&writes).expect("well-formed");
    let version = with_writes.prices.version();
    let written = TokenSum { count: Some(10), cost: Some(20_000_000) };
    let tokens = [TokenSum::default(), TokenSum::default(), TokenSum::default(), written];
    let of_writes = |gaps: CostGaps| {
        let sums = CallSums { tokens, price_version: &version, ..plain(gaps) };
        Rates::new(&with_writes, rate).of(&sums)
    };
    assert_eq!(of_writes(CostGaps::NONE), Ok(Rated::Cost(10_000_000)));
    assert_eq!(of_writes(CostGap::NoPriceCacheWrite5m.into()), Err(NoRate::RatesDiffer));
    let mut no_profile = half.clone();
    no_profile.catalog = Catalog::embedded();
    assert_eq!(Rates::new(&no_profile, rate).of(&plain(CostGaps::NONE)), Err(NoRate::NoRoute));
}

/// A token of input that costs a millionth of a dollar.
fn plain(gaps: CostGaps) -> CallSums<'static> {
    CallSums {
        model_id: Some("m.x"),
        source_region: Some(REGION),
        profile_scope: None,
        service_tier: None,
        day: DAY,
        gaps,
        price_version: "another book",
        tokens: [
            TokenSum { count: Some(1), cost: Some(1_000_000) },
            TokenSum::default(),
            TokenSum::default(),
            TokenSum::default(),
        ],
    }
}

#[test]
fn estimate_is_compared_only_where_every_price_differs_by_the_same_part() {
    use CostGap::{InputIncludesCache, TierUnknown};
    let text = |input: &str, output: &str| {
        format!(
            "{HEAD}m.x,regional,{REGION},standard,0,input,2,,,s,2026-01-01\n\
             m.x,regional,{REGION},standard,0,output,10,,,s,2026-01-01\n\
             m.x,global,{REGION},standard,0,input,{input},,,s,2026-01-01\n\
             m.x,global,{REGION},standard,0,output,{output},,,s,2026-01-01\n"
        )
    };
    let of = |input, output, gap: CostGap| {
        let mut knowledge = book(&[]);
        knowledge.prices = PriceBook::parse(&text(input, output)).expect("well-formed");
        let version = knowledge.prices.version();
        let estimate = CallSums { price_version: &version, ..plain(gap.into()) };
        Rates::new(&knowledge, OtherRate::Routing(Routing::Global)).of(&estimate)
    };
    assert_eq!(of("1", "5", InputIncludesCache), Ok(Rated::Cost(500_000)));
    assert_eq!(of("1", "6", InputIncludesCache), Err(NoRate::RatesDiffer));
    assert_eq!(of("1", "5", TierUnknown), Ok(Rated::Cost(500_000)));
    let asked = plain(TierUnknown.into());
    let rate = OtherRate::parse("tier=flex").expect("a rate");
    assert_eq!(Rates::new(&BUILT_IN, rate).of(&asked), Err(NoRate::TierUnknown));
}
