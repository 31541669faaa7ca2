//! What a call costs, and why a cost is not known or not complete.

use std::sync::LazyLock;

use bedrock::cost::{
    CostBasis, CostGap, CostGaps, Counts, Figure, TokenSource, counts_cache_in_input, price_key,
};
use bedrock::price::{Band, Routing, Tier, TokenKind};
use bedrock::resolve::resolve;
use bedrock::{Alias, Aliases, Catalog, PriceBook, PriceKey, RateCard, Regions, Usage, Usd};
use jiff::civil::{Date, date};
use proptest::prelude::*;

const DAY: Date = date(2026, 11, 1);
const NONE: Usage = Usage {
    input: None,
    output: None,
    cache_read: None,
    cache_write: None,
    cache_write_1h: None,
    source: TokenSource::InvocationLog,
    input_includes_cache: false,
    exceeding: [None; 2],
};

// Read once: the tests below price many calls.
static BOOK: LazyLock<PriceBook> = LazyLock::new(PriceBook::embedded);
static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::embedded);

fn card(model_ref: &str) -> RateCard {
    let resolution = resolve(Some(model_ref), &CATALOG, &Aliases::default());
    let key = price_key(&resolution, Some("us-east-1"), None).expect(model_ref);
    BOOK.rate_card(&Regions::embedded(), &key, DAY).expect(model_ref)
}

fn figure(card: &RateCard, usage: &Usage) -> Figure {
    Figure::of(&[card], Some(usage), None, CostGaps::NONE)
}

/// The basis, the cost, the upper end, and the gaps.
fn shown(Figure { cost, gaps }: Figure) -> String {
    let mut parts = Vec::new();
    if let Some(cost) = cost {
        parts.extend([cost.basis.as_str().to_owned(), cost.total.to_string()]);
        parts.extend(cost.max.map(|max| format!("to {max}")));
    }
    parts.extend(gaps.iter().map(|gap| gap.as_str().to_owned()));
    parts.join(" ")
}

/// Counts of input, output, cache reads, cache writes for five minutes, and for an hour.
fn usage_of(counts: [i64; 5]) -> Usage {
    let [input, output, cache_read, cache_write_5m, cache_write_1h] = counts;
    Usage {
        input: Some(input),
        output: Some(output),
        cache_read: Some(cache_read),
        cache_write: Some(cache_write_5m + cache_write_1h),
        cache_write_1h: Some(cache_write_1h),
        ..NONE
    }
}

#[test]
fn missing_count_makes_the_cost_a_lower_bound() {
    let check = |model_id: &str, usage: Usage, expected: &str| {
        assert_eq!(shown(figure(&card(model_id), &usage)), expected, "{model_id} {usage:?}");
    };
    let sonnet = "global.anthropic.claude-sonnet-4-6";
    let chat = Usage { input: Some(1000), output: Some(1000), ..NONE };
    check(sonnet, chat, "full 0.018");
    let no_cache = "no_count_cache_read no_count_cache_write";
    let trail = Usage { source: TokenSource::CloudTrail, ..chat };
    check(sonnet, trail, &format!("lower_bound 0.018 {no_cache}"));
    let empty = Usage { input: Some(0), output: Some(0), ..trail };
    check(sonnet, empty, &format!("lower_bound 0 {no_cache}"));
    check(sonnet, NONE, "no_count_input no_count_output");
    check(sonnet, Usage { output: None, ..chat }, "lower_bound 0.003 no_count_output");
    check(sonnet, Usage { input: None, ..chat }, "lower_bound 0.015 no_count_input");
    let cached = Usage { cache_read: Some(1000), ..NONE };
    check(sonnet, cached, "lower_bound 0.0003 no_count_input no_count_output");
    check(sonnet, Usage { input: Some(-1), ..chat }, "lower_bound 0.015 no_count_input");
    // Of what is not known, 0 says nothing.
    check(sonnet, Usage { input: Some(0), ..NONE }, "no_count_output");
    check(sonnet, Usage { input: Some(0), output: Some(0), ..NONE }, "full 0");
    // A kind without tokens needs no price, one with tokens does.
    let nova = "us.amazon.nova-lite-v1:0";
    check(nova, Usage { cache_write: Some(0), ..chat }, "full 0.0003");
    let written = Usage { cache_write: Some(1), ..chat };
    check(nova, written, "lower_bound 0.0003 no_price_cache_write_5m");
    let only = Usage { input: Some(0), output: Some(0), ..written };
    check(nova, only, "no_price_cache_write_5m");
    // An embedding has no output count, and the input of Pegasus is billed by the second.
    let embedding = Usage { input: Some(1000), ..NONE };
    check("amazon.titan-embed-text-v2:0", embedding, "full 0.00002");
    check("cohere.embed-english-v3", embedding, "full 0.0001");
    let pegasus = "us.twelvelabs.pegasus-1-2-v1:0";
    let bound = "lower_bound 0.0075 unit_not_tokens";
    check(pegasus, Usage { output: Some(1000), ..NONE }, bound);
    check(pegasus, Usage { input: Some(0), output: Some(1000), ..NONE }, bound);
    check(pegasus, chat, bound);
}

#[test]
fn call_without_any_count_has_no_cost() {
    let text = "model_id,routing,source_region,service_tier,context_over_tokens,token_kind,\
        usd_per_million,valid_from,valid_until,source,source_date\n\
        m,regional,us-east-1,standard,0,cache_read,1,,,s,2026-01-01\n";
    let book = PriceBook::parse(text).expect("well-formed");
    let (routing, tier) = (Routing::Regional, Tier::Standard);
    let key = PriceKey { model_id: "m", routing, source_region: "us-east-1", tier };
    let check = |key: &PriceKey<'_>, usage: Usage, expected: Option<&str>| {
        let card = book.rate_card(&Regions::embedded(), key, DAY);
        let found = card.map(|card| shown(figure(&card, &usage)));
        assert_eq!(found.as_deref(), expected, "{key:?} {usage:?}");
    };
    check(&key, NONE, Some("no_price_input"));
    let cached = Usage { cache_read: Some(1), ..NONE };
    check(&key, cached, Some("lower_bound 0.000001 no_price_input"));
    check(&PriceKey { model_id: "n", ..key }, NONE, None);
}

#[test]
fn cache_write_is_priced_by_its_lifetime() {
    let check = |model_id: &str, write: Option<i64>, kept: Option<i64>, expected: &str| {
        let (input, output) = (Some(0), Some(0));
        let usage = Usage { input, output, cache_write: write, cache_write_1h: kept, ..NONE };
        assert_eq!(shown(figure(&card(model_id), &usage)), expected, "{write:?} {kept:?}");
    };
    let opus = "global.anthropic.claude-opus-4-6-v1";
    check(opus, Some(8882), Some(8882), "full 0.08882");
    check(opus, Some(8882), Some(0), "full 0.0555125");
    check(opus, None, Some(8882), "full 0.08882");
    check(opus, None, None, "full 0");
    check(opus, Some(0), None, "full 0");
    // Not split: a lower bound, and so is a split that does not add up.
    let bound = "lower_bound 0.0555125 cache_write_ttl_unknown";
    check(opus, Some(8882), None, bound);
    check(opus, Some(8882), Some(8883), bound);
    // Where there is but one time, nothing is missing.
    check("us.anthropic.claude-opus-4-1-20250805-v1:0", Some(1000), None, "full 0.01875");
    check("global.openai.gpt-6.1-sol", Some(1000), None, "full 0.0025");
    // To know that some was kept for longer makes it no cheaper.
    let dearer = "lower_bound 0.0025 no_price_cache_write_1h";
    check("global.openai.gpt-6.1-sol", Some(1000), Some(400), dearer);
}

#[test]
fn tokens_of_the_cache_count_for_the_band() {
    for (input, expected) in [(2, "full 0.0278883"), (272_000, "full 2.44915")] {
        let usage = Usage { cache_write_1h: None, ..usage_of([input, 19, 0, 4993, 0]) };
        assert_eq!(shown(figure(&card("us.openai.gpt-5.6-sol"), &usage)), expected, "{input}");
    }
}

#[test]
fn parts_of_a_cost_add_up() {
    let usage = usage_of([1000, 2000, 3000, 4000, 5000]);
    let cost = figure(&card("us.anthropic.claude-sonnet-4-6"), &usage).cost.expect("priced");
    let parts = [cost.input, cost.output, cost.cache_read, cost.cache_write];
    let parts = parts.map(|part| part.expect("counted").to_string());
    assert_eq!(parts, ["0.0033", "0.033", "0.00099", "0.0495"]);
    assert_eq!(cost.total.to_string(), "0.08679");
    // A kind without a price voids no other.
    let nova = figure(&card("us.amazon.nova-lite-v1:0"), &Usage { cache_read: None, ..usage });
    let gaps = "no_price_cache_write_5m no_price_cache_write_1h";
    assert_eq!(shown(nova), format!("lower_bound 0.00054 {gaps}"));
}

#[test]
fn price_key_follows_scope_and_tier() {
    let own = "arn:aws:bedrock:us-east-1:111122223333";
    let mut aliases = Aliases::default();
    let mut add = |kind: &str, model: &str| {
        let alias = Alias { model: Some(model.to_owned()), name: None };
        aliases.add(&format!("{own}:{kind}/abcdef123456"), alias);
    };
    add("application-inference-profile", "global.amazon.nova-2-lite-v1:0");
    add("provisioned-model", "amazon.nova-lite-v1:0");
    let check = |model_ref: &str, tier: Option<&str>, expected: &str| {
        let resolution = resolve(Some(model_ref), &CATALOG, &aliases);
        let found = match price_key(&resolution, Some("us-east-1"), tier) {
            Ok(key) => {
                format!("{} {} {}", key.routing.as_str(), key.tier.as_str(), key.model_id)
            }
            Err(reasons) => reasons.to_string(),
        };
        assert_eq!(found, expected, "{model_ref} {tier:?}");
    };
    let nova = "amazon.nova-lite-v1:0";
    for tier in [None, Some(""), Some("default"), Some("Standard"), Some("DEFAULT")] {
        check(nova, tier, "regional standard amazon.nova-lite-v1:0");
    }
    check(nova, Some("flex"), "regional flex amazon.nova-lite-v1:0");
    let optimized = Some("latency_optimized");
    check(nova, optimized, "regional latency_optimized amazon.nova-lite-v1:0");
    check(nova, Some("gold"), "tier_unknown");
    check(nova, Some("auto"), "tier_not_tokens");
    check(nova, Some("reserved"), "tier_not_tokens");
    check("us.amazon.nova-lite-v1:0", None, "regional standard amazon.nova-lite-v1:0");
    check("global.amazon.nova-2-lite-v1:0", None, "global standard amazon.nova-2-lite-v1:0");
    let profile = format!("{own}:application-inference-profile/abcdef123456");
    check(&profile, None, "global standard amazon.nova-2-lite-v1:0");
    check(&profile.replace("123456", "123457"), None, "unresolved_model");
    for (kind, expected) in [
        ("provisioned-model", "provisioned"),
        ("imported-model", "imported_model"),
        ("custom-model-deployment", "custom_model"),
    ] {
        check(&format!("{own}:{kind}/abcdef123456"), None, expected);
        let reserved = format!("tier_not_tokens,{expected}");
        check(&format!("{own}:{kind}/abcdef123456"), Some("reserved"), &reserved);
    }
    let endpoint = "arn:aws:sagemaker:us-east-1:111122223333:endpoint/e";
    check(endpoint, None, "marketplace_endpoint");
    check("anthropic.claude-zeppelin-9", None, "unresolved_model");
    let resolution = resolve(Some(nova), &CATALOG, &aliases);
    assert_eq!(price_key(&resolution, None, None), Err(CostGap::NoPrice.into()));
}

#[test]
fn tokens_are_merged_kind_by_kind() {
    let logged = |input, output| Counts { input, output, cache_read: Some(4), ..Counts::default() };
    let check = |logged: Option<Counts>, trail, cache: bool, expected: &str| {
        let merged = Usage::merged(logged.as_ref(), trail, cache);
        let found = merged.map(|usage| {
            let Usage { input, output, exceeding, input_includes_cache, .. } = usage;
            let includes = if input_includes_cache { " with cache" } else { "" };
            let source = usage.source.as_str();
            format!("{source} {:?}{includes}", [input, output, exceeding[0], exceeding[1]])
                .replace("Some", "")
                .replace("None", "-")
        });
        assert_eq!(found.as_deref().unwrap_or("none"), expected, "{logged:?} {trail:?}");
    };
    let (n, trail) = (None, [Some(10), Some(2)]);
    check(n, [None; 2], false, "none");
    check(Some(Counts::default()), [None; 2], true, "none");
    check(n, trail, false, "cloudtrail [(10), (2), -, -]");
    check(Some(Counts::default()), trail, false, "cloudtrail [(10), (2), -, -]");
    check(n, trail, true, "cloudtrail [(10), (2), -, -] with cache");
    check(n, [Some(0), Some(2)], true, "cloudtrail [(0), (2), -, -]");
    check(Some(logged(Some(10), Some(2))), trail, false, "invocation_log [(10), (2), -, -]");
    check(Some(logged(Some(10), None)), trail, false, "both [(10), (2), -, -]");
    check(Some(logged(None, Some(2))), trail, false, "both [(10), (2), -, -]");
    check(Some(logged(Some(10), None)), [Some(10), None], false, "invocation_log [(10), -, -, -]");
    // What the log counts goes before, but less than CloudTrail is doubtful.
    check(Some(logged(Some(11), Some(1))), trail, false, "invocation_log [(11), (1), -, (2)]");
    // The tokens of the cache are taken out of either, unless the counts contradict that.
    check(Some(logged(Some(10), Some(2))), trail, true, "invocation_log [(6), (2), -, -]");
    check(Some(logged(None, Some(2))), trail, true, "both [(6), (2), -, -]");
    check(Some(logged(Some(3), Some(2))), trail, true, "invocation_log [(3), (2), (6), -]");
}

#[test]
fn cost_that_is_between_two_bounds_is_an_estimate() {
    let check = |model_id: &str, usage: Usage, expected: &str| {
        assert_eq!(shown(figure(&card(model_id), &usage)), expected, "{model_id} {usage:?}");
    };
    let (input, output) = (Some(1000), Some(1000));
    let source = TokenSource::CloudTrail;
    let stream = Usage { input, output, source, input_includes_cache: true, ..NONE };
    // Input 5, cache reads 0.5, cache writes 6.25, output 30, and a tenth more in a Region.
    let sol = card("us.openai.gpt-5.6-sol");
    let price = |kind| sol.bands()[0].price(kind).expect("priced").of_tokens(1000);
    let output_cost = price(TokenKind::Output);
    let low = price(TokenKind::CacheRead).saturating_add(output_cost);
    let high = price(TokenKind::CacheWrite5m).saturating_add(output_cost);
    assert!(price(TokenKind::CacheRead) < price(TokenKind::Input) && low < high);
    let estimate = format!("estimate {low} to {high} input_includes_cache");
    check("us.openai.gpt-5.6-sol", stream, &estimate);
    let cut_off = Usage { output: None, ..stream };
    let read = price(TokenKind::CacheRead);
    let bound = format!("lower_bound {read} no_count_output input_includes_cache");
    check("us.openai.gpt-5.6-sol", cut_off, &bound);
    // Where the cache has no price, all of the input may be of it.
    let resolution = resolve(Some("us.openai.gpt-5.6-sol"), &CATALOG, &Aliases::default());
    let key = price_key(&resolution, Some("us-east-1"), Some("flex")).expect("known");
    let flex = BOOK.rate_card(&Regions::embedded(), &key, DAY).expect("priced");
    let gaps = "input_includes_cache no_price_cache_read";
    assert_eq!(shown(figure(&flex, &stream)), format!("lower_bound 0.011 {gaps}"));
    let no_output = Usage { output: None, ..stream };
    assert_eq!(shown(figure(&flex, &no_output)), format!("no_count_output {gaps}"));
    // CloudTrail counts more than the log.
    let logged =
        Usage { input: Some(1000), output: Some(1000), exceeding: [None, Some(2000)], ..NONE };
    check("global.anthropic.claude-sonnet-4-6", logged, "estimate 0.018 to 0.033 counts_disagree");
}

#[test]
fn tier_that_is_not_known_costs_the_cheaper_one_at_least() {
    let book = &*BOOK;
    let resolution = resolve(Some("openai.gpt-oss-120b-1:0"), &CATALOG, &Aliases::default());
    let card = |tier| {
        let key = price_key(&resolution, Some("us-east-1"), tier).expect("known");
        book.rate_card(&Regions::embedded(), &key, DAY).expect("priced")
    };
    let usage = Usage { input: Some(1000), output: Some(1000), ..NONE };
    let check = |tier, expected: &str| {
        let cards = [&card(Some(tier)), &card(None)];
        let found = Figure::of(&cards, Some(&usage), None, CostGap::TierUnknown.into());
        assert_eq!(shown(found), expected, "{tier}");
    };
    check("flex", "estimate 0.000375 to 0.00075 tier_unknown");
    check("priority", "estimate 0.00075 to 0.0013125 tier_unknown");
}

/// One of the models below, whatever it was counted as.
fn any_model() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "us.anthropic.claude-haiku-5-5",
        "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "global.anthropic.claude-opus-4-6-v1",
        "us.openai.gpt-5.6-sol",
        "openai.gpt-oss-120b-1:0",
        "us.amazon.nova-lite-v1:0",
        "us.twelvelabs.pegasus-1-2-v1:0",
        "amazon.titan-embed-text-v2:0",
    ])
}

/// Every rate card of the book: each model, routing, Region, and tier. Those of models that are billed by other units
/// too are tried in `units`.
static CARDS: LazyLock<Vec<(Box<str>, RateCard)>> = LazyLock::new(|| {
    let rows = BOOK.rows().iter().map(|row| {
        let region = if &*row.source_region == "*" { "us-east-1" } else { &row.source_region };
        PriceKey {
            model_id: &row.model_id,
            routing: row.routing,
            source_region: region,
            tier: row.tier,
        }
    });
    let keys = rows.collect::<std::collections::BTreeSet<_>>();
    let card = |key: &PriceKey<'_>| BOOK.rate_card(&Regions::embedded(), key, DAY);
    let cards = keys.iter().filter_map(|key| Some((key.model_id.into(), card(key)?)));
    cards.filter(|(_, card)| !card.has_units()).collect()
});

/// Any of them, half of them of the models above, with the model.
fn any_card() -> impl Strategy<Value = (Box<str>, RateCard)> {
    let of_all = (0..CARDS.len()).prop_map(|at| CARDS[at].clone());
    let named = |model_ref| {
        let resolution = resolve(Some(model_ref), &CATALOG, &Aliases::default());
        (resolution.model.expect("known").id.into(), card(model_ref))
    };
    prop_oneof![any_model().prop_map(named), of_all]
}

/// Whether nothing that is billed is left out, the slow way: every kind that was used has a price and a count,
/// and every kind that may have been used was counted.
fn is_full(
    card: &RateCard,
    logged: Option<&Counts>,
    trail: [Option<i64>; 2],
    is_stream: bool,
) -> bool {
    let Some(logged) = logged.filter(|counts| counts.is_any()) else { return false };
    let mut input = logged.input.or(trail[0]);
    let output = logged.output.or(trail[1]);
    let cached = logged.cache_read.unwrap_or(0) + logged.cache_write.unwrap_or(0);
    let own = |count: i64| if is_stream && count >= cached { count - cached } else { count };
    input = input.map(own);
    let exceeds = |log: Option<i64>, trail: Option<i64>| log.is_some_and(|log| trail > Some(log));
    if exceeds(logged.input.map(own), trail[0].map(own)) || exceeds(logged.output, trail[1]) {
        return false;
    }
    let whole = input.unwrap_or(0) + cached;
    let is_exceeded =
        |band: &&Band| band.context_over_tokens == 0 || band.context_over_tokens < whole;
    let band = card.bands().iter().rfind(is_exceeded);
    let price = |kind| band.and_then(|band| band.price(kind));
    let has_cost = |kind| price(kind).is_some_and(|price| price.of_tokens(1) > Usd::ZERO);
    let is_priced = |kind, count: Option<i64>| count.unwrap_or(0) == 0 || price(kind).is_some();
    let one_hour =
        logged.cache_write_1h.filter(|kept| *kept <= logged.cache_write.unwrap_or(*kept));
    let same_price = price(TokenKind::CacheWrite1h).is_none()
        || price(TokenKind::CacheWrite1h) == price(TokenKind::CacheWrite5m);
    let five_minutes = logged.cache_write.map(|all| all - one_hour.unwrap_or(0));
    (input.is_some() || !has_cost(TokenKind::Input))
        && (output.is_some() || !has_cost(TokenKind::Output))
        && price(TokenKind::Input).is_some()
        && is_priced(TokenKind::Output, output)
        && is_priced(TokenKind::CacheRead, logged.cache_read)
        && is_priced(TokenKind::CacheWrite5m, five_minutes)
        && is_priced(TokenKind::CacheWrite1h, one_hour)
        && (one_hour.is_some() || same_price || logged.cache_write.unwrap_or(0) == 0)
}

/// A count, if a source has it.
fn count() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![Just(None), Just(Some(0)), (0i64..300_000).prop_map(Some)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever of the evidence is left out, a lower bound does not rise.
    #[test]
    fn more_evidence_never_gives_less(
        (model_id, card) in any_card(),
        sides in [0i64..300_000, 0i64..300_000],
        cache in [count(), count(), count()],
        counted: [bool; 4],
        left_out: [bool; 7],
        is_stream: bool,
    ) {
        let of_trail = [0, 1].map(|side| Some(sides[side]).filter(|_| counted[side]));
        let of_log = [2, 3].map(|side| Some(sides[side - 2]).filter(|_| counted[side]));
        let is_stream = is_stream && counts_cache_in_input(&model_id);
        // What such a model writes to the cache without a price for it has no known cost, while an input whose parts
        // are not known costs what was read at least: there the rule does not hold.
        let has_price = |kind| card.bands().iter().any(|band| band.price(kind).is_some());
        let is_known = !is_stream || has_price(TokenKind::CacheWrite5m);
        let [cache_read, written @ ..] = cache;
        let [cache_write, cache_write_1h] = written.map(|count| count.filter(|_| is_known));
        let counts = Counts { input: of_log[0], output: of_log[1], cache_read, cache_write, cache_write_1h };
        let keep = |at: usize, count: Option<i64>| count.filter(|_| !left_out[at]);
        // A log that does not name the cache says that it was not used; of an input that includes it, this is to
        // say that all of it is dearer.
        let keep_cache = |at: usize, count: Option<i64>| if is_stream { count } else { keep(at, count) };
        let fewer = Counts {
            input: keep(0, counts.input),
            output: keep(1, counts.output),
            cache_read: keep_cache(2, counts.cache_read),
            cache_write: keep_cache(3, counts.cache_write),
            cache_write_1h: keep(4, counts.cache_write_1h).filter(|_| is_stream || !left_out[3]),
        };
        let fewer_trail = [keep(5, of_trail[0]), keep(6, of_trail[1])];
        let figure = |counts: Option<&Counts>, trail| {
            let usage = Usage::merged(counts, trail, is_stream);
            Figure::of(&[&card], usage.as_ref(), None, CostGaps::NONE)
        };
        let whole = figure(Some(&counts), of_trail);
        let is_bound = |figure: &Figure| figure.cost.is_some_and(|cost| cost.basis == CostBasis::LowerBound);
        for part in [
            figure(Some(&fewer), fewer_trail),
            figure(Some(&fewer), of_trail),
            figure(None, fewer_trail),
            figure(None, of_trail),
        ] {
            if is_bound(&whole) && is_bound(&part) {
                prop_assert!(whole.cost.map(|c| c.total) >= part.cost.map(|c| c.total), "{whole:?} {part:?}");
            }
        }
    }

    #[test]
    fn full_is_what_has_a_count_and_a_price_of_every_kind(
        (_, card) in any_card(),
        logged in [count(), count(), count(), count(), count()],
        trail in [count(), count()],
        has_log: bool,
        is_stream: bool,
    ) {
        let [input, output, cache_read, cache_write, cache_write_1h] = logged;
        let counts = Counts { input, output, cache_read, cache_write, cache_write_1h };
        let counts = has_log.then_some(&counts);
        let usage = Usage::merged(counts, trail, is_stream);
        let Figure { cost, gaps } = Figure::of(&[&card], usage.as_ref(), None, CostGaps::NONE);
        let found = cost.is_some_and(|cost| cost.basis == CostBasis::Full);
        prop_assert_eq!(found, is_full(&card, counts, trail, is_stream), "{:?} {}", cost, gaps);
        prop_assert_eq!(found, gaps.is_empty());
        let is_estimate = cost.is_some_and(|cost| cost.basis == CostBasis::Estimate);
        prop_assert_eq!(cost.is_some_and(|cost| cost.max.is_some()), is_estimate);
    }

    #[test]
    fn costs_add_up_within_a_band(
        a: [u16; 5],
        b: [u16; 5],
        model_ref in prop::sample::select(vec![
            "us.anthropic.claude-haiku-5-5",
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ]),
    ) {
        // Up to 13,107 of each kind: two calls stay below the lowest band, of 100,000.
        let (a, b) = (a.map(|n| i64::from(n) / 5), b.map(|n| i64::from(n) / 5));
        let sum = [0, 1, 2, 3, 4].map(|at| a[at] + b[at]);
        let card = card(model_ref);
        let cost = |counts| figure(&card, &usage_of(counts)).cost.expect("priced").total;
        prop_assert_eq!(cost(sum), cost(a).saturating_add(cost(b)));
    }

    #[test]
    fn no_count_panics(
        counts: [Option<i64>; 5],
        model_ref in prop::sample::select(vec![
            "us.anthropic.claude-haiku-5-5",
            "us.openai.gpt-6-astra",
            "us.twelvelabs.pegasus-1-2-v1:0",
            "amazon.titan-embed-text-v2:0",
        ]),
    ) {
        let [input, output, cache_read, cache_write, cache_write_1h] = counts;
        let usage = Usage {
            input,
            output,
            cache_read,
            cache_write,
            cache_write_1h,
            ..NONE
        };
        if let Some(cost) = figure(&card(model_ref), &usage).cost {
            let parts = [cost.input, cost.output, cost.cache_read, cost.cache_write];
            let sum = parts.into_iter().flatten().map(Usd::units).sum::<i128>();
            prop_assert_eq!(cost.total.units(), sum);
            prop_assert!(cost.total < Usd::MAX);
        }
    }
}
