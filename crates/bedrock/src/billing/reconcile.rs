//! Compares what a bill charges with what the tables have, line by line: a day × account × source Region × model ×
//! routing × tier × kind of tokens.

mod discount;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::amount::Amount;
use crate::price::{Routing, Tier, TokenKind};

pub use discount::{DiscountRow, discount_rows};
pub use verdict::{Comparison, Tolerance, Verdict};
use verdict::{judge, judge_totals};

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

/// Tokens that a bill charges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BilledUsage {
    /// Whose, where, of what.
    pub key: Key,
    /// Which tokens.
    pub kind: TokenKind,
    /// Whether the input was above the threshold of the model's long context.
    pub is_long: bool,
    /// How many tokens.
    pub tokens: Amount,
    /// What they cost at public on-demand prices; `None` if the bill does not say.
    pub list_cost: Option<Amount>,
    /// What they cost with what was negotiated.
    pub net_cost: Amount,
}

/// Tokens that the tables have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenUsage {
    /// Whose, where, of what.
    pub key: Key,
    /// Calls that succeeded.
    pub calls: u64,
    /// Those of them with token counts.
    pub calls_with_tokens: u64,
    /// The tokens of each kind, in the order of [`Kind::ALL`]; `None` if nothing counts them.
    pub tokens: [Option<i64>; 4],
    /// Their list cost; `None` if it is not known.
    pub list_cost: [Option<Amount>; 4],
    /// The list cost of all of them, where it is known of all together alone, as of batch jobs.
    pub total_list_cost: Option<Amount>,
    /// What all of them come to with the discount file; `None` without one.
    pub contracted_cost: Option<Amount>,
}

/// What one side says of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Side {
    /// How many tokens.
    pub tokens: Amount,
    /// Their cost at list prices; `None` if it is not known.
    pub list_cost: Option<Amount>,
    /// Their cost with what was negotiated; `None` if it is not known of this line alone.
    pub net_cost: Option<Amount>,
}

/// A line: one kind of tokens of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Whose, where, of what.
    pub key: Key,
    /// Which tokens.
    pub kind: Kind,
    /// What the bill says.
    pub billed: Option<Side>,
    /// What the tables say.
    pub seen: Option<Side>,
    /// Calls that succeeded, and those of them with token counts.
    pub calls: (u64, u64),
    /// How the two compare.
    pub comparison: Comparison,
    /// What the bill's part is made of: kind, whether in long context, tokens, list cost.
    pub parts: Vec<(TokenKind, bool, Side)>,
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
    billed: BTreeMap<Kind, Vec<(TokenKind, bool, Side)>>,
    seen: Option<SeenUsage>,
}

/// Compares. `billed_until` is the last day that the bill has data of: later ones are not billed yet.
pub fn reconcile(
    billed: impl IntoIterator<Item = BilledUsage>,
    seen: impl IntoIterator<Item = SeenUsage>,
    billed_until: Option<Date>,
    tolerance: Tolerance,
) -> Reconciliation {
    let mut groups = BTreeMap::<Key, Group>::new();
    for BilledUsage { key, kind, is_long, tokens, list_cost, net_cost } in billed {
        let side = Side { tokens, list_cost, net_cost: Some(net_cost) };
        let parts = groups.entry(key).or_default().billed.entry(kind.into()).or_default();
        match parts.iter_mut().find(|(known, long, _)| (*known, *long) == (kind, is_long)) {
            Some((_, _, known)) => known.add(side),
            None => parts.push((kind, is_long, side)),
        }
    }
    for usage in seen {
        let group = groups.entry(usage.key.clone()).or_default();
        match &mut group.seen {
            Some(known) => known.add(&usage),
            None => group.seen = Some(usage),
        }
    }
    let is_billed_yet = |day: Date| billed_until.is_some_and(|until| day <= until);
    let mut lines = Vec::new();
    for (key, group) in groups {
        let first = lines.len();
        lines.extend(group.lines(&key, is_billed_yet(key.day), tolerance));
        judge_totals(&mut lines[first..], group.seen.as_ref());
    }
    Reconciliation { lines }
}

impl Group {
    fn lines(&self, key: &Key, is_billed_yet: bool, tolerance: Tolerance) -> Vec<Line> {
        let kinds_seen = (0..).zip(Kind::ALL).filter(|(place, _)| {
            self.seen.as_ref().is_some_and(|seen| seen.tokens[*place].is_some_and(|n| n != 0))
        });
        let kinds = self.billed.keys().copied().chain(kinds_seen.map(|(_, kind)| kind));
        let mut found = Vec::new();
        for kind in kinds.collect::<BTreeSet<_>>() {
            let parts = self.billed.get(&kind).cloned().unwrap_or_default();
            let billed = parts.iter().map(|(_, _, side)| *side).reduce(|mut all, one| {
                all.add(one);
                all
            });
            let seen = self.seen.as_ref().and_then(|seen| seen.side(kind));
            let calls =
                self.seen.as_ref().map_or((0, 0), |seen| (seen.calls, seen.calls_with_tokens));
            let is_of_all = self.seen.as_ref().is_some_and(|seen| seen.total_list_cost.is_some());
            let mut comparison = judge(billed, seen, calls, is_billed_yet, tolerance);
            if is_of_all && comparison.verdict == Verdict::PriceDiffers {
                // What it costs is known of all kinds together.
                comparison.verdict = Verdict::Agree;
            }
            found.push(Line { key: key.clone(), kind, billed, seen, calls, comparison, parts });
        }
        found
    }
}

impl Side {
    fn add(&mut self, other: Side) {
        self.tokens += other.tokens;
        let both = |one: Option<Amount>, other: Option<Amount>| Some(one? + other?);
        self.list_cost = both(self.list_cost, other.list_cost);
        self.net_cost = both(self.net_cost, other.net_cost);
    }
}

impl SeenUsage {
    fn side(&self, kind: Kind) -> Option<Side> {
        let place = Kind::ALL.iter().position(|it| *it == kind)?;
        let tokens = self.tokens[place].filter(|n| *n != 0)?;
        let list_cost = self.list_cost[place];
        Some(Side { tokens: Amount::whole(tokens), list_cost, net_cost: None })
    }

    fn add(&mut self, other: &SeenUsage) {
        self.calls += other.calls;
        self.calls_with_tokens += other.calls_with_tokens;
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
