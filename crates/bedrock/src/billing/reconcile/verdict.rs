//! One verdict for each line.

use super::{Line, SeenUsage, Side};
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
    /// The bill has no data of the day yet: no difference.
    NotBilledYet,
}

/// A verdict with what it is based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// The verdict.
    pub verdict: Verdict,
    /// For [`Verdict::PriceDiffers`]: whether the list price is the same, and what was negotiated is not.
    pub is_net: bool,
    /// What the bill charges per million tokens at list prices, if it says.
    pub billed_per_million: Option<Amount>,
    /// What the net cost is of the cost at list prices: 0.95 is a discount of 5 %.
    pub net_share: Option<Amount>,
}

/// How far the tokens may be apart where some calls have no counts: so many millionths of the bill's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tolerance(pub u32);

/// Both have twelve decimal places, as the tables do.
const PLACES: u32 = 12;

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
    billed: Option<Side>,
    seen: Option<Side>,
    (calls, calls_with_tokens): (u64, u64),
    is_billed_yet: bool,
    tolerance: Tolerance,
) -> Comparison {
    let of = |verdict| Comparison {
        verdict,
        is_net: false,
        billed_per_million: billed.and_then(|it| it.list_or_net()?.per_million_of(it.tokens)),
        net_share: billed.and_then(|it| it.net_cost?.share_of(it.list_cost?)),
    };
    let billed = billed
        .filter(|it| it.tokens.rounded() != Amount::ZERO || it.net_cost != Some(Amount::ZERO));
    match (billed, seen) {
        (None, None) => of(Verdict::Agree),
        (None, Some(_)) if !is_billed_yet => of(Verdict::NotBilledYet),
        (None, Some(_)) => of(Verdict::OnlySeen),
        (Some(_), None) if calls > 0 && calls_with_tokens == 0 => of(Verdict::NoTokensHere),
        (Some(_), None) if calls == 0 => of(Verdict::OnlyBilled),
        (Some(_), None) => of(Verdict::TokensDiffer),
        (Some(billed), Some(seen)) => {
            let apart = (billed.tokens - seen.tokens).rounded().abs();
            let is_covered = calls == calls_with_tokens;
            let allowed = match is_covered {
                true => Amount::ZERO,
                false => billed
                    .tokens
                    .abs()
                    .times(i64::from(tolerance.0))
                    .map_or(Amount::ZERO, Amount::per_million),
            };
            if apart > allowed {
                return of(Verdict::TokensDiffer);
            }
            of(if is_same_cost(billed, seen) { Verdict::Agree } else { Verdict::PriceDiffers })
        }
    }
}

/// Whether both cost the same at list prices: as amounts, or per million tokens where the tokens are not the same.
/// A cost that the tables do not know is not the same.
fn is_same_cost(billed: Side, seen: Side) -> bool {
    let (Some(of_bill), Some(of_tables)) = (billed.list_or_net(), seen.list_cost) else {
        return false;
    };
    if billed.tokens.rounded() == seen.tokens {
        return of_bill.to_places(PLACES) == of_tables.to_places(PLACES);
    }
    // Of different tokens, prices agree to the six places that a price has.
    let price = |side: Side, cost: Amount| Some(cost.per_million_of(side.tokens)?.to_places(6));
    price(billed, of_bill) == price(seen, of_tables)
}

/// Compares what a key comes to: at list prices, where the tables have that of all kinds together alone, and with
/// what was negotiated, which they never have by kind.
pub(super) fn judge_totals(lines: &mut [Line], seen: Option<&SeenUsage>) {
    let Some(seen) = seen else { return };
    if lines.is_empty() || lines.iter().any(|line| line.comparison.verdict != Verdict::Agree) {
        return;
    }
    let total = |get: fn(Side) -> Option<Amount>| {
        lines.iter().map(|line| line.billed.and_then(get)).sum::<Option<Amount>>()
    };
    let differs = |billed: Option<Amount>, seen: Option<Amount>| match (billed, seen) {
        (Some(billed), Some(seen)) => billed.to_places(PLACES) != seen.to_places(PLACES),
        _ => false,
    };
    let is_list = differs(total(Side::list_or_net), seen.total_list_cost);
    let is_net = differs(total(|side| side.net_cost), seen.contracted_cost);
    if is_list || is_net {
        for line in lines {
            line.comparison.verdict = Verdict::PriceDiffers;
            line.comparison.is_net = !is_list;
        }
    }
}

impl Side {
    /// The cost at list prices; where a bill does not say it, as for the Marketplace, the net cost.
    pub(super) fn list_or_net(self) -> Option<Amount> {
        self.list_cost.or(self.net_cost)
    }
}
