//! `hoptrail verify`: compares the tables with their manifests, and optionally with the source.

use std::fmt::Write as _;
use std::time::Instant;

use pipeline::{ChangedDay, Finding, FindingKind, LateCalls, Settings, SourceCheck, Verification};
use store::{Location, S3Options};

use crate::args::{Output, OutputArgs, VerifyArgs};
use crate::command::{basis, block_on, print};
use crate::config::Config;
use crate::escape::escaped;
use crate::exit::{Exit, Failure};
use crate::location::{OpenSource, ReadLocation};
use crate::messages::Messages;
use crate::metrics::{self, MetricsOutput, Values, VerifyValues};
use crate::number::{bytes, counted, grouped};
use crate::wrap::hanging;
use crate::{location, range, settings};

/// Verifies.
///
/// # Errors
/// If an option is invalid, or a location cannot be read.
pub(crate) fn run(
    mut args: VerifyArgs,
    _: &OutputArgs,
    messages: &Messages,
) -> Result<Exit, Failure> {
    range::complete_from_environment(&mut args.days.days)?;
    let config = Config::read(&args.config)?;
    config.complete_source(&mut args.source);
    // Without days, all published days are checked, whatever `last` is in the file.
    config.complete_late_window(&mut args.days);
    config.complete_location(&mut args.dest);
    config.complete_aws(&mut args.aws);
    let mut settings = settings::of_days(&args.source, &args.days)?;
    let dest = location::required("--dest", args.dest.as_deref())?;
    let sources = location::sources(&args.source, &args.aws)?;
    let read = sources.iter().map(|read| &read.location);
    location::check_region(&args.aws, [&dest].into_iter().chain(read))?;
    let dest_options = location::dest_options(&args.aws)?;
    if let Some(conflict) = MetricsOutput::conflict(&args.metrics) {
        return Err(Failure::usage(format!("--metrics: {conflict}")));
    }
    if args.output == Output::Json && args.metrics.iter().any(MetricsOutput::is_on_stdout) {
        return Err(Failure::usage(
            "--metrics: expected =FILE beside --output json, which writes to stdout",
        ));
    }
    let begun = Instant::now();
    let mut measured = VerifyValues::default();
    let ended =
        verify(&args, (&dest, &dest_options), &sources, (&mut settings, &mut measured), messages);
    if !args.metrics.is_empty() {
        let exit = ended.as_ref().map_or_else(Failure::exit, |exit| *exit);
        let mut values = Values::new(dest.to_string(), exit, begun.elapsed());
        values.verify = Some(measured);
        metrics::write(&args.metrics, &values, messages);
    }
    ended
}

/// Does it, and shows what it came to.
fn verify(
    args: &VerifyArgs,
    (dest, dest_options): (&Location, &S3Options),
    sources: &[ReadLocation],
    (settings, measured): (&mut Settings, &mut VerifyValues),
    messages: &Messages,
) -> Result<Exit, Failure> {
    let found = block_on(async |signals| {
        let requests = settings.requests_in_flight;
        let verifying = async {
            let what = "the destination";
            let dest = location::open_source(what, dest, dest_options, requests, messages).await?;
            let source = match sources {
                [] => None,
                sources => Some(location::open_sources(sources, settings, messages).await?),
            };
            if let Some(source) = &source {
                settings.layout = source.layout;
            }
            let source = source.as_ref().map(OpenSource::source);
            Ok::<_, Failure>(pipeline::verify(dest.as_ref(), source, settings).await?)
        };
        signals.or(verifying).await?
    })?;
    let findings = found.findings.len() as u64;
    *measured = VerifyValues { days: found.days, findings };
    match args.output {
        Output::Text => print(&text(&found))?,
        Output::Json => print(&format!("{}\n", serde_json::to_string_pretty(&found)?))?,
    }
    if found.is_valid() && found.days == 0 {
        return Err(basis::nothing_published(settings.range, &found.destination));
    }
    if found.is_valid() {
        return Ok(Exit::Done);
    }
    let findings = counted(found.findings.len() as u64, "finding");
    messages.error(&format!("verification failed for {}: {findings}", found.destination));
    Ok(Exit::Failed)
}

/// The most columns of a line; a key has as many as it takes.
const WIDTH: usize = 80;

/// Writing to a string cannot fail; therefore, results of `writeln!` are ignored.
fn text(found: &Verification) -> String {
    const SHOWN: usize = 20;
    let mut out = String::new();
    let range = found.range.as_deref().unwrap_or("all days");
    let _ = writeln!(out, "Verified {range} at {}\n", found.destination);
    let mut line = |name: &str, value: String| {
        let _ =
            writeln!(out, "{}", hanging(&value, WIDTH, &format!("  {name:<9} "), &" ".repeat(12)));
    };
    line("Days", grouped(found.days));
    let files = counted(found.valid_files, "file");
    line("Valid", format!("{files}, {}", bytes(found.valid_bytes)));
    if !found.partial.is_empty() {
        let days = counted(found.partial.len() as u64, "day");
        line("Partial", format!("{days}, which the next run rebuilds: {}", listed(&found.partial)));
    }
    if let Some(source) = &found.source {
        of_source(&mut line, source);
    }
    line("Findings", grouped(found.findings.len() as u64));
    for finding in found.findings.iter().take(SHOWN) {
        let reason = hanging(&escaped(&finding.reason), WIDTH, "      ", "      ");
        let _ = writeln!(out, "\n  {}\n{reason}", escaped(&finding.key));
    }
    if found.findings.len() > SHOWN {
        let more = grouped((found.findings.len() - SHOWN) as u64);
        let _ = writeln!(out, "\n  and {more} more (--output json lists all)");
    }
    let is_of_file = |finding: &&Finding| {
        use FindingKind::{Changed, Counts, Missing};
        matches!(finding.kind, Missing | Changed | Counts) && finding.dt.is_some()
    };
    let has = |kind: FindingKind| found.findings.iter().any(|finding| finding.kind == kind);
    let of_file = found.findings.iter().find(is_of_file);
    let day = of_file.and_then(|finding| finding.dt.as_ref()).map(|dt| {
        format!(
            "To write a day again: hoptrail run --day {dt} --force, with the options that it was built with."
        )
    });
    let files =
        "Files that no manifest names are yours to delete: runs leave them, and Athena reads them.";
    let files = has(FindingKind::Unexpected).then(|| files.to_owned());
    let accounts =
        "To write the names of accounts again: hoptrail run --accounts FILE, for any days.";
    let accounts = has(FindingKind::CorruptAccounts).then(|| accounts.to_owned());
    for advice in [day, files, accounts].into_iter().flatten() {
        let _ = writeln!(out, "\n{}", hanging(&advice, WIDTH, "  ", "  "));
    }
    out
}

fn of_source(line: &mut impl FnMut(&str, String), source: &SourceCheck) {
    let unchanged = counted(source.unchanged, "day");
    line("Source", format!("{unchanged} unchanged, in {}", source.source));
    let days = |days: &[ChangedDay]| {
        let of_day = |day: &ChangedDay| format!("{} ({} → {})", day.dt, day.before, day.now);
        listed(&days.iter().map(of_day).collect::<Vec<_>>())
    };
    if !source.changed.is_empty() {
        line("", format!("objects changed since the day was built: {}", days(&source.changed)));
    }
    if !source.not_built.is_empty() {
        line("", format!("days with objects, not published: {}", days(&source.not_built)));
    }
    if let Some(LateCalls { calls, days, from, to }) = &source.late_calls {
        let days = counted(*days, "day");
        let calls = calls.map_or("calls".to_owned(), |calls| counted(calls, "call"));
        line("Late", format!("{calls} delivered late, missing in {days}"));
        line(
            "",
            format!(
                "hoptrail run --from {from} --to {to}, with all other options of your runs, enters them"
            ),
        );
    }
}

fn listed(names: &[String]) -> String {
    const SHOWN: usize = 10;
    let more = names.len().saturating_sub(SHOWN);
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}
