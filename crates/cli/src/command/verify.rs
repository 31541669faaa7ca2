//! `hoptrail verify`: compares the tables with their manifests, and on request with the source.

use std::fmt::Write as _;

use pipeline::{ChangedDay, Settings, Source, SourceCheck, Verification};

use crate::args::{Output, OutputArgs, VerifyArgs};
use crate::command::{block_on, print};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::number::{bytes, counted, grouped};
use crate::plain::plain;
use crate::report::Report;
use crate::{place, range};

/// Verifies.
///
/// # Errors
/// If what was typed cannot be used, or a place cannot be read.
pub fn run(mut args: VerifyArgs, _: &OutputArgs, report: &Report) -> Result<Exit, Failure> {
    range::complete_from_environment(&mut args.source)?;
    let config = Config::read(args.source.config.as_deref())?;
    let (source, dest) = config.complete_verify(args.source, args.dest);
    let mut settings = Settings::new(range::days(&source, jiff::Timestamp::now())?);
    settings.accounts = source.account.iter().cloned().collect();
    settings.regions = source.source_region.iter().cloned().collect();
    if let Some(window) = &source.late_window {
        settings.late_window_minutes = range::minutes("--late-window", window)?;
    }
    let dest = place::location("--dest", dest.as_deref())?;
    let from = source.source.as_deref();
    let from = from.map(|text| place::location("--source", Some(text))).transpose()?;
    let mut places = vec![&dest];
    places.extend(&from);
    place::check_region(&source, &places)?;
    let options = place::s3_options(&source.aws);
    let found = block_on(async |signals| {
        let requests = settings.requests_in_flight;
        let verifying = async {
            let to =
                place::open_source("the destination", &dest, &options, requests, report).await?;
            let from = match &from {
                Some(from) => {
                    let store =
                        place::open_source("the source", from, &options, requests, report).await?;
                    Some((store, place::root_path(from)))
                }
                None => None,
            };
            let source =
                from.as_ref().map(|(store, root_path)| Source { store: store.as_ref(), root_path });
            Ok::<_, Failure>(pipeline::verify(to.as_ref(), source, &settings).await?)
        };
        signals.or(verifying).await?
    })?;
    match args.output {
        Output::Text => print(&text(&found))?,
        Output::Json => print(&format!("{}\n", serde_json::to_string_pretty(&found)?))?,
    }
    if found.is_valid() {
        return Ok(Exit::Done);
    }
    let findings = counted(found.findings.len() as u64, "finding");
    report.error(&format!("{} is not as its manifests say: {findings}", found.destination));
    Ok(Exit::Failed)
}

/// Writing into a string cannot fail, so that results of `writeln!` are let go.
fn text(found: &Verification) -> String {
    const SHOWN: usize = 20;
    let mut out = String::new();
    let range = found.range.as_deref().unwrap_or("every day");
    let _ = writeln!(out, "Verified {range} at {}\n", found.destination);
    let mut line = |name: &str, value: String| {
        let _ = writeln!(out, "  {name:<9} {value}");
    };
    line("Days", grouped(found.days));
    let files = counted(found.valid_files, "file");
    line("Sound", format!("{files}, {}", bytes(found.valid_bytes)));
    if !found.partial.is_empty() {
        let days = counted(found.partial.len() as u64, "day");
        line(
            "Partial",
            format!("{days}, which the next run builds again: {}", listed(&found.partial)),
        );
    }
    if let Some(source) = &found.source {
        of_source(&mut line, source);
    }
    line("Findings", grouped(found.findings.len() as u64));
    for finding in found.findings.iter().take(SHOWN) {
        let _ = writeln!(out, "\n  {}\n      {}", plain(&finding.key), plain(&finding.reason));
    }
    if found.findings.len() > SHOWN {
        let more = grouped((found.findings.len() - SHOWN) as u64);
        let _ = writeln!(out, "\n  and {more} more, with --output json");
    }
    out
}

fn of_source(line: &mut impl FnMut(&str, String), source: &SourceCheck) {
    let unchanged = counted(source.unchanged, "day");
    line("Source", format!("{unchanged} built from what is there, in {}", source.source));
    let days = |days: &[ChangedDay]| {
        let of_day = |day: &ChangedDay| format!("{} ({} → {})", day.dt, day.before, day.now);
        listed(&days.iter().map(of_day).collect::<Vec<_>>())
    };
    if !source.changed.is_empty() {
        line("", format!("other objects than the day was built from: {}", days(&source.changed)));
    }
    if !source.not_built.is_empty() {
        line("", format!("objects of days that are not built: {}", days(&source.not_built)));
    }
}

fn listed(names: &[String]) -> String {
    const SHOWN: usize = 10;
    let more = names.len().saturating_sub(SHOWN);
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}
