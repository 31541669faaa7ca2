//! Reading, checking, and writing a file of prices per unit.

use csv::StringRecord;

use super::{ANY_MODEL, Routing, Tier, Unit, UnitRow};
use crate::catalog::Catalog;
use crate::csv_file::{self, Fields, FileError, Finding, LineProblem, Lines, read_rows};
use crate::money::DecimalError;
use crate::price::names::{NameProblem, check_model, check_region};
use crate::price::unit::VARIANTS;
use crate::region::Regions;

/// The columns, in the order of the file that ships with hoptrail.
const COLUMNS: [&str; 11] = [
    "model_id",
    "routing",
    "source_region",
    "service_tier",
    "unit",
    "variant",
    "usd_per_unit",
    "valid_from",
    "valid_until",
    "source",
    "source_date",
];

/// A problem with one line of a file of prices per unit.
pub type UnitPriceFinding = Finding<UnitPriceProblem>;

/// A file of prices per unit that cannot be used.
pub type UnitPriceFileError = FileError<UnitPriceProblem>;

/// What can be wrong with a line of a file of prices per unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitPriceProblem {
    /// The header lacks columns, or has others.
    #[error("expected the columns {expected}, found {found}")]
    Columns {
        /// The columns that are needed.
        expected: String,
        /// The header.
        found: String,
    },
    /// What can be wrong in any CSV file.
    #[error(transparent)]
    Line(#[from] LineProblem),
    /// The price is no price.
    #[error("usd_per_unit: {0}")]
    Price(DecimalError),
    /// Two prices for one key on one day.
    #[error("a second price for the days of line {line}")]
    Overlap {
        /// The line of the other.
        line: u64,
    },
    /// A guardrail unit in a row for a model, or another unit in a row for no model.
    #[error("model_id: expected {expected} for `{unit}`, found `{found}`")]
    ModelOfUnit {
        /// What is expected there.
        expected: &'static str,
        /// The unit.
        unit: &'static str,
        /// The id of the row.
        found: String,
    },
    /// The row would never be found.
    #[error(transparent)]
    Name(#[from] NameProblem),
}

/// Whether a file has prices per unit and not per token, as its header says.
pub fn is_unit_file(text: &str) -> bool {
    let header = Lines::of(text).map(|lines| lines.header().clone()).unwrap_or_default();
    header.iter().any(|column| column == "unit" || column == "usd_per_unit")
}

/// Everything that is wrong with a file of prices per unit, in the order of its lines.
pub fn check_unit_prices(text: &str, models: &Catalog, regions: &Regions) -> Vec<UnitPriceFinding> {
    let (rows, mut findings) = read_lines(text);
    for row in &rows {
        let is_of_any = *row.model_id == *ANY_MODEL;
        let model = if is_of_any { None } else { check_model(&row.model_id, models) };
        let problems = [model, check_region(&row.source_region, regions)].into_iter().flatten();
        let problems = problems.map(UnitPriceProblem::from);
        findings.extend(problems.map(|problem| Finding { line: row.line, problem }));
    }
    findings.sort_by_key(|finding| finding.line);
    findings
}

/// Reads a file for use: rows in the order of their keys and days.
pub(super) fn read(text: &str) -> Result<Vec<UnitRow>, UnitPriceFileError> {
    let (rows, findings) = read_lines(text);
    FileError::unless_empty(findings).map(|()| rows)
}

/// The rows that can be used, in the order of their keys and days, and what is wrong, in the order of the lines.
fn read_lines(text: &str) -> (Vec<UnitRow>, Vec<UnitPriceFinding>) {
    let (mut rows, mut findings) = read_rows(text, check_header, row);
    rows.sort_by(|a, b| (key(a), a.valid_from).cmp(&(key(b), b.valid_from)));
    for pair in rows.windows(2) {
        let [before, after] = pair else { continue };
        let is_over = before.valid_until.is_some_and(|until| Some(until) <= after.valid_from);
        if key(before) == key(after) && !is_over {
            let (line, other) = (before.line.max(after.line), before.line.min(after.line));
            findings.push(Finding { line, problem: UnitPriceProblem::Overlap { line: other } });
        }
    }
    findings.sort_by_key(|finding| finding.line);
    (rows, findings)
}

fn key(row: &UnitRow) -> impl Ord {
    let UnitRow { model_id, routing, source_region, tier, unit, variant, .. } = row;
    (model_id, routing, source_region, tier, unit, variant)
}

/// Checks that the header has all columns, and no other.
fn check_header(header: &StringRecord) -> Result<(), UnitPriceProblem> {
    let is_complete = COLUMNS.iter().all(|column| header.iter().any(|name| name == *column));
    if is_complete && header.len() == COLUMNS.len() {
        return Ok(());
    }
    let found = header.iter().collect::<Vec<_>>().join(",");
    Err(UnitPriceProblem::Columns { expected: COLUMNS.join(","), found })
}

fn row(fields: Fields<'_>, line: u64) -> Result<UnitRow, UnitPriceProblem> {
    let routings = Routing::ALL.map(|routing| (routing.as_str(), routing));
    let tiers = Tier::ALL.map(|tier| (tier.as_str(), tier));
    let units = Unit::ALL.map(|unit| (unit.as_str(), unit));
    let variant = fields.optional_text("variant")?;
    let [valid_from, valid_until] = fields.valid_days()?;
    let row = UnitRow {
        line,
        model_id: fields.text("model_id")?.into(),
        routing: fields.one_of("routing", &routings)?,
        source_region: fields.text("source_region")?.into(),
        tier: fields.one_of("service_tier", &tiers)?,
        unit: fields.one_of("unit", &units)?,
        variant: match VARIANTS.iter().find(|(name, _)| *name == variant) {
            Some((_, variant)) => *variant,
            None => fields.one_of("variant", &VARIANTS)?,
        },
        price: match fields.optional_text("usd_per_unit")? {
            "" => None,
            price => Some(price.parse().map_err(UnitPriceProblem::Price)?),
        },
        valid_from,
        valid_until,
        source: fields.text("source")?.into(),
        source_date: fields.day("source_date")?.ok_or(LineProblem::Missing("source_date"))?,
    };
    let is_of_any = *row.model_id == *ANY_MODEL;
    if row.unit.is_of_guardrail() != is_of_any {
        let expected = if is_of_any { "a model" } else { "`*`" };
        let (unit, found) = (row.unit.as_str(), row.model_id.to_string());
        return Err(UnitPriceProblem::ModelOfUnit { expected, unit, found });
    }
    Ok(row)
}

/// A file of these rows, sorted by the texts of their columns.
pub(super) fn to_csv(rows: &[UnitRow]) -> Result<String, csv::Error> {
    let mut rows = rows.iter().map(fields).collect::<Vec<_>>();
    rows.sort();
    csv_file::to_csv(COLUMNS.into_iter(), rows.into_iter())
}

fn fields(row: &UnitRow) -> [String; COLUMNS.len()] {
    let text = |value: Option<String>| value.unwrap_or_default();
    [
        row.model_id.to_string(),
        row.routing.as_str().to_owned(),
        row.source_region.to_string(),
        row.tier.as_str().to_owned(),
        row.unit.as_str().to_owned(),
        row.variant.as_str().to_owned(),
        text(row.price.map(|price| price.to_string())),
        text(row.valid_from.map(|day| day.to_string())),
        text(row.valid_until.map(|day| day.to_string())),
        row.source.to_string(),
        row.source_date.to_string(),
    ]
}
