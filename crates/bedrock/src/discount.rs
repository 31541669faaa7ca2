//! What was negotiated of the list prices, as a user's file says: a factor, or a rate per million tokens.
//!
//! A row of the file applies to the charges that have everything it names; an empty field, and `*`, is any. Of
//! the rows that apply to a charge, the one is used that is narrower than all others, that is, names all that
//! each of them names, and more. Rows never add up. Where neither of two rows is the narrower one, some row has to
//! name what both name, or the file is refused: nothing is guessed, and the order of rows does not matter.

mod conflict;
mod file;

use jiff::civil::Date;

pub use file::{DiscountFileError, Finding, Problem, check};

use crate::catalog::Catalog;
use crate::fingerprint::Fingerprint;
use crate::money::{Factor, Usd, UsdPerMillion};
use crate::price::{PriceBook, PriceKey, Routing, Tier, TokenKind};
use crate::region::Regions;
use crate::sorted::equal_range;

/// How a row writes that it applies to any: the same as an empty field.
pub const ANY: &str = "*";

/// What was negotiated: all rows of a file.
#[derive(Debug, Clone)]
pub struct Discounts {
    /// In the order of their scopes and days.
    rows: Vec<DiscountRow>,
    fingerprint: Fingerprint,
}

/// One row of a discount file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscountRow {
    /// The line of its file, from 1 for the header.
    pub line: u64,
    /// What it applies to.
    pub scope: Scope,
    /// What was negotiated.
    pub term: Term,
    /// The first day (UTC) that it applies on; `None` is open.
    pub valid_from: Option<Date>,
    /// The first day (UTC) that it no longer applies on; `None` is open.
    pub valid_until: Option<Date>,
}

/// Which charges a row applies to. `None` is any.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The canonical model id.
    pub model_id: Option<Box<str>>,
    /// The provider, as AWS writes it; with a model always its provider.
    pub provider: Option<Box<str>>,
    /// The Region that the call was sent to.
    pub source_region: Option<Box<str>>,
    /// Through which kind of profile.
    pub routing: Option<Routing>,
    /// The tier that served the call.
    pub tier: Option<Tier>,
    /// Where the band of the call's input begins, see [`Band`](crate::price::Band).
    pub context_over_tokens: Option<i64>,
    /// Which tokens. What is not billed by tokens is in no such scope.
    pub kind: Option<TokenKind>,
}

/// What was negotiated of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Term {
    /// What is left of the list price.
    Factor(Factor),
    /// A price of its own.
    Rate(UsdPerMillion),
}

/// What a discount hangs on, apart from the day, the band, and the kind of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DiscountKey<'a> {
    /// The canonical model id; `None` for a charge that is no model's.
    pub model_id: Option<&'a str>,
    /// The provider of the model.
    pub provider: Option<&'a str>,
    /// The Region that the call was sent to.
    pub source_region: &'a str,
    /// Through which kind of profile.
    pub routing: Routing,
    /// The tier that served the call.
    pub tier: Tier,
}

/// What was negotiated of the prices that one kind of call has on one day. It is worked out once for all calls
/// that have a [`DiscountKey`] in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// The narrowest first: the first that applies is the one that is used.
    rows: Vec<TermRow>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TermRow {
    context_over_tokens: Option<i64>,
    kind: Option<TokenKind>,
    term: Term,
}

impl Discounts {
    /// Reads a discount file: CSV with any of the columns `model_id`, `provider`, `source_region`, `routing`,
    /// `service_tier`, `context_over_tokens`, `token_kind`, `valid_from`, `valid_until`, and with `factor`,
    /// `usd_per_million`, or both, of which each row has one. `source` and `source_date` are for the reader.
    ///
    /// # Errors
    /// If a line cannot be used or names what is not known, or if two rows contradict each other.
    pub fn parse(
        text: &str,
        models: &Catalog,
        regions: &Regions,
        prices: &PriceBook,
    ) -> Result<Self, DiscountFileError> {
        let rows = file::read(text, file::Known { models, regions, prices })?;
        Ok(Discounts { rows, fingerprint: Fingerprint::of(text) })
    }

    /// The [`Fingerprint`] of the file.
    pub fn version(&self) -> String {
        self.fingerprint.to_string()
    }

    /// The rows, in the order of their scopes and days.
    pub fn rows(&self) -> &[DiscountRow] {
        &self.rows
    }

    /// What was negotiated of the prices of a kind of call on a day.
    pub fn terms(&self, key: &DiscountKey<'_>, day: Date) -> Terms {
        let of_model = key.model_id.map_or(&[][..], |model| self.rows_naming(Some(model)));
        let rows = of_model.iter().chain(self.rows_naming(None));
        let mut rows = rows
            .filter(|row| row.scope.has(key) && row.is_valid_on(day))
            .map(|row| (row.scope.n_named(), row.term_row()))
            .collect::<Vec<_>>();
        // The narrowest of rows names more than each of the others.
        rows.sort_by_key(|(n_named, _)| std::cmp::Reverse(*n_named));
        Terms { rows: rows.into_iter().map(|(_, row)| row).collect() }
    }

    /// The rows that name a model, or those that name none.
    fn rows_naming(&self, model: Option<&str>) -> &[DiscountRow] {
        equal_range(&self.rows, |row| row.scope.model_id.as_deref().cmp(&model))
    }
}

impl DiscountRow {
    /// Whether the row applies on a day: from `valid_from` on, and no longer on `valid_until`.
    pub fn is_valid_on(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= day)
            && self.valid_until.is_none_or(|until| day < until)
    }

    fn term_row(&self) -> TermRow {
        let Scope { context_over_tokens, kind, .. } = self.scope;
        TermRow { context_over_tokens, kind, term: self.term }
    }
}

impl Scope {
    /// Whether calls with a key may have charges of the scope.
    fn has(&self, key: &DiscountKey<'_>) -> bool {
        let is_in = |named: &Option<Box<str>>, text: Option<&str>| {
            named.as_deref().is_none_or(|named| Some(named) == text)
        };
        is_in(&self.model_id, key.model_id)
            && is_in(&self.provider, key.provider)
            && is_in(&self.source_region, Some(key.source_region))
            && self.routing.is_none_or(|routing| routing == key.routing)
            && self.tier.is_none_or(|tier| tier == key.tier)
    }

    /// How many things the scope names.
    fn n_named(&self) -> usize {
        self.named().into_iter().filter(|is_named| *is_named).count()
    }
}

impl<'a> DiscountKey<'a> {
    /// The key of calls with a price, whose model is the provider's.
    pub fn of_price(key: &PriceKey<'a>, provider: &'a str) -> Self {
        let PriceKey { model_id, routing, source_region, tier } = *key;
        let (model_id, provider) = (Some(model_id), Some(provider));
        DiscountKey { model_id, provider, source_region, routing, tier }
    }
}

impl Term {
    /// What a million tokens cost that have this list price (FOCUS: `ContractedUnitPrice`), in US dollars.
    pub fn of_million(self, list: UsdPerMillion) -> Usd {
        match self {
            Term::Factor(factor) => factor.of_million(list),
            Term::Rate(rate) => Factor::ONE.of_million(rate),
        }
    }
}

impl Terms {
    /// What was negotiated of the price of a kind of tokens in the band that begins at `context_over_tokens`;
    /// the list price if nothing was.
    pub fn of_tokens(&self, context_over_tokens: i64, kind: TokenKind) -> Term {
        let applies = |row: &&TermRow| {
            row.context_over_tokens.is_none_or(|over| over == context_over_tokens)
                && row.kind.is_none_or(|named| named == kind)
        };
        self.rows.iter().find(applies).map_or(Term::Factor(Factor::ONE), |row| row.term)
    }

    /// What is left of the list cost of what is not billed by tokens: images, seconds, queries. Rows that name a
    /// kind of tokens, or a band, do not apply to it.
    pub fn of_other(&self) -> Factor {
        let mut rows =
            self.rows.iter().filter(|row| row.kind.is_none() && row.context_over_tokens.is_none());
        match rows.next().map(|row| row.term) {
            Some(Term::Factor(factor)) => factor,
            // A rate names a kind of tokens.
            Some(Term::Rate(_)) | None => Factor::ONE,
        }
    }
}
