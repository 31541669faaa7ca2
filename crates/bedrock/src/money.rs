//! Money without rounding: amounts in units of 10^-12 US dollars, prices per million tokens.
//!
//! A price has at most six decimal places, so it is a whole number `k` of millionths of a dollar per
//! million tokens, which is `k` units of 10^-12 dollars per token. `n` tokens cost `n * k` of these
//! units: a product of two whole numbers. There is no division anywhere, so nothing is ever rounded,
//! and sums do not depend on the order. 10^-12 dollars are the unit of the tables' `DECIMAL(38,12)`.
//!
//! Only a [`Factor`] on an amount has more places: such amounts are added up exactly in a [`DiscountedSum`],
//! which is rounded once, at its end.

use std::fmt;
use std::num::NonZeroU128;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Decimal places of an amount.
const USD_PLACES: usize = 12;
/// Digits before the point of an amount: 38 in all.
const USD_WHOLE_DIGITS: usize = 26;
/// Decimal places of a price.
const PRICE_PLACES: usize = 6;
/// Digits before the point of a price. Every `i64` count of tokens then costs less than 10^34 units,
/// for which a call's cost needs no check for overflow.
const PRICE_WHOLE_DIGITS: usize = 9;

/// Decimal places of a factor.
const FACTOR_PLACES: usize = 6;
/// A factor of 1, in millionths.
const MILLION: u32 = 10_u32.pow(FACTOR_PLACES as u32);

/// Digits before the point of a price per unit, for which the same holds.
const UNIT_WHOLE_DIGITS: usize = 6;

/// The first price that is too large, in millionths of a dollar.
const PRICE_END: u64 = 10_u64.pow((PRICE_WHOLE_DIGITS + PRICE_PLACES) as u32);

/// An amount of US dollars, never negative, that fits in `DECIMAL(38,12)`. The number inside is one more than
/// the units, so that an `Option<Usd>`, of which every call has many, takes 16 bytes and not 32.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Usd(NonZeroU128);

/// A price in US dollars per million tokens: 0 or more, less than 10^9, at most six decimal places.
/// The number inside is in millionths of a dollar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UsdPerMillion(u64);

/// What is left of an amount after a discount: from 0 to 1, at most six decimal places. The number inside is
/// in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Factor(u32);

/// A sum of amounts, each of them times a [`Factor`], without rounding: in units of 10^-18 US dollars, the
/// millionths of a unit apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct DiscountedSum {
    units: Usd,
    /// Less than a million.
    millionths: u32,
}

/// A price in US dollars of one image, second, query, and so on: 0 or more, less than a million, at most twelve
/// decimal places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UsdPerUnit(Usd);

/// A text that is no amount, price, or factor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not digits with at most one point between them.
    #[error("expected a plain decimal number such as 3 or 0.25, found `{0}`")]
    NotPlain(String),
    /// A minus sign.
    #[error("expected a number that is not negative, found `{0}`")]
    Negative(String),
    /// A fraction finer than the unit.
    #[error("expected at most {places} decimal places, found `{found}`")]
    TooFine {
        /// How many decimal places the unit has.
        places: usize,
        /// The text.
        found: String,
    },
    /// Too many digits before the point.
    #[error("expected at most {whole_digits} digits before the point, found `{found}`")]
    TooLarge {
        /// How many digits there may be.
        whole_digits: usize,
        /// The text.
        found: String,
    },
    /// A factor that would make an amount larger.
    #[error("expected a number from 0 to 1, such as 0.85 for 15 % less, found `{0}`")]
    OverOne(String),
}

impl Usd {
    /// No money. It is a cost that is known to be nothing, never one that is unknown.
    pub const ZERO: Usd = Usd::of_units(0);
    /// The greatest amount of `DECIMAL(38,12)`.
    pub const MAX: Usd = Usd::of_units(10_u128.pow(38) - 1);

    const fn of_units(units: u128) -> Self {
        Usd(NonZeroU128::MIN.saturating_add(units))
    }

    const fn unsigned_units(self) -> u128 {
        self.0.get() - 1
    }

    /// The amount in units of 10^-12 dollars, as the tables keep it.
    pub fn units(self) -> i128 {
        self.unsigned_units() as i128
    }

    /// The sum, or `None` if it exceeds [`Usd::MAX`].
    pub fn checked_add(self, other: Usd) -> Option<Usd> {
        let sum = self.unsigned_units().checked_add(other.unsigned_units());
        sum.map(Usd::of_units).filter(|sum| *sum <= Usd::MAX)
    }

    /// The sum, or [`Usd::MAX`] if it exceeds that.
    #[must_use]
    pub fn saturating_add(self, other: Usd) -> Usd {
        self.checked_add(other).unwrap_or(Usd::MAX)
    }
}

impl UsdPerMillion {
    /// The price of a million tokens where so many cost `usd`; `None` if it has more than six decimal
    /// places, or is too large.
    pub fn from_usd_per(usd: Usd, n_tokens: i128) -> Option<Self> {
        let units = usd.units();
        let millionths = units.checked_div(n_tokens).filter(|price| price * n_tokens == units)?;
        millionths.try_into().ok().filter(|price| *price < PRICE_END).map(UsdPerMillion)
    }

    /// What so many tokens cost, exactly. A negative count costs nothing.
    pub fn of_tokens(self, n_tokens: i64) -> Usd {
        Usd::of_units(u128::from(self.0) * of_count(n_tokens))
    }
}

impl Factor {
    /// No discount.
    pub const ONE: Factor = Factor(MILLION);

    /// What is left of the price of a million tokens, exactly.
    pub fn of_million(self, price: UsdPerMillion) -> Usd {
        Usd::of_units(u128::from(price.0) * u128::from(self.0))
    }
}

impl DiscountedSum {
    /// Adds what is left of an amount. A sum that would not fit stays at the largest amount.
    pub fn add(&mut self, usd: Usd, factor: Factor) {
        let (million, factor) = (u128::from(MILLION), u128::from(factor.0));
        // In two parts, because the product of the whole amount may not fit.
        let (millions, rest) = (usd.unsigned_units() / million, usd.unsigned_units() % million);
        let millionths = rest * factor + u128::from(self.millionths);
        let units = Usd::of_units(millions * factor + millionths / million);
        self.units = self.units.saturating_add(units);
        self.millionths = u32::try_from(millionths % million).unwrap_or_default();
    }

    /// The sum, rounded half up to a unit.
    pub fn rounded(self) -> Usd {
        let up = Usd::of_units(u128::from(self.millionths >= MILLION / 2));
        self.units.saturating_add(up)
    }
}

impl UsdPerUnit {
    /// What so many units cost, exactly. A negative count costs nothing.
    pub fn of_units(self, n_units: i64) -> Usd {
        Usd::of_units(self.0.unsigned_units() * of_count(n_units))
    }
}

impl FromStr for Usd {
    type Err = DecimalError;

    /// Reads a decimal text with at most twelve places, exactly.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        decimal(text, USD_PLACES, USD_WHOLE_DIGITS).map(Usd::of_units)
    }
}

impl FromStr for UsdPerMillion {
    type Err = DecimalError;

    /// Reads a decimal text with at most six places, exactly.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let millionths = decimal(text, PRICE_PLACES, PRICE_WHOLE_DIGITS)?;
        let too_large =
            |_| DecimalError::TooLarge { whole_digits: PRICE_WHOLE_DIGITS, found: text.to_owned() };
        millionths.try_into().map(UsdPerMillion).map_err(too_large)
    }
}

impl FromStr for Factor {
    type Err = DecimalError;

    /// Reads a decimal text from 0 to 1 with at most six places, exactly.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let over_one = || DecimalError::OverOne(text.to_owned());
        let millionths = decimal(text, FACTOR_PLACES, USD_WHOLE_DIGITS)?;
        let millionths = u32::try_from(millionths).map_err(|_| over_one())?;
        if millionths <= MILLION { Ok(Factor(millionths)) } else { Err(over_one()) }
    }
}

impl FromStr for UsdPerUnit {
    type Err = DecimalError;

    /// Reads a decimal text with at most twelve places, exactly.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        decimal(text, USD_PLACES, UNIT_WHOLE_DIGITS).map(|units| UsdPerUnit(Usd::of_units(units)))
    }
}

impl fmt::Display for UsdPerUnit {
    /// Writes the decimal number without needless zeros: `0.04`, `0.000003`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Default for Usd {
    fn default() -> Self {
        Usd::ZERO
    }
}

impl fmt::Debug for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Usd({})", self.unsigned_units())
    }
}

impl fmt::Display for Usd {
    /// Writes the decimal number without needless zeros: `0.0555125`, `20`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, self.unsigned_units(), USD_PLACES)
    }
}

impl fmt::Display for UsdPerMillion {
    /// Writes the decimal number without needless zeros: `4.125`, `20`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, u128::from(self.0), PRICE_PLACES)
    }
}

impl fmt::Display for Factor {
    /// Writes the decimal number without needless zeros: `0.85`, `1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, u128::from(self.0), FACTOR_PLACES)
    }
}

/// A count as a factor of money: one below 0 is none.
fn of_count(count: i64) -> u128 {
    u128::from(count.max(0).unsigned_abs())
}

/// Reads a decimal text as a whole number of units of 10^-`places`. Zeros at the end are allowed,
/// because a user may well write `3.30`.
fn decimal(text: &str, places: usize, whole_digits: usize) -> Result<u128, DecimalError> {
    let found = || text.to_owned();
    if text.starts_with('-') {
        return Err(DecimalError::Negative(found()));
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_plain = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let is_padded = whole.len() > 1 && whole.starts_with('0');
    if !is_plain(whole) || !is_plain(fraction) || is_padded {
        return Err(DecimalError::NotPlain(found()));
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > places {
        return Err(DecimalError::TooFine { places, found: found() });
    }
    if whole.len() > whole_digits {
        return Err(DecimalError::TooLarge { whole_digits, found: found() });
    }
    let zeros = std::iter::repeat_n(b'0', places - fraction.len());
    let digits = whole.bytes().chain(fraction.bytes()).chain(zeros);
    Ok(digits.fold(0, |number, digit| number * 10 + u128::from(digit - b'0')))
}

fn write_decimal(f: &mut fmt::Formatter<'_>, units: u128, places: usize) -> fmt::Result {
    let digits = format!("{units:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    match fraction.trim_end_matches('0') {
        "" => f.pad_integral(true, "", whole),
        fraction => f.pad_integral(true, "", &format!("{whole}.{fraction}")),
    }
}
