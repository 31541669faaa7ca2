//! One verdict for each line.

use super::{Billed, Line, ListBasis, Seen, SeenUsage};
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
    /// How the net cost was compared with that of a discount file in the runs.
    pub net: NetComparison,
}

/// Whether the net cost was compared, which the tables have for all kinds of tokens together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NetComparison {
    /// The runs had no discount file.
    #[default]
    NoDiscounts,
    /// Another kind of tokens of the same usage differs; therefore, it was not.
    NotCompared,
    /// It was: billed, and as the tables have it.
    Compared(Amount, Amount),
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
        net: NetComparison::NoDiscounts,
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
            let is_same = is_same_cost(billed, seen, allowed != Amount::ZERO, tolerance);
            of(if is_same { Verdict::Agree } else { Verdict::PriceDiffers })
        }
    }
}

impl Tolerance {
    /// Its share of an amount.
    fn of(self, amount: Amount) -> Amount {
        let millionths = amount.abs().times(i64::from(self.0));
        millionths.map_or(Amount::ZERO, Amount::per_million)
    }
}

/// Whether both cost the same at list prices: as amounts, or per million tokens where the tokens are not the same. A
/// cost that the tables do not know is not the same.
fn is_same_cost(billed: Billed, seen: Seen, has_tolerance: bool, tolerance: Tolerance) -> bool {
    let Some(of_tables) = seen.list_cost else { return false };
    let apart = (billed.list_cost - of_tables).abs();
    if billed.tokens.rounded() == seen.tokens {
        return apart <= billed.rounding();
    }
    // The tokens that are not counted may have another price than the others: of an hour in the cache, say.
    if has_tolerance && apart <= tolerance.of(billed.list_cost) {
        return true;
    }
    // Prices agree to the six places that a price has.
    let price = |cost: Amount, tokens| Some(cost.per_million_of(tokens)?.to_places(6));
    price(billed.list_cost, billed.tokens) == price(of_tables, seen.tokens)
}

/// Compares what a key comes to: at list prices, where the tables have that of all kinds together alone, and with
/// what was negotiated, which they never have by kind.
pub(super) fn judge_totals(lines: &mut [Line], seen: Option<&SeenUsage>, tolerance: Tolerance) {
    let Some(seen) = seen else { return };
    if seen.contracted_cost.is_some() {
        lines.iter_mut().for_each(|line| line.comparison.net = NetComparison::NotCompared);
    }
    // Where the bill has no list cost, a discount looks like another list price.
    let may_be_discount = |line: &Line| {
        line.comparison.verdict == Verdict::PriceDiffers
            && line.billed.is_some_and(|billed| billed.basis != ListBasis::List)
    };
    let is_comparable =
        |line: &Line| line.comparison.verdict == Verdict::Agree || may_be_discount(line);
    let Some(billed) = lines.iter().filter_map(|line| line.billed).reduce(Billed::and) else {
        return;
    };
    if !lines.iter().all(is_comparable) {
        return;
    }
    let is_covered = lines.iter().all(|line| line.calls == line.calls_counted);
    let differs = |of_bill: Amount, of_tables: Amount, rounding: Amount| {
        let of_lines = billed.rounding() + rounding;
        let allowed = if is_covered { of_lines } else { of_lines.max(tolerance.of(of_bill)) };
        (of_bill - of_tables).abs() > allowed
    };
    let total = seen.total_list_cost;
    let total = total.filter(|total| differs(billed.list_cost, *total, Amount::ZERO));
    // The tables round the contracted cost of each call to twelve places.
    let rounding = Amount::of_units(i128::from(seen.calls), 12);
    let net = seen.contracted_cost.map(|cost| (billed.net_cost, cost));
    let is_net = net.is_some_and(|(of_bill, of_tables)| differs(of_bill, of_tables, rounding));
    let is_agreed = net.is_some() && !is_net;
    for line in lines {
        if let Some((of_bill, of_tables)) = net {
            line.comparison.net = NetComparison::Compared(of_bill, of_tables);
        }
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

#[cfg(test)]
mod tests {
    use super::super::{Key, Kind, Reconciliation, UsageKey, reconcile};
    use super::*;
    use crate::price::{Routing, Tier, TokenKind};

    fn key() -> Key {
        Key {
            day: jiff::civil::date(2026, 10, 5),
            account_id: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            model_id: "amazon.nova-micro-v1:0".to_owned(),
            routing: Routing::Regional,
            tier: Tier::Standard,
            principal: None,
        }
    }

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    /// Input tokens of one line of a bill, and what the tables have of them.
    struct Case {
        billed: (&'static str, &'static str, &'static str),
        calls: (u64, u64),
        seen: (i64, &'static str, Option<&'static str>),
        tolerance: u32,
    }

    impl Case {
        fn compared(&self) -> Reconciliation {
            let of = UsageKey { key: key(), kind: TokenKind::Input, is_long: false };
            let (tokens, list, net) = self.billed;
            let billed = Billed {
                tokens: amount(tokens),
                list_cost: amount(list),
                basis: ListBasis::List,
                net_cost: amount(net),
                n_lines: 1,
            };
            let (tokens, list, contracted) = self.seen;
            let seen = SeenUsage {
                key: key(),
                calls: self.calls.0,
                calls_counted: [self.calls.1; 4],
                tokens: [Some(tokens), None, None, None],
                list_cost: [Some(amount(list)), None, None, None],
                total_list_cost: None,
                contracted_cost: contracted.map(amount),
            };
            reconcile([(of, billed)], [seen], |_| false, Tolerance(self.tolerance))
        }

        fn verdict(&self) -> &'static str {
            let found = self.compared();
            let [line] = found.lines.as_slice() else { panic!("{found:?}") };
            assert_eq!(line.kind, Kind::Input);
            line.comparison.verdict.as_str()
        }
    }

    #[test]
    fn amounts_agree_up_to_what_is_rounded() {
        let case = |net, contracted, calls| Case {
            billed: ("3900", "0.1365", net),
            calls: (calls, calls),
            seen: (3900, "0.1365", Some(contracted)),
            tolerance: 0,
        };
        // A line of a bill is rounded to ten places, the contracted cost of a call to twelve.
        assert_eq!(case("0.1245903751", "0.12459037505", 1).verdict(), "agree");
        assert_eq!(case("0.1245903751", "0.1245903763", 1).verdict(), "price differs");
        assert_eq!(case("0.1245903751", "0.1245903763", 3000).verdict(), "agree");
    }

    #[test]
    fn tolerance_is_of_tokens_and_of_costs_where_some_are_not_counted() {
        let case = |counted, tolerance| Case {
            billed: ("1000", "0.0350", "0.0332"),
            calls: (1000, counted),
            seen: (999, "0.0349", Some("0.0331")),
            tolerance,
        };
        assert_eq!(case(999, 0).verdict(), "tokens differ");
        assert_eq!(case(999, 5_000).verdict(), "agree");
        assert_eq!(case(999, 1_000).verdict(), "price differs");
        assert_eq!(case(1000, 5_000).verdict(), "tokens differ", "all are counted");
    }

    #[test]
    fn usage_that_may_come_is_not_missing() {
        let missing =
            Case { billed: ("10", "0", "0"), calls: (1, 1), seen: (12, "0", None), tolerance: 0 };
        assert_eq!(missing.verdict(), "tokens differ");
        let of = UsageKey { key: key(), kind: TokenKind::Input, is_long: false };
        let billed = Billed { tokens: amount("14"), n_lines: 1, ..Billed::default() };
        let seen = SeenUsage {
            key: key(),
            calls: 1,
            calls_counted: [1; 4],
            tokens: [Some(12), Some(3), None, None],
            list_cost: [None; 4],
            total_list_cost: None,
            contracted_cost: None,
        };
        let found = reconcile([(of, billed)], [seen], |_| true, Tolerance(0));
        let verdicts = found.lines.iter().map(|line| line.comparison.verdict);
        // More than the tables have is a difference on any day.
        let expected = [Verdict::TokensDiffer, Verdict::NotBilledYet];
        assert_eq!(verdicts.collect::<Vec<_>>(), expected);
    }
}
