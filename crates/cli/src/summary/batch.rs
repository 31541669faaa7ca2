//! Batch inference jobs, whose cost is no part of the list cost of calls.

use std::fmt::Write as _;

use pipeline::{BatchCost, BatchJobs, BatchOutputs, Outcome};
use report::number::{at_least, dollars};
use tables::BATCH_JOBS;
use tables::query::{Aggregate, Answer, Cell, Key, Measure, Question, Sort};

use super::cost::amount;
use super::shortened;
use crate::escape::escaped;
use crate::number::{counted, grouped};

/// How many jobs there are, what is known of their cost, and how much of it is covered.
pub(super) fn write(out: &mut String, outcome: &Outcome) {
    let all = &outcome.batch_cost;
    let mut line = |name: &str, text: String| {
        let _ = writeln!(out, "{name:<12} {text}");
    };
    if all.jobs > 0 {
        let cost = amount(all.list_cost_usd.as_deref(), all.list_cost_max_usd.as_deref());
        let what = match cost {
            Some(cost) => {
                let contracted = amount(all.contracted_cost_usd.as_deref(), None);
                let contracted = contracted.map(|cost| format!(", contracted {cost}"));
                let (priced, jobs) = (grouped(all.jobs_priced), counted(all.jobs, "job"));
                let contracted = contracted.unwrap_or_default();
                format!("{cost} for {priced} of {jobs} at list prices{contracted}")
            }
            None => format!("{}, cost unknown", grouped(all.jobs)),
        };
        line("Batch jobs", format!("{what}; not in the list cost"));
        line("", by_model(&outcome.batch_jobs));
        let notes = notes(all, outcome.batch_outputs.is_some());
        if !notes.is_empty() {
            line("", notes.join(" · "));
        }
    }
    if let Some(outputs) = &outcome.batch_outputs {
        let name = if all.jobs > 0 { "" } else { "Batch jobs" };
        line(name, of_outputs(outputs));
    }
}

/// All jobs of some days: how many, how many by the basis of their costs, and the costs.
pub(super) fn question() -> Question {
    let with = |name| Measure { name, of: Aggregate::RowsWith("cost_basis", name) };
    let cost = "list_cost_usd";
    let measures = vec![
        Measure { name: "jobs", of: Aggregate::Rows },
        with("full"),
        with("lower_bound"),
        with("estimate"),
        Measure { name: cost, of: Aggregate::Sum(cost) },
    ];
    Question {
        table: BATCH_JOBS.name,
        keys: vec![Key::Column("status")],
        measures,
        filters: Vec::new(),
        outside: None,
        sort: Sort { place: 0, is_descending: false },
        top: None,
    }
}

/// Writes the answer to [`question`]; nothing if there is no job.
pub(super) fn write_all(out: &mut String, jobs: &Answer) {
    let [_, n_jobs, full, lower_bound, estimate, cost] = jobs.total.as_slice() else { return };
    let count = |cell: &Cell| if let Cell::Count(count) = cell { *count } else { 0 };
    let n_jobs = count(n_jobs);
    if n_jobs == 0 {
        return;
    }
    let priced = count(full) + count(lower_bound) + count(estimate);
    let all = counted(n_jobs.unsigned_abs(), "job");
    let what = match cost {
        Cell::Money(cost) => {
            let cost = match count(full) == n_jobs {
                true => dollars(*cost),
                false => format!("at least {}", at_least(*cost)),
            };
            format!("{cost} for {} of {all} at list prices", grouped(priced.unsigned_abs()))
        }
        _ => format!("{}, cost unknown", grouped(n_jobs.unsigned_abs())),
    };
    let _ = writeln!(out, "\n{:<12} {what}; not in the list cost", "Batch jobs");
}

fn by_model(jobs: &[BatchJobs]) -> String {
    let label = |of: &BatchJobs| {
        let model = escaped(of.model.as_deref().unwrap_or("(none logged)")).into_owned();
        format!("{model} {}", grouped(of.cost.jobs))
    };
    shortened(jobs.iter().filter(|of| of.cost.jobs > 0).map(label).collect())
}

/// What the cost does not say.
fn notes(all: &BatchCost, has_outputs: bool) -> Vec<String> {
    let without_tokens = all.jobs.saturating_sub(all.jobs_with_tokens);
    let unpriced = all.jobs_with_tokens.saturating_sub(all.jobs_priced);
    let hint = if has_outputs { "no token counts" } else { "no token counts (--batch-outputs)" };
    let notes = [
        ("lower bounds", all.jobs_lower_bound),
        ("estimates", all.jobs_estimate),
        ("counts but no cost", unpriced),
        (hint, without_tokens),
    ];
    let notes = notes.into_iter().filter(|(_, jobs)| *jobs > 0);
    notes.map(|(what, jobs)| format!("{what}: {}", grouped(jobs))).collect()
}

fn of_outputs(outputs: &BatchOutputs) -> String {
    let BatchOutputs { found, read, without_job, unusable } = outputs;
    let mut parts = vec![format!("outputs: {} found", grouped(*found))];
    for (count, what) in [
        (*read, "read"),
        (*without_job, "of jobs that are not of these days"),
        (unusable.len() as u64, "not usable, or not as a whole"),
    ] {
        if count > 0 {
            parts.push(format!("{} {what}", grouped(count)));
        }
    }
    parts.join(" · ")
}
