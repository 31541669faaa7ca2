//! The price book: which row has the price of a call.

use jiff::civil::Date;

use super::file::{PriceFileError, Role, read};
use super::rate_card::{Band, RateCard};
use super::{ALL_COMMERCIAL, PriceRow, Routing, Tier, TokenKind, is_commercial};
use crate::fingerprint::Fingerprint;
use crate::region::Regions;

/// The price book that ships with hoptrail.
pub const EMBEDDED: &str = include_str!("../../../../config/prices.csv");

/// All prices of a run: a book, and the overrides that were laid over it.
#[derive(Debug, Clone)]
pub struct PriceBook {
    /// The book, then each file of overrides. The rows of a layer are in the order of their keys.
    layers: Vec<Vec<PriceRow>>,
    fingerprint: Fingerprint,
}

/// What the price of a call hangs on, apart from its day and its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PriceKey<'a> {
    /// The canonical model id.
    pub model_id: &'a str,
    /// Through which kind of profile.
    pub routing: Routing,
    /// The Region that the call was sent to; where it ran does not matter.
    pub source_region: &'a str,
    /// The tier that served the call, not the one asked for.
    pub tier: Tier,
}

impl PriceBook {
    /// The price book that ships with hoptrail.
    ///
    /// # Panics
    /// Never in a released build: a test reads the embedded file.
    #[expect(clippy::expect_used, reason = "a test reads the embedded file")]
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("config/prices.csv is well-formed")
    }

    /// Reads a price book: CSV with the columns of `config/prices.csv`, in any order.
    ///
    /// # Errors
    /// If a line cannot be used, or if a key has two prices on one day.
    pub fn parse(text: &str) -> Result<Self, PriceFileError> {
        let rows = read(text, Role::Book)?;
        Ok(PriceBook { layers: vec![rows], fingerprint: Fingerprint::of(text) })
    }

    /// Lays overrides over the book: negotiated rates, in a CSV with the same columns, of which
    /// `source` and `source_date` may be left out or empty.
    ///
    /// An override that applies to a call wins over every row below, for its model, routing, Region,
    /// tier, band and token kind, on the days from its `valid_from` up to its `valid_until`; on
    /// other days, and for every other key, the book applies as before. An override for `*` wins in
    /// every commercial Region, also in those that have a row of their own in the book; it yields to
    /// an override for the Region itself. Nothing is derived: who negotiated input and output only
    /// still pays the book's price for the cache, and a band, tier or routing keeps the book's price
    /// until it has an override of its own.
    ///
    /// # Errors
    /// If a line cannot be used, or if a key has two prices on one day. The book is then unchanged.
    pub fn overlay(&mut self, text: &str) -> Result<(), PriceFileError> {
        self.layers.push(read(text, Role::Overrides)?);
        self.fingerprint = self.fingerprint.and(text);
        Ok(())
    }

    /// The column `price_version`: the [`Fingerprint`] of the book and of the overrides in their order.
    pub fn version(&self) -> String {
        self.fingerprint.to_string()
    }

    /// The prices of a kind of call on a day; `None` if there are none.
    ///
    /// A Region's own rows for a band and token kind shut out the rows for [`ALL_COMMERCIAL`], which
    /// apply in the commercial partition only. Neither another tier nor the other routing is a substitute.
    ///
    /// A band that begins on a later day still cuts the prices below it off: what more input cost
    /// before is then not known, and what less input cost is no substitute. A band that has ended
    /// is gone.
    pub fn rate_card(&self, regions: &Regions, key: &PriceKey<'_>, day: Date) -> Option<RateCard> {
        let layers = self.layers_for(regions, key);
        let mut thresholds = layers
            .iter()
            .flat_map(LayerRows::iter)
            .filter(|row| !row.is_over_on(day))
            .map(|row| row.context_over_tokens)
            .collect::<Vec<_>>();
        thresholds.sort_unstable();
        thresholds.dedup();
        let bands = thresholds.into_iter().map(|context_over_tokens| Band {
            context_over_tokens,
            prices: TokenKind::ALL
                .map(|kind| Some(winner(&layers, context_over_tokens, kind, day)?.price)),
        });
        let bands = bands.collect::<Vec<_>>();
        let has_price = bands.iter().any(|band| band.prices.iter().any(Option::is_some));
        has_price.then_some(RateCard { bands })
    }

    /// All rows of a model: the book's first, each layer in the order of routing, Region, tier, band,
    /// token kind and day.
    pub fn rows_of(&self, model_id: &str) -> impl Iterator<Item = &PriceRow> {
        self.layers
            .iter()
            .flat_map(move |layer| equal_range(layer, |row| (*row.model_id).cmp(model_id)))
    }

    /// The rows that price a model's calls from a Region on a day, for every routing and tier.
    pub fn rows_for<'a>(
        &'a self,
        regions: &'a Regions,
        model_id: &'a str,
        source_region: &'a str,
        day: Date,
    ) -> impl Iterator<Item = &'a PriceRow> {
        self.rows_of(model_id).filter(move |row| {
            let key = PriceKey { model_id, routing: row.routing, source_region, tier: row.tier };
            let layers = self.layers_for(regions, &key);
            winner(&layers, row.context_over_tokens, row.kind, day)
                .is_some_and(|found| std::ptr::eq(found, *row))
        })
    }

    /// The rows that could price a kind of call: the topmost layer first.
    fn layers_for(&self, regions: &Regions, key: &PriceKey<'_>) -> Vec<LayerRows<'_>> {
        let is_commercial = is_commercial(regions, key.source_region);
        let layers = self.layers.iter().rev().map(|layer| LayerRows {
            own: rows_in(layer, key, key.source_region),
            flat: if is_commercial { rows_in(layer, key, ALL_COMMERCIAL) } else { &[] },
        });
        layers.collect()
    }
}

/// What one layer has for a kind of call.
#[derive(Debug, Clone, Copy)]
struct LayerRows<'a> {
    /// The Region's own rows.
    own: &'a [PriceRow],
    /// The rows of all commercial Regions.
    flat: &'a [PriceRow],
}

impl<'a> LayerRows<'a> {
    fn iter(&self) -> impl Iterator<Item = &'a PriceRow> {
        self.own.iter().chain(self.flat)
    }

    /// The row that applies on a day. A Region that has rows of its own for a band and kind does not
    /// fall back on those of all Regions on days that its own do not cover.
    fn find(&self, context_over_tokens: i64, kind: TokenKind, day: Date) -> Option<&'a PriceRow> {
        let is_meant =
            |row: &&PriceRow| row.context_over_tokens == context_over_tokens && row.kind == kind;
        let has_own = self.own.iter().any(|row| is_meant(&row));
        let rows = if has_own { self.own } else { self.flat };
        rows.iter().filter(is_meant).find(|row| row.is_valid_on(day))
    }
}

/// The row that applies, of the topmost layer that has one.
fn winner<'a>(
    layers: &[LayerRows<'a>],
    context_over_tokens: i64,
    kind: TokenKind,
    day: Date,
) -> Option<&'a PriceRow> {
    layers.iter().find_map(|layer| layer.find(context_over_tokens, kind, day))
}

fn rows_in<'a>(layer: &'a [PriceRow], key: &PriceKey<'_>, region: &str) -> &'a [PriceRow] {
    equal_range(layer, |row| {
        let found = (&*row.model_id, row.routing, &*row.source_region, row.tier);
        found.cmp(&(key.model_id, key.routing, region, key.tier))
    })
}

/// The rows that compare as equal, by two binary searches: rows are in the order of their keys.
fn equal_range(
    rows: &[PriceRow],
    compare: impl Fn(&PriceRow) -> std::cmp::Ordering,
) -> &[PriceRow] {
    let start = rows.partition_point(|row| compare(row).is_lt());
    let rows = &rows[start..];
    &rows[..rows.partition_point(|row| compare(row).is_eq())]
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

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
        check("regional us-west-2 flex input", 200_001, "4");
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
            let rows =
                rows.filter(|row| row.kind == TokenKind::Input && row.routing == Routing::Regional);
            rows.map(|row| row.price.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(input(date(2026, 7, 29)), ["1.1"]);
        assert_eq!(input(date(2026, 7, 30)), ["0.22", "0.44"]);
    }

    #[test]
    fn every_row_is_found_where_and_when_it_applies() {
        let (book, regions) = (PriceBook::embedded(), Regions::embedded());
        let rows = &book.layers[0];
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
}
