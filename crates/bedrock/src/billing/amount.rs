//! Amounts of a bill: decimal numbers with a sign, without rounding.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

/// Decimal places. The doubles of a bill have up to 17 significant digits.
const PLACES: u32 = 18;
const ONE: i128 = 10_i128.pow(PLACES);
/// The first number that is too large for a line of a bill: sums of any number of lines stay in range.
const LIMIT: i128 = 10_i128.pow(15) * ONE;

/// An amount of tokens or US dollars, in units of 10^-18.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Amount(i128);

/// Why a number is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a number below 10^15, found `{0}`")]
pub struct AmountError(pub String);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);

    /// A whole number.
    pub fn whole(n: i64) -> Self {
        Amount(i128::from(n) * ONE)
    }

    /// An amount of the tables, in units of 10^-12 US dollars.
    pub fn of_table(units: i128) -> Self {
        Amount(units.saturating_mul(10_i128.pow(PLACES - 12)))
    }

    /// The number that a file of doubles means: the shortest decimal number that is read as this double.
    ///
    /// # Errors
    /// If it is no number, or too large.
    pub fn of_double(double: f64) -> Result<Self, AmountError> {
        format!("{double}").parse()
    }

    /// So many times as much.
    ///
    /// # Errors
    /// If that is too large.
    pub fn times(self, n: i64) -> Result<Self, AmountError> {
        let product = self.0.checked_mul(i128::from(n)).filter(|units| units.abs() < LIMIT);
        product.map(Amount).ok_or_else(|| AmountError(format!("{self} × {n}")))
    }

    /// A thousandth of a thousandth.
    pub fn per_million(self) -> Self {
        Amount(self.0 / 1_000_000)
    }

    /// Without its sign.
    pub fn abs(self) -> Self {
        Amount(self.0.abs())
    }

    /// The nearest whole number.
    pub fn rounded(self) -> Self {
        self.to_places(0)
    }

    /// With so many decimal places, half away from 0.
    pub fn to_places(self, places: u32) -> Self {
        let unit = 10_i128.pow(PLACES.saturating_sub(places));
        let half = if self.0 < 0 { -unit / 2 } else { unit / 2 };
        Amount(self.0.saturating_add(half) / unit * unit)
    }

    /// How much it is of another amount, with six decimal places; `None` of nothing.
    pub fn share_of(self, other: Amount) -> Option<Self> {
        const PLACES_OF_SHARE: u32 = 6;
        // One more place, to round by.
        let share = self.0.checked_mul(10_i128.pow(PLACES_OF_SHARE + 1))?.checked_div(other.0)?;
        let share = share.checked_mul(ONE / 10_i128.pow(PLACES_OF_SHARE + 1))?;
        Some(Amount(share).to_places(PLACES_OF_SHARE))
    }

    /// In units of 10^-18.
    pub(super) fn units(self) -> i128 {
        self.0
    }

    /// So many units of so many decimal places.
    pub(super) fn of_units(units: i128, places: u32) -> Self {
        Amount(units.saturating_mul(10_i128.pow(PLACES.saturating_sub(places))))
    }

    /// How much it is of a million of another amount: a price per million tokens, with twelve decimal places.
    pub fn per_million_of(self, tokens: Amount) -> Option<Self> {
        // 10^6 for the million, 10^12 for the places; in steps, so that nothing overflows.
        let n_tokens = tokens.0 / ONE;
        let scaled = self.0.checked_mul(1_000_000)?;
        scaled.checked_div(n_tokens).map(|units| Amount(units).to_places(12))
    }
}

impl Add for Amount {
    type Output = Amount;

    fn add(self, other: Amount) -> Amount {
        Amount(self.0.saturating_add(other.0))
    }
}

impl Sub for Amount {
    type Output = Amount;

    fn sub(self, other: Amount) -> Amount {
        Amount(self.0.saturating_sub(other.0))
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Amount) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Amount>>(amounts: I) -> Amount {
        amounts.fold(Amount::ZERO, Add::add)
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Reads `12`, `-0.25`, `1.5e-7`; places after the eighteenth are rounded.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        let invalid = || AmountError(crate::call::cut(text).to_owned());
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                (mantissa, exponent.parse::<i32>().map_err(|_| invalid())?)
            }
            None => (text, 0),
        };
        let (is_negative, digits) = match mantissa.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !is_number(whole) || !is_number(fraction) {
            return Err(invalid());
        }
        let all = format!("{whole}{fraction}");
        let all = all.trim_start_matches('0');
        let places = i32::try_from(fraction.len()).map_err(|_| invalid())?;
        // The number is `all` × 10^shift units.
        let shift = exponent.checked_add(PLACES.cast_signed() - places).ok_or_else(invalid)?;
        let units = match (u32::try_from(shift), all) {
            (_, "") => 0,
            (Ok(shift), all) => {
                let number = all.parse::<i128>().map_err(|_| invalid())?;
                let power = 10_i128.checked_pow(shift).ok_or_else(invalid)?;
                number.checked_mul(power).ok_or_else(invalid)?
            }
            (Err(_), all) => {
                let kept = all.len().saturating_sub(shift.unsigned_abs() as usize);
                let number = all[..kept].parse::<i128>().unwrap_or_default();
                let is_half_up = kept < all.len()
                    && shift.unsigned_abs() as usize <= all.len()
                    && all.as_bytes()[kept] >= b'5';
                number + i128::from(is_half_up)
            }
        };
        if units >= LIMIT {
            return Err(invalid());
        }
        Ok(Amount(if is_negative { -units } else { units }))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let units = self.0.unsigned_abs();
        let one = ONE.unsigned_abs();
        let fraction = format!("{:018}", units % one);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{}{point}{fraction}", units / one)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_and_written() {
        for (text, expected) in [
            ("433.893", "433.893"),
            ("-0.10", "-0.1"),
            ("1.5e-7", "0.00000015"),
            ("1e3", "1000"),
            ("0", "0"),
            ("+12", "12"),
            (".5", "0.5"),
            ("0.0000000000000000005", "0.000000000000000001"),
            ("0.0000000000000000004", "0"),
            ("4e-30", "0"),
        ] {
            assert_eq!(text.parse::<Amount>().unwrap().to_string(), expected, "{text}");
        }
        for text in
            ["", ".", "-", "NaN", "inf", "1e15", "1e40", "1e99999999999", "12a", "--1", "1.2.3"]
        {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
        assert!(Amount::of_double(f64::NAN).is_err());
        assert_eq!(Amount::of_double(0.1 + 0.2).unwrap().to_string(), "0.30000000000000004");
    }

    #[test]
    fn amounts_are_divided_and_rounded() {
        let of = |text: &str| text.parse::<Amount>().unwrap();
        assert_eq!(of("2.5").rounded(), of("3"));
        assert_eq!(of("-2.5").rounded(), of("-3"));
        assert_eq!(of("0.95").share_of(of("1")), Some(of("0.95")));
        assert_eq!(of("2").share_of(of("3")), Some(of("0.666667")));
        assert_eq!(of("-2").share_of(of("3")), Some(of("-0.666667")));
        assert_eq!(of("1").share_of(Amount::ZERO), None);
        assert_eq!(of("0.513183").per_million_of(of("31102")).unwrap().to_string(), "16.5");
        assert_eq!(of("1.25").times(1_000).unwrap(), of("1250"));
        assert!(of("999999999999999").times(i64::MAX).is_err());
        assert!(of("1000000000").times(1_000_000).is_err());
        let most = Amount(i128::MAX);
        assert_eq!(most + most, most, "sums stay in range");
        assert!(most.to_places(6) <= most);
    }

    proptest! {
        #[test]
        fn doubles_are_read_by_their_shortest_form(units in -1_000_000_000_000_i64..1_000_000_000_000) {
            // Nine places, as the amounts of a bill have.
            #[expect(clippy::cast_precision_loss, reason = "both are below 2^53")]
            let double = units as f64 / 1e9;
            let found = Amount::of_double(double).unwrap();
            prop_assert_eq!(found.times(1_000_000_000).unwrap(), Amount::whole(units));
        }

        #[test]
        fn what_is_written_is_read_again(units in any::<i64>()) {
            let amount = Amount(i128::from(units) * 7);
            prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
        }
    }
}
