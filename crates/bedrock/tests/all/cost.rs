//! What a call costs, and why a cost is not known or not complete.

use std::sync::LazyLock;

use bedrock::cost::{TokenSource, price_key};
use bedrock::price::{Routing, Tier};
use bedrock::resolve::resolve;
use bedrock::{
    Alias, Aliases, Catalog, Cost, PriceBook, PriceKey, RateCard, Regions, Unpriced, Usage, Usd,
};
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
};

// Read once: the tests below price many calls.
static BOOK: LazyLock<PriceBook> = LazyLock::new(PriceBook::embedded);
static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::embedded);

fn card(model_ref: &str) -> RateCard {
    let resolution = resolve(Some(model_ref), &CATALOG, &Aliases::default());
    let key = price_key(&resolution, Some("us-east-1"), None).expect(model_ref);
    BOOK.rate_card(&Regions::embedded(), &key, DAY).expect(model_ref)
}

fn shown(cost: Result<Cost, Unpriced>) -> String {
    match cost {
        Ok(cost) => format!("{} {}", cost.basis.as_str(), cost.total),
        Err(reason) => reason.as_str().to_owned(),
    }
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
        assert_eq!(shown(card(model_id).cost(&usage)), expected, "{model_id} {usage:?}");
    };
    let sonnet = "global.anthropic.claude-sonnet-4-6";
    let chat = Usage { input: Some(1000), output: Some(1000), ..NONE };
    check(sonnet, chat, "full 0.018");
    check(sonnet, Usage { source: TokenSource::CloudTrail, ..chat }, "lower_bound 0.018");
    check(sonnet, NONE, "no_tokens");
    check(sonnet, Usage { output: None, ..chat }, "no_tokens");
    check(sonnet, Usage { input: None, ..chat }, "no_tokens");
    check(sonnet, Usage { cache_read: Some(1000), ..NONE }, "no_tokens");
    check(sonnet, Usage { input: Some(-1), ..chat }, "no_tokens");
    // A guardrail that blocks the input leaves two zeros.
    check(sonnet, Usage { input: Some(0), output: Some(0), ..NONE }, "full 0");
    // A kind without tokens needs no price, one with tokens does.
    let nova = "us.amazon.nova-lite-v1:0";
    check(nova, Usage { cache_write: Some(0), ..chat }, "full 0.0003");
    check(nova, Usage { cache_write: Some(1), ..chat }, "no_price_of_kind");
    // An embedding has no output count, and the input of Pegasus is billed by the second.
    let embedding = Usage { input: Some(1000), ..NONE };
    check("amazon.titan-embed-text-v2:0", embedding, "full 0.00002");
    check("cohere.embed-english-v3", embedding, "full 0.0001");
    let pegasus = "us.twelvelabs.pegasus-1-2-v1:0";
    check(pegasus, Usage { output: Some(1000), ..NONE }, "lower_bound 0.0075");
    check(pegasus, Usage { input: Some(0), output: Some(1000), ..NONE }, "lower_bound 0.0075");
    check(pegasus, chat, "no_price_of_kind");
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
        let found = card.map(|card| shown(card.cost(&usage)));
        assert_eq!(found.as_deref(), expected, "{key:?} {usage:?}");
    };
    check(&key, NONE, Some("no_tokens"));
    check(&key, Usage { cache_read: Some(1), ..NONE }, Some("no_tokens"));
    check(&PriceKey { model_id: "n", ..key }, NONE, None);
}

#[test]
fn cache_write_is_priced_by_its_lifetime() {
    let check = |model_id: &str, write: Option<i64>, kept: Option<i64>, expected: &str| {
        let (input, output) = (Some(0), Some(0));
        let usage = Usage { input, output, cache_write: write, cache_write_1h: kept, ..NONE };
        assert_eq!(shown(card(model_id).cost(&usage)), expected, "{write:?} {kept:?}");
    };
    let opus = "global.anthropic.claude-opus-4-6-v1";
    check(opus, Some(8882), Some(8882), "full 0.08882");
    check(opus, Some(8882), Some(0), "full 0.0555125");
    check(opus, None, Some(8882), "full 0.08882");
    check(opus, None, None, "full 0");
    check(opus, Some(0), None, "full 0");
    // Not split: a lower bound, and so is a split that does not add up.
    check(opus, Some(8882), None, "lower_bound 0.0555125");
    check(opus, Some(8882), Some(8883), "lower_bound 0.0555125");
    // Where there is but one time, nothing is missing.
    check("us.anthropic.claude-opus-4-1-20250805-v1:0", Some(1000), None, "full 0.01875");
    check("global.openai.gpt-6.1-sol", Some(1000), None, "full 0.0025");
}

#[test]
fn tokens_of_the_cache_count_for_the_band() {
    for (input, expected) in [(2, "full 0.0278883"), (272_000, "full 2.44915")] {
        let usage = Usage { cache_write_1h: None, ..usage_of([input, 19, 0, 4993, 0]) };
        assert_eq!(shown(card("us.openai.gpt-5.6-sol").cost(&usage)), expected, "{input}");
    }
}

#[test]
fn parts_of_a_cost_add_up() {
    let usage = usage_of([1000, 2000, 3000, 4000, 5000]);
    let cost = card("us.anthropic.claude-sonnet-4-6").cost(&usage).expect("priced");
    let parts = [cost.input, cost.output, cost.cache_read, cost.cache_write];
    let parts = parts.map(|part| part.expect("counted").to_string());
    assert_eq!(parts, ["0.0033", "0.033", "0.00099", "0.0495"]);
    assert_eq!(cost.total.to_string(), "0.08679");
    let cost = card("us.amazon.nova-lite-v1:0").cost(&Usage { cache_read: None, ..usage });
    assert_eq!(cost, Err(Unpriced::NoPriceOfKind));
}

#[test]
fn price_key_follows_scope_and_tier() {
    let own = "arn:aws:bedrock:us-east-1:111122223333";
    let mut aliases = Aliases::default();
    let mut add = |kind: &str, model: &str| {
        let alias = Alias { model: model.to_owned(), name: None };
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
            Err(reason) => reason.as_str().to_owned(),
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
    check(nova, Some("auto"), "unknown_tier");
    check(nova, Some("reserved"), "no_per_token_price");
    check("us.amazon.nova-lite-v1:0", None, "regional standard amazon.nova-lite-v1:0");
    check("global.amazon.nova-2-lite-v1:0", None, "global standard amazon.nova-2-lite-v1:0");
    let profile = format!("{own}:application-inference-profile/abcdef123456");
    check(&profile, None, "global standard amazon.nova-2-lite-v1:0");
    check(&profile.replace("123456", "123457"), None, "unresolved_model");
    for kind in ["provisioned-model", "imported-model", "custom-model-deployment"] {
        check(&format!("{own}:{kind}/abcdef123456"), None, "no_per_token_price");
    }
    let endpoint = "arn:aws:sagemaker:us-east-1:111122223333:endpoint/e";
    check(endpoint, None, "no_per_token_price");
    check("anthropic.claude-zeppelin-9", None, "unresolved_model");
    let resolution = resolve(Some(nova), &CATALOG, &aliases);
    assert_eq!(price_key(&resolution, None, None), Err(Unpriced::NoPrice));
}

proptest! {
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
        let cost = |counts| card.cost(&usage_of(counts)).map(|cost| cost.total);
        let parts = cost(a).expect("priced").saturating_add(cost(b).expect("priced"));
        prop_assert_eq!(cost(sum), Ok(parts));
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
        if let Ok(cost) = card(model_ref).cost(&usage) {
            let parts = [cost.input, cost.output, cost.cache_read, cost.cache_write];
            let sum = parts.into_iter().flatten().map(Usd::units).sum::<i128>();
            prop_assert_eq!(cost.total.units(), sum);
            prop_assert!(cost.total < Usd::MAX);
        }
    }
}
