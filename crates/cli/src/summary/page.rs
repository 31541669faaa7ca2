//! The summary as one page: the conclusion first and last, and between them what people ask first. Its figures are
//! those of the tables, so that days which were left as they are count too.

mod attention;
mod denials;
mod ran;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Context;
use bedrock::cost::CostGap;
use bedrock::{CostGaps, Knowledge};
use pipeline::{Answered, DayRange, Outcome};
use store::Store;
use tables::query::{Answer, Cell, Question, Row, Subject};
use tables::view::ApprovedRegions;

use super::routing::OTHER_JURISDICTION;
use super::{age, batch};
use crate::answer::{cells, table};
use crate::escape::escaped;
use crate::exit::Failure;
use crate::number::{bytes, counted, grouped};
use crate::wrap::hanging;

/// How many accounts, principals, and profiles are named.
const NAMED: usize = 3;

/// The most characters of a name in a line of several.
const MAX_NAME: usize = 24;

/// A list of days is of use from here on.
const MIN_DAYS: u64 = 3;

/// Why a request was denied, if a policy did: a column of `denials`.
pub(crate) const BY_POLICY: &str = "policy";

/// The most columns of a page: that of a terminal which nobody made wider.
const WIDTH: usize = 80;

/// What the tables say of the days of a run.
#[derive(Debug)]
pub(crate) struct Found {
    residency: Answer,
    ran: Answer,
    models: Answered,
    accounts: Answer,
    principals: Answer,
    profiles: Answer,
    days: Answer,
    denials: Answer,
    gaps: Answer,
    unresolved: Answer,
    regions: Answer,
    declared: Answer,
    policies: Answer,
    jobs: Answer,
    /// Files that could not be read, with the reason.
    pub(crate) unreadable: Vec<(String, String)>,
}

/// How many calls of the days each gate of `--fail-on` is about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct GateCounts {
    /// Calls that ran in another jurisdiction.
    pub(crate) other_jurisdiction: u64,
    /// Calls that ran in a Region that their profile does not declare.
    pub(crate) undeclared_region: u64,
    /// Calls that ran in a Region that is not approved; 0 without a list.
    pub(crate) unapproved_region: u64,
    /// Requests that a policy denied.
    pub(crate) policy_denial: u64,
    /// Calls without a known model.
    pub(crate) unresolved: u64,
    /// Calls with counts and without a cost.
    pub(crate) unpriced: u64,
    /// Calls with tokens that should have a price.
    pub(crate) unpriced_tokens: u64,
}

impl Found {
    /// Asks the tables.
    ///
    /// # Errors
    /// If the destination cannot be read.
    pub(crate) async fn ask(dest: &dyn Store, range: Option<DayRange>) -> Result<Self, Failure> {
        let questions = [
            question("routing", &["residency"])?,
            question("routing", &ran::KEYS)?,
            question("cost", &["model_name"])?,
            question("cost", &["account_id", "account_name"])?,
            question("cost", &["principal_name"])?,
            question("cost", &["profile_name"])?,
            question("cost", &["dt"])?,
            question("denials", &denials::KEYS)?,
            question("cost", &["cost_gap"])?,
            question("unresolved", &["reason"])?,
            question("routing", &["account_id", "inference_region"])?,
            question("routing", &["is_declared"])?,
            question("denials", &["error_reason"])?,
            batch::question(),
        ];
        let answers = pipeline::answers(dest, range, questions.to_vec()).await?;
        let mut unreadable = BTreeSet::new();
        for answered in &answers {
            unreadable.extend(answered.basis.unreadable.iter().cloned());
        }
        let all =
            <[Answered; 14]>::try_from(answers).ok().context("each question has an answer")?;
        let [
            residency,
            ran,
            models,
            accounts,
            principals,
            profiles,
            days,
            denials,
            gaps,
            others @ ..,
        ] = all;
        let [unresolved, regions, declared, policies, jobs] = others;
        Ok(Found {
            residency: residency.answer,
            ran: ran.answer,
            models,
            accounts: accounts.answer,
            principals: principals.answer,
            profiles: profiles.answer,
            days: days.answer,
            denials: denials.answer,
            gaps: gaps.answer,
            unresolved: unresolved.answer,
            regions: regions.answer,
            declared: declared.answer,
            policies: policies.answer,
            jobs: jobs.answer,
            unreadable: unreadable.into_iter().collect(),
        })
    }

    /// What gates are about, with the Regions that are approved.
    pub(crate) fn gates(&self, approved: Option<&ApprovedRegions>) -> GateCounts {
        let undeclared = self.declared.rows.iter().filter(|row| row[0] == Cell::Flag(false));
        let undeclared = undeclared.map(|row| count(&self.declared, row, "succeeded_calls"));
        let by_policy =
            self.policies.rows.iter().filter(|row| row[0] == Cell::Text(BY_POLICY.into()));
        let by_policy = by_policy.map(|row| count(&self.policies, row, "denied_calls"));
        GateCounts {
            undeclared_region: undeclared.sum(),
            unapproved_region: approved.map_or(0, |approved| self.unapproved(approved).sum()),
            policy_denial: by_policy.sum(),
            other_jurisdiction: ran_in(&self.residency, OTHER_JURISDICTION),
            unresolved: sum(&self.unresolved, "calls"),
            unpriced: sum(&self.models.answer, "calls_unpriced"),
            unpriced_tokens: self
                .gaps
                .rows
                .iter()
                .map(|row| unpriced_tokens(&self.gaps, row))
                .sum(),
        }
    }
}

impl Found {
    /// The calls of each account and Region that ran in a Region that is not approved.
    fn unapproved(&self, approved: &ApprovedRegions) -> impl Iterator<Item = u64> {
        let ran = |row: &&Row| row[1] != Cell::Null;
        let rows = self.regions.rows.iter().filter(ran);
        let rows = rows.filter(move |row| !approved.has(text_of(&row[0]), text_of(&row[1])));
        rows.map(|row| count(&self.regions, row, "succeeded_calls"))
    }
}

/// The text of a cell; empty if it has none.
pub(super) fn text_of(cell: &Cell) -> &str {
    if let Cell::Text(text) = cell { text } else { "" }
}

/// The calls of one list of gaps whose tokens should have a price and have none.
fn unpriced_tokens(answer: &Answer, row: &Row) -> u64 {
    let Cell::Text(names) = &row[0] else { return 0 };
    let gaps = CostGaps::parse(names);
    if !gaps.awaits_price() {
        return 0;
    }
    // What a guardrail covered may have a cost where no token has one.
    let is_of_tokens = gaps.has(CostGap::NoPrice) || gaps.has(CostGap::UnresolvedModel);
    let with_tokens = if is_of_tokens { count(answer, row, "calls_with_tokens") } else { 0 };
    count(answer, row, "calls_unpriced").max(with_tokens)
}

/// The calls that ran with this residency.
fn ran_in(routing: &Answer, residency: &str) -> u64 {
    let row = routing.rows.iter().find(|row| row[0] == Cell::Text(residency.into()));
    row.map_or(0, |row| count(routing, row, "succeeded_calls"))
}

pub(super) fn question(subject: &str, keys: &[&str]) -> Result<Question, Failure> {
    let subject = Subject::named(subject).context("a subject of the list")?;
    let keys = keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    Ok(subject.question(&keys, Vec::new(), None, None)?)
}

/// The page. Writing to a string cannot fail; therefore, results of `writeln!` are ignored.
pub(crate) fn text(
    outcome: &Outcome,
    found: &Found,
    gates: GateCounts,
    knowledge: &Knowledge,
) -> String {
    let mut out = String::new();
    let range = outcome.range.as_deref().unwrap_or("all days");
    let conclusion = conclusion(found);
    let _ = writeln!(out, "hoptrail  {range}\n");
    for line in &conclusion {
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(out, "{}", written(outcome, found));
    // Calls without a cost are among what needs attention.
    let models = with_columns(&found.models.answer, |name| name != "calls_unpriced");
    let cost = table::rows_only(&models, Some(table::width().unwrap_or(WIDTH)));
    if found.models.answer.rows_read > 0 {
        let _ = write!(out, "\n{cost}");
        let mut tops = String::new();
        top(&mut tops, "Accounts", &found.accounts);
        top(&mut tops, "Principals", &found.principals);
        top(&mut tops, "Profiles", &found.profiles);
        if !tops.is_empty() {
            let _ = write!(out, "\n{tops}");
        }
    }
    if !outcome.unchanged.is_empty() {
        // The outcome has the jobs of the days that were built alone.
        batch::write_all(&mut out, &found.jobs);
    } else if outcome.batch_cost.jobs > 0 || outcome.batch_outputs.is_some() {
        out.push('\n');
        batch::write(&mut out, outcome);
    }
    if found.models.basis.days >= MIN_DAYS {
        days(&mut out, &found.days);
    }
    ran::write(&mut out, &found.ran);
    let denied = sum(&found.residency, "denied_calls");
    denials::write(&mut out, &found.denials, denied, knowledge);
    attention::write(&mut out, outcome, found, gates);
    age::write(&mut out, outcome, knowledge);
    let _ = writeln!(out);
    for line in &conclusion {
        let _ = writeln!(out, "{line}");
    }
    out
}

/// How many calls, where they ran, what they cost, and how many were denied.
fn conclusion(found: &Found) -> Vec<String> {
    let routing = &found.residency;
    let calls = sum(routing, "calls");
    let outcomes = [
        ("succeeded", "succeeded_calls"),
        ("denied", "denied_calls"),
        ("throttled", "throttled_calls"),
        ("failed", "failed_calls"),
    ];
    let outcomes = outcomes.map(|(label, column)| (sum(routing, column), label));
    let mut lines = vec![format!("{}: {}", counted(calls, "call"), parts(&outcomes))];
    let mut ran = super::RESIDENCIES.map(|(residency, label)| (ran_in(routing, residency), label));
    // All others ran in a Region of no known jurisdiction.
    let known = ran.iter().map(|(calls, _)| calls).sum::<u64>();
    ran[ran.len() - 1].0 += sum(routing, "succeeded_calls").saturating_sub(known);
    if ran.iter().any(|(calls, _)| *calls > 0) {
        lines.push(format!("Ran in: {}", parts(&ran)));
    }
    let cost = &found.models.answer;
    if let Some(amount) = table::list_cost(&cost.total, cost) {
        let amount = amount.replace("≥ ", "at least ");
        let covered = table::covered(sum(cost, "calls_priced"), sum(cost, "succeeded_calls"));
        lines.push(format!("List cost: {amount} for {covered}"));
        if let Some(amount) = table::contracted_cost(&cost.total, cost) {
            lines.push(format!("Contracted cost: {}", amount.replace("≥ ", "at least ")));
        }
    } else if calls > 0 {
        lines.push("List cost: unknown".to_owned());
    }
    lines
}

/// What was read for it and what was done.
fn written(outcome: &Outcome, found: &Found) -> String {
    let (objects, basis) = (&outcome.objects, &found.models.basis);
    let built = counted(outcome.days.len() as u64, "day");
    let read = counted(objects.read + objects.unreadable, "object");
    let mut text =
        format!("{built} written to {} from {read}, {}", outcome.destination, bytes(objects.bytes));
    if !outcome.unchanged.is_empty() {
        let _ = write!(text, "; unchanged: {}", counted(outcome.unchanged.len() as u64, "day"));
    }
    if !basis.missing.is_empty() {
        let _ = write!(text, "; not built: {}", counted(basis.missing.len() as u64, "day"));
    }
    text
}

/// The greatest costs in one line; nothing where there is only one.
fn top(out: &mut String, title: &str, answer: &Answer) {
    let named = |row: &&Row| row[0] != Cell::Null;
    if answer.rows.iter().filter(named).count() < 2 {
        return;
    }
    let cost =
        answer.columns.iter().position(|column| column == "list_cost_usd").unwrap_or_default();
    let known = |row: &&Row| row[cost] != Cell::Null;
    let of_row = |row: &Row| {
        let cost = table::list_cost(row, answer).unwrap_or_default();
        format!("{} {cost}", called(&row[..answer.n_keys]))
    };
    let all = answer.rows.iter().filter(named).filter(known).map(of_row).collect::<Vec<_>>();
    let mut line = String::new();
    for (index, text) in all.iter().enumerate() {
        let more = if all.len() > index + 1 { " · and more".chars().count() } else { 0 };
        let width = 12 + line.chars().count() + 3 + text.chars().count() + more;
        if index == NAMED || index > 0 && width > WIDTH {
            line.push_str(" · and more");
            break;
        }
        line.push_str(if index > 0 { " · " } else { "" });
        line.push_str(text);
    }
    if !line.is_empty() {
        let _ = writeln!(out, "{title:<11} {line}");
    }
}

/// What a row is called: by its first key, or by a second one with the first one behind it.
fn called(keys: &[Cell]) -> String {
    let first = cut(&cells::short(&keys[0]), MAX_NAME);
    match keys.get(1) {
        Some(Cell::Text(name)) => format!("{} ({first})", cut(name, MAX_NAME)),
        _ => first,
    }
}

/// A line for each day, in order.
fn days(out: &mut String, answer: &Answer) {
    let mut in_order = answer.clone();
    in_order.rows.sort_by(|a, b| a[0].cmp(&b[0]));
    let keep =
        ["dt", "calls", "succeeded_calls", "calls_priced", "calls_lower_bound", "input_tokens"];
    let of_days =
        with_columns(&in_order, |name| keep.contains(&name) || name.ends_with("cost_usd"));
    let _ = write!(out, "\n{}", table::rows_only(&of_days, Some(WIDTH)));
}

/// An answer with some of its columns.
fn with_columns(answer: &Answer, keep: impl Fn(&str) -> bool) -> Answer {
    let places = (0..answer.columns.len()).filter(|place| keep(&answer.columns[*place]));
    let places = places.collect::<Vec<_>>();
    let pick = |row: &Row| places.iter().map(|place| row[*place].clone()).collect::<Row>();
    Answer {
        columns: places.iter().map(|place| answer.columns[*place].clone()).collect(),
        rows: answer.rows.iter().map(pick).collect(),
        others: answer.others.as_ref().map(|(rows, row)| (*rows, pick(row))),
        total: pick(&answer.total),
        n_keys: answer.n_keys,
        rows_read: answer.rows_read,
    }
}

/// A measure over all rows.
fn sum(answer: &Answer, column: &str) -> u64 {
    count(answer, &answer.total, column)
}

pub(super) fn count(answer: &Answer, row: &Row, column: &str) -> u64 {
    let place = answer.columns.iter().position(|name| name == column);
    match place.map(|place| &row[place]) {
        Some(Cell::Count(count)) => u64::try_from(*count).unwrap_or_default(),
        _ => 0,
    }
}

/// The counts that are not 0, with their labels.
fn parts(counts: &[(u64, &str)]) -> String {
    let shown = counts.iter().filter(|(calls, _)| *calls > 0);
    let shown =
        shown.map(|(calls, label)| format!("{} {label}", grouped(*calls))).collect::<Vec<_>>();
    if shown.is_empty() { "none".to_owned() } else { shown.join(" · ") }
}

/// A text in lines of at most [`WIDTH`] characters, which begin with two spaces, and after the first with four.
fn wrapped(text: &str) -> String {
    hanging(text, WIDTH, "  ", "    ")
}

/// A text of at most so many characters.
fn cut(text: &str, width: usize) -> String {
    let text = escaped(text);
    if text.chars().count() <= width {
        return text.into_owned();
    }
    text.chars().take(width - 1).chain(['…']).collect()
}
