//! The comparison for programs: every line, as CSV and JSON; and the rows of files that would make both sides agree.

use bedrock::billing::{Amount, DiscountRow, Line, Verdict, discount_rows};
use pipeline::DayRange;
use serde_json::{Value, json};

use super::Found;
use crate::exit::Failure;

/// The columns of a line.
const COLUMNS: [&str; 19] = [
    "dt",
    "account_id",
    "source_region",
    "model_id",
    "routing",
    "service_tier",
    "principal_name",
    "token_kind",
    "verdict",
    "billed_tokens",
    "seen_tokens",
    "billed_list_cost_usd",
    "seen_list_cost_usd",
    "billed_net_cost_usd",
    "billed_usd_per_million",
    "net_share",
    "succeeded_calls",
    "calls_with_tokens",
    "differs_in",
];

fn fields(line: &Line) -> [Option<String>; 19] {
    let text = |amount: Option<Amount>| amount.map(|it| it.to_string());
    let (key, billed, seen) = (&line.key, line.billed, line.seen);
    let differs_in = match line.comparison.verdict {
        Verdict::PriceDiffers if line.comparison.is_net => Some("net cost"),
        Verdict::PriceDiffers => Some("list cost"),
        _ => None,
    };
    [
        Some(key.day.to_string()),
        Some(key.account_id.clone()),
        Some(key.region.clone()),
        Some(key.model_id.clone()),
        Some(key.routing.as_str().to_owned()),
        Some(key.tier.as_str().to_owned()),
        key.principal.clone(),
        Some(line.kind.as_str().to_owned()),
        Some(line.comparison.verdict.as_str().to_owned()),
        text(billed.map(|it| it.tokens.rounded())),
        text(seen.map(|it| it.tokens)),
        text(billed.and_then(|it| it.list_cost)),
        text(seen.and_then(|it| it.list_cost)),
        text(billed.and_then(|it| it.net_cost)),
        text(line.comparison.billed_per_million),
        text(line.comparison.net_share),
        Some(line.calls.0.to_string()),
        Some(line.calls.1.to_string()),
        differs_in.map(str::to_owned),
    ]
}

/// All lines.
///
/// # Errors
/// None that can be: it is written to memory.
pub(super) fn csv(found: &Found) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for line in &found.lines.lines {
        writer.write_record(fields(line).map(Option::unwrap_or_default))?;
    }
    let bytes = writer.into_inner().map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(String::from_utf8(bytes)?)
}

/// An object with all that is known.
///
/// # Errors
/// None that can be: it is written to memory.
pub(super) fn json(found: &Found) -> Result<String, Failure> {
    let bill = &found.bill;
    let lines = found.lines.lines.iter().map(|line| {
        let members = COLUMNS.iter().zip(fields(line));
        members.map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<Value>()
    });
    let sum = |name: &str, sum: &bedrock::billing::Sum| json!({"name": name, "lines": sum.lines, "net_cost_usd": sum.net_cost.to_string()});
    let document = json!({
        "range": {"from": found.range.from().to_string(), "to": found.range.to().to_string()},
        "destination": found.dest,
        "export": found.export.as_str(),
        "files": found.files,
        "data_until": bill.until.map(|day| day.to_string()),
        "closed_months": bill.months,
        "payers": bill.payers,
        "lines": lines.collect::<Vec<_>>(),
        "other_units": bill.other_units.iter().map(|(name, it)| sum(name, it)).collect::<Vec<_>>(),
        "other_charges": bill.other_charges.iter().map(|(name, it)| sum(name, it)).collect::<Vec<_>>(),
        "not_understood": bill.unknown.iter().map(|(line, it)| {
            json!({"usage_type": line.usage_type, "what": line.what, "lines": it.lines,
                   "net_cost_usd": it.net_cost.to_string()})
        }).collect::<Vec<_>>(),
        "price_overrides": override_lines(found),
        "discount_file": match discount_rows(&found.lines) {
            rows if rows.is_empty() => None,
            rows => Some(discount_file(&rows, found.range)),
        },
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&document)?))
}

/// The lines of a price file that have the bill's list prices, with its header; empty if none differs. Of long
/// context the bill does not say where it begins: it has no line.
pub(super) fn override_lines(found: &Found) -> Vec<String> {
    let mut lines = Vec::new();
    for line in &found.lines.lines {
        if line.comparison.verdict != Verdict::PriceDiffers || line.comparison.is_net {
            continue;
        }
        for (kind, _, side) in line.parts.iter().filter(|(_, is_long, _)| !is_long) {
            let cost = side.list_cost.or(side.net_cost);
            let price = cost.and_then(|cost| cost.per_million_of(side.tokens));
            // Usage without a cost is a credit or a free tier rather than a price.
            let Some(price) = price.filter(|price| *price != Amount::ZERO) else { continue };
            // A price has six places.
            let (price, key) = (price.to_places(6), &line.key);
            let row = format!(
                "{},{},{},{},0,{},{price}",
                key.model_id,
                key.routing.as_str(),
                key.region,
                key.tier.as_str(),
                kind.as_str()
            );
            if !lines.contains(&row) {
                lines.push(row);
            }
        }
    }
    if !lines.is_empty() {
        let header = "model_id,routing,source_region,service_tier,context_over_tokens,token_kind,usd_per_million";
        lines.insert(0, header.to_owned());
    }
    lines
}

/// A discount file for the days.
pub(super) fn discount_file(rows: &[DiscountRow], range: DayRange) -> String {
    let until = range.to().tomorrow().map(|day| day.to_string()).unwrap_or_default();
    let mut text = "factor,model_id,source_region,routing,service_tier,token_kind,valid_from,valid_until,source\n".to_owned();
    for DiscountRow { factor, of } in rows {
        let of = of.clone().unwrap_or_default().join(",");
        text.push_str(&format!("{factor},{of},{},{until},the bill\n", range.from()));
    }
    text
}
