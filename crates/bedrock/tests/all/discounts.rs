//! Which discount a charge has, what calls cost with it, and what is wrong with a file.

use std::sync::LazyLock;

use bedrock::cost::{CostGap, CostGaps, Figure, TokenSource, Usage};
use bedrock::discount::{DiscountKey, DiscountRow, Finding, Term, check};
use bedrock::money::DiscountedSum;
use bedrock::price::{Routing, Tier, TokenKind};
use bedrock::{Catalog, Discounts, PriceBook, PriceKey, RateCard, Regions, Usd, UsdPerMillion};
use jiff::civil::{Date, date};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const DAY: Date = date(2026, 10, 5);

/// Two models of Anthropic, of which the first has another id, and one of Meta.
const MODELS: &str = "model_id,canonical_id,provider,name\n\
    anthropic.one,anthropic.one,Anthropic,One\n\
    anthropic.uno,anthropic.one,Anthropic,One\n\
    anthropic.two,anthropic.two,Anthropic,Two\n\
    meta.three,meta.three,Meta,Three\n";
const PRICES: &str = "model_id,routing,source_region,service_tier,context_over_tokens,token_kind,\
    usd_per_million,valid_from,valid_until,source,source_date\n\
    anthropic.one,regional,*,standard,0,input,3,,,s,2026-01-01\n\
    anthropic.one,regional,*,standard,0,output,15,,,s,2026-01-01\n\
    anthropic.one,regional,*,standard,200000,input,6,,,s,2026-01-01\n\
    anthropic.one,regional,*,standard,200000,output,22.5,,,s,2026-01-01\n\
    anthropic.one,regional,*,flex,0,input,1.5,,,s,2026-01-01\n\
    anthropic.one,regional,*,flex,0,output,7.5,,,s,2026-01-01\n\
    anthropic.one,regional,*,standard,0,cache_read,0.3,,,s,2026-01-01\n\
    anthropic.one,regional,*,standard,200000,cache_read,0.6,,,s,2026-01-01\n\
    meta.three,regional,*,standard,0,input,0.000001,,,s,2026-01-01\n\
    meta.three,regional,*,standard,0,output,0.000001,,,s,2026-01-01\n";

struct World {
    models: Catalog,
    regions: Regions,
    prices: PriceBook,
}

static WORLD: LazyLock<World> = LazyLock::new(|| World {
    models: Catalog::parse(MODELS, "profile_id,source_region,destination_regions\n").expect("CSV"),
    regions: Regions::embedded(),
    prices: PriceBook::parse(PRICES).expect("well-formed"),
});

fn parse(text: &str) -> Result<Discounts, String> {
    let World { models, regions, prices } = &*WORLD;
    Discounts::parse(text, models, regions, prices).map_err(|error| error.to_string())
}

/// A file of rows that are written without columns at their end.
fn file(header: &str, rows: &str) -> String {
    let n_columns = header.split(',').count();
    let line = |row: &str| {
        let n_missing = n_columns.saturating_sub(row.split(',').count());
        format!("{row}{}\n", ",".repeat(n_missing))
    };
    format!("{header}\n{}", rows.lines().map(line).collect::<String>())
}

const HEADER: &str = "factor,usd_per_million,model_id,provider,source_region,routing,service_tier,\
    context_over_tokens,token_kind,valid_from,valid_until";

/// Checks files that are divided by empty lines; behind ` ! ` is what is wrong with a row.
fn check_rows(files: &str) {
    let World { models, regions, prices } = &*WORLD;
    for rows in files.trim().split("\n\n") {
        let (mut texts, mut expected) = (Vec::new(), Vec::new());
        for (number, row) in (2..).zip(rows.lines()) {
            let (row, problem) = row.split_once(" ! ").unwrap_or((row, ""));
            texts.push(row);
            if !problem.is_empty() {
                expected.push(format!("line {number}: {problem}"));
            }
        }
        let text = file(HEADER, &texts.join("\n"));
        let found = check(&text, models, regions, prices);
        let found = found.iter().map(Finding::to_string).collect::<Vec<_>>();
        assert_eq!(found, expected, "{rows}");
        let error = parse(&text).err();
        assert_eq!(error.is_some(), !expected.is_empty(), "{rows}");
    }
}

#[test]
fn invalid_line_is_found() {
    check_rows(
        "\
0.85
1,,anthropic.one
0,,,Meta
,2.7,anthropic.one,,,,,,input
0.9,,anthropic.two,Anthropic,*,*,*,*,*,2026-01-01,2027-01-01

15 ! factor: expected a number from 0 to 1, such as 0.85 for 15 % less, found `15`
1.000001 ! factor: expected a number from 0 to 1, such as 0.85 for 15 % less, found `1.000001`
99999999999999999999 ! factor: expected a number from 0 to 1, such as 0.85 for 15 % less, found `99999999999999999999`
-0.1 ! factor: expected a number that is not negative, found `-0.1`
8.5e-1 ! factor: expected a plain decimal number such as 3 or 0.25, found `8.5e-1`
85% ! factor: expected a plain decimal number such as 3 or 0.25, found `85%`
0.8500001 ! factor: expected at most 6 decimal places, found `0.8500001`
 0.85 ! factor: white space around the value
,,anthropic.one ! expected a factor or usd_per_million, found neither
0.9,2,anthropic.one,,,,,,input ! expected a factor or usd_per_million, found both
,2,,,,,,,input ! usd_per_million needs a model_id
,2,anthropic.one ! usd_per_million needs a token_kind
,-2,anthropic.one,,,,,,input ! usd_per_million: expected a number that is not negative, found `-2`
,2e0,anthropic.one,,,,,,input ! usd_per_million: expected a plain decimal number such as 3 or 0.25, found `2e0`
0.9,,anthropic.ones ! model_id: unknown model `anthropic.ones`; the nearest is `anthropic.one`
0.9,,us.anthropic.two ! model_id: unknown model `us.anthropic.two`; the nearest is `anthropic.two`
0.9,,,anthropic ! provider: unknown provider `anthropic`; the nearest is `Anthropic`
0.9,,anthropic.one,Meta ! provider: expected `Anthropic`, whose model `anthropic.one` is, found `Meta`
0.9,,,,us-east-9 ! source_region: unknown Region `us-east-9`; the nearest is `us-east-1`
0.9,,,,,geo ! routing: expected one of global, regional, found `geo`
0.9,,,,,,gold ! service_tier: expected one of batch, flex, latency_optimized, priority, standard, ultrafast, found `gold`
0.9,,,,,,,,image ! token_kind: expected one of input, output, cache_read, cache_write_5m, cache_write_1h, found `image`
0.9,,,,,,,200000 ! context_over_tokens needs a model_id
0.9,,anthropic.one,,,,,100000 ! context_over_tokens: no price of `anthropic.one` begins over 100000 tokens; known are 0, 200000
0.9,,anthropic.one,,,,,-1 ! context_over_tokens: expected a number of tokens, found `-1`
0.9,,,,,,,,,2026-10-05,2026-10-05 ! valid_from must be before valid_until
0.9,,,,,,,,,05.10.2026 ! valid_from: expected a date YYYY-MM-DD, found `05.10.2026`
0.9,,,,,,,,,,,x ! expected 11 fields, found 12",
    );
    assert_eq!(
        parse(&file(HEADER, "15\n-1\n0.5")).expect_err("two lines"),
        "line 2: factor: expected a number from 0 to 1, such as 0.85 for 15 % less, found `15` (and 1 more)"
    );
}

#[test]
fn open_quote_swallows_no_rows() {
    let World { models, regions, prices } = &*WORLD;
    for rest in ["", "0.1,Meta,annex B\n", "0.1,Meta,\"annex B\"\n"] {
        let text = format!("factor,provider,source\n0.9,Anthropic,\"annex A\n{rest}");
        let found = check(&text, models, regions, prices);
        let [Finding { line: 2, problem }] = found.as_slice() else { panic!("{found:?}") };
        assert!(problem.to_string().starts_with("expected a quotation mark"), "{problem}");
    }
}

#[test]
fn header_names_a_term_and_nothing_unknown() {
    let columns = "model_id,provider,source_region,routing,service_tier,context_over_tokens,\
        token_kind,valid_from,valid_until,source,source_date";
    for header in ["model_id", "factor,tier", "factor,factor", ""] {
        let expected = format!(
            "line 1: expected some of the columns {columns} and factor or usd_per_million, found {header}"
        );
        assert_eq!(parse(&format!("{header}\n")).expect_err(header), expected);
    }
    // Without rows, nothing was negotiated. The reader's columns are not read.
    for text in ["factor\n", "factor,source,source_date\n0.9,PPA of 2026, annex\n"] {
        assert!(parse(text).is_ok(), "{text}");
    }
    // As a spreadsheet saves it.
    let discounts = parse("\u{feff}factor,provider\r\n0.90,Anthropic\r\n,\r\n");
    assert_eq!(
        discounts.expect_err("an empty row"),
        "line 3: expected a factor or usd_per_million, found neither"
    );
    assert_eq!(
        parse("\u{feff}factor,provider\r\n0.90,Anthropic\r\n").expect("valid").rows().len(),
        1
    );
}

#[test]
fn rows_that_contradict_each_other_are_found() {
    let both = "applies to the same charges, and neither is narrower: add a row for";
    check_rows(&format!(
        "\
0.9
0.8 ! a second discount for the days of line 2

0.9,,,,,,,,,2026-01-01,2027-01-01
0.8,,,,,,,,,2026-03-01,2026-04-01 ! a second discount for the days of line 2
0.7,,,,,,,,,2026-12-31 ! a second discount for the days of line 2

0.9,,,,,,,,,2026-01-01,2026-07-01
0.8,,,,,,,,,2026-07-01

0.9,,anthropic.one
0.8,,anthropic.uno ! a second discount for the days of line 2
0.7,,anthropic.one,Anthropic ! a second discount for the days of line 2

0.9,,anthropic.one
0.8,,,Anthropic
0.7

0.9,,anthropic.one
0.8,,,,eu-west-1 ! line 2 {both} model_id anthropic.one, source_region eu-west-1

0.9,,,Meta
0.8,,,,,,batch ! line 2 {both} provider Meta, service_tier batch

0.9,,anthropic.one
0.8,,,,eu-west-1
0.7,,anthropic.one,,eu-west-1

0.9,,anthropic.one,,,,,,,2026-01-01,2026-07-01
0.8,,,,eu-west-1,,,,,2026-07-01

0.9,,anthropic.one
0.8,,,,eu-west-1 ! line 2 {both} model_id anthropic.one, source_region eu-west-1
0.7,,anthropic.one,,eu-west-1,,,,,2026-01-01,2026-07-01
0.6,,anthropic.one,,eu-west-1,,,,,2026-07-02

0.9,,anthropic.one,,,,,,,2026-01-01
0.8,,,,eu-west-1,,,,,,2027-01-01 ! line 2 {both} model_id anthropic.one, source_region eu-west-1
0.7,,anthropic.one,,eu-west-1,,,,,,2026-12-31

,2,anthropic.one,,,,,,input
0.9,,,,,,flex ! line 2 {both} model_id anthropic.one, service_tier flex, token_kind input

0.9,,anthropic.one,,,,,200000
0.8,,anthropic.one,,,global ! line 2 {both} model_id anthropic.one, routing global, context_over_tokens 200000"
    ));
}

/// The term of a charge, written as a file would.
fn shown(term: Term) -> String {
    match term {
        Term::Factor(factor) => format!("× {factor}"),
        Term::Rate(rate) => rate.to_string(),
    }
}

#[test]
fn narrowest_row_applies() {
    let text = file(
        HEADER,
        "\
0.95,,,,,,,,,,2026-10-06
0.9,,,Anthropic
0.8,,,Anthropic,eu-west-1
0.7,,anthropic.one
0.6,,anthropic.one,,eu-west-1
,2.5,anthropic.one,,,,,,output
,2,anthropic.one,,eu-west-1,,,,output
,1,anthropic.one,,eu-west-1,,,200000,output
0.5,,anthropic.one,,eu-west-1,,,200000",
    );
    let discounts = parse(&text).expect("valid");
    let check = |model, provider, region, day, expected: [&str; 4]| {
        let key = DiscountKey {
            model_id: Some(model),
            provider: Some(provider),
            source_region: region,
            routing: Routing::Global,
            tier: Tier::Standard,
        };
        let terms = discounts.terms(&key, day);
        let found = [
            shown(terms.of_tokens(0, TokenKind::Input)),
            shown(terms.of_tokens(0, TokenKind::Output)),
            shown(terms.of_tokens(200_000, TokenKind::Output)),
            format!("× {}", terms.of_other()),
        ];
        assert_eq!(found, expected, "{model} {region} {day}");
    };
    let (one, two, three) = ("anthropic.one", "anthropic.two", "meta.three");
    check(three, "Meta", "eu-west-1", DAY, ["× 0.95"; 4]);
    check(three, "Meta", "eu-west-1", date(2026, 10, 6), ["× 1"; 4]);
    check(two, "Anthropic", "us-east-1", DAY, ["× 0.9"; 4]);
    check(two, "Anthropic", "eu-west-1", DAY, ["× 0.8"; 4]);
    check(one, "Anthropic", "us-east-1", DAY, ["× 0.7", "2.5", "2.5", "× 0.7"]);
    check(one, "Anthropic", "eu-west-1", DAY, ["× 0.6", "2", "1", "× 0.6"]);
}

fn card(discounts: Option<&Discounts>, model_id: &str, tier: Tier) -> RateCard {
    let World { regions, prices, .. } = &*WORLD;
    let key = PriceKey { model_id, routing: Routing::Regional, source_region: "eu-west-1", tier };
    let card = prices.rate_card(regions, &key, DAY).expect("priced");
    let (_, provider) = IDS.into_iter().find(|(id, _)| *id == model_id).expect("known");
    card.with_terms(discounts.map(|all| all.terms(&DiscountKey::of_price(&key, provider), DAY)))
}

fn usage(input: Option<i64>, output: Option<i64>) -> Usage {
    Usage {
        input,
        output,
        cache_read: None,
        cache_write: None,
        cache_write_1h: None,
        source: TokenSource::InvocationLog,
        input_includes_cache: false,
        exceeding: [None; 2],
    }
}

/// The list cost and the contracted cost.
fn costs(cards: &[&RateCard], usage: &Usage, gaps: CostGaps) -> [Option<String>; 2] {
    let cost = Figure::of(cards, Some(usage), None, gaps).cost.expect("priced");
    [Some(cost.total), cost.contracted].map(|usd| usd.map(|usd| usd.to_string()))
}

#[test]
fn contracted_cost_is_rounded_once_and_list_cost_stays() {
    let check = |rows: &str, [input, output]: [i64; 2], expected: [&str; 2]| {
        let discounts = parse(&file(HEADER, rows)).expect(rows);
        let card = card(Some(&discounts), "anthropic.one", Tier::Standard);
        let found = costs(&[&card], &usage(Some(input), Some(output)), CostGaps::NONE);
        assert_eq!(found, expected.map(|text| Some(text.to_owned())), "{rows}");
    };
    check("", [1000, 100], ["0.0045", "0.0045"]);
    check("0.85", [1000, 100], ["0.0045", "0.003825"]);
    check("0.85,,anthropic.two", [1000, 100], ["0.0045", "0.0045"]);
    check("0", [1000, 100], ["0.0045", "0"]);
    check(",2.5,anthropic.one,,,,,,input", [1000, 100], ["0.0045", "0.004"]);
    // A rate may be dearer than the list price, which changes.
    check(",4,anthropic.one,,,,,,input", [1000, 0], ["0.003", "0.004"]);
    // The band over 200,000 tokens, for which the rate is meant or is not.
    check(",2.5,anthropic.one,,,,,0,input", [200_001, 0], ["1.200006", "1.200006"]);
    check(",2.5,anthropic.one,,,,,,input", [200_001, 0], ["1.200006", "0.5000025"]);
}

#[test]
fn contracted_cost_is_rounded_half_up_and_once_for_all_kinds() {
    let check = |factor: &str, [input, output]: [i64; 2], expected: [&str; 2]| {
        let discounts = parse(&file(HEADER, factor)).expect(factor);
        let card = card(Some(&discounts), "meta.three", Tier::Standard);
        let found = costs(&[&card], &usage(Some(input), Some(output)), CostGaps::NONE);
        assert_eq!(found, expected.map(|text| Some(text.to_owned())), "{factor}");
    };
    // A token costs the smallest amount that there is.
    check("0.5", [1, 0], ["0.000000000001", "0.000000000001"]);
    check("0.499999", [1, 0], ["0.000000000001", "0"]);
    check("0.5", [1, 1], ["0.000000000002", "0.000000000001"]);
    check("0.333333", [3, 1], ["0.000000000004", "0.000000000001"]);
}

#[test]
fn estimate_and_lower_bound_keep_what_they_are() {
    let discounts = parse(&file(HEADER, "0.5,,,,,,flex\n0.9,,,,,,standard")).expect("valid");
    let [flex, standard] =
        [Tier::Flex, Tier::Standard].map(|tier| card(Some(&discounts), "anthropic.one", tier));
    let both = usage(Some(100_000), Some(0));
    // Of the lower end, which is flex.
    let found = costs(&[&flex, &standard], &both, CostGap::TierUnknown.into());
    assert_eq!(found, [Some("0.15".to_owned()), Some("0.075".to_owned())]);
    // The output has no count: only what has a list cost is in the contracted one.
    let found = costs(&[&standard], &usage(Some(100_000), None), CostGaps::NONE);
    assert_eq!(found, [Some("0.3".to_owned()), Some("0.27".to_owned())]);
    let without = card(None, "anthropic.one", Tier::Standard);
    let found = costs(&[&without], &both, CostGaps::NONE);
    assert_eq!(found, [Some("0.3".to_owned()), None], "null without a file");
    // A kind that has no list price: the rate says nothing of it.
    let discounts = parse(&file(HEADER, ",1,anthropic.one,,,,,,cache_write_5m")).expect("valid");
    let card = card(Some(&discounts), "anthropic.one", Tier::Standard);
    let cached = Usage { cache_write: Some(100_000), ..both };
    let found = costs(&[&card], &cached, CostGaps::NONE);
    assert_eq!(found, [Some("0.3".to_owned()), Some("0.3".to_owned())]);
}

#[test]
fn version_is_that_of_the_text() {
    let version = |rows: &str| parse(&file(HEADER, rows)).expect(rows).version();
    assert_eq!(version("0.9"), version("0.9"));
    assert_ne!(version("0.9"), version("0.8"));
}

/// What a row of the random files may name, and one value of each more, which none names.
const IDS: [(&str, &str); 4] = [
    ("anthropic.one", "Anthropic"),
    ("anthropic.two", "Anthropic"),
    ("meta.three", "Meta"),
    ("other.four", "Other"),
];
const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "eu-north-1"];
const ROUTINGS: [Routing; 2] = [Routing::Global, Routing::Regional];
const TIERS: [Tier; 3] = [Tier::Standard, Tier::Flex, Tier::Batch];
const BANDS: [i64; 3] = [0, 200_000, 7];
const KINDS: [Option<TokenKind>; 4] =
    [Some(TokenKind::Input), Some(TokenKind::Output), Some(TokenKind::CacheRead), None];
const DAYS: [Date; 4] = [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)];

/// The fields of a row, in the order of the header, as texts; empty is any.
type Fields = [String; 11];

fn any_row() -> impl Strategy<Value = Fields> {
    let or_any = |values: &'static [&'static str]| {
        let named = prop_oneof![2 => Just(""), 1 => select(values)];
        named.prop_map(str::to_owned)
    };
    let model_and_provider = select(vec![
        ("", ""),
        ("", "Anthropic"),
        ("", "Meta"),
        ("anthropic.one", ""),
        ("anthropic.one", "Anthropic"),
        ("anthropic.two", ""),
        ("meta.three", "Meta"),
    ]);
    let days = (0..4usize, 0..4usize, any::<[bool; 2]>());
    let scope = (
        model_and_provider,
        or_any(&["us-east-1", "eu-west-1"]),
        or_any(&["global"]),
        or_any(&["standard", "flex"]),
        or_any(&["0", "200000"]),
        or_any(&["input", "output"]),
    );
    let term = (0..=1_000_000u32, 0..20_000_000u64, any::<bool>());
    (scope, days, term).prop_map(|(scope, (a, b, open), (factor, rate, is_rate))| {
        let ((model, provider), region, routing, tier, band, kind) = scope;
        let band = if model == "anthropic.one" { band } else { String::new() };
        let (from, until) = (a.min(b), a.max(b));
        let open = if from == until { [true; 2] } else { open };
        let day = |at: usize, is_open: bool| {
            if is_open { String::new() } else { DAYS[at].to_string() }
        };
        let is_rate = is_rate && !model.is_empty() && !kind.is_empty();
        let decimal = |n: u64| format!("{}.{:06}", n / 1_000_000, n % 1_000_000);
        let [factor, rate] = match is_rate {
            true => [String::new(), decimal(rate)],
            false => [decimal(factor.into()), String::new()],
        };
        let (model, provider) = (model.to_owned(), provider.to_owned());
        let (from, until) = (day(from, open[0]), day(until, open[1]));
        [factor, rate, model, provider, region, routing, tier, band, kind, from, until]
    })
}

/// Whether two rows name the same on one day: also where a narrower row has all of their charges.
fn has_repeated(rows: &[Fields]) -> bool {
    let named = |row: &Fields| {
        let mut named = row[2..9].to_vec();
        // A model names its provider.
        if !named[0].is_empty() {
            named[1].clear();
        }
        named
    };
    let is_valid = |row: &Fields, day: &str| {
        (row[9].is_empty() || *row[9] <= *day) && (row[10].is_empty() || *day < *row[10])
    };
    let days = DAYS.map(|day| day.to_string());
    rows.iter().enumerate().any(|(index, row)| {
        let mut before = rows[..index].iter().filter(|other| named(other) == named(row));
        before.any(|other| days.iter().any(|day| is_valid(row, day) && is_valid(other, day)))
    })
}

/// A charge of a day, as the fields of a row name it.
#[derive(Debug, Clone)]
struct Charge {
    model: (&'static str, &'static str),
    region: &'static str,
    routing: Routing,
    tier: Tier,
    band: i64,
    kind: Option<TokenKind>,
    day: Date,
}

impl Charge {
    fn all() -> Vec<Charge> {
        let mut all = Vec::new();
        for model in IDS {
            for region in REGIONS {
                for routing in ROUTINGS {
                    for tier in TIERS {
                        for band in BANDS {
                            for kind in KINDS {
                                for day in DAYS {
                                    let charge =
                                        Charge { model, region, routing, tier, band, kind, day };
                                    all.push(charge);
                                }
                            }
                        }
                    }
                }
            }
        }
        all
    }

    /// The slow way: every field of a row is any, or is what the charge has.
    fn is_in(&self, row: &Fields) -> bool {
        let [_, _, model, provider, region, routing, tier, band, kind, from, until] = row;
        // What is not billed by tokens has no band.
        let own_band = self.kind.map_or(String::new(), |_| self.band.to_string());
        let fields = [
            (model, self.model.0),
            (provider, self.model.1),
            (region, self.region),
            (routing, self.routing.as_str()),
            (tier, self.tier.as_str()),
            (band, &own_band),
            (kind, self.kind.map_or("none", TokenKind::as_str)),
        ];
        let day = self.day.to_string();
        fields.into_iter().all(|(field, own)| field.is_empty() || field == own)
            && (from.is_empty() || *from <= day)
            && (until.is_empty() || day < *until)
    }

    /// The only row that names all that each other row of the charge names, if it has any row; an error if
    /// there is no such one.
    fn row<'r>(&self, rows: &'r [Fields]) -> Result<Option<&'r Fields>, ()> {
        let own = rows.iter().filter(|row| self.is_in(row)).collect::<Vec<_>>();
        let names_all = |row: &Fields, other: &Fields| {
            // A model names its provider.
            let names =
                |row: &Fields, at: usize| !row[at].is_empty() || (at == 3 && !row[2].is_empty());
            (2..9).all(|at| names(row, at) || !names(other, at))
        };
        let narrowest = own
            .iter()
            .filter(|row| own.iter().all(|other| names_all(row, other)))
            .collect::<Vec<_>>();
        match narrowest[..] {
            [] if own.is_empty() => Ok(None),
            [row] => Ok(Some(row)),
            _ => Err(()),
        }
    }

    fn found(&self, discounts: &Discounts) -> String {
        let Charge { model, region: source_region, routing, tier, band, kind, day } = *self;
        let (model_id, provider) = (Some(model.0), Some(model.1));
        let key = DiscountKey { model_id, provider, source_region, routing, tier };
        let terms = discounts.terms(&key, day);
        match kind {
            Some(kind) => shown(terms.of_tokens(band, kind)),
            None => shown(Term::Factor(terms.of_other())),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A file is refused where, and only where, some charge has rows and none is the narrowest, or two rows name the same
    /// on one day; otherwise each charge has its narrowest. The order of the rows does not matter.
    #[test]
    fn charge_has_the_narrowest_of_its_rows_or_the_file_is_refused(
        rows in vec(any_row(), 0..7),
        shuffled in any::<prop::sample::Index>(),
    ) {
        let text = |rows: &[Fields]| {
            let lines = rows.iter().map(|row| row.join(",") + "\n").collect::<String>();
            format!("{HEADER}\n{lines}")
        };
        let charges = Charge::all();
        let expected = charges.iter().map(|charge| charge.row(&rows)).collect::<Result<Vec<_>, _>>();
        let is_refused = expected.is_err() || has_repeated(&rows);
        let parsed = parse(&text(&rows));
        prop_assert_eq!(parsed.is_err(), is_refused, "{}{:?}", text(&rows), parsed.err());
        let (Ok(discounts), Ok(expected)) = (parsed, expected) else { return Ok(()) };
        let mut other_order = rows.clone();
        other_order.rotate_left(if rows.is_empty() { 0 } else { shuffled.index(rows.len()) });
        let again = parse(&text(&other_order)).expect("the same rows");
        let row = |row: &DiscountRow| (row.scope.clone(), row.term, row.valid_from, row.valid_until);
        prop_assert!(discounts.rows().iter().map(row).eq(again.rows().iter().map(row)));
        for (charge, expected) in charges.iter().zip(expected) {
            let expected = expected.map_or("× 1".to_owned(), |[factor, rate, ..]| {
                let number = |text: &str| text.parse::<UsdPerMillion>().expect("a number");
                if rate.is_empty() {
                    format!("× {}", number(factor))
                } else {
                    number(rate).to_string()
                }
            });
            prop_assert_eq!(charge.found(&discounts), expected, "{:?} {}", charge, text(&rows));
        }
    }

    /// Kind by kind: tokens times the list price and a factor, or times a rate, in units of 10^-18 US dollars.
    #[test]
    fn contracted_cost_is_what_the_charges_of_a_call_come_to(
        rows in vec(any_row(), 0..5),
        counts in any::<[Option<u16>; 3]>(),
        scale in select(vec![1_i64, 3]),
        day in select(DAYS.to_vec()),
    ) {
        let lines = rows.iter().map(|row| row.join(",") + "\n").collect::<String>();
        let Ok(discounts) = parse(&format!("{HEADER}\n{lines}")) else { return Ok(()) };
        let [input, output, cache_read] = counts.map(|count| count.map(|n| i64::from(n) * scale));
        let usage = Usage { cache_read, ..usage(input, output) };
        let World { regions, prices, .. } = &*WORLD;
        let (model, region) = (IDS[0], REGIONS[1]);
        let (routing, tier) = (Routing::Regional, Tier::Standard);
        let key = PriceKey { model_id: model.0, routing, source_region: region, tier };
        let card = prices.rate_card(regions, &key, day).expect("priced");
        let terms = discounts.terms(&DiscountKey::of_price(&key, model.1), day);
        let cost = Figure::of(&[&card.with_terms(Some(terms))], Some(&usage), None, CostGaps::NONE).cost;
        let n_context = input.unwrap_or(0) + cache_read.unwrap_or(0);
        let (band, list) =
            if n_context > 200_000 { (200_000, [60, 225, 6]) } else { (0, [30, 150, 3]) };
        let kinds = [TokenKind::Input, TokenKind::Output, TokenKind::CacheRead];
        let mut exact = 0;
        for ((kind, count), list) in kinds.into_iter().zip([input, output, cache_read]).zip(list) {
            let charge = Charge { model, region, routing, tier, band, kind: Some(kind), day };
            let row = charge.row(&rows).expect("not refused");
            let millionths = |text: &str| text.replace('.', "").parse::<i128>().expect("six places");
            // The list price is in tenths of a dollar.
            let price = match row {
                None => list * 100_000 * 1_000_000,
                Some([factor, rate, ..]) if rate.is_empty() => list * 100_000 * millionths(factor),
                Some([_, rate, ..]) => millionths(rate) * 1_000_000,
            };
            exact += price * i128::from(count.unwrap_or(0));
        }
        let found = cost.map(|cost| cost.contracted.map(Usd::units));
        let is_counted = counts.iter().any(Option::is_some);
        prop_assert_eq!(found, is_counted.then_some(Some((exact + 500_000) / 1_000_000)));
    }

    /// Products and sums in one number, which is divided once.
    #[test]
    fn discounted_sum_is_exact_until_it_is_rounded_half_up(
        parts in vec((0..10_i128.pow(24), 0..=1_000_000u32), 0..6),
    ) {
        let mut sum = DiscountedSum::default();
        let mut exact = 0;
        for (units, millionths) in parts {
            let usd = format!("{}.{:012}", units / 10_i128.pow(12), units % 10_i128.pow(12));
            let factor = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
            sum.add(usd.parse().expect("an amount"), factor.parse().expect("a factor"));
            exact += units * i128::from(millionths);
        }
        let expected = (exact + 500_000) / 1_000_000;
        prop_assert_eq!(sum.rounded().units(), expected);
    }
}

#[test]
fn discounted_sum_stays_at_the_largest_amount() {
    let one = "1".parse().expect("a factor");
    let mut sum = DiscountedSum::default();
    sum.add(Usd::MAX, one);
    assert_eq!(sum.rounded(), Usd::MAX);
    sum.add(Usd::MAX, one);
    assert_eq!(sum.rounded(), Usd::MAX);
}
