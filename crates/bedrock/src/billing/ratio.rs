//! One ratio for several pairs of amounts: a price of tokens, a share of costs. Bills round amounts, so that the
//! quotient of one pair has digits that nobody agreed on.

use super::amount::Amount;

/// The decimal places that prices and factors may have.
const MAX_PLACES: u32 = 6;

/// Two amounts of which one is to be a multiple of the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    /// The multiple.
    pub(super) part: Amount,
    /// What it is a multiple of; above 0.
    pub(super) of: Amount,
    /// How far the multiple may be off.
    pub(super) slack: Amount,
}

/// The ratio with the fewest decimal places, six at most, that is the ratio of all pairs. Of several with as many
/// places, it is 1 if that is one of them, else the nearest to the ratio of the sums. `None` if there is none.
pub(super) fn simplest(pairs: &[Pair]) -> Option<Amount> {
    if pairs.is_empty() || pairs.iter().any(|pair| pair.of <= Amount::ZERO) {
        return None;
    }
    (0..=MAX_PLACES).find_map(|places| {
        let power = 10_i128.pow(places);
        let (mut least, mut most) = (i128::MIN, i128::MAX);
        for Pair { part, of, slack } in pairs {
            let scaled = |amount: Amount| amount.units().checked_mul(power);
            least = least.max(div_up(scaled(*part - *slack)?, of.units()));
            most = most.min(scaled(*part + *slack)?.div_euclid(of.units()));
        }
        let sum = |get: fn(&Pair) -> Amount| pairs.iter().map(get).sum::<Amount>().units();
        let of_sums = || Some(div_nearest(sum(|it| it.part).checked_mul(power)?, sum(|it| it.of)));
        let found = match least..=most {
            range if range.is_empty() => return None,
            range if range.contains(&power) => power,
            range => of_sums()?.clamp(*range.start(), *range.end()),
        };
        Some(Amount::of_units(found, places))
    })
}

/// Of a positive divisor.
fn div_up(number: i128, by: i128) -> i128 {
    number.div_euclid(by) + i128::from(number.rem_euclid(by) > 0)
}

fn div_nearest(number: i128, by: i128) -> i128 {
    (number + by / 2).div_euclid(by)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(part: &str, of: &str, slack: &str) -> Pair {
        let [part, of, slack] = [part, of, slack].map(|text| text.parse().unwrap());
        Pair { part, of, slack }
    }

    #[test]
    fn ratio_is_the_one_that_was_agreed_on() {
        const ROUNDING: &str = "0.0000000001";
        for (pairs, expected) in [
            (vec![("0.95", "1"), ("1.9", "2")], Some("0.95")),
            (vec![("0.3122222223", "0.3286549708")], Some("0.95")),
            (vec![("0.0000000010", "0.0000000011"), ("9.5", "10")], Some("0.95")),
            // The small one alone is no evidence of a discount.
            (vec![("0.0000000010", "0.0000000011")], Some("1")),
            (vec![("0.95", "1"), ("1.8", "2")], None),
            (vec![("0.333333333", "1")], None),
            (vec![("1.03", "1")], Some("1.03")),
            (vec![("0", "1")], Some("0")),
            (vec![("1", "0")], None),
            (vec![("1", "-1")], None),
            (vec![], None),
        ] {
            let all = pairs.iter().map(|(part, of)| pair(part, of, ROUNDING)).collect::<Vec<_>>();
            let found = simplest(&all).map(|ratio| ratio.to_string());
            assert_eq!(found.as_deref(), expected, "{pairs:?}");
        }
    }

    proptest! {
        #[test]
        fn ratio_of_rounded_multiples_is_found(
            factor in 1_i128..1_000_000, costs in proptest::collection::vec(1_i64..1_000_000, 1..20),
        ) {
            // Costs of up to a million dollars, each rounded to ten places.
            let factor = Amount::of_units(factor, 6);
            let pairs = costs.iter().map(|cost| {
                let of = Amount::whole(*cost);
                let part = of.times(i64::try_from(factor.units() / 10_i128.pow(12)).unwrap()).unwrap();
                let part = part.per_million().to_places(10);
                Pair { part, of, slack: Amount::of_units(1, 10) }
            });
            prop_assert_eq!(simplest(&pairs.collect::<Vec<_>>()), Some(factor));
        }
    }
}
