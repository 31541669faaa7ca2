//! Compares what a bill charges with what the tables have, line by line: a day × account × source Region × model ×
//! routing × tier × kind of tokens.

mod discount;
mod over_days;
mod price;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::amount::Amount;
use crate::price::{Routing, Tier, TokenKind};

pub use discount::{DiscountRow, Discounts, discounts};
pub use price::{PriceRow, Prices, prices};
pub use verdict::{Comparison, NetComparison, Tolerance, Verdict};
use verdict::{Counts, judge, judge_totals};

/// What usage is told apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The day, UTC.
    pub day: Date,
    /// The account that used it.
    pub account_id: String,
    /// The source Region.
    pub region: String,
    /// The canonical id of the model.
    pub model_id: String,
    /// Through which kind of profile.
    pub routing: Routing,
    /// The service tier.
    pub tier: Tier,
    /// The user or role, where principals are told apart.
    pub principal: Option<String>,
}

/// A kind of tokens, as the tables tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Input that is neither read from the cache nor written to it.
    Input,
    /// Output.
    Output,
    /// Input read from the cache.
    CacheRead,
    /// Input written to the cache, for however long.
    CacheWrite,
}

impl Kind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Kind; 4] = [Kind::Input, Kind::Output, Kind::CacheRead, Kind::CacheWrite];

    /// `input`, `output`, `cache_read`, or `cache_write`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Input => "input",
            Kind::Output => "output",
            Kind::CacheRead => "cache_read",
            Kind::CacheWrite => "cache_write",
        }
    }
}

impl From<TokenKind> for Kind {
    fn from(kind: TokenKind) -> Self {
        match kind {
            TokenKind::Input => Kind::Input,
            TokenKind::Output => Kind::Output,
            TokenKind::CacheRead => Kind::CacheRead,
            TokenKind::CacheWrite5m | TokenKind::CacheWrite1h => Kind::CacheWrite,
        }
    }
}

/// What of a bill the cost before what was negotiated is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListBasis {
    /// The cost at public on-demand prices.
    #[default]
    List,
    /// The cost without what was negotiated, as of the Marketplace.
    Gross,
    /// Nothing but the net cost, in which discounts may be.
    Net,
}

/// What tokens that a bill charges are told apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsageKey {
    /// Whose, where, of what.
    pub key: Key,
    /// Which tokens.
    pub kind: TokenKind,
    /// Whether the input was above the threshold of the model's long context.
    pub is_long: bool,
}

/// Tokens that the tables have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenUsage {
    /// Whose, where, of what.
    pub key: Key,
    /// Calls that succeeded.
    pub calls: u64,
    /// Those of them with counts of each kind, in the order of [`Kind::ALL`].
    pub calls_counted: [u64; 4],
    /// The tokens of each kind, in the order of [`Kind::ALL`]; `None` if nothing counts them.
    pub tokens: [Option<i64>; 4],
    /// Their list cost; `None` if it is not known.
    pub list_cost: [Option<Amount>; 4],
    /// The list cost of all of them, where it is known of all together alone, as of batch jobs.
    pub total_list_cost: Option<Amount>,
    /// What all of them come to with the discount file; `None` without one.
    pub contracted_cost: Option<Amount>,
}

/// What the bill says of a line, or of a part of one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Billed {
    /// How many tokens.
    pub tokens: Amount,
    /// Their cost before what was negotiated.
    pub list_cost: Amount,
    /// What that is; of several lines, the least certain.
    pub basis: ListBasis,
    /// Their cost with what was negotiated.
    pub net_cost: Amount,
    /// How many lines of the bill these are.
    pub n_lines: i64,
}

/// What the tables say of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many tokens.
    pub tokens: Amount,
    /// Their cost at list prices; `None` if it is not known.
    pub list_cost: Option<Amount>,
}

/// A part of what is billed of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which tokens.
    pub kind: TokenKind,
    /// Whether the input was above the threshold of the model's long context.
    pub is_long: bool,
    /// What they are billed.
    pub billed: Billed,
}

/// A line: one kind of tokens of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Whose, where, of what.
    pub key: Key,
    /// Which tokens.
    pub kind: Kind,
    /// What the bill says.
    pub billed: Option<Billed>,
    /// What the tables say.
    pub seen: Option<Seen>,
    /// Calls that succeeded.
    pub calls: u64,
    /// Those of them with a count of these tokens.
    pub calls_counted: u64,
    /// How the two compare.
    pub comparison: Comparison,
    /// What the bill's side is made of.
    pub parts: Vec<Part>,
}

/// How a bill and the tables compare.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reconciliation {
    /// The lines, by key and kind.
    pub lines: Vec<Line>,
}

/// The usage of a key.
#[derive(Default)]
struct Group {
    billed: BTreeMap<Kind, Vec<Part>>,
    seen: Option<SeenUsage>,
}

/// Compares. `may_lack` is whether the bill may not have all usage of a day yet.
pub fn reconcile(
    billed: impl IntoIterator<Item = (UsageKey, Billed)>,
    seen: impl IntoIterator<Item = SeenUsage>,
    may_lack: impl Fn(Date) -> bool,
    tolerance: Tolerance,
) -> Reconciliation {
    let mut groups = BTreeMap::<Key, Group>::new();
    for (UsageKey { key, kind, is_long }, billed) in billed {
        let parts = groups.entry(key).or_default().billed.entry(kind.into()).or_default();
        match parts.iter_mut().find(|part| (part.kind, part.is_long) == (kind, is_long)) {
            Some(part) => part.billed = part.billed.and(billed),
            None => parts.push(Part { kind, is_long, billed }),
        }
    }
    for usage in seen {
        let group = groups.entry(usage.key.clone()).or_default();
        match &mut group.seen {
            Some(known) => known.add(&usage),
            None => group.seen = Some(usage),
        }
    }
    let mut lines = Vec::new();
    for (key, group) in groups {
        let first = lines.len();
        lines.extend(group.lines(&key, may_lack(key.day), tolerance));
        judge_totals(&mut lines[first..], group.seen.as_ref(), tolerance);
    }
    Reconciliation { lines }
}

impl Group {
    fn lines(&self, key: &Key, may_be_missing: bool, tolerance: Tolerance) -> Vec<Line> {
        let seen = self.seen.as_ref();
        let kinds_seen = Kind::ALL.into_iter().filter(|kind| {
            seen.is_some_and(|seen| seen.tokens[*kind as usize].is_some_and(|n| n != 0))
        });
        let kinds = self.billed.keys().copied().chain(kinds_seen);
        let mut found = Vec::new();
        for kind in kinds.collect::<BTreeSet<_>>() {
            let parts = self.billed.get(&kind).cloned().unwrap_or_default();
            let billed = parts.iter().map(|part| part.billed).reduce(Billed::and);
            let counts = Counts {
                calls: seen.map_or(0, |seen| seen.calls),
                counted: seen.map_or(0, |seen| seen.calls_counted[kind as usize]),
            };
            let seen_of_kind = seen.and_then(|seen| seen.of(kind));
            let mut comparison = judge(billed, seen_of_kind, counts, may_be_missing, tolerance);
            let is_of_all = seen.is_some_and(|seen| seen.total_list_cost.is_some());
            if is_of_all && comparison.verdict == Verdict::PriceDiffers {
                // What it costs is known of all kinds together.
                comparison.verdict = Verdict::Agree;
            }
            let Counts { calls, counted } = counts;
            found.push(Line {
                key: key.clone(),
                kind,
                billed,
                seen: seen_of_kind,
                calls,
                calls_counted: counted,
                comparison,
                parts,
            });
        }
        found
    }
}

impl Billed {
    /// Both together.
    pub(super) fn and(self, other: Billed) -> Billed {
        Billed {
            tokens: self.tokens + other.tokens,
            list_cost: self.list_cost + other.list_cost,
            basis: self.basis.max(other.basis),
            net_cost: self.net_cost + other.net_cost,
            n_lines: self.n_lines + other.n_lines,
        }
    }

    /// How far a cost may be off because the bill rounds each of its lines.
    fn rounding(self) -> Amount {
        /// Bills have amounts with ten decimal places.
        const PLACES: u32 = 10;
        Amount::of_units(i128::from(self.n_lines), PLACES)
    }
}

impl SeenUsage {
    fn of(&self, kind: Kind) -> Option<Seen> {
        let tokens = self.tokens[kind as usize].filter(|n| *n != 0)?;
        Some(Seen { tokens: Amount::whole(tokens), list_cost: self.list_cost[kind as usize] })
    }

    fn add(&mut self, other: &SeenUsage) {
        self.calls += other.calls;
        for (counted, more) in self.calls_counted.iter_mut().zip(other.calls_counted) {
            *counted += more;
        }
        // Usage without a cost leaves the cost of all of it unknown.
        let has_tokens = |it: &SeenUsage| it.tokens.iter().flatten().any(|n| *n != 0);
        let are_counted = (has_tokens(self), has_tokens(other));
        let both = |one: Option<Amount>, other: Option<Amount>| match (one, other) {
            (Some(one), Some(other)) => Some(one + other),
            (Some(one), None) if !are_counted.1 => Some(one),
            (None, Some(one)) if !are_counted.0 => Some(one),
            _ => None,
        };
        self.contracted_cost = both(self.contracted_cost, other.contracted_cost);
        self.total_list_cost = both(self.total_list_cost, other.total_list_cost);
        for place in 0..Kind::ALL.len() {
            let cost = match (self.tokens[place], other.tokens[place]) {
                (_, None | Some(0)) => self.list_cost[place],
                (None | Some(0), _) => other.list_cost[place],
                _ => match (self.list_cost[place], other.list_cost[place]) {
                    (Some(one), Some(other)) => Some(one + other),
                    _ => None,
                },
            };
            self.list_cost[place] = cost;
            self.tokens[place] = match (self.tokens[place], other.tokens[place]) {
                (Some(one), Some(other)) => Some(one.saturating_add(other)),
                (one, other) => one.or(other),
            };
        }
    }
}
