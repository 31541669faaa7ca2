//! What a bill says of discounts, as rows of a discount file.

use std::collections::{BTreeMap, BTreeSet};

use super::{Reconciliation, Side, Verdict};
use crate::billing::amount::Amount;

/// A row of a discount file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscountRow {
    /// What is left of the list cost.
    pub factor: Amount,
    /// What it applies to: model, source Region, routing, tier, kind of tokens; `None` is everything.
    pub of: Option<[String; 5]>,
}

/// The rows with which the tables' contracted cost is the net cost of the bill: one, if all usage has the same
/// discount, else one for each model × Region × routing × tier × kind. Empty without discounts. What has not one
/// factor in the whole bill, or one with more than six places, has no row.
pub fn discount_rows(found: &Reconciliation) -> Vec<DiscountRow> {
    let mut factors = BTreeMap::<[String; 5], BTreeSet<Option<Amount>>>::new();
    for line in &found.lines {
        if !matches!(line.comparison.verdict, Verdict::Agree | Verdict::PriceDiffers) {
            continue;
        }
        for (kind, _, side) in &line.parts {
            let key = &line.key;
            let of = [
                key.model_id.clone(),
                key.region.clone(),
                key.routing.as_str().to_owned(),
                key.tier.as_str().to_owned(),
                kind.as_str().to_owned(),
            ];
            factors.entry(of).or_default().insert(factor(side));
        }
    }
    let all = factors.values().flatten().copied().collect::<BTreeSet<_>>();
    if let [Some(factor)] = all.iter().copied().collect::<Vec<_>>().as_slice() {
        let is_discount = *factor != Amount::whole(1);
        return Vec::from_iter(is_discount.then_some(DiscountRow { factor: *factor, of: None }));
    }
    let single = factors.into_iter().filter_map(|(of, factors)| {
        let factors = factors.into_iter().collect::<Vec<_>>();
        let [Some(factor)] = factors.as_slice() else { return None };
        (*factor != Amount::whole(1)).then_some(DiscountRow { factor: *factor, of: Some(of) })
    });
    single.collect()
}

/// The factor of an amount; `None` if it has none with six places.
fn factor(side: &Side) -> Option<Amount> {
    let (list, net) = (side.list_cost?, side.net_cost?);
    if list == net {
        return Some(Amount::whole(1));
    }
    let share = net.share_of(list)?.to_places(6);
    // Bills round amounts to some ten places.
    const PLACES: u32 = 9;
    let of_share = list.to_places(PLACES).times_share(share)?;
    let is_it = (of_share - net).abs() <= Amount::unit(PLACES);
    (is_it && share <= Amount::whole(1) && share >= Amount::ZERO).then_some(share)
}
