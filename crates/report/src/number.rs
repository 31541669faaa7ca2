//! Figures as texts: exact for programs, short for people. Nothing here is a float.

/// Decimal places of an amount of US dollars, as `DECIMAL(38,12)` has them.
const PLACES: usize = 12;

/// How null is shown to people.
pub const NONE: &str = "–";

/// `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share in percent, rounded to one digit: `61.0 %`.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return NONE.to_owned();
    }
    let tenths = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// An amount in units of 10^-12 US dollars with all its decimal places: `0.995000000000`.
pub fn decimal(units: i128) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0>13}", units.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - PLACES);
    format!("{sign}{whole}.{fraction}")
}

/// An amount of dollars with all its places, apart from zeros at the end.
pub fn exact_dollars(units: i128) -> String {
    let text = decimal(units);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("${whole}.{:0<2}", fraction.trim_end_matches('0'))
}

/// An amount of dollars, rounded to cents from a dollar on, below to four places, or to the first two that
/// are not 0.
pub fn dollars(units: i128) -> String {
    rounded_dollars(units, |amount, step| (amount + step / 2) / step)
}

/// The same of an amount that is only a lower bound: rounded down, so that it stays one.
pub fn at_least(units: i128) -> String {
    rounded_dollars(units, |amount, step| amount / step)
}

fn rounded_dollars(units: i128, round: impl Fn(u128, u128) -> u128) -> String {
    let amount = units.unsigned_abs();
    let digits = amount.to_string().len();
    let places = match amount {
        0 => 2,
        _ if digits > PLACES => 2,
        _ => (PLACES - digits + 2).clamp(4, PLACES),
    };
    let step = 10_u128.pow((PLACES - places) as u32);
    let rounded = round(amount, step);
    let (whole, fraction) =
        (rounded / 10_u128.pow(places as u32), rounded % 10_u128.pow(places as u32));
    let whole = u64::try_from(whole).map_or_else(|_| whole.to_string(), grouped);
    let sign = if units < 0 { "-" } else { "" };
    format!("{sign}${whole}.{fraction:0>places$}")
}

/// A quotient of whole numbers with decimal places, the last one rounded; `None` without a divisor, or where
/// the numbers are too large for it.
pub fn quotient(dividend: u128, divisor: u128, places: u32) -> Option<String> {
    let scale = 10_u128.checked_pow(places)?;
    let (whole, rest) = (dividend.checked_div(divisor)?, dividend % divisor);
    let fraction = rest.checked_mul(scale)?.checked_add(divisor / 2)? / divisor;
    let (whole, fraction) = (whole.checked_add(fraction / scale)?, fraction % scale);
    Some(if places == 0 {
        whole.to_string()
    } else {
        format!("{whole}.{fraction:0>places$}", places = places as usize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_scaled() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(2, 3), "66.7 %");
        assert_eq!(percent(0, 0), NONE);
    }

    #[test]
    fn amounts_are_exact_for_programs_and_rounded_for_people() {
        for (units, exact, short) in [
            (0, "0.000000000000", "$0.00"),
            (1, "0.000000000001", "$0.000000000001"),
            (123_456, "0.000000123456", "$0.00000012"),
            (995_000_000_000, "0.995000000000", "$0.9950"),
            (1_234_567_895_000_000_000, "1234567.895000000000", "$1,234,567.90"),
            (-2_500_000_000_000, "-2.500000000000", "-$2.50"),
        ] {
            assert_eq!([decimal(units), dollars(units)], [exact, short]);
        }
        assert_eq!(at_least(4_189_999_000_000), "$4.18");
        assert_eq!(at_least(4_950_000_000), "$0.0049");
        assert_eq!(exact_dollars(7_343_199_114_000), "$7.343199114");
    }

    #[test]
    fn quotients_are_rounded_once() {
        let rounded = |a, b, places| quotient(a, b, places).unwrap_or_default();
        assert_eq!(
            [rounded(2, 3, 6), rounded(1, 4, 1), rounded(7, 2, 0)],
            ["0.666667", "0.3", "4"]
        );
        assert_eq!(rounded(1999, 1000, 1), "2.0", "the carry reaches the whole");
        assert_eq!([quotient(1, 0, 1), quotient(u128::MAX - 1, u128::MAX, 1)], [None, None]);
    }
}
