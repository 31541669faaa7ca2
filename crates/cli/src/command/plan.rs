//! `hoptrail plan`: what a run would list, fetch, and replace, and the price of its requests.

use std::sync::Arc;

use pipeline::{Plan, Progress, Settings};
use serde::Serialize;
use store::{Location, S3Options};

use crate::args::{Output, OutputArgs, PlanArgs};
use crate::command::{block_on, print};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::number::{bytes, counted, dollars, grouped};
use crate::report::Report;
use crate::{location, progress, range, settings, summary};

/// S3 Standard in us-east-1, in micro-dollars per thousand requests (Amazon S3 pricing page, requests
/// and data retrievals, 2026). Other Regions differ by up to a third.
const LIST_MICROS_PER_THOUSAND: u64 = 5_000;
const GET_MICROS_PER_THOUSAND: u64 = 400;

#[derive(Debug, Serialize)]
struct Costed<'a> {
    #[serde(rename = "plan")]
    plan: &'a Plan,
    get_requests: u64,
    requests_usd: String,
}

/// Plans.
///
/// # Errors
/// If the source cannot be listed.
pub(crate) fn run(
    mut args: PlanArgs,
    output: &OutputArgs,
    report: &Report,
) -> Result<Exit, Failure> {
    range::complete_from_environment(&mut args.days)?;
    let config = Config::read(&args.config)?;
    config.complete_source(&mut args.source);
    config.complete_days(&mut args.days);
    config.complete_performance(&mut args.performance);
    config.complete_aws(&mut args.aws);
    let sources = location::required_sources(&args.source, &args.aws)?;
    settings::complete_layout(&mut args.source, &sources);
    let mut settings = settings::of_read(&args.source, &args.days, &args.performance)?;
    let dest = location::optional("--dest", args.dest.as_deref())?;
    let read = sources.iter().map(|read| &read.location);
    location::check_region(&args.aws, read.chain(&dest))?;
    let dest_options = location::dest_options(&args.aws)?;
    let progress = Arc::new(Progress::default());
    let plan = block_on(async |signals| {
        let planning = async {
            let opened = location::open_sources(&sources, &settings, report).await?;
            settings.layout = opened.layout;
            let planning = pipeline::plan(opened.store.as_ref(), &settings, &progress);
            tokio::select! {
                plan = planning => {
                    let mut plan = plan?;
                    if let Some(dest) = &dest {
                        let days = replaced_days(dest, &dest_options, &settings, report).await?;
                        plan.replaced_days = Some(days);
                    }
                    Ok::<_, Failure>(plan)
                }
                () = progress::show(Arc::clone(&progress), *report), if !output.no_progress => {
                    unreachable!("progress is shown until it is dropped")
                }
            }
        };
        signals.or(planning).await?
    })?;
    let on_s3 = sources.iter().any(|read| matches!(read.location, Location::S3 { .. }));
    match args.output {
        Output::Text => print(&text(&plan, on_s3))?,
        Output::Json => {
            let costed = Costed {
                get_requests: plan.objects,
                requests_usd: dollars(if on_s3 { micros(&plan) } else { 0 }),
                plan: &plan,
            };
            print(&format!("{}\n", serde_json::to_string_pretty(&costed)?))?;
        }
    }
    if let Some(nothing) = &plan.nothing_found {
        report.warn(&nothing.to_string());
    }
    let is_partial = summary::found::warn(report, plan.has_reached_search_limit, &plan.unmatched);
    Ok(if is_partial || plan.is_partial() { Exit::Partial } else { Exit::Done })
}

/// The days that a run would replace. A destination folder that does not exist is not created.
async fn replaced_days(
    dest: &Location,
    options: &S3Options,
    settings: &Settings,
    report: &Report,
) -> Result<Vec<String>, Failure> {
    match dest {
        Location::Folder(path) if !path.exists() => Ok(Vec::new()),
        dest => {
            let requests = settings.requests_in_flight;
            let store =
                location::open_source("the destination", dest, options, requests, report).await?;
            Ok(pipeline::days_at(store.as_ref(), settings.range).await?)
        }
    }
}

fn micros(plan: &Plan) -> u64 {
    (plan.list_requests * LIST_MICROS_PER_THOUSAND + plan.objects * GET_MICROS_PER_THOUSAND)
        .div_ceil(1000)
}

fn text(plan: &Plan, on_s3: bool) -> String {
    let range = plan.range.as_deref().unwrap_or("all days");
    let mut lines = vec![format!("Plan for {range} from {}", plan.source), String::new()];
    let mut line = |name: &str, value: String| lines.push(format!("  {name:<10} {value}"));
    if plan.prefixes > 0 {
        line(
            "Prefixes",
            format!(
                "{} ({} and {})",
                counted(plan.prefixes, "Region folder"),
                counted(plan.accounts, "account"),
                counted(plan.regions, "Region"),
            ),
        );
    }
    line("Objects", format!("{}, {}", grouped(plan.objects), bytes(plan.bytes)));
    if plan.archived_objects > 0 {
        let archived = counted(plan.archived_objects, "object");
        let archived_bytes = bytes(plan.archived_bytes);
        line(
            "Archived",
            format!("{archived}, {archived_bytes}, to be restored before a run reads them"),
        );
    }
    let cost = if on_s3 {
        format!(", about {} at S3 Standard prices in us-east-1", dollars(micros(plan)))
    } else {
        String::new()
    };
    line(
        "Requests",
        format!("{} LIST, {} GET{cost}", grouped(plan.list_requests), grouped(plan.objects)),
    );
    if let Some(days) = &plan.replaced_days {
        let shown = match days.as_slice() {
            [] => "no published day".to_owned(),
            [only] => only.clone(),
            [first, .., last] => {
                format!("{} from {first} to {last}", counted(days.len() as u64, "day"))
            }
        };
        line("Replaces", shown);
    }
    if plan.skipped > 0 {
        line("Skipped", format!("{} of another kind", counted(plan.skipped, "file")));
    }
    if plan.copies > 0 {
        line("Copies", format!("{} of other objects, not read", counted(plan.copies, "object")));
    }
    let mut found = String::new();
    summary::found::trails(&mut found, &plan.trails);
    summary::found::not_searched(&mut found, &plan.not_searched);
    summary::found::copies(&mut found, &plan.copies_of_other_size);
    lines.extend(found.lines().map(str::to_owned));
    if !plan.objects_by_delivery_day.is_empty() {
        lines.push(String::new());
        lines.push("  Objects by delivery day".to_owned());
        for (day, objects) in &plan.objects_by_delivery_day {
            let day = if day.is_empty() { "unknown" } else { day };
            lines.push(format!("  {day:<12} {:>10}", grouped(*objects)));
        }
    }
    lines.join("\n") + "\n"
}
