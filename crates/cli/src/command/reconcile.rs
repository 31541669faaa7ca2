//! `hoptrail reconcile`: compares what AWS bills with what the tables have.

mod formats;
mod seen;
mod text;

use std::collections::BTreeSet;

use bedrock::billing::{
    Amount, Bill, BillingNames, EMBEDDED_NAMES, Reconciliation, Tolerance, reconcile,
};
use bedrock::catalog::Catalog;
use jiff::civil::Date;
use pipeline::{Answered, BillFault, DayRange, ReadBill, read_bill};
use tables::bill::Export;

use self::seen::SeenTokens;
use crate::args::{ReconcileArgs, ReconcileFormat};
use crate::command::{basis, block_on, print};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::messages::Messages;
use crate::number::counted;
use crate::{knowledge, location};

/// What is compared.
struct Asked {
    range: DayRange,
    /// Whether users and roles are told apart.
    by_principal: bool,
    /// The location of the bill.
    bill: String,
    /// The location of the tables.
    dest: String,
}

/// What both sides say, and how they compare.
struct Found {
    asked: Asked,
    bill: Bill,
    export: Export,
    files: u64,
    /// Days of the range that the tables lack.
    not_built: BTreeSet<Date>,
    lines: Reconciliation,
}

/// Compares.
///
/// # Errors
/// If an option is invalid, or the bill or the tables cannot be read.
pub(crate) fn run(mut args: ReconcileArgs, messages: &Messages) -> Result<Exit, Failure> {
    let config = Config::read(&args.config)?;
    config.complete_location(&mut args.dest);
    config.complete_aws(&mut args.aws);
    let range = basis::days(&args.days)?;
    let range =
        range.ok_or_else(|| Failure::usage("expected days: --from and --to, --day, or --last"))?;
    let tolerance = tolerance(&args.tolerance)?;
    let (bill, dest) = (
        location::required("--bill", Some(&args.bill))?,
        location::required("--dest", args.dest.as_deref())?,
    );
    location::check_region(&args.aws, [&bill, &dest])?;
    let options = location::dest_options(&args.aws)?;
    let knowledge = knowledge::load(&Default::default())?;
    let names = names(&args, &knowledge.catalog)?;
    let (shown_bill, shown_dest) = (bill.to_string(), dest.to_string());
    let by_principal = args.by.is_some();
    let (read, answered) = block_on(async |signals| {
        let requests = pipeline::Settings::new(Some(range)).requests_in_flight;
        let reading = async {
            let bill =
                location::open_source("the bill", &bill, &options, requests, messages).await?;
            let read =
                read_bill(bill.as_ref(), range, by_principal, &knowledge.regions, &names).await;
            let read = read.map_err(|fault| of_bill(fault, &shown_bill))?;
            let what = "the destination";
            let dest = location::open_source(what, &dest, &options, requests, messages).await?;
            let questions = seen::questions(by_principal).to_vec();
            let answered = pipeline::answers(dest.as_ref(), Some(range), questions).await?;
            Ok::<_, Failure>((read, answered))
        };
        signals.or(reading).await?
    })?;
    if read.csv_files > 0 {
        let files = counted(read.csv_files, "CSV file");
        messages.warn(&format!("{files} beside the Parquet files of {shown_bill}: not read"));
    }
    let asked = Asked { range, by_principal, bill: shown_bill.clone(), dest: shown_dest };
    let (found, seen) = compare(read, &answered, asked, tolerance)?;
    tell(&found, &answered, &shown_bill, messages);
    tell_not_compared(&seen, messages);
    if args.format == ReconcileFormat::Csv {
        tell_not_in_csv(&found.bill, messages);
    }
    print(&match args.format {
        ReconcileFormat::Table => text::page(&found),
        ReconcileFormat::Csv => formats::csv(&found)?,
        ReconcileFormat::Json => formats::json(&found)?,
    })?;
    Ok(exit(&found, &args, messages))
}

fn of_bill(fault: BillFault, bill: &str) -> Failure {
    let names_object = matches!(fault, BillFault::File { .. } | BillFault::TwoExports { .. });
    let failed = anyhow::Error::from(fault);
    let folder = bill.trim_end_matches('/');
    Failure::Failed(if names_object {
        anyhow::anyhow!("{folder}/{failed:#}")
    } else {
        failed.context(format!("the bill {bill}"))
    })
}

/// What bills call the models: the names that ship with hoptrail, and those of a file.
fn names<'a>(args: &ReconcileArgs, catalog: &'a Catalog) -> Result<BillingNames<'a>, Failure> {
    let names = BillingNames::read(EMBEDDED_NAMES, catalog);
    let mut names =
        names.map_err(|problem| anyhow::anyhow!("config/billing_names.csv: {problem}"))?;
    if let Some(path) = &args.billing_names {
        let invalid = |problem| anyhow::anyhow!("{}: {problem}", knowledge::invalid(path));
        let added = knowledge::read(path).and_then(|text| names.add(&text).map_err(invalid));
        added.map_err(|error| Failure::of_options(&error))?;
    }
    Ok(names)
}

fn compare(
    read: ReadBill,
    answered: &[Answered],
    asked: Asked,
    tolerance: Tolerance,
) -> Result<(Found, SeenTokens), Failure> {
    let ReadBill { bill, export, files, .. } = read;
    let [calls, jobs] = answered else {
        return Err(anyhow::anyhow!("each question has an answer").into());
    };
    if calls.basis.days == 0 {
        return Err(basis::nothing_published(calls.basis.range, &asked.dest));
    }
    let Some(export) = export.filter(|_| !bill.months.is_empty()) else {
        let days = basis::described(Some(asked.range));
        let until = bill.days.map(|(_, until)| format!("its last line is of {until}"));
        let until = until.unwrap_or_else(|| "no line at all".to_owned());
        return Err(Failure::Nothing(format!(
            "the bill {} has no line of {days}: {until}",
            asked.bill
        )));
    };
    let mut seen = SeenTokens::default();
    seen.add(&calls.answer, false);
    seen.add(&jobs.answer, true);
    let usage = std::mem::take(&mut seen.usage);
    let may_lack = |day| bill.may_lack(day);
    let billed = bill.usage.iter().map(|(key, billed)| (key.clone(), *billed));
    let lines = reconcile(billed, usage, may_lack, tolerance);
    let not_built = calls.basis.missing.iter().chain(&calls.basis.interrupted);
    let not_built = not_built.copied().collect();
    Ok((Found { asked, bill, export, files, not_built, lines }, seen))
}

/// Says what the comparison lacks.
fn tell(found: &Found, answered: &[Answered], bill: &str, messages: &Messages) {
    if let Some(answered) = answered.first() {
        basis::warn_of_gaps(&answered.basis, messages);
    }
    let Bill { usage, other_units, unknown, payers, .. } = &found.bill;
    if usage.is_empty() && other_units.is_empty() && unknown.is_empty() {
        messages.warn(&format!("the bill {bill} has no usage of Amazon Bedrock in these days"));
    }
    if payers.len() > 1 {
        let payers = payers.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        messages
            .warn(&format!("the bill is of several payers, which are compared as one: {payers}"));
    }
}

/// Says which calls of the tables are not compared.
fn tell_not_compared(seen: &SeenTokens, messages: &Messages) {
    if seen.unresolved > 0 {
        let calls = counted(seen.unresolved, "call");
        messages.warn(&format!(
            "{calls} of the tables without a known account, Region, or model: not compared"
        ));
    }
    if seen.other_units > 0 {
        let calls = counted(seen.other_units, "call");
        messages.note(&format!(
            "{calls} not billed by the token of a foundation model (custom, imported, or provisioned models, \
             speech): not compared"
        ));
    }
}

/// Says what of the bill has no place among the lines.
fn tell_not_in_csv(bill: &Bill, messages: &Messages) {
    for (what, sums) in [
        ("not understood", bill.unknown.values().collect::<Vec<_>>()),
        ("not billed per token", bill.other_units.values().collect()),
        ("other charges", bill.other_charges.values().collect()),
    ] {
        let lines = sums.iter().map(|sum| sum.lines).sum::<u64>();
        if lines > 0 {
            let net = sums.iter().map(|sum| sum.net_cost).sum::<Amount>();
            let (lines, net) = (counted(lines, "line"), text::usd(net));
            messages
                .warn(&format!("{lines} of the bill, net {net}: {what} (--format json has them)"));
        }
    }
}

fn exit(found: &Found, args: &ReconcileArgs, messages: &Messages) -> Exit {
    let lines = &found.lines.lines;
    let differ = lines.iter().filter(|line| line.comparison.verdict.is_difference()).count() as u64;
    let unknown = found.bill.unknown.values().map(|sum| sum.lines).sum::<u64>();
    if args.fail_on.is_none() || differ + unknown == 0 {
        return Exit::Done;
    }
    messages.error(&format!(
        "--fail-on differs: {} with a difference, {} of the bill not understood",
        counted(differ, "line"),
        counted(unknown, "line")
    ));
    Exit::Gate
}

/// `0.5%`, in millionths.
fn tolerance(text: &str) -> Result<Tolerance, Failure> {
    const PLACES: usize = 4;
    let expected = || {
        Failure::usage(format!("--tolerance: expected a percentage such as 0.5%, found `{text}`"))
    };
    let number = text.strip_suffix('%').ok_or_else(expected)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) || fraction.len() > PLACES {
        return Err(expected());
    }
    let millionths =
        format!("{whole}{fraction:0<PLACES$}").parse::<u32>().map_err(|_| expected())?;
    (millionths <= 1_000_000).then_some(Tolerance(millionths)).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerances_are_percentages() {
        for (text, expected) in [("0%", 0), ("0.5%", 5_000), ("100%", 1_000_000), ("0.0001%", 1)] {
            assert_eq!(tolerance(text).ok(), Some(Tolerance(expected)), "{text}");
        }
        for text in ["", "1", "%", "-1%", "0.00001%", "101%", "a%", "1.2.3%"] {
            assert!(tolerance(text).is_err(), "{text}");
        }
    }
}
