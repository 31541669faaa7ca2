//! `hoptrail show`: answers questions from the written tables.

mod formats;

use std::io::IsTerminal;

use bedrock::money::Usd;
use jiff::Timestamp;
use pipeline::{Answered, Basis, DayRange};
use tables::query::{Cell, Filter, Question, QuestionError, Subject, sql};

use crate::answer::cells;
use crate::args::{AnswerFormat, Compare, DayArgs, FilterArgs, ShowArgs};
use crate::command::{block_on, print};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::number::counted;
use crate::report::Report;
use crate::{location, range, settings};

/// Rows of a table on a terminal.
const TOP_OF_TABLE: usize = 20;

/// How many days a message names.
const NAMED_DAYS: usize = 10;

/// Shows.
///
/// # Errors
/// If an option is invalid, or the destination cannot be read.
pub(crate) fn run(mut args: ShowArgs, report: &Report) -> Result<Exit, Failure> {
    let mut days = DayArgs {
        last: args.days.last,
        day: args.days.day.clone(),
        from: args.days.from.clone(),
        to: args.days.to.clone(),
        ..DayArgs::default()
    };
    range::complete_from_environment(&mut days)?;
    let config = Config::read(&args.config)?;
    config.complete_location(&mut args.dest);
    config.complete_aws(&mut args.aws);
    let range = range::days(&days, Timestamp::now())?;
    let subject = subject(&args.subject)?;
    let question = question(&args, subject)?;
    let budget = args.budget.as_deref().map(|text| budget(&args.subject, text)).transpose()?;
    if args.sql {
        let range = range.ok_or_else(|| {
            Failure::usage(format!("--sql needs days: {}", settings::DAYS_EXPECTED))
        })?;
        print(&format!("{};\n", sql::select(&question, (range.from(), range.to()))))?;
        return Ok(Exit::Done);
    }
    let dest = location::required("--dest", args.dest.as_deref())?;
    location::check_region(&args.aws, [&dest])?;
    let options = location::dest_options(&args.aws)?;
    let table = question.table;
    let top = question.top;
    let asked = match args.compare {
        None => vec![(range, question)],
        Some(Compare::Previous) => {
            let previous = range.and_then(|range| range.previous()).ok_or_else(|| {
                Failure::usage(format!("--compare needs days: {}", settings::DAYS_EXPECTED))
            })?;
            // Rows are put beside each other first, and cut then.
            let question = Question { top: None, ..question };
            vec![(Some(previous), question.clone()), (range, question)]
        }
    };
    let mut answers = block_on(async |signals| {
        let answering = async {
            let mut found = Vec::new();
            let requests = pipeline::Settings::new(range).requests_in_flight;
            let what = "the destination";
            let dest = location::open_source(what, &dest, &options, requests, report).await?;
            for (range, question) in asked {
                found.push(pipeline::answer(dest.as_ref(), range, question).await?);
            }
            Ok::<_, Failure>(found)
        };
        signals.or(answering).await?
    })?;
    let Some(mut found) = answers.pop() else { return Ok(Exit::Done) };
    let before = answers.pop();
    if let Some(before) = &before {
        let answer = std::mem::take(&mut found.answer);
        found.answer = answer.compared(&before.answer, subject.compared, top);
    }
    let shown = Shown {
        subject: subject.name,
        table,
        dest: dest.to_string(),
        found: &found,
        before: before.as_ref(),
    };
    check_any(&shown)?;
    print(&formats::text(&shown, args.format)?)?;
    if args.format != AnswerFormat::Table && args.format != AnswerFormat::Markdown {
        report.note(&shown.header());
    }
    exit(&shown, budget, report)
}

/// An answer with what it is about.
#[derive(Debug)]
struct Shown<'a> {
    subject: &'a str,
    table: &'static str,
    dest: String,
    found: &'a Answered,
    /// What it was compared with.
    before: Option<&'a Answered>,
}

impl Shown<'_> {
    /// What was asked, of which days, in one line.
    fn header(&self) -> String {
        let Basis { range, days, price_versions, .. } = &self.found.basis;
        let mut parts = vec![format!("{} ({}) in {}", self.subject, self.table, self.dest)];
        if let Some(range) = range {
            let of = n_days(*range);
            parts.push(format!(
                "{}, both included, {days} of {} built",
                described(*range),
                counted(of, "day")
            ));
        }
        if let Some(before) = self.before {
            parts.extend(before.basis.range.map(|range| {
                format!(
                    "compared with {}, {} of {} built",
                    described(range),
                    before.basis.days,
                    counted(n_days(range), "day")
                )
            }));
        }
        if self.subject == "cost" && !price_versions.is_empty() {
            let versions = price_versions.iter().map(String::as_str).collect::<Vec<_>>();
            parts.push(format!("price book {}", versions.join(", ")));
        }
        parts.join(" · ")
    }
}

fn described(range: DayRange) -> String {
    if range.from() == range.to() {
        range.from().to_string()
    } else {
        format!("{} to {}", range.from(), range.to())
    }
}

fn n_days(range: DayRange) -> u64 {
    let span = range.to().since(range.from()).map_or(0, |span| span.get_days());
    u64::try_from(span).unwrap_or_default() + 1
}

fn subject(name: &str) -> Result<&'static Subject, Failure> {
    Subject::named(name).ok_or_else(|| Failure::usage(format!("there is no subject `{name}`")))
}

fn question(args: &ShowArgs, subject: &Subject) -> Result<Question, Failure> {
    let is_for_people = args.format == AnswerFormat::Table && std::io::stdout().is_terminal();
    let top = args.top.or(is_for_people.then_some(TOP_OF_TABLE));
    if top == Some(0) {
        return Err(Failure::usage("--top: expected 1 or more, found 0"));
    }
    let question = subject.question(&args.by, filters(&args.filters), args.sort.as_deref(), top);
    question.map_err(|error: QuestionError| Failure::usage(error.to_string()))
}

fn filters(args: &FilterArgs) -> Vec<(&'static str, Filter)> {
    let FilterArgs {
        account,
        model,
        source_region,
        inference_region,
        profile_scope,
        principal,
        session,
    } = args;
    let all: [(&'static str, &[&'static str], &Vec<String>); 7] = [
        ("--account", &["account_id"], account),
        ("--model", &["model_id", "model_name"], model),
        ("--source-region", &["source_region"], source_region),
        ("--inference-region", &["inference_region"], inference_region),
        ("--profile-scope", &["profile_scope"], profile_scope),
        ("--principal", &["principal_name"], principal),
        ("--session", &["session_name"], session),
    ];
    let given = all.into_iter().filter(|(_, _, values)| !values.is_empty());
    given
        .map(|(option, columns, values)| {
            (option, Filter { columns: columns.to_vec(), values: values.clone() })
        })
        .collect()
}

fn budget(subject: &str, text: &str) -> Result<i128, Failure> {
    if subject != "cost" {
        return Err(Failure::usage("--budget: only `show cost` has a cost to compare"));
    }
    let parsed = text.trim_start_matches('$').parse::<Usd>();
    parsed.map(Usd::units).map_err(|error| Failure::usage(format!("--budget: {error}")))
}

/// An answer without a row, of files that could all be read, is none.
fn check_any(shown: &Shown<'_>) -> Result<(), Failure> {
    let Answered { answer, basis: Basis { range, days, unreadable, .. } } = shown.found;
    if answer.rows_read > 0 || !unreadable.is_empty() {
        return Ok(());
    }
    let about = range.map_or("no day".to_owned(), described);
    let dest = &shown.dest;
    Err(Failure::Nothing(match days {
        0 => format!(
            "nothing is published for these days ({about}) in {dest}: `hoptrail run` builds days"
        ),
        _ => format!("no row of these days ({about}) matches in {dest}"),
    }))
}

/// Says what the answer lacks, and how the command ends.
fn exit(shown: &Shown<'_>, budget: Option<i128>, report: &Report) -> Result<Exit, Failure> {
    let Answered { answer, basis } = shown.found;
    let Basis { missing, interrupted, partial, unreadable, .. } = basis;
    let listed = |days: &[jiff::civil::Date]| {
        let named = days.iter().take(NAMED_DAYS).map(ToString::to_string).collect::<Vec<_>>();
        let more = days.len().saturating_sub(NAMED_DAYS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", named.join(", "))
    };
    if !missing.is_empty() {
        report.warn(&format!("days that are not built: {}", listed(missing)));
    }
    if let Some(before) = shown.before.filter(|before| !before.basis.missing.is_empty()) {
        let missing = listed(&before.basis.missing);
        report.warn(&format!("days that are not built, of those compared with: {missing}"));
    }
    if !interrupted.is_empty() {
        report.warn(&format!(
            "days of them that a run is replacing, or was: {}",
            listed(interrupted)
        ));
    }
    if !partial.is_empty() {
        let what = "days built without objects or records that cannot be read (see show ingest)";
        report.warn(&format!("{what}: {}", listed(partial)));
    }
    let unreadable_before =
        shown.before.map(|before| &before.basis.unreadable).into_iter().flatten();
    let unreadable = unreadable.iter().chain(unreadable_before).collect::<Vec<_>>();
    for (key, reason) in &unreadable {
        report.warn(&format!("{key}: {reason}; its rows are missing: see `hoptrail verify`"));
    }
    let cost = answer.columns.iter().position(|column| column == "list_cost_usd");
    if let Some((budget, cost)) = budget.zip(cost) {
        let spent = match answer.total[cost] {
            Cell::Money(spent) => spent,
            _ => 0,
        };
        let amounts = [spent, budget].map(cells::exact_dollars);
        let [spent_text, budget_text] = amounts;
        if spent > budget {
            report
                .warn(&format!("the list cost is over the budget: {spent_text} of {budget_text}"));
            return Ok(Exit::Gate);
        }
        report.note(&format!("the list cost is within the budget: {spent_text} of {budget_text}"));
    }
    if !unreadable.is_empty() {
        return Ok(Exit::Partial);
    }
    Ok(Exit::Done)
}
