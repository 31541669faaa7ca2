//! Whether a price file is valid: not only readable, but built as AWS's prices are.
//!
//! The rules are those of `scripts/check-prices`, which also checks the file that ships with hoptrail
//! to one form (the order of its lines, their ends, no needless zeros).

use std::collections::{BTreeMap, BTreeSet};

use super::file::{Finding, Problem, Role, read_lines};
use super::names::{check_model, check_region};
use super::{ALL_COMMERCIAL, PriceRow, Routing, RowKey, Tier, TokenKind, is_commercial};
use crate::catalog::Catalog;
use crate::region::Regions;

/// Tiers that must not cost more than another.
const TIER_ORDER: [[Tier; 2]; 5] = [
    [Tier::Batch, Tier::Standard],
    [Tier::Flex, Tier::Standard],
    [Tier::Standard, Tier::Priority],
    [Tier::Standard, Tier::Ultrafast],
    [Tier::Standard, Tier::LatencyOptimized],
];

/// Token kinds that must not cost more than another.
const KIND_ORDER: [[TokenKind; 2]; 2] =
    [[TokenKind::CacheRead, TokenKind::Input], [TokenKind::CacheWrite5m, TokenKind::CacheWrite1h]];

/// Models of which one side has no price per token: the input of Pegasus is billed by the second of
/// video, and an embedding has no output tokens.
const ONE_SIDED: [&str; 10] = [
    "amazon.nova-2-multimodal-embeddings-v1:0",
    "amazon.titan-embed-g1-text-02",
    "amazon.titan-embed-image-v1",
    "amazon.titan-embed-text-v1",
    "amazon.titan-embed-text-v2:0",
    "cohere.embed-english-v3",
    "cohere.embed-multilingual-v3",
    "cohere.embed-v4:0",
    "twelvelabs.pegasus-1-2-v1:0",
    "twelvelabs.pegasus-1-5-v1:0",
];

/// Everything that is wrong with a price file, in the order of its lines. Lines that cannot be read
/// are left out of the comparisons. For overrides, what they lack is not reported, because the book
/// below has it.
pub fn check(text: &str, role: Role, models: &Catalog, regions: &Regions) -> Vec<Finding> {
    let (rows, mut findings) = read_lines(text, role);
    let sheet = Sheet::of(&rows, regions);
    for row in &rows {
        let mut report = |problem| findings.push(Finding { line: row.line, problem });
        check_names(row, models, regions).for_each(&mut report);
        check_order(&sheet, row).into_iter().for_each(&mut report);
        if role == Role::Book {
            check_band(&sheet, row).into_iter().for_each(&mut report);
            check_sides(&sheet, row).into_iter().for_each(&mut report);
        }
    }
    if role == Role::Book {
        findings.extend(gaps(&rows));
    }
    // The sort is stable, and the findings of a line come in the order of the checks.
    findings.sort_by_key(|finding| finding.line);
    findings
}

/// The rows by key.
struct Sheet<'a> {
    by_key: BTreeMap<RowKey<'a>, Vec<&'a PriceRow>>,
    regions: &'a Regions,
}

impl<'a> Sheet<'a> {
    fn of(rows: &'a [PriceRow], regions: &'a Regions) -> Self {
        let mut by_key = BTreeMap::<_, Vec<_>>::new();
        for row in rows {
            by_key.entry(row.key()).or_default().push(row);
        }
        Sheet { by_key, regions }
    }

    /// The rows that a call meets whose key differs from that of `row`, at times when `row` applies.
    /// A row for all Regions does not see the rows of single Regions: they see it.
    fn seen_from(&self, row: &PriceRow, key: RowKey<'a>) -> Vec<&'a PriceRow> {
        let flat = RowKey { source_region: ALL_COMMERCIAL, ..key };
        let rows = match self.by_key.get(&key) {
            None if is_commercial(self.regions, key.source_region) => self.by_key.get(&flat),
            own => own,
        };
        rows.into_iter().flatten().copied().filter(|other| other.overlaps(row)).collect()
    }
}

/// Whether calls can come with the model and the Region of a row.
pub(super) fn check_names(
    row: &PriceRow,
    models: &Catalog,
    regions: &Regions,
) -> impl Iterator<Item = Problem> {
    let problems = [check_model(&row.model_id, models), check_region(&row.source_region, regions)];
    problems.into_iter().flatten().map(Problem::from)
}

/// Compares a row with those that it must not exceed, and with those that must not exceed it. A pair
/// in one Region is reported once, at the row that should be the cheaper one; a Region's row is
/// compared with one for all Regions from its own side, since the other does not see it.
fn check_order(sheet: &Sheet<'_>, row: &PriceRow) -> Vec<Problem> {
    let mut problems = Vec::new();
    for [low, high] in ordered_keys(row.key()) {
        let (low_key, high_key) = (low.1, high.1);
        let is_low = low_key == row.key();
        if !is_low && high_key != row.key() {
            continue;
        }
        for other in sheet.seen_from(row, if is_low { high_key } else { low_key }) {
            let (cheaper, dearer) = if is_low { (row, other) } else { (other, row) };
            let is_reported_here = is_low || other.source_region != row.source_region;
            if cheaper.price > dearer.price && is_reported_here {
                problems.push(Problem::Order { low: low.0, high: high.0, line: other.line });
            }
        }
    }
    problems
}

/// The keys that differ from a key in one part, in pairs of which the first must not cost more.
fn ordered_keys(key: RowKey<'_>) -> Vec<[(&'static str, RowKey<'_>); 2]> {
    let routing = |routing: Routing| (routing.as_str(), RowKey { routing, ..key });
    let kind = |kind: TokenKind| (kind.as_str(), RowKey { kind, ..key });
    let tier = |tier: Tier| (tier.as_str(), RowKey { tier, ..key });
    let mut pairs = vec![[Routing::Global, Routing::Regional].map(routing)];
    pairs.extend(KIND_ORDER.map(|pair| pair.map(kind)));
    pairs.extend(TIER_ORDER.map(|pair| pair.map(tier)));
    pairs
}

/// A band has a base for as long as it is valid, each kind that its base has, and no lower price.
fn check_band(sheet: &Sheet<'_>, row: &PriceRow) -> Vec<Problem> {
    let key = row.key();
    if row.context_over_tokens == 0 {
        let lacks = |over: &i64| {
            let band = RowKey { context_over_tokens: *over, ..key };
            sheet.seen_from(row, band).is_empty()
        };
        let bands = bands_beside(sheet, row).into_iter().filter(lacks);
        let kind = row.kind.as_str();
        return bands.map(|over| Problem::BandWithoutKind { kind, over }).collect();
    }
    let base = sheet.seen_from(row, RowKey { context_over_tokens: 0, ..key });
    let dearer = base.iter().filter(|base| base.price > row.price);
    let mut problems =
        dearer.map(|base| Problem::CheaperBand { line: base.line }).collect::<Vec<_>>();
    if !covers(&base, row) {
        problems.push(Problem::BandWithoutBase);
    }
    problems
}

/// Where the bands start that hold, for any kind, beside a row.
fn bands_beside(sheet: &Sheet<'_>, row: &PriceRow) -> BTreeSet<i64> {
    let key = row.key();
    let first = RowKey { context_over_tokens: 1, kind: TokenKind::Input, ..key };
    let last = RowKey { context_over_tokens: i64::MAX, kind: TokenKind::CacheWrite1h, ..key };
    let bands = sheet.by_key.range(first..=last).flat_map(|(_, rows)| rows);
    bands.filter(|band| band.overlaps(row)).map(|band| band.context_over_tokens).collect()
}

/// Whether some row of `base`, which is in the order of time, applies on each day of `row`.
fn covers(base: &[&PriceRow], row: &PriceRow) -> bool {
    let mut base = base.iter();
    let Some(first) = base.next() else { return false };
    let starts_in_time = match (first.valid_from, row.valid_from) {
        (None, _) => true,
        (Some(base), Some(band)) => base <= band,
        (Some(_), None) => false,
    };
    let mut until = first.valid_until;
    for next in base {
        if until.is_none() || next.valid_from > until {
            break;
        }
        until = next.valid_until;
    }
    starts_in_time
        && match (until, row.valid_until) {
            (None, _) => true,
            (Some(base), Some(band)) => band <= base,
            (Some(_), None) => false,
        }
}

/// Who has a price for input has one for output, and the other way round; who has one for the cache
/// has one for input.
fn check_sides(sheet: &Sheet<'_>, row: &PriceRow) -> Option<Problem> {
    let missing = match row.kind {
        TokenKind::Input | TokenKind::Output if ONE_SIDED.contains(&&*row.model_id) => return None,
        TokenKind::Input => TokenKind::Output,
        TokenKind::Output
        | TokenKind::CacheRead
        | TokenKind::CacheWrite5m
        | TokenKind::CacheWrite1h => TokenKind::Input,
    };
    let found = sheet.seen_from(row, RowKey { kind: missing, ..row.key() });
    found
        .is_empty()
        .then(|| Problem::OneSided { kind: row.kind.as_str(), missing: missing.as_str() })
}

/// Days lost between two prices of one key.
fn gaps(rows: &[PriceRow]) -> impl Iterator<Item = Finding> {
    rows.windows(2).filter_map(|pair| {
        let [before, after] = pair else { return None };
        let (until, from) = (before.valid_until?, after.valid_from?);
        (before.key() == after.key() && until < from).then_some(Finding {
            line: after.line,
            problem: Problem::Gap { until, line: before.line, from },
        })
    })
}
