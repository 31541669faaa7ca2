//! Amounts and prices are exact.

use bedrock::{Usd, UsdPerMillion};
use proptest::prelude::*;

/// The smallest amount.
const UNIT: &str = "0.000000000001";

fn usd(text: &str) -> Usd {
    text.parse().expect(text)
}

#[test]
fn amount_survives_a_round_trip_without_needless_zeros() {
    let check = |text: &str, expected: &str| {
        assert_eq!(usd(text).to_string(), expected, "{text}");
    };
    check("0", "0");
    check("0.000", "0");
    check("20", "20");
    check("3.30", "3.3");
    check("0.0555125", "0.0555125");
    check("0.000000000001", "0.000000000001");
    check("0.0000800000000000000000", "0.00008");
    let greatest = "99999999999999999999999999.999999999999";
    check(greatest, greatest);
    assert_eq!(greatest.parse(), Ok(Usd::MAX));
    assert_eq!(
        format!("{:>8}|{:<5}|", "4.125".parse::<UsdPerMillion>().expect("plain"), Usd::ZERO),
        "   4.125|0    |"
    );
}

/// Every call has many amounts that may be missing.
#[test]
fn an_amount_that_may_be_missing_takes_no_more_room() {
    assert_eq!(size_of::<Option<Usd>>(), size_of::<i128>());
    assert_eq!((Usd::ZERO.units(), Usd::MAX.units()), (0, 10_i128.pow(38) - 1));
    assert_eq!(Usd::MAX.checked_add(usd(UNIT)), None);
    assert_eq!(Usd::MAX.saturating_add(Usd::MAX), Usd::MAX);
}

#[test]
fn other_text_is_an_error() {
    let check = |text: &str, expected: &str| {
        let error = text.parse::<UsdPerMillion>().expect_err(text);
        assert_eq!(error.to_string(), format!("expected {expected}, found `{text}`"));
    };
    for text in
        ["", ".", ".5", "5.", "1e3", "+3", " 3", "3 ", "1,5", "1.2.3", "$3", "٣", "03", "NaN"]
    {
        check(text, "a plain decimal number such as 3 or 0.25");
    }
    check("-3", "a number that is not negative");
    check("-0", "a number that is not negative");
    check("0.0000001", "at most 6 decimal places");
    check("1000000000", "at most 9 digits before the point");
}

#[test]
fn cost_of_tokens_is_exact() {
    let check = |price: &str, n_tokens: i64, expected: &str| {
        let price = price.parse::<UsdPerMillion>().expect("plain");
        assert_eq!(price.of_tokens(n_tokens).to_string(), expected, "{price} {n_tokens}");
    };
    check("10", 8882, "0.08882");
    check("6.25", 8882, "0.0555125");
    check("0.000001", 1, "0.000000000001");
    check("3", 0, "0");
    check("3", -1, "0");
    check("999999999.999999", i64::MAX, "9223372036854766583627.963145224193");
}

#[test]
fn sum_saturates_at_the_greatest_amount() {
    assert_eq!(Usd::MAX.checked_add(usd(UNIT)), None);
    assert_eq!(Usd::MAX.saturating_add(Usd::MAX), Usd::MAX);
    assert_eq!(usd("1").checked_add(usd("2")), Some(usd("3")));
}

proptest! {
    #[test]
    fn amount_is_read_and_written_exactly(units in 0..=Usd::MAX.units()) {
        let one = 10_i128.pow(12);
        let amount = usd(&format!("{}.{:012}", units / one, units % one));
        prop_assert_eq!(amount.units(), units);
        prop_assert_eq!(amount.to_string().parse(), Ok(amount));
    }

    #[test]
    fn reading_never_panics(text in "[0-9.eE+-]{0,45}|\\PC{0,20}") {
        let _ = text.parse::<Usd>();
        let _ = text.parse::<UsdPerMillion>();
    }

    #[test]
    fn price_times_tokens_is_the_decimal_product(
        micros in 0..1_000_000_000_000_000_u64,
        n_tokens in 0..=i64::MAX,
    ) {
        let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
        let price = text.parse::<UsdPerMillion>().expect("plain");
        prop_assert_eq!(price.of_tokens(n_tokens).units(), i128::from(micros) * i128::from(n_tokens));
        prop_assert!(price.of_tokens(n_tokens) <= Usd::MAX);
        prop_assert_eq!(price.to_string().parse(), Ok(price));
    }
}
