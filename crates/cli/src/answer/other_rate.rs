//! What an answer at another rate comes to, in words.

use std::fmt::Write as _;

use bedrock::cost::{NoRate, OtherRate};
use report::number::{at_least, dollars};
use tables::query::{AtRate, Cell};

use super::{cells, table};
use crate::number::{counted, grouped};

/// One or two sentences about the total of an answer: the difference, and how many calls are compared.
pub(crate) fn sentences(at: &AtRate, rate: OtherRate) -> String {
    let answer = &at.answer;
    let cell = |name: &str| table::value(&answer.total, answer, name).unwrap_or(&Cell::Null);
    let count = |name: &str| match cell(name) {
        Cell::Count(count) => count.unsigned_abs(),
        _ => 0,
    };
    let change = match (cell("list_cost_usd_change"), cell("list_cost_percent_change")) {
        (Cell::Money(change), Cell::Percent(percent)) if *change != 0 => {
            let than = if *change < 0 { "less" } else { "more" };
            let is_partial = table::is_lower_bound(&answer.total, answer, "");
            let amount = change.abs();
            let amount = match (is_partial, at.is_one_way) {
                (true, true) => format!("at least {}", at_least(amount)),
                (true, false) => at_least(amount),
                (false, _) => dollars(amount),
            };
            let percent = cells::short(&Cell::Percent(percent.abs()));
            let as_known =
                if is_partial && !at.is_one_way { ", as far as costs are known" } else { "" };
            format!("{amount} {than} ({percent}){as_known}")
        }
        (Cell::Money(0), _) => "the same".to_owned(),
        _ => "an amount that is not known".to_owned(),
    };
    let calls = |name: &str, noun: &str| counted(count(name), noun);
    let estimates = if at.has_estimates { ", with the lower ends of estimates" } else { "" };
    let mut text = format!(
        "At {}, the same tokens cost {change} at list prices{estimates}. Compared: {}; at this rate already: {}; left as they \
         are: {}",
        rate.label(),
        calls("calls_other_rate", "call"),
        grouped(count("calls_already")),
        grouped(count("calls_without_rate")),
    );
    let reasons = at.without_rate.iter().map(reason).collect::<Vec<_>>();
    if !reasons.is_empty() {
        // Writing to a string cannot fail.
        let _ = write!(text, " ({})", reasons.join(", "));
    }
    text
}

fn reason((reason, calls): (&NoRate, &i64)) -> String {
    format!("{}: {}", reason.label(), grouped(calls.unsigned_abs()))
}
