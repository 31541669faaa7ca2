//! The comparison for people: what it is about, how many lines have which verdict, and the lines that differ.

use std::fmt::Write as _;

use bedrock::billing::{Amount, Bill, Line, Side, Sum, UnknownLine, Verdict, discount_rows};

use super::Found;
use super::formats::{discount_file, override_lines};
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
    differences(&mut out, &found.lines.lines);
    other(&mut out, &found.bill);
    let overrides = override_lines(found);
    if !overrides.is_empty() {
        let _ = writeln!(out, "\nFor --price-overrides, if the bill is right:\n");
        overrides.iter().for_each(|line| {
            let _ = writeln!(out, "{line}");
        });
    }
    let rows = discount_rows(&found.lines);
    if !rows.is_empty() {
        let _ = writeln!(out, "\nFor --discount, with which the next run has the net cost:\n");
        out.push_str(&discount_file(&rows, found.range));
    }
    out
}

fn head(out: &mut String, found: &Found) {
    let Bill { until, months, .. } = &found.bill;
    let _ = writeln!(out, "Reconciled {} at {}\n", basis::described(Some(found.range)), found.dest);
    let files = counted(found.files, "file");
    let until = until.map_or("none".to_owned(), |day| day.to_string());
    let _ = writeln!(out, "  Bill      {}, {files}, data up to {until}", found.export.as_str());
    for (month, is_closed) in months {
        let state = if *is_closed { "closed" } else { "not closed: figures still change" };
        let _ = writeln!(out, "  {month}   {state}");
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
        let tokens = |side: fn(&Line) -> Option<Side>| {
            of.iter().filter_map(|line| side(line)).map(|side| side.tokens).sum::<Amount>()
        };
        let cost =
            of.iter().filter_map(|line| line.billed).filter_map(|it| it.list_cost.or(it.net_cost));
        let _ = writeln!(
            out,
            "  {:<15} {:>6} {:>16} {:>16} {:>20}",
            verdict.as_str(),
            grouped(of.len() as u64),
            whole(tokens(|line| line.billed)),
            whole(tokens(|line| line.seen)),
            cost.sum::<Amount>().to_places(6).to_string()
        );
    }
}

fn differences(out: &mut String, lines: &[Line]) {
    let differ = lines.iter().filter(|line| line.comparison.verdict.is_difference());
    let differ = differ.collect::<Vec<_>>();
    if differ.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nDifferences");
    for line in differ.iter().take(SHOWN) {
        let key = &line.key;
        let principal = key.principal.as_deref().map(|it| format!(" by {it}")).unwrap_or_default();
        let _ = writeln!(
            out,
            "\n  {} {} {}{}\n    {}, {} {}, {}\n    {}",
            key.day,
            key.account_id,
            key.region,
            escaped(&principal),
            escaped(&key.model_id),
            key.routing.as_str(),
            key.tier.as_str(),
            line.kind.as_str(),
            sentence(line)
        );
    }
    if differ.len() > SHOWN {
        let more = grouped((differ.len() - SHOWN) as u64);
        let _ = writeln!(out, "\n  and {more} more (--format csv has all)");
    }
}

/// What differs.
fn sentence(line: &Line) -> String {
    let billed = line.billed.unwrap_or_default();
    let seen = line.seen.unwrap_or_default();
    let verdict = line.comparison.verdict.as_str();
    let usd = |cost: Option<Amount>| cost.map_or("unknown".to_owned(), |it| format!("${it}"));
    match line.comparison.verdict {
        Verdict::TokensDiffer => {
            let (calls, counted) = line.calls;
            format!(
                "{verdict}: billed {}, seen {}; {} of {} calls have token counts",
                whole(billed.tokens),
                whole(seen.tokens),
                grouped(counted),
                grouped(calls)
            )
        }
        Verdict::PriceDiffers if line.comparison.is_net => {
            format!(
                "{verdict}: net cost billed {}, not what --discount came to",
                usd(billed.net_cost)
            )
        }
        Verdict::PriceDiffers => {
            let price = line.comparison.billed_per_million;
            let price = price.map(|it| format!(", ${it} per million")).unwrap_or_default();
            format!(
                "{verdict}: billed {}{price}; seen {}",
                usd(billed.list_cost.or(billed.net_cost)),
                usd(seen.list_cost)
            )
        }
        Verdict::OnlySeen => format!("{verdict}: {} tokens", whole(seen.tokens)),
        Verdict::NoTokensHere => format!(
            "{verdict}: billed {} tokens; {} without token counts",
            whole(billed.tokens),
            counted(line.calls.0, "call")
        ),
        _ => format!(
            "{verdict}: {} tokens, {}",
            whole(billed.tokens),
            usd(billed.list_cost.or(billed.net_cost))
        ),
    }
}

fn other(out: &mut String, bill: &Bill) {
    let sums = |sums: &std::collections::BTreeMap<String, Sum>| {
        let each = sums.iter().map(|(name, sum)| (name.clone(), *sum));
        each.collect::<Vec<_>>()
    };
    for (title, sums) in [
        ("Not billed per token, not compared", sums(&bill.other_units)),
        ("Other charges of Amazon Bedrock, not compared", sums(&bill.other_charges)),
        (
            "Not understood, not compared",
            bill.unknown
                .iter()
                .map(|(UnknownLine { usage_type, what }, sum)| {
                    (format!("{usage_type}: {what}"), *sum)
                })
                .collect(),
        ),
    ] {
        if sums.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{title}\n");
        for (name, sum) in sums.iter().take(SHOWN) {
            let lines = counted(sum.lines, "line");
            let _ =
                writeln!(out, "  {}  {lines}, net ${}", escaped(name), sum.net_cost.to_places(12));
        }
        if sums.len() > SHOWN {
            let _ = writeln!(
                out,
                "  and {} more (--format json has all)",
                grouped((sums.len() - SHOWN) as u64)
            );
        }
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
