//! `hoptrail plan`: what a run would list, fetch, and build, and the price of its requests.

mod days;
mod objects;
mod preflight;

use std::sync::Arc;

use pipeline::{Plan, PlanEndpoints, Progress};
use serde::Serialize;
use store::{Location, Several, Store};

use crate::args::{Output, OutputArgs, PlanArgs, PlanObjectArgs, PlanOutput};
use crate::command::run::{Job, Work};
use crate::command::{Signals, block_on, print};
use crate::exit::{Exit, Failure};
use crate::messages::Messages;
use crate::number::{bytes, counted, dollars, grouped};
use crate::{location, progress, summary};

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

/// Plans, or tries what a run needs.
///
/// # Errors
/// If an option is invalid, or a location cannot be listed or read.
pub(crate) fn run(
    args: PlanArgs,
    output: &OutputArgs,
    messages: &Messages,
) -> Result<Exit, Failure> {
    let (objects, is_preflight) = (args.objects.clone(), args.preflight);
    let job = Job::new(args.into_run(), Work::Run, messages)?;
    let format = match objects.output {
        PlanOutput::Keys | PlanOutput::Folders if is_preflight => {
            return Err(Failure::usage(
                "--preflight prints text or json: expected one of them for --output",
            ));
        }
        PlanOutput::Keys => return objects::keys(&job, &objects, output, messages),
        PlanOutput::Folders => return objects::folders(&job, &objects, output, messages),
        PlanOutput::Text => Output::Text,
        PlanOutput::Json => Output::Json,
    };
    if is_preflight {
        return preflight::run(&job, format, messages);
    }
    objects::check(&job, &objects)?;
    let plan = block_on(async |signals| make(&job, &objects, signals, output, messages).await)?;
    objects::write_sums(&plan, &objects)?;
    let on_s3 = job.sources.iter().any(|read| matches!(read.location, Location::S3 { .. }));
    match format {
        Output::Text => print(&text(&plan, on_s3))?,
        Output::Json => {
            let costed = Costed {
                get_requests: gets(&plan),
                requests_usd: dollars(if on_s3 { micros(&plan) } else { 0 }),
                plan: &plan,
            };
            print(&format!("{}\n", serde_json::to_string_pretty(&costed)?))?;
        }
    }
    Ok(tell(&plan, messages))
}

/// Says what a plan could not do, and what was left out.
fn tell(plan: &Plan, messages: &Messages) -> Exit {
    if plan.left_out > 0 {
        let left_out = counted(plan.left_out, "object");
        let why = "not of the days, accounts, or Regions that are asked for";
        messages.note(&format!("{left_out} of --keys left out: {why}"));
    }
    if let Some(nothing) = &plan.nothing_found {
        messages.warn(&nothing.to_string());
    }
    let partial = summary::partial::reasons_of_plan(plan);
    partial.iter().for_each(|reason| messages.warn(reason));
    if partial.is_empty() { Exit::Done } else { Exit::Partial }
}

/// Lists and compares, until it is done or a signal comes.
async fn make(
    job: &Job,
    objects: &PlanObjectArgs,
    signals: &mut Signals,
    output: &OutputArgs,
    messages: &Messages,
) -> Result<Plan, Failure> {
    let progress = Arc::new(Progress::default());
    let planning = async {
        let (source, settings, request) = objects::open(job, objects, messages).await?;
        let destination = open_published(job, messages).await?;
        let invocation_logs = job.open_logs(messages).await?;
        let batch_outputs = job.open_batch_outputs(messages).await?;
        let endpoints = PlanEndpoints {
            source: source.store.as_ref(),
            invocation_logs: invocation_logs.as_ref(),
            log_locations: job.log_locations(),
            batch_outputs: batch_outputs.as_deref(),
            destination: destination.as_deref(),
        };
        let knowledge = job.knowledge.clone();
        let planning = pipeline::plan(endpoints, request, &settings, knowledge, &progress);
        let plan = progress::beside(planning, &progress, output, *messages).await;
        plan.map_err(|error| objects::failure(objects, error))
    };
    signals.or(planning).await?
}

/// The destination, which is only read. A folder that does not exist is not created: it holds nothing.
async fn open_published(job: &Job, messages: &Messages) -> Result<Option<Arc<dyn Store>>, Failure> {
    let requests = job.settings.requests_in_flight;
    Ok(match &job.dest {
        None => None,
        Some(Location::Folder(path)) if !path.exists() => Some(Arc::new(Several::new([]))),
        Some(dest) => {
            let what = "the destination";
            let options = &job.dest_options;
            Some(location::open_source(what, dest, options, requests, messages).await?)
        }
    })
}

/// The GET requests of a run.
fn gets(plan: &Plan) -> u64 {
    plan.objects + plan.invocation_logs
}

fn micros(plan: &Plan) -> u64 {
    (plan.list_requests * LIST_MICROS_PER_THOUSAND + gets(plan) * GET_MICROS_PER_THOUSAND)
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
    let objects = match plan.listed_objects {
        listed if listed > plan.objects => {
            format!("{} of {}", grouped(plan.objects), grouped(listed))
        }
        _ => grouped(plan.objects),
    };
    line("Objects", format!("{objects}, {}", bytes(plan.bytes)));
    if plan.archived_objects > 0 {
        let archived = counted(plan.archived_objects, "object");
        let archived_bytes = bytes(plan.archived_bytes);
        line(
            "Archived",
            format!("{archived}, {archived_bytes}, to be restored before a run reads them"),
        );
    }
    if plan.invocation_logs > 0 {
        let logs = grouped(plan.invocation_logs);
        line("Logs", format!("{logs} of model invocations, {}", bytes(plan.invocation_log_bytes)));
    }
    let cost = if on_s3 {
        format!(", about {} at S3 Standard prices in us-east-1", dollars(micros(plan)))
    } else {
        String::new()
    };
    line(
        "Requests",
        format!("{} LIST, {} GET{cost}", grouped(plan.list_requests), grouped(gets(plan))),
    );
    if let Some(days) = &plan.days {
        line("Days", days::counts(days));
    }
    if !plan.reopened_days.is_empty() {
        line("Reopens", days::reopened(&plan.reopened_days));
    }
    if plan.skipped > 0 {
        line("Skipped", format!("{} of another kind", counted(plan.skipped, "file")));
    }
    if plan.copies > 0 {
        line("Copies", format!("{} of other objects, not read", counted(plan.copies, "object")));
    }
    let mut found = String::new();
    days::write(&mut found, plan.days.as_deref().unwrap_or_default());
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
