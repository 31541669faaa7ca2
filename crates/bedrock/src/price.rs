//! Prices per token, and per other `units`: what a row of a price file says. `config/PRICES.md` says how the rows
//! that ship with hoptrail were chosen.

mod book;
mod check;
mod export;
mod file;
mod names;
mod rate_card;
mod unit;
mod units;

use jiff::civil::Date;

pub use book::{EMBEDDED, PriceBook, PriceKey};
pub use check::check;
pub use export::to_csv;
pub use file::{Finding, PriceFileError, Problem, Role};
pub use names::NameProblem;
pub use rate_card::{Band, RateCard};
pub use unit::{Detail, Quality, Shape, Unit, Variant};
pub use units::{
    ANY_MODEL, EMBEDDED_UNITS, UnitPriceFileError, UnitPriceFinding, UnitPriceProblem, UnitPrices,
    UnitRow, check_unit_prices, is_unit_file,
};

use crate::money::UsdPerMillion;
use crate::region::Regions;

/// How `source_region` writes "every commercial Region that has no row of its own".
pub const ALL_COMMERCIAL: &str = "*";

/// One price, as a line of a price file states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRow {
    /// The line of its file, from 1 for the header.
    pub line: u64,
    /// The canonical model id.
    pub model_id: Box<str>,
    /// Through which kind of profile.
    pub routing: Routing,
    /// The Region that the call was sent to, or [`ALL_COMMERCIAL`].
    pub source_region: Box<str>,
    /// The tier that served the call.
    pub tier: Tier,
    /// The row applies to calls with more input than this, cache reads and writes included, up to the
    /// next band; 0 is the base.
    pub context_over_tokens: i64,
    /// Which tokens.
    pub kind: TokenKind,
    /// The price.
    pub price: UsdPerMillion,
    /// The first day (UTC) of the price; `None` is open.
    pub valid_from: Option<Date>,
    /// The first day (UTC) that no longer has the price; `None` is open.
    pub valid_until: Option<Date>,
    /// Where the price was published; `override` for a user's row that does not say.
    pub source: Box<str>,
    /// The source's date.
    pub source_date: Option<Date>,
}

/// How a call is routed, as far as the price is concerned: calls in a Region and calls through a
/// geography's profile bill alike (AWS pricing page, "Geo and In-region Cross-region Inference").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Routing {
    /// Through a `global.` profile.
    Global,
    /// In a Region, or through a geography's profile.
    Regional,
}

/// A service tier that has prices per token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// Batch inference.
    Batch,
    /// Flex.
    Flex,
    /// Latency-optimized inference (`performanceConfig.latency`).
    LatencyOptimized,
    /// Priority.
    Priority,
    /// On demand, without any other tier.
    Standard,
    /// Ultrafast, of OpenAI models.
    Ultrafast,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TokenKind {
    /// Input that is neither read from the cache nor written to it.
    Input,
    /// Output.
    Output,
    /// Input read from the cache.
    CacheRead,
    /// Input written to the cache for five minutes (OpenAI models: 30 minutes).
    CacheWrite5m,
    /// Input written to the cache for an hour.
    CacheWrite1h,
}

impl PriceRow {
    /// Whether the price applies on a day: from `valid_from` on, and no longer on `valid_until`.
    pub fn is_valid_on(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && !self.is_over_on(day)
    }

    /// Whether the price has ended by a day.
    fn is_over_on(&self, day: Date) -> bool {
        self.valid_until.is_some_and(|until| until <= day)
    }

    /// What makes two rows the same price at different times.
    pub(crate) fn key(&self) -> RowKey<'_> {
        RowKey {
            model_id: &self.model_id,
            routing: self.routing,
            source_region: &self.source_region,
            tier: self.tier,
            context_over_tokens: self.context_over_tokens,
            kind: self.kind,
        }
    }

    /// Whether some day has both prices.
    fn overlaps(&self, other: &PriceRow) -> bool {
        let ends_after =
            |row: &PriceRow, other: &PriceRow| match (row.valid_until, other.valid_from) {
                (Some(until), Some(from)) => until > from,
                _ => true,
            };
        ends_after(self, other) && ends_after(other, self)
    }
}

/// The key of a row. Files are read into the order of these keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowKey<'a> {
    pub(crate) model_id: &'a str,
    pub(crate) routing: Routing,
    pub(crate) source_region: &'a str,
    pub(crate) tier: Tier,
    pub(crate) context_over_tokens: i64,
    pub(crate) kind: TokenKind,
}

/// Whether [`ALL_COMMERCIAL`] includes a Region: GovCloud, China, the sovereign and the secret
/// Regions have prices of their own, and an unknown one is not taken for commercial.
pub(crate) fn is_commercial(regions: &Regions, code: &str) -> bool {
    regions.get(code).is_some_and(|region| region.partition == "aws")
}

impl Routing {
    /// Both.
    pub const ALL: [Routing; 2] = [Routing::Global, Routing::Regional];

    /// The routing of a scope (`us`, `global`, ...), `None` for a call without profile.
    pub fn of_scope(scope: Option<&str>) -> Self {
        if scope == Some("global") { Routing::Global } else { Routing::Regional }
    }

    /// The value of the column `routing`.
    pub fn as_str(self) -> &'static str {
        match self {
            Routing::Global => "global",
            Routing::Regional => "regional",
        }
    }
}

impl Tier {
    /// Every tier.
    pub const ALL: [Tier; 6] = [
        Tier::Batch,
        Tier::Flex,
        Tier::LatencyOptimized,
        Tier::Priority,
        Tier::Standard,
        Tier::Ultrafast,
    ];

    /// The value of the column `service_tier`.
    pub fn as_str(self) -> &'static str {
        match self {
            Tier::Batch => "batch",
            Tier::Flex => "flex",
            Tier::LatencyOptimized => "latency_optimized",
            Tier::Priority => "priority",
            Tier::Standard => "standard",
            Tier::Ultrafast => "ultrafast",
        }
    }
}

impl TokenKind {
    /// Every kind.
    pub const ALL: [TokenKind; 5] = [
        TokenKind::Input,
        TokenKind::Output,
        TokenKind::CacheRead,
        TokenKind::CacheWrite5m,
        TokenKind::CacheWrite1h,
    ];

    /// The value of the column `token_kind`.
    pub fn as_str(self) -> &'static str {
        match self {
            TokenKind::Input => "input",
            TokenKind::Output => "output",
            TokenKind::CacheRead => "cache_read",
            TokenKind::CacheWrite5m => "cache_write_5m",
            TokenKind::CacheWrite1h => "cache_write_1h",
        }
    }
}
