//! The comparison for programs: every line, as CSV and JSON; and the rows of files that would make both sides agree.

use bedrock::billing::{
    Amount, DiscountRow, Discounts, Line, NetComparison, PriceRow, Prices, Verdict, discounts,
    prices,
};
use jiff::civil::Date;
use pipeline::DayRange;
use serde_json::{Value, json};

use super::Found;
use crate::exit::Failure;

/// The columns of a line.
const COLUMNS: [&str; 21] = [
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
    // Of all kinds of tokens of the usage together, where they were compared.
    "billed_net_cost_of_kinds_usd",
    "seen_contracted_cost_of_kinds_usd",
];

fn fields(line: &Line) -> [Option<String>; 21] {
    let text = |amount: Option<Amount>| amount.map(|it| it.to_string());
    let (key, billed, seen) = (&line.key, line.billed, line.seen);
    let net = match line.comparison.net {
        NetComparison::Compared(billed, contracted) => Some((billed, contracted)),
        NetComparison::NoDiscounts | NetComparison::NotCompared => None,
    };
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
        text(billed.map(|it| it.list_cost)),
        text(seen.and_then(|it| it.list_cost)),
        text(billed.map(|it| it.net_cost)),
        text(line.comparison.billed_per_million),
        text(line.comparison.net_share),
        Some(line.calls.to_string()),
        Some(line.calls_counted.to_string()),
        differs_in.map(str::to_owned),
        net.map(|(billed, _)| billed.to_string()),
        net.map(|(_, contracted)| contracted.to_string()),
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
    let Prices { rows: rows_of_prices, n_without_row } = prices(&found.lines);
    let Discounts { rows: rows_of_discounts, n_without_factor } = discounts(&found.lines);
    let document = json!({
        "range": {"from": found.asked.range.from().to_string(), "to": found.asked.range.to().to_string()},
        "destination": found.asked.dest,
        "export": found.export.as_str(),
        "files": found.files,
        "data_from": bill.days.map(|(from, _)| from.to_string()),
        "data_until": bill.days.map(|(_, until)| until.to_string()),
        "months": bill.months.iter().map(|(month, it)| {
            json!({"month": month, "is_closed": it.is_closed()})
        }).collect::<Vec<_>>(),
        "payers": bill.payers,
        "lines": lines.collect::<Vec<_>>(),
        "other_units": bill.other_units.iter().map(|(name, it)| sum(name, it)).collect::<Vec<_>>(),
        "other_charges": bill.other_charges.iter().map(|(name, it)| sum(name, it)).collect::<Vec<_>>(),
        "not_understood": bill.unknown.iter().map(|(line, it)| {
            json!({"usage_type": line.usage_type, "what": line.what, "lines": it.lines,
                   "net_cost_usd": it.net_cost.to_string()})
        }).collect::<Vec<_>>(),
        "price_override_file": price_file(&rows_of_prices, found),
        "lines_without_price_override": n_without_row,
        "discount_file": discount_file(&rows_of_discounts, found.asked.range),
        "kinds_without_discount_factor": n_without_factor,
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&document)?))
}

/// A file for `--price-overrides`; `None` without rows.
pub(super) fn price_file(rows: &[PriceRow], found: &Found) -> Option<String> {
    let source_date = shown(found.bill.days.map(|(_, until)| until));
    let (begin, end) = (found.asked.range.from(), found.asked.range.to().tomorrow().ok());
    let lines = rows.iter().map(|row| {
        let PriceRow { model_id, region, usd_per_million, .. } = row;
        let (routing, tier, kind) = (row.routing.as_str(), row.tier.as_str(), row.kind.as_str());
        let (from, until) = (row.valid_from.unwrap_or(begin), shown(row.valid_until.or(end)));
        format!(
            "{model_id},{routing},{region},{tier},0,{kind},{usd_per_million},{from},{until},the bill,{source_date}\n"
        )
    });
    const HEADER: &str = "model_id,routing,source_region,service_tier,context_over_tokens,token_kind,usd_per_million,\
                          valid_from,valid_until,source,source_date\n";
    (!rows.is_empty()).then(|| std::iter::once(HEADER.to_owned()).chain(lines).collect())
}

/// A file for `--discount`, for the days; `None` without rows.
pub(super) fn discount_file(rows: &[DiscountRow], range: DayRange) -> Option<String> {
    let end = range.to().tomorrow().ok();
    let lines = rows.iter().map(|DiscountRow { factor, of, valid_from, valid_until }| {
        let of = of.each_ref().map(|part| part.as_deref().unwrap_or_default()).join(",");
        let from = valid_from.unwrap_or(range.from());
        format!("{factor},{of},{from},{},the bill\n", shown(valid_until.or(end)))
    });
    const HEADER: &str = "factor,model_id,source_region,routing,service_tier,token_kind,valid_from,valid_until,\
                          source\n";
    (!rows.is_empty()).then(|| std::iter::once(HEADER.to_owned()).chain(lines).collect())
}

fn shown(day: Option<Date>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}
