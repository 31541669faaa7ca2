//! Reading a discount file: each line by itself, then rows beside one another.

use std::fmt;

use csv::StringRecord;

use super::conflict::conflicts;
use super::{ANY, DiscountRow, Scope, Term};
use crate::catalog::nearest::nearest;
use crate::catalog::{Catalog, Lookup, hint};
use crate::csv_file::{self, Fields, FileError, LineProblem, read_rows};
use crate::money::DecimalError;
use crate::price::{PriceBook, Routing, Tier, TokenKind};
use crate::region::Regions;

/// What a row may name, in the order of the documentation.
const SCOPE: [&str; 7] = [
    "model_id",
    "provider",
    "source_region",
    "routing",
    "service_tier",
    "context_over_tokens",
    "token_kind",
];
const FACTOR: &str = "factor";
const RATE: &str = "usd_per_million";
/// Which days, and what only the reader needs.
const OTHERS: [&str; 4] = ["valid_from", "valid_until", "source", "source_date"];

/// A problem with one line of a discount file.
pub type Finding = csv_file::Finding<Problem>;

/// A discount file that cannot be used.
pub type DiscountFileError = FileError<Problem>;

/// What can be wrong with a line of a discount file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The header has other columns, or neither of two.
    #[error("expected some of the columns {expected} and factor or usd_per_million, found {found}")]
    Columns {
        /// The columns that there may be.
        expected: String,
        /// The header.
        found: String,
    },
    /// What can be wrong in any CSV file.
    #[error(transparent)]
    Line(#[from] LineProblem),
    /// The factor is none.
    #[error("factor: {0}")]
    Factor(DecimalError),
    /// The rate is no price.
    #[error("usd_per_million: {0}")]
    Rate(DecimalError),
    /// A row says nothing, or two things.
    #[error("expected a factor or usd_per_million, found {0}")]
    NotOneTerm(&'static str),
    /// A rate for whatever there is.
    #[error("usd_per_million needs a {0}")]
    RateOfAny(&'static str),
    /// A band of whatever models there are.
    #[error("context_over_tokens needs a model_id")]
    BandOfAny,
    /// Two rows for the same charges on one day.
    #[error("a second discount for the days of line {line}")]
    Overlap {
        /// The line of the other.
        line: u64,
    },
    /// Two rows apply to the same charges, and neither is narrower than the other.
    #[error(
        "line {line} applies to the same charges, and neither is narrower: add a row for {scope}"
    )]
    Ambiguous {
        /// The line of the other.
        line: u64,
        /// What both apply to.
        scope: Box<Scope>,
    },
    /// Nothing has this name.
    #[error("{column}: unknown {what} `{found}`{}", hint(nearest.as_ref()))]
    Unknown {
        /// The column.
        column: &'static str,
        /// What it names.
        what: &'static str,
        /// The name.
        found: String,
        /// The known name that is most like it.
        nearest: Option<String>,
    },
    /// The model is not the provider's.
    #[error("provider: expected `{expected}`, whose model `{model}` is, found `{found}`")]
    OtherProvider {
        /// The provider of the model.
        expected: String,
        /// The model.
        model: String,
        /// The provider of the row.
        found: String,
    },
    /// No price of the model begins there.
    #[error(
        "context_over_tokens: no price of `{model}` begins over {found} tokens{}",
        bands(known)
    )]
    NoBand {
        /// The model.
        model: String,
        /// Where the band of the row begins.
        found: i64,
        /// Where bands of the model begin.
        known: Vec<i64>,
    },
}

impl fmt::Display for Scope {
    /// Writes what is named as columns with their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let context = self.context_over_tokens.map(|over| over.to_string());
        // Who names a model need not name its provider.
        let provider = self.provider.as_deref().filter(|_| self.model_id.is_none());
        let values = [
            self.model_id.as_deref(),
            provider,
            self.source_region.as_deref(),
            self.routing.map(Routing::as_str),
            self.tier.map(Tier::as_str),
            context.as_deref(),
            self.kind.map(TokenKind::as_str),
        ];
        let named = SCOPE.into_iter().zip(values);
        let named = named.filter_map(|(column, value)| Some(format!("{column} {}", value?)));
        f.write_str(&named.collect::<Vec<_>>().join(", "))
    }
}

fn bands(known: &[i64]) -> String {
    let known = known.iter().map(i64::to_string).collect::<Vec<_>>();
    if known.is_empty() { String::new() } else { format!("; known are {}", known.join(", ")) }
}

/// What rows may name.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) models: &'a Catalog,
    pub(super) regions: &'a Regions,
    pub(super) prices: &'a PriceBook,
}

/// Everything that is wrong with a discount file, in the order of its lines.
pub fn check(text: &str, models: &Catalog, regions: &Regions, prices: &PriceBook) -> Vec<Finding> {
    read_lines(text, Known { models, regions, prices }).1
}

/// Reads a file for use: rows in the order of their scopes and days.
pub(super) fn read(text: &str, known: Known<'_>) -> Result<Vec<DiscountRow>, DiscountFileError> {
    let (rows, findings) = read_lines(text, known);
    FileError::unless_empty(findings).map(|()| rows)
}

fn read_lines(text: &str, known: Known<'_>) -> (Vec<DiscountRow>, Vec<Finding>) {
    let (mut rows, mut findings) =
        read_rows(text, check_header, |fields, line| row(fields, line, known));
    rows.sort_by(|a, b| (&a.scope, a.valid_from, a.line).cmp(&(&b.scope, b.valid_from, b.line)));
    findings.extend(conflicts(&rows));
    // The sort is stable, and the findings of a line come in the order of the checks.
    findings.sort_by_key(|finding| finding.line);
    (rows, findings)
}

/// Checks that the header has a term and no unknown column: a misspelled `service_tier` that is skipped would
/// give the discount to all tiers.
fn check_header(header: &StringRecord) -> Result<(), Problem> {
    let known = SCOPE.iter().chain(&OTHERS);
    let is_known = |name: &str| known.clone().chain(&[FACTOR, RATE]).any(|known| *known == name);
    let is_repeated = |(at, name)| header.iter().take(at).any(|before| before == name);
    let has_term = header.iter().any(|name| name == FACTOR || name == RATE);
    if has_term && header.iter().all(is_known) && !header.iter().enumerate().any(is_repeated) {
        return Ok(());
    }
    let expected = known.copied().collect::<Vec<_>>().join(",");
    let found = header.iter().collect::<Vec<_>>().join(",");
    Err(Problem::Columns { expected, found })
}

fn row(fields: Fields<'_>, line: u64, known: Known<'_>) -> Result<DiscountRow, Problem> {
    let scope = scope(fields, known)?;
    let [factor, rate] = [fields.optional_text(FACTOR)?, fields.optional_text(RATE)?];
    let term = match (factor, rate) {
        ("", "") => return Err(Problem::NotOneTerm("neither")),
        (factor, "") => Term::Factor(factor.parse().map_err(Problem::Factor)?),
        ("", rate) => Term::Rate(rate.parse().map_err(Problem::Rate)?),
        _ => return Err(Problem::NotOneTerm("both")),
    };
    let is_rate = matches!(term, Term::Rate(_));
    for (column, is_named) in
        [("model_id", scope.model_id.is_some()), ("token_kind", scope.kind.is_some())]
    {
        if is_rate && !is_named {
            return Err(Problem::RateOfAny(column));
        }
    }
    let [valid_from, valid_until] = fields.valid_days()?;
    Ok(DiscountRow { line, scope, term, valid_from, valid_until })
}

fn scope(fields: Fields<'_>, known: Known<'_>) -> Result<Scope, Problem> {
    let (model_id, provider) = model_and_provider(fields, known)?;
    let context_over_tokens = match (name(fields, "context_over_tokens")?, &model_id) {
        (None, _) => None,
        (Some(_), None) => return Err(Problem::BandOfAny),
        (Some(_), Some(model)) => Some(band(fields, model, known.prices)?),
    };
    Ok(Scope {
        model_id,
        provider,
        source_region: source_region(fields, known.regions)?,
        routing: one_of(fields, "routing", Routing::ALL, Routing::as_str)?,
        tier: one_of(fields, "service_tier", Tier::ALL, Tier::as_str)?,
        context_over_tokens,
        kind: one_of(fields, "token_kind", TokenKind::ALL, TokenKind::as_str)?,
    })
}

/// The text of a field that names something.
fn name<'a>(fields: Fields<'a>, column: &'static str) -> Result<Option<&'a str>, Problem> {
    let text = fields.optional_text(column)?;
    Ok(Some(text).filter(|text| ![ANY, ""].contains(text)))
}

/// What a field names of a few values.
fn one_of<T: Copy, const N: usize>(
    fields: Fields<'_>,
    column: &'static str,
    all: [T; N],
    name_of: fn(T) -> &'static str,
) -> Result<Option<T>, Problem> {
    if name(fields, column)?.is_none() {
        return Ok(None);
    }
    Ok(Some(fields.one_of(column, &all.map(|value| (name_of(value), value)))?))
}

type Name = Option<Box<str>>;

/// The model by its canonical id, and its provider.
fn model_and_provider(fields: Fields<'_>, known: Known<'_>) -> Result<(Name, Name), Problem> {
    let provider = name(fields, "provider")?;
    let Some(found) = name(fields, "model_id")? else {
        let providers = || known.models.models().iter().map(|model| model.provider.as_str());
        if let Some(found) = provider.filter(|found| !providers().any(|known| known == *found)) {
            return Err(unknown("provider", "provider", found, nearest(found, providers())));
        }
        return Ok((None, provider.map(Box::from)));
    };
    let Lookup::Exact(model) = known.models.model(found) else {
        return Err(unknown("model_id", "model", found, known.models.nearest(found)));
    };
    match provider.filter(|provider| *provider != model.provider) {
        Some(found) => Err(Problem::OtherProvider {
            expected: model.provider.clone(),
            model: model.id.clone(),
            found: found.to_owned(),
        }),
        None => Ok((Some(model.id.as_str().into()), Some(model.provider.as_str().into()))),
    }
}

fn source_region(fields: Fields<'_>, regions: &Regions) -> Result<Name, Problem> {
    let Some(found) = name(fields, "source_region")? else { return Ok(None) };
    match regions.get(found) {
        Some(_) => Ok(Some(found.into())),
        None => Err(unknown("source_region", "Region", found, nearest(found, regions.codes()))),
    }
}

/// Where a band begins that some price of the model has.
fn band(fields: Fields<'_>, model: &str, prices: &PriceBook) -> Result<i64, Problem> {
    let found = fields.tokens("context_over_tokens")?;
    let mut known = prices.rows_of(model).map(|row| row.context_over_tokens).collect::<Vec<_>>();
    if found == 0 || known.contains(&found) {
        return Ok(found);
    }
    known.sort_unstable();
    known.dedup();
    Err(Problem::NoBand { model: model.to_owned(), found, known })
}

fn unknown(
    column: &'static str,
    what: &'static str,
    found: &str,
    nearest: Option<&str>,
) -> Problem {
    Problem::Unknown { column, what, found: found.to_owned(), nearest: nearest.map(str::to_owned) }
}
