//! One verdict for each line.

use super::{Billed, CostBasis, Line, Seen, SeenUsage};
use crate::billing::amount::Amount;

/// How a line of the bill and the tables compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Tokens and cost are the same.
    Agree,
    /// The tokens are not.
    TokensDiffer,
    /// The tokens are, the cost is not.
    PriceDiffers,
    /// The tables have no such calls.
    OnlyBilled,
    /// The bill has no such usage.
    OnlySeen,
    /// The tables have the calls, and no counts of tokens.
    NoTokensHere,
    /// The bill may not have all usage of the day yet: no difference.
    NotBilledYet,
}

/// A verdict with what it is based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// The verdict.
    pub verdict: Verdict,
    /// For [`Verdict::PriceDiffers`]: whether the list price is the same, and what was negotiated is not.
    pub is_net: bool,
    /// What the bill charges per million tokens before what was negotiated.
    pub billed_per_million: Option<Amount>,
    /// What the net cost is of that: 0.95 is a discount of 5 %.
    pub net_share: Option<Amount>,
    /// List cost of all kinds together, billed and seen, where that is what differs.
    pub totals: Option<(Amount, Amount)>,
    /// Whether the net cost was compared with that of a discount file.
    pub is_net_compared: bool,
}

/// Calls that succeeded, and those of them with a count of the tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    pub(super) calls: u64,
    pub(super) counted: u64,
}

/// How far the tokens may be apart where some calls have no counts: so many millionths of the bill's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tolerance(pub u32);

impl Verdict {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Verdict; 7] = [
        Verdict::Agree,
        Verdict::TokensDiffer,
        Verdict::PriceDiffers,
        Verdict::OnlyBilled,
        Verdict::OnlySeen,
        Verdict::NoTokensHere,
        Verdict::NotBilledYet,
    ];

    /// It in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Agree => "agree",
            Verdict::TokensDiffer => "tokens differ",
            Verdict::PriceDiffers => "price differs",
            Verdict::OnlyBilled => "only billed",
            Verdict::OnlySeen => "only seen",
            Verdict::NoTokensHere => "no tokens here",
            Verdict::NotBilledYet => "not billed yet",
        }
    }

    /// Whether bill and tables are at odds.
    pub fn is_difference(self) -> bool {
        !matches!(self, Verdict::Agree | Verdict::NotBilledYet)
    }
}

/// Compares tokens, then costs at list prices.
pub(super) fn judge(
    billed: Option<Billed>,
    seen: Option<Seen>,
    Counts { calls, counted }: Counts,
    may_be_missing: bool,
    tolerance: Tolerance,
) -> Comparison {
    let of = |verdict| Comparison {
        verdict,
        is_net: false,
        billed_per_million: billed.and_then(|it| it.list_cost.per_million_of(it.tokens)),
        net_share: billed.and_then(|it| it.net_cost.share_of(it.list_cost)),
        totals: None,
        is_net_compared: false,
    };
    let is_something =
        |it: &Billed| it.tokens.rounded() != Amount::ZERO || it.net_cost != Amount::ZERO;
    match (billed.filter(is_something), seen) {
        (None, None) => of(Verdict::Agree),
        (None, Some(_)) if may_be_missing => of(Verdict::NotBilledYet),
        (None, Some(_)) => of(Verdict::OnlySeen),
        (Some(_), None) if calls == 0 => of(Verdict::OnlyBilled),
        (Some(_), None) if counted == 0 => of(Verdict::NoTokensHere),
        (Some(_), None) => of(Verdict::TokensDiffer),
        (Some(billed), Some(seen)) => {
            let apart = (billed.tokens - seen.tokens).rounded();
            let allowed = match calls == counted {
                true => Amount::ZERO,
                false => tolerance.of(billed.tokens),
            };
            if apart < Amount::ZERO && may_be_missing {
                return of(Verdict::NotBilledYet);
            }
            if apart.abs() > allowed {
                return of(Verdict::TokensDiffer);
            }
            of(if is_same_cost(billed, seen) { Verdict::Agree } else { Verdict::PriceDiffers })
        }
    }
}

impl Tolerance {
    fn of(self, tokens: Amount) -> Amount {
        let millionths = tokens.abs().times(i64::from(self.0));
        millionths.map_or(Amount::ZERO, Amount::per_million)
    }
}

/// Whether both cost the same at list prices: as amounts, or per million tokens where the tokens are not the same.
/// A cost that the tables do not know is not the same.
fn is_same_cost(billed: Billed, seen: Seen) -> bool {
    let Some(of_tables) = seen.list_cost else { return false };
    if billed.tokens.rounded() == seen.tokens {
        return (billed.list_cost - of_tables).abs() <= billed.rounding();
    }
    // Of different tokens, prices agree to the six places that a price has.
    let price = |cost: Amount, tokens| Some(cost.per_million_of(tokens)?.to_places(6));
    price(billed.list_cost, billed.tokens) == price(of_tables, seen.tokens)
}

/// Compares what a key comes to: at list prices, where the tables have that of all kinds together alone, and with
/// what was negotiated, which they never have by kind.
pub(super) fn judge_totals(lines: &mut [Line], seen: Option<&SeenUsage>) {
    let Some(seen) = seen else { return };
    // Where the bill has the net cost alone, a discount looks like another list price.
    let may_be_discount = |line: &Line| {
        line.comparison.verdict == Verdict::PriceDiffers
            && line.billed.is_some_and(|billed| billed.basis == CostBasis::Net)
    };
    let is_comparable =
        |line: &Line| line.comparison.verdict == Verdict::Agree || may_be_discount(line);
    let Some(billed) = lines.iter().filter_map(|line| line.billed).reduce(Billed::and) else {
        return;
    };
    if !lines.iter().all(is_comparable) {
        return;
    }
    let differs =
        |of_bill: Amount, of_tables: Amount| (of_bill - of_tables).abs() > billed.rounding();
    let total = seen.total_list_cost.filter(|total| differs(billed.list_cost, *total));
    let is_net = seen.contracted_cost.is_some_and(|cost| differs(billed.net_cost, cost));
    let is_agreed = seen.contracted_cost.is_some() && !is_net;
    for line in lines {
        line.comparison.is_net_compared = seen.contracted_cost.is_some();
        if let Some(total) = total {
            line.comparison.verdict = Verdict::PriceDiffers;
            line.comparison.totals = Some((billed.list_cost, total));
        } else if is_net && line.comparison.verdict == Verdict::Agree {
            line.comparison.verdict = Verdict::PriceDiffers;
            line.comparison.is_net = true;
        } else if is_agreed && may_be_discount(line) {
            line.comparison.verdict = Verdict::Agree;
        }
    }
}
