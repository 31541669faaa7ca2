//! Numbers of conditions, compared exactly: no float.

use std::cmp::Ordering;
use std::fmt;

/// A decimal number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    is_negative: bool,
    /// Without leading zeros.
    whole: String,
    /// Without trailing zeros.
    fraction: String,
}

impl Decimal {
    /// Reads `30`, `-1.50`, or `+2`; `None` if the text is no such number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0').to_owned();
        let fraction = fraction.trim_end_matches('0').to_owned();
        // There is one zero.
        let is_negative = is_negative && !(whole.is_empty() && fraction.is_empty());
        Some(Decimal { is_negative, whole, fraction })
    }

    /// What is before the point, if it is not too large.
    pub(crate) fn integer(&self) -> Option<i64> {
        let whole = if self.whole.is_empty() { 0 } else { self.whole.parse::<i64>().ok()? };
        Some(if self.is_negative { -whole } else { whole })
    }

    /// A greater number.
    pub(crate) fn above(&self) -> String {
        if self.is_negative { "0".to_owned() } else { self.farther() }
    }

    /// A lesser number.
    pub(crate) fn below(&self) -> String {
        let is_zero = self.whole.is_empty() && self.fraction.is_empty();
        match (self.is_negative, is_zero) {
            (_, true) => "-1".to_owned(),
            (true, false) => format!("-{}", self.farther()),
            (false, false) => "0".to_owned(),
        }
    }

    /// A number between this one and a greater one.
    pub(crate) fn between(&self, greater: &Self) -> String {
        let n_digits = self.fraction.len().max(greater.fraction.len()) + 1;
        match (self.is_negative, greater.is_negative) {
            (true, true) => format!("-{}", greater.slightly_farther(n_digits)),
            (true, false) if greater.whole.is_empty() && greater.fraction.is_empty() => {
                format!("-{}", greater.slightly_farther(n_digits))
            }
            (true, false) => "0".to_owned(),
            (false, _) => {
                let whole = self.farther();
                let is_between = Decimal::parse(&whole).is_some_and(|it| it < *greater);
                if is_between { whole } else { self.slightly_farther(n_digits) }
            }
        }
    }

    fn whole(&self) -> &str {
        if self.whole.is_empty() { "0" } else { &self.whole }
    }

    /// The amount of a number that is farther from 0.
    fn farther(&self) -> String {
        match self.whole().parse::<u64>().ok().and_then(|whole| whole.checked_add(1)) {
            Some(whole) => whole.to_string(),
            None => format!("{}0", self.whole),
        }
    }

    /// The amount of a number that is farther from 0 by a 1 in the last of so many digits.
    fn slightly_farther(&self, n_digits: usize) -> String {
        let zeros = n_digits.saturating_sub(self.fraction.len() + 1);
        format!("{}.{}{}1", self.whole(), self.fraction, "0".repeat(zeros))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_negative {
            f.write_str("-")?;
        }
        f.write_str(self.whole())?;
        if self.fraction.is_empty() { Ok(()) } else { write!(f, ".{}", self.fraction) }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = |it: &Self| (it.whole.len(), it.whole.clone(), it.fraction.clone());
        match (self.is_negative, other.is_negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => size(self).cmp(&size(other)),
            (true, true) => size(other).cmp(&size(self)),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_compared_by_value() {
        let sorted =
            ["-10.5", "-10", "-1.5", "-0.1", "0", "0.05", "0.5", "9", "10", "10.01", "100"];
        let sorted = sorted.map(|text| Decimal::parse(text).unwrap());
        for (place, one) in sorted.iter().enumerate() {
            for (other_place, other) in sorted.iter().enumerate() {
                assert_eq!(one.cmp(other), place.cmp(&other_place), "{one:?} {other:?}");
            }
        }
        assert_eq!(Decimal::parse("-0.0"), Decimal::parse("000"));
        assert_eq!(Decimal::parse("1.50"), Decimal::parse("+01.5"));
        for text in ["", "-", "1.", ".5", "1e3", "a", "1 "] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }
}
