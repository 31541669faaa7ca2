//! Which price of a book, with overrides over it, a call has.

use std::collections::BTreeSet;

use bedrock::price::{ALL_COMMERCIAL, EMBEDDED, Routing, Tier, TokenKind};
use bedrock::{PriceBook, PriceKey, Regions};

use jiff::civil::{Date, date};

const HEADER: &str = "model_id,routing,source_region,service_tier,context_over_tokens,\
    token_kind,usd_per_million,valid_from,valid_until,source,source_date\n";

/// Rows of the model `m`, written `routing Region tier over kind price from until`.
fn file(rows: &[&str]) -> String {
    let lines = rows.iter().map(|row| {
        let fields = row.split(' ').map(|field| if field == "-" { "" } else { field });
        format!("m,{},s,2026-01-01\n", fields.collect::<Vec<_>>().join(","))
    });
    HEADER.to_owned() + &lines.collect::<String>()
}

/// The price of `routing Region tier kind`, with so much input, on a day.
fn price(book: &PriceBook, call: &str, n_context_tokens: i128, day: Date) -> String {
    let mut words = call.split(' ');
    let mut word = || words.next().expect("four words");
    let routing = word();
    let routing = Routing::ALL.into_iter().find(|known| known.as_str() == routing);
    let source_region = word();
    let tier = word();
    let tier = Tier::ALL.into_iter().find(|known| known.as_str() == tier);
    let kind = word();
    let kind = TokenKind::ALL.into_iter().find(|known| known.as_str() == kind);
    let key = PriceKey {
        model_id: "m",
        routing: routing.expect("known"),
        source_region,
        tier: tier.expect("known"),
    };
    let card = book.rate_card(&Regions::embedded(), &key, day);
    let band = card.as_ref().and_then(|card| card.band(n_context_tokens));
    let price = band.and_then(|band| band.price(kind.expect("known")));
    price.map_or("-".to_owned(), |price| price.to_string())
}

const DAY: Date = date(2026, 11, 1);

#[test]
fn row_of_a_region_wins_over_all_regions_per_kind() {
    let book = PriceBook::parse(&file(&[
        "regional * standard 0 input 1 - -",
        "regional * standard 0 output 2 - -",
        "regional eu-west-1 standard 0 input 3 2026-06-01 -",
        "global us-gov-west-1 standard 0 input 4 - -",
    ]));
    let book = book.expect("well-formed");
    let check = |call: &str, day: Date, expected: &str| {
        assert_eq!(price(&book, call, 0, day), expected, "{call} {day}");
    };
    check("regional us-east-1 standard input", DAY, "1");
    check("regional eu-west-1 standard input", DAY, "3");
    check("regional eu-west-1 standard output", DAY, "2");
    // The Region had another price before, which is not known.
    check("regional eu-west-1 standard input", date(2026, 5, 31), "-");
    // Another partition, and Regions that are not known to be commercial.
    for region in ["us-gov-west-1", "cn-north-1", "eusc-de-east-1", "us-iso-east-1", "xx-1"] {
        check(&format!("regional {region} standard input"), DAY, "-");
    }
    check("global us-gov-west-1 standard input", DAY, "4");
    // No other tier and no other routing is a substitute.
    check("regional us-east-1 batch input", DAY, "-");
    check("global us-east-1 standard input", DAY, "-");
    check("regional us-east-1 standard cache_read", DAY, "-");
}

#[test]
fn valid_until_is_exclusive() {
    let book = PriceBook::parse(&file(&[
        "regional * standard 0 input 1 - 2026-07-30",
        "regional * standard 0 input 2 2026-07-30 2026-08-21",
    ]));
    let book = book.expect("well-formed");
    let call = "regional us-east-1 standard input";
    for (day, expected) in [
        (date(1, 1, 1), "1"),
        (date(2026, 7, 29), "1"),
        (date(2026, 7, 30), "2"),
        (date(2026, 8, 20), "2"),
        (date(2026, 8, 21), "-"),
    ] {
        assert_eq!(price(&book, call, 0, day), expected, "{day}");
    }
}

#[test]
fn band_starts_above_its_threshold() {
    let book = PriceBook::parse(&file(&[
        "regional * standard 0 input 1 - -",
        "regional * standard 0 output 5 - -",
        "regional * standard 200000 input 2 - -",
        "regional us-east-1 standard 500000 input 3 - -",
        "regional * flex 0 input 4 - -",
    ]));
    let book = book.expect("well-formed");
    let check = |call: &str, n_tokens: i128, expected: &str| {
        assert_eq!(price(&book, call, n_tokens, DAY), expected, "{call} {n_tokens}");
    };
    check("regional us-east-1 standard input", 0, "1");
    check("regional us-east-1 standard input", 200_000, "1");
    check("regional us-east-1 standard input", 200_001, "2");
    check("regional us-east-1 standard input", 500_001, "3");
    check("regional us-west-2 standard input", 500_001, "2");
    check("regional us-west-2 standard input", i128::MAX, "2");
    // All kinds have the band's price; the base is no substitute.
    check("regional us-west-2 standard output", 200_001, "-");
    check("regional us-west-2 flex input", 200_000, "4");
    // Nor is it for a tier that lacks a band of the standard tier.
    check("regional us-west-2 flex input", 200_001, "-");
}

#[test]
fn band_of_a_later_day_limits_the_base() {
    let book = PriceBook::parse(&file(&[
        "regional * standard 0 input 1 - -",
        "regional * standard 200000 input 2 2026-07-30 2026-09-01",
    ]));
    let book = book.expect("well-formed");
    let call = "regional us-east-1 standard input";
    for (day, expected) in
        [(date(2026, 7, 29), "-"), (date(2026, 7, 30), "2"), (date(2026, 9, 1), "1")]
    {
        assert_eq!(price(&book, call, 200_001, day), expected, "{day}");
        assert_eq!(price(&book, call, 200_000, day), "1", "{day}");
    }
}

#[test]
fn override_wins_where_and_when_it_applies() {
    let mut book = PriceBook::parse(&file(&[
        "regional * standard 0 input 1 - -",
        "regional eu-west-1 standard 0 input 2 - -",
        "regional * standard 0 output 3 - -",
        "regional * standard 200000 input 4 - -",
    ]));
    let book = book.as_mut().expect("well-formed");
    let version = book.version();
    let overrides = "usd_per_million,model_id,routing,source_region,service_tier,\
        context_over_tokens,token_kind,valid_from,valid_until\n\
        0.5,m,regional,*,standard,0,input,2026-10-01,\n\
        0.70,m,regional,us-west-2,standard,0,input,2026-11-01,\n\
        0.9,m,global,*,standard,0,input,,\n";
    book.overlay(overrides).expect("well-formed");
    let check = |call: &str, day: Date, expected: &str| {
        assert_eq!(price(book, call, 0, day), expected, "{call} {day}");
    };
    check("regional us-east-1 standard input", DAY, "0.5");
    check("regional us-east-1 standard input", date(2026, 9, 30), "1");
    check("regional eu-west-1 standard input", DAY, "0.5");
    check("regional eu-west-1 standard input", date(2026, 9, 30), "2");
    check("regional us-west-2 standard input", DAY, "0.7");
    check("regional us-west-2 standard input", date(2026, 10, 31), "1");
    check("regional us-east-1 standard output", DAY, "3");
    check("regional us-gov-west-1 standard input", DAY, "-");
    check("global us-east-1 standard input", DAY, "0.9");
    assert_eq!(price(book, "regional us-east-1 standard input", 200_001, DAY), "4");
    assert_ne!(book.version(), version);
    let regions = Regions::embedded();
    let sources = book.rows_for(&regions, "m", "us-west-2", DAY);
    let sources = sources.map(|row| format!("{} {}", row.source, row.line));
    assert_eq!(sources.collect::<Vec<_>>(), ["s 4", "s 5", "override 4", "override 3"]);
}

#[test]
fn rows_for_a_region_are_those_that_apply() {
    let (book, regions) = (PriceBook::embedded(), Regions::embedded());
    let check = |model_id: &str, region: &str, day: Date, expected: &[&str]| {
        let rows = book.rows_for(&regions, model_id, region, day).map(|row| {
            let (routing, kind) = (row.routing.as_str(), row.kind.as_str());
            let over = row.context_over_tokens;
            format!("{routing} {} {over} {kind} {}", row.source_region, row.price)
        });
        assert_eq!(rows.collect::<Vec<_>>(), expected, "{model_id} {region} {day}");
    };
    let embed = "amazon.titan-embed-text-v2:0";
    check(
        embed,
        "ap-northeast-3",
        DAY,
        &["regional * 0 output 0", "regional ap-northeast-3 0 input 0.027"],
    );
    check(embed, "mars-1", DAY, &[]);
    check("amazon.no-such-model", "us-east-1", DAY, &[]);
    let luna = "openai.gpt-5.6-luna";
    let input = |day: Date| {
        let rows = book.rows_for(&regions, luna, "us-east-1", day);
        let rows = rows.filter(|row| {
            (row.kind, row.routing, row.tier)
                == (TokenKind::Input, Routing::Regional, Tier::Standard)
        });
        rows.map(|row| row.price.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(input(date(2026, 7, 29)), ["1.1"]);
    assert_eq!(input(date(2026, 7, 30)), ["0.22", "0.44"]);
}

#[test]
fn every_row_is_found_where_and_when_it_applies() {
    let (book, regions) = (PriceBook::embedded(), Regions::embedded());
    let models = EMBEDDED.lines().skip(1).filter_map(|line| Some(line.split_once(',')?.0));
    let models = models.collect::<BTreeSet<_>>();
    let rows = models.into_iter().flat_map(|model_id| book.rows_of(model_id)).collect::<Vec<_>>();
    assert_eq!(rows.len(), EMBEDDED.lines().count() - 1);
    for row in rows {
        // No book has prices of its own for Chile, where AWS has no Bedrock yet.
        let region = &*row.source_region;
        let source_region = if region == ALL_COMMERCIAL { "sa-west-1" } else { region };
        let (model_id, routing, tier) = (&*row.model_id, row.routing, row.tier);
        let key = PriceKey { model_id, routing, source_region, tier };
        let last = row.valid_until.map(|until| until.yesterday().expect("not the first day"));
        for day in [row.valid_from.or(last).unwrap_or(DAY), last.unwrap_or(Date::MAX)] {
            let card = book.rate_card(&regions, &key, day).expect("has a price");
            let band = card.band(i128::from(row.context_over_tokens) + 1).expect("is a band");
            assert_eq!(band.price(row.kind), Some(row.price), "{row:?} {day}");
        }
    }
}

#[test]
fn version_differs_between_books() {
    let version = PriceBook::embedded().version();
    assert_eq!(version.len(), 16);
    assert_eq!(PriceBook::parse(EMBEDDED).expect("well-formed").version(), version);
    let other = EMBEDDED.replacen("12.5", "12.6", 1);
    assert_ne!(PriceBook::parse(&other).expect("well-formed").version(), version);
}

#[test]
fn book_with_two_prices_for_a_day_is_an_error() {
    let text = file(&[
        "regional * standard 0 input 1 - 2026-07-30",
        "regional * standard 0 input 2 2026-07-29 -",
        "regional * standard 0 input x - -",
    ]);
    let error = PriceBook::parse(&text).expect_err("two prices").to_string();
    assert_eq!(error, "line 3: a second price for the days of line 2 (and 1 more)");
    let mut book = PriceBook::embedded();
    let version = book.version();
    assert!(book.overlay(&text).is_err());
    assert_eq!(book.version(), version);
}
