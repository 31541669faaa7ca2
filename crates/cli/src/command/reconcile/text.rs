//! The comparison for people: what it is about, how many lines have which verdict, and the lines that differ.

use std::fmt::Write as _;

use bedrock::billing::{
    Amount, Bill, Discounts, Line, NetComparison, Prices, Sum, UnknownLine, Verdict, discounts,
    prices,
};

use super::Found;
use super::formats::{discount_file, price_file};
use crate::command::basis;
use crate::escape::escaped;
use crate::number::{counted, grouped};

/// How many lines are shown of each list.
const SHOWN: usize = 20;

/// Writing to a string cannot fail; therefore, results of `writeln!` are ignored.
pub(super) fn page(found: &Found) -> String {
    let mut out = String::new();
    head(&mut out, found);
    verdicts(&mut out, &found.lines.lines);
    differences(&mut out, found);
    other(&mut out, &found.bill);
    overrides(&mut out, found);
    discount(&mut out, found);
    out
}

/// The rows that would make the list prices agree.
fn overrides(out: &mut String, found: &Found) {
    let Prices { rows, n_without_row } = prices(&found.lines);
    if let Some(file) = price_file(&rows, found) {
        let _ = writeln!(out, "\nFor --price-overrides, if the bill is right:\n");
        out.push_str(&file);
    }
    if n_without_row > 0 {
        let _ = writeln!(
            out,
            "\n{} without a row for --price-overrides: long context, batch jobs, usage\n\
             that is free, or several prices on one day.",
            counted(n_without_row, "line")
        );
    }
    if rows.iter().any(|row| !row.is_list_price) {
        let _ = writeln!(
            out,
            "\nThe bill has no list price of some of these (AWS Marketplace, or an export without\n\
             pricing_public_on_demand_cost). What was negotiated belongs into --discount,\n\
             which takes the same rows."
        );
    }
}

/// The rows with which the net cost agrees.
fn discount(out: &mut String, found: &Found) {
    let Discounts { rows, n_without_factor } = discounts(&found.lines);
    if let Some(file) = discount_file(&rows, found.asked.range) {
        let _ = match n_without_factor {
            0 => writeln!(out, "\nFor --discount, with which the next run has the net cost:\n"),
            _ => writeln!(out, "\nFor --discount, as far as there is one factor:\n"),
        };
        out.push_str(&file);
    }
    if n_without_factor > 0 {
        let _ = writeln!(
            out,
            "\n{} of usage without a row for --discount, or for all days: the factor is not\n\
             one, differs between accounts, is over 1, or has more than six decimal places.",
            counted(n_without_factor, "kind")
        );
    }
}

fn head(out: &mut String, found: &Found) {
    let Bill { days, months, .. } = &found.bill;
    let _ = writeln!(
        out,
        "Reconciled {} at {}\n",
        basis::described(Some(found.asked.range)),
        found.asked.dest
    );
    let files = counted(found.files, "file");
    let days = days.map_or("no data".to_owned(), |(from, to)| format!("data from {from} to {to}"));
    let _ = writeln!(out, "  Bill      {}, {files}, {days}", found.export.as_str());
    for (month, found) in months {
        let state = match found.is_closed() {
            Some(true) => "closed",
            Some(false) => "not closed: figures still change",
            None => "the bill does not say whether it is closed",
        };
        let _ = writeln!(out, "  {month}   {state}");
    }
    let billed = found.lines.lines.iter().filter_map(|line| line.billed).collect::<Vec<_>>();
    let list = billed.iter().map(|it| it.list_cost).sum::<Amount>();
    let net = billed.iter().map(|it| it.net_cost).sum::<Amount>();
    if list != net {
        let share = net.share_of(list).map(|share| format!(" ({share} of it)")).unwrap_or_default();
        let _ = writeln!(out, "  Tokens    {} at list prices, net {}{share}", usd(list), usd(net));
    }
}

fn verdicts(out: &mut String, lines: &[Line]) {
    let _ = writeln!(
        out,
        "\n  {:<15} {:>6} {:>16} {:>16} {:>20}",
        "verdict", "lines", "billed tokens", "seen tokens", "billed USD (list)"
    );
    for verdict in Verdict::ALL {
        let of = lines.iter().filter(|line| line.comparison.verdict == verdict).collect::<Vec<_>>();
        if of.is_empty() {
            continue;
        }
        let billed = || of.iter().filter_map(|line| line.billed);
        let seen = of.iter().filter_map(|line| line.seen);
        let _ = writeln!(
            out,
            "  {:<15} {:>6} {:>16} {:>16} {:>20}",
            verdict.as_str(),
            grouped(of.len() as u64),
            whole(billed().map(|it| it.tokens).sum::<Amount>()),
            whole(seen.map(|it| it.tokens).sum::<Amount>()),
            billed().map(|it| it.list_cost).sum::<Amount>().to_places(6).to_string()
        );
    }
}

fn differences(out: &mut String, found: &Found) {
    let is_not_compared = |line: &&Line| {
        line.comparison.verdict == Verdict::Agree
            && line.comparison.net == NetComparison::NotCompared
    };
    let not_compared = found.lines.lines.iter().filter(is_not_compared).count() as u64;
    if not_compared > 0 {
        let lines = counted(not_compared, "line");
        let _ = writeln!(
            out,
            "\n  {lines} that agree, but for the net cost, which was not compared: another kind\n  \
             of tokens of the same usage differs"
        );
    }
    let differ = found.lines.lines.iter().filter(|line| line.comparison.verdict.is_difference());
    let differ = differ.collect::<Vec<_>>();
    if differ.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nDifferences");
    for line in differ.iter().take(SHOWN) {
        let key = &line.key;
        let principal = match key.principal.as_deref() {
            Some(name) => format!(" by {name}"),
            None if found.asked.by_principal => " by nobody that is named".to_owned(),
            None => String::new(),
        };
        let _ = writeln!(
            out,
            "\n  {} {} {}{}\n    {}, {} {}, {}\n    {}",
            key.day,
            short(&key.account_id),
            key.region,
            short(&principal),
            escaped(&key.model_id),
            key.routing.as_str(),
            key.tier.as_str(),
            line.kind.as_str(),
            sentence(line, found)
        );
    }
    if differ.len() > SHOWN {
        let more = grouped((differ.len() - SHOWN) as u64);
        let _ = writeln!(out, "\n  and {more} more (--format csv has all)");
    }
}

/// What differs.
fn sentence(line: &Line, found: &Found) -> String {
    let billed = line.billed.unwrap_or_default();
    let seen = line.seen.unwrap_or_default();
    let verdict = line.comparison.verdict.as_str();
    match line.comparison.verdict {
        Verdict::TokensDiffer => format!(
            "{verdict}: billed {}, seen {}; {} of {} calls have counts of them",
            whole(billed.tokens),
            whole(seen.tokens),
            grouped(line.calls_counted),
            grouped(line.calls)
        ),
        Verdict::PriceDiffers if line.comparison.is_net => match line.comparison.net {
            NetComparison::Compared(billed, contracted) => format!(
                "{verdict}: all kinds billed net {}; {} with --discount",
                usd(billed),
                usd(contracted)
            ),
            NetComparison::NoDiscounts | NetComparison::NotCompared => verdict.to_owned(),
        },
        Verdict::PriceDiffers => match line.comparison.totals {
            Some((billed, seen)) => {
                format!("{verdict}: all kinds billed {}; seen {}", usd(billed), usd(seen))
            }
            None => price_sentence(line),
        },
        Verdict::OnlySeen if !found.bill.unknown.is_empty() => format!(
            "{verdict}: {} tokens; the bill has lines that are not understood",
            whole(seen.tokens)
        ),
        Verdict::OnlySeen => format!("{verdict}: {} tokens", whole(seen.tokens)),
        Verdict::NoTokensHere => format!(
            "{verdict}: billed {} tokens; {} without counts of them",
            whole(billed.tokens),
            counted(line.calls, "call")
        ),
        Verdict::OnlyBilled if found.not_built.contains(&line.key.day) => format!(
            "{verdict}: {} tokens, {}; the tables lack this day",
            whole(billed.tokens),
            usd(billed.list_cost)
        ),
        _ => format!("{verdict}: {} tokens, {}", whole(billed.tokens), usd(billed.list_cost)),
    }
}

/// What is billed, and what the tables come to.
fn price_sentence(line: &Line) -> String {
    let billed = line.billed.unwrap_or_default();
    let verdict = line.comparison.verdict.as_str();
    let price = line.comparison.billed_per_million;
    let price = price.map(|it| format!(", {} per million", usd(it))).unwrap_or_default();
    let seen = line.seen.and_then(|seen| seen.list_cost).map_or("no price".to_owned(), usd);
    let long = if line.parts.iter().any(|part| part.is_long) {
        "\n    (in part of long context: the bill does not say where that begins)"
    } else {
        ""
    };
    format!("{verdict}: billed {}{price}; seen {seen}{long}", usd(billed.list_cost))
}

fn other(out: &mut String, bill: &Bill) {
    for (title, sums) in [
        ("Not billed per token, not compared", &bill.other_units),
        ("Other charges of Amazon Bedrock, not compared", &bill.other_charges),
    ] {
        list(out, title, sums.iter(), |name, sum| {
            let name = if name.is_empty() { "(without a type)" } else { name };
            format!("{}: {}", short(name), lines_and_cost(sum))
        });
    }
    let title = "Not understood, not compared";
    list(out, title, bill.unknown.iter(), |UnknownLine { usage_type, what }, sum| {
        let (usage_type, what) = (short(usage_type), short(what));
        format!("{usage_type}\n    {what}: {}", lines_and_cost(sum))
    });
}

/// The entries of a list, those that cost most first.
fn list<'a, T: Ord + 'a>(
    out: &mut String,
    title: &str,
    sums: impl Iterator<Item = (&'a T, &'a Sum)>,
    entry: impl Fn(&T, &Sum) -> String,
) {
    let mut sums = sums.collect::<Vec<_>>();
    if sums.is_empty() {
        return;
    }
    sums.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.net_cost.abs()));
    let _ = writeln!(out, "\n{title}\n");
    for (name, sum) in sums.iter().take(SHOWN) {
        let _ = writeln!(out, "  {}", entry(name, sum));
    }
    if sums.len() > SHOWN {
        let more = grouped((sums.len() - SHOWN) as u64);
        let _ = writeln!(out, "  and {more} more (--format json has all)");
    }
}

fn lines_and_cost(sum: &Sum) -> String {
    format!("{}, net {}", counted(sum.lines, "line"), usd(sum.net_cost))
}

/// An amount of money, with the places that the tables have.
pub(super) fn usd(amount: Amount) -> String {
    let sign = if amount < Amount::ZERO { "-" } else { "" };
    let text = amount.abs().to_places(12).to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}${whole}{point}{fraction}")
}

/// A text of the bill, so that its line is not too wide.
fn short(text: &str) -> String {
    const MAX: usize = 74;
    let text = escaped(text);
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

/// A number of tokens.
fn whole(tokens: Amount) -> String {
    let text = tokens.rounded().to_string();
    match text.parse::<u64>() {
        Ok(number) => grouped(number),
        Err(_) => text,
    }
}
