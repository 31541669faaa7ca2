//! Reading a price file: each line by itself, then the days of the prices that have one key.

use csv::StringRecord;
use jiff::civil::Date;

use super::names::NameProblem;
use super::{PriceRow, Routing, Tier, TokenKind};
use crate::csv_file::{self, Fields, FileError, LineProblem, read_rows};
use crate::money::DecimalError;

/// The columns, in the order of the file that ships with hoptrail.
pub(super) const COLUMNS: [&str; 11] = [
    "model_id",
    "routing",
    "source_region",
    "service_tier",
    "context_over_tokens",
    "token_kind",
    "usd_per_million",
    "valid_from",
    "valid_until",
    SOURCE,
    SOURCE_DATE,
];

/// Overrides may leave these out or empty: a negotiated rate has no public source.
const SOURCE: &str = "source";
const SOURCE_DATE: &str = "source_date";

/// The source of an override that names none.
const OVERRIDE: &str = "override";

/// What a price file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A whole price book.
    Book,
    /// Prices that win over a book's.
    Overrides,
}

/// A problem with one line of a price file.
pub type Finding = csv_file::Finding<Problem>;

/// A price file that cannot be used.
pub type PriceFileError = FileError<Problem>;

/// What can be wrong with a line of a price file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
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
    #[error("usd_per_million: {0}")]
    Price(DecimalError),
    /// Two prices for one key on one day.
    #[error("a second price for the days of line {line}")]
    Overlap {
        /// The line of the other.
        line: u64,
    },
    /// Days without price between two prices of one key.
    #[error("no price between {until} (line {line}) and {from}")]
    Gap {
        /// The last day of the earlier price, exclusive.
        until: Date,
        /// Its line.
        line: u64,
        /// The first day of the later price.
        from: Date,
    },
    /// The row would never be found.
    #[error(transparent)]
    Name(#[from] NameProblem),
    /// A band above some input without a price below it.
    #[error("no price under this band for all of its time")]
    BandWithoutBase,
    /// A band that lacks a kind which its base has.
    #[error("no {kind} price over {over} tokens, although other kinds have one")]
    BandWithoutKind {
        /// The kind that the band lacks.
        kind: &'static str,
        /// Where the band starts, in tokens.
        over: i64,
    },
    /// A band that is cheaper than the one below it.
    #[error("cheaper than below the band (line {line})")]
    CheaperBand {
        /// The line of the price below.
        line: u64,
    },
    /// A price is on the wrong side of another.
    #[error("{low} costs more than {high} (line {line})")]
    Order {
        /// What must not cost more.
        low: &'static str,
        /// Than what.
        high: &'static str,
        /// The line of the other price.
        line: u64,
    },
    /// A kind has a price, and the kind that it goes with has none.
    #[error("{kind} has a price here, {missing} has none")]
    OneSided {
        /// The kind of the row.
        kind: &'static str,
        /// The kind that lacks.
        missing: &'static str,
    },
}

/// Reads a file for use: rows in the order of their keys and days.
pub(super) fn read(text: &str, role: Role) -> Result<Vec<PriceRow>, PriceFileError> {
    let (rows, findings) = read_lines(text, role);
    FileError::unless_empty(findings).map(|()| rows)
}

/// Reads a file for inspection: the rows that can be used, in the order of their keys and days, and
/// what is wrong, in the order of the lines.
pub(super) fn read_lines(text: &str, role: Role) -> (Vec<PriceRow>, Vec<Finding>) {
    let check = |header: &StringRecord| check_header(header, role);
    let (mut rows, mut findings) = read_rows(text, check, |fields, line| row(fields, line, role));
    rows.sort_by(|a, b| (a.key(), a.valid_from).cmp(&(b.key(), b.valid_from)));
    for pair in rows.windows(2) {
        let [before, after] = pair else { continue };
        if before.key() == after.key() && before.overlaps(after) {
            let (line, other) = (before.line.max(after.line), before.line.min(after.line));
            findings.push(Finding { line, problem: Problem::Overlap { line: other } });
        }
    }
    findings.sort_by_key(|finding| finding.line);
    (rows, findings)
}

/// Checks that the header has all columns. Other columns are errors: a misspelled `valid_until` that is
/// skipped would keep a price for ever.
fn check_header(header: &StringRecord, role: Role) -> Result<(), Problem> {
    let may_lack = |column| role == Role::Overrides && [SOURCE, SOURCE_DATE].contains(&column);
    let has = |column: &&str| header.iter().any(|name| name == *column);
    let is_complete = COLUMNS.iter().all(|column| has(column) || may_lack(*column));
    if is_complete && header.len() == COLUMNS.iter().filter(|column| has(column)).count() {
        return Ok(());
    }
    let found = header.iter().collect::<Vec<_>>().join(",");
    Err(Problem::Columns { expected: COLUMNS.join(","), found })
}

fn row(fields: Fields<'_>, line: u64, role: Role) -> Result<PriceRow, Problem> {
    let routings = Routing::ALL.map(|routing| (routing.as_str(), routing));
    let tiers = Tier::ALL.map(|tier| (tier.as_str(), tier));
    let kinds = TokenKind::ALL.map(|kind| (kind.as_str(), kind));
    let [valid_from, valid_until] = fields.valid_days()?;
    Ok(PriceRow {
        line,
        model_id: fields.text("model_id")?.into(),
        routing: fields.one_of("routing", &routings)?,
        source_region: fields.text("source_region")?.into(),
        tier: fields.one_of("service_tier", &tiers)?,
        context_over_tokens: fields.tokens("context_over_tokens")?,
        kind: fields.one_of("token_kind", &kinds)?,
        price: fields.text("usd_per_million")?.parse().map_err(Problem::Price)?,
        valid_from,
        valid_until,
        source: match (fields.optional_text(SOURCE)?, role) {
            ("", Role::Book) => return Err(LineProblem::Missing(SOURCE).into()),
            ("", Role::Overrides) => OVERRIDE.into(),
            (source, _) => source.into(),
        },
        source_date: match (fields.day(SOURCE_DATE)?, role) {
            (None, Role::Book) => return Err(LineProblem::Missing(SOURCE_DATE).into()),
            (date, _) => date,
        },
    })
}
