//! `hoptrail show`: answers questions from the written tables.

mod formats;
pub(crate) mod other_rate;
mod unmatched;

use std::io::IsTerminal;

use bedrock::Accounts;
use bedrock::money::Usd;
use pipeline::{Answered, Basis, DayRange};
use report::number::exact_dollars;
use store::Store;
use tables::layout::file_key;
use tables::query::sql::Engine;
use tables::query::{
    ACCOUNT_ID, AccountColumn, Cell, Filter, OUTSIDE, Question, QuestionError, Subject, sql,
};
use tables::view::ApprovedRegions;

use self::unmatched::Unmatched;
use crate::answer::other_rate::sentences;
use crate::answer::table;
use crate::args::{AnswerFormat, Compare, FilterArgs, ShowArgs, SqlEngine};
use crate::command::{basis, block_on, print};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::messages::Messages;
use crate::number::counted;
use crate::{approved, knowledge, location, settings};

/// Rows of a table on a terminal.
const TOP_OF_TABLE: usize = 20;

/// Shows.
///
/// # Errors
/// If an option is invalid, or the destination cannot be read.
pub(crate) fn run(mut args: ShowArgs, messages: &Messages) -> Result<Exit, Failure> {
    let config = Config::read(&args.config)?;
    config.complete_location(&mut args.dest);
    config.complete_aws(&mut args.aws);
    config.complete_rates(&mut args.rates);
    let range = basis::days(&args.days)?;
    let (subject, outside) = subject(&args, messages)?;
    let question = Question { outside, ..question(&args, subject)? };
    let accounts = args.accounts.as_deref().map(knowledge::accounts).transpose()?;
    if accounts.is_some() && !question.names_accounts() {
        return Err(Failure::usage(
            "--accounts has no effect without account_id, account_name, or ou in --by",
        ));
    }
    let budget = args.budget.as_deref().map(|text| budget(&args.subject, text)).transpose()?;
    let other_rate = other_rate::Asked::of(&args, subject, &question)?;
    if let Some(engine) = args.sql {
        return print_sql(&question, range, engine);
    }
    let dest = location::required("--dest", args.dest.as_deref())?;
    location::check_region(&args.aws, [&dest])?;
    let options = location::dest_options(&args.aws)?;
    let (table, is_outside) = (question.table, question.outside.is_some());
    let top = question.top;
    // Those of the question have the columns of its table alone.
    let given = filters(&args.filters).into_iter().zip(&question.filters);
    let given = given.map(|((option, _), filter)| (option, filter.clone())).collect::<Vec<_>>();
    let asked = asked(&args, range, question)?;
    let mut unmatched = Unmatched::new(table, &given);
    let (mut answers, unmatched) = block_on(async |signals| {
        let answering = async {
            let requests = pipeline::Settings::new(range).requests_in_flight;
            let what = "the destination";
            let dest = location::open_source(what, &dest, &options, requests, messages).await?;
            let found = answers(dest.as_ref(), asked, accounts, &mut unmatched).await?;
            let there = pipeline::answers(dest.as_ref(), range, unmatched.questions_left()).await?;
            let there = there.into_iter().map(|answered| answered.answer);
            Ok::<_, Failure>((found, unmatched.sentences(there)))
        };
        signals.or(answering).await?
    })?;
    let Some(mut found) = answers.pop() else { return Ok(Exit::Done) };
    let before = answers.pop();
    if let Some(before) = &before {
        compare(&mut found, before, subject, &args, top)?;
    }
    let at_rate = other_rate.map(|asked| asked.answer(&mut found)).transpose()?;
    let shown = Shown {
        subject: subject.name,
        is_outside,
        is_filtered: !given.is_empty(),
        at_rate: at_rate.as_ref(),
        table,
        dest: dest.to_string(),
        found: &found,
        before: before.as_ref(),
        unmatched,
    };
    let is_for_people = matches!(args.format, AnswerFormat::Table | AnswerFormat::Markdown);
    let nothing = nothing(&shown);
    if nothing.is_none() {
        check_accounts(&args.by, &found.basis)?;
    }
    if nothing.is_none() || !is_for_people {
        print(&formats::text(&shown, args.format)?)?;
    }
    if let Some(nothing) = nothing {
        return Err(nothing);
    }
    tell(&shown, is_for_people, messages);
    Ok(exit(&shown, budget, messages))
}

/// The answers, and which values of filters they match.
async fn answers(
    dest: &dyn Store,
    asked: Vec<(Option<DayRange>, Question)>,
    accounts: Option<Accounts>,
    unmatched: &mut Unmatched<'_>,
) -> Result<Vec<Answered>, Failure> {
    let mut found = Vec::new();
    for (range, question) in asked {
        let questions = std::iter::once(question).chain(unmatched.questions()).collect();
        let answered =
            pipeline::answers_with_accounts(dest, range, questions, accounts.clone()).await?;
        let mut answered = answered.into_iter();
        found.extend(answered.next());
        unmatched.take(answered.map(|answered| answered.answer));
    }
    Ok(found)
}

/// The questions with their days: those that are compared with come first.
///
/// # Errors
/// If there are no days to compare with.
fn asked(
    args: &ShowArgs,
    range: Option<DayRange>,
    question: Question,
) -> Result<Vec<(Option<DayRange>, Question)>, Failure> {
    match args.compare {
        None if args.other_rate.is_some() => Ok(vec![(range, question.for_rates())]),
        None => Ok(vec![(range, question)]),
        Some(Compare::Previous) => {
            let previous = range.and_then(|range| range.previous()).ok_or_else(|| {
                Failure::usage(format!("--compare needs days: {}", settings::DAYS_EXPECTED))
            })?;
            // Rows are put beside each other first, and cut then.
            let question = Question { top: None, ..question };
            Ok(vec![(Some(previous), question.clone()), (range, question)])
        }
    }
}

/// Puts the answer about the days before beside an answer.
///
/// # Errors
/// If `--sort` is no column of both.
fn compare(
    found: &mut Answered,
    before: &Answered,
    subject: &Subject,
    args: &ShowArgs,
    top: Option<usize>,
) -> Result<(), Failure> {
    let (answer, sort) = (std::mem::take(&mut found.answer), args.sort.as_deref());
    let compared = answer.compared(&before.answer, subject.compared, sort, top);
    found.answer = compared.map_err(|columns| {
        let (sort, columns) = (sort.unwrap_or_default(), columns.join(", "));
        Failure::usage(format!("--sort: a comparison has no column `{sort}`; it has {columns}"))
    })?;
    Ok(())
}

/// Says on stderr what the formats for programs have no place for.
fn tell(shown: &Shown<'_>, is_for_people: bool, messages: &Messages) {
    if !is_for_people {
        messages.note(&shown.header());
    }
    if let Some(found) = shown.at_rate {
        if !is_for_people {
            messages.note(&sentences(&found.at, found.rate));
        }
        found.warn(messages);
    }
}

/// Prints a question as SQL.
fn print_sql(
    question: &Question,
    range: Option<DayRange>,
    engine: SqlEngine,
) -> Result<Exit, Failure> {
    let engine = match engine {
        SqlEngine::Athena => Engine::Athena,
        SqlEngine::Spark => Engine::Spark,
        SqlEngine::Duckdb => Engine::DuckDb,
    };
    let range = range
        .ok_or_else(|| Failure::usage(format!("--sql needs days: {}", settings::DAYS_EXPECTED)))?;
    print(&format!("{};\n", sql::select(question, (range.from(), range.to()), engine)))?;
    Ok(Exit::Done)
}

/// An answer with what it is about.
#[derive(Debug)]
struct Shown<'a> {
    subject: &'a str,
    /// Whether it is about calls outside the approved Regions.
    is_outside: bool,
    /// Whether filters were given.
    is_filtered: bool,
    table: &'static str,
    dest: String,
    found: &'a Answered,
    /// What it was compared with.
    before: Option<&'a Answered>,
    /// The rate that it is at, and what is left as it is.
    at_rate: Option<&'a other_rate::Found>,
    /// Which values of filters nothing matches, a sentence for each filter.
    unmatched: Vec<String>,
}

impl Shown<'_> {
    /// What was asked, of which days, in one line.
    fn header(&self) -> String {
        let Basis { range, days, price_versions, .. } = &self.found.basis;
        let outside = if self.is_outside { " outside the approved Regions" } else { "" };
        let mut parts =
            vec![format!("{}{outside} in {} (table {})", self.subject, self.dest, self.table)];
        if let Some(range) = range {
            let of = basis::n_days(*range);
            parts.push(format!(
                "{}, both included, {days} of {} built",
                basis::described(Some(*range)),
                counted(of, "day")
            ));
        }
        if let Some(before) = self.before {
            parts.extend(before.basis.range.map(|range| {
                format!(
                    "compared with {}, {} of {} built",
                    basis::described(Some(range)),
                    before.basis.days,
                    counted(basis::n_days(range), "day")
                )
            }));
        }
        if self.subject == "ingest" {
            parts.push("an object that is read for two days counts on both".to_owned());
        }
        if self.subject == "cost" && !price_versions.is_empty() {
            let versions = price_versions.iter().map(String::as_str).collect::<Vec<_>>();
            parts.push(format!("price book {}", versions.join(", ")));
        }
        parts.extend(self.at_rate.map(other_rate::Found::header));
        parts.join(" · ")
    }
}

/// What is asked about, and the Regions that calls are shown to have run outside of.
fn subject(
    args: &ShowArgs,
    messages: &Messages,
) -> Result<(&'static Subject, Option<ApprovedRegions>), Failure> {
    let name = &args.subject;
    let subject = Subject::named(name)
        .ok_or_else(|| Failure::usage(format!("there is no subject `{name}`")))?;
    match args.filters.approved_regions.as_deref() {
        None => Ok((subject, None)),
        Some(text) if subject.name == OUTSIDE.name => {
            Ok((&OUTSIDE, Some(approved::regions(text, messages)?)))
        }
        Some(_) => Err(Failure::usage(
            "--approved-regions: only `show routing` says in which Regions calls ran",
        )),
    }
}

fn question(args: &ShowArgs, subject: &Subject) -> Result<Question, Failure> {
    let is_for_people = args.format == AnswerFormat::Table && std::io::stdout().is_terminal();
    let top = args.top.or(is_for_people.then_some(TOP_OF_TABLE));
    if top == Some(0) {
        return Err(Failure::usage("--top: expected 1 or more, found 0"));
    }
    // A comparison has columns of its own.
    let is_compared = args.compare.is_some() || args.other_rate.is_some();
    let sort = args.sort.as_deref().filter(|_| !is_compared);
    let by = with_account_names(&args.by);
    let question = subject.question(&by, filters(&args.filters), sort, top);
    question.map_err(|error: QuestionError| Failure::usage(error.to_string()))
}

/// The columns of `--by`, with the names of accounts behind their IDs.
fn with_account_names(by: &[String]) -> Vec<String> {
    let name = AccountColumn::Name.name();
    let mut columns = by.iter().map(|column| column.trim().to_owned()).collect::<Vec<_>>();
    if let Some(place) = columns.iter().position(|column| column == ACCOUNT_ID)
        && !columns.iter().any(|column| column == name)
    {
        columns.insert(place + 1, name.to_owned());
    }
    columns
}

/// That there are names where rows are to be told apart by them: without, all would be one row. IDs do without.
fn check_accounts(by: &[String], basis: &Basis) -> Result<(), Failure> {
    let asked = AccountColumn::ALL.map(AccountColumn::name);
    let asked = asked.into_iter().find(|name| by.iter().any(|column| column.trim() == *name));
    // A table that cannot be read is named, and makes the answer partial.
    let table = file_key(tables::ACCOUNTS.name);
    let is_unreadable = basis.unreadable.iter().any(|(key, _)| *key == table);
    let is_missing = !basis.has_accounts && !is_unreadable;
    match asked.filter(|_| is_missing) {
        None => Ok(()),
        Some(column) => Err(Failure::usage(format!(
            "--by {column}: the destination has no table accounts: `hoptrail run --accounts FILE` writes it, or \
             give the list here (--accounts FILE)"
        ))),
    }
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
        approved_regions: _,
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
fn nothing(shown: &Shown<'_>) -> Option<Failure> {
    let Answered { answer, basis: Basis { range, days, unreadable, .. } } = shown.found;
    let about = basis::described(*range);
    let (dest, subject) = (&shown.dest, shown.subject);
    if shown.before.is_some_and(|before| before.basis.days == 0) {
        return Some(Failure::Nothing(format!(
            "nothing is published to compare with ({about}) in {dest}"
        )));
    }
    if answer.rows_read > 0 || !unreadable.is_empty() {
        return None;
    }
    if *days == 0 {
        return Some(basis::nothing_published(*range, dest));
    }
    let unmatched = shown.unmatched.iter().map(|sentence| format!("; {sentence}"));
    let unmatched = unmatched.collect::<String>();
    if shown.is_outside {
        let call = if shown.is_filtered { "such call" } else { "call" };
        let of = range.map_or(0, basis::n_days);
        return Some(Failure::Nothing(format!(
            "no {call} ran outside the approved Regions on these days ({about}; {days} of {} built) in \
             {dest}{unmatched}",
            counted(of, "day"),
        )));
    }
    Some(Failure::Nothing(format!(
        "{subject}: there are no such rows on these days ({about}) in {dest}{unmatched}"
    )))
}

/// How the cost stands to a budget: over it, within it, or neither for sure.
fn compare_with_budget(shown: &Shown<'_>, budget: i128, messages: &Messages) -> Exit {
    let Answered { answer, basis } = shown.found;
    let of = |name: &str| {
        let place = answer.columns.iter().position(|column| column == name);
        place.map_or(&Cell::Null, |place| &answer.total[place])
    };
    let amounts = [of("list_cost_usd"), of("list_cost_max_usd")];
    let amounts =
        amounts.map(|cell| if let Cell::Money(units) = cell { Some(*units) } else { None });
    let [Some(least), most] = amounts else {
        messages.warn("whether the list cost is within the budget cannot be told: it is not known");
        return Exit::Partial;
    };
    let most = most.unwrap_or(least);
    let [least_text, most_text, budget_text] = [least, most, budget].map(exact_dollars);
    if least > budget {
        messages.warn(&format!("the list cost is over the budget: {least_text} of {budget_text}"));
        return Exit::Gate;
    }
    if most > budget {
        messages.warn(&format!(
            "the list cost may be over the budget: {least_text} to {most_text} of {budget_text}"
        ));
        return Exit::Gate;
    }
    if !basis.missing.is_empty() || !basis.unreadable.is_empty() {
        messages.warn(&format!(
            "whether the list cost is within the budget cannot be told, because days are missing: at least \
             {least_text} of {budget_text}"
        ));
        return Exit::Partial;
    }
    let known = if table::is_lower_bound(&answer.total, answer, "") {
        ", as far as it is known: at least"
    } else {
        ":"
    };
    messages
        .note(&format!("the list cost is within the budget{known} {least_text} of {budget_text}"));
    Exit::Done
}

/// Says what the answer lacks, and how the command ends.
fn exit(shown: &Shown<'_>, budget: Option<i128>, messages: &Messages) -> Exit {
    basis::warn_of_gaps(&shown.found.basis, messages);
    let before = shown.before.map(|before| &before.basis);
    if let Some(before) = before {
        basis::warn_of_gaps_before(before, messages);
    }
    for sentence in &shown.unmatched {
        messages.warn(sentence);
    }
    let of_budget =
        budget.map_or(Exit::Done, |budget| compare_with_budget(shown, budget, messages));
    if of_budget != Exit::Done {
        return of_budget;
    }
    let of_files = std::iter::once(&shown.found.basis).chain(before);
    let is_partial = { of_files }.any(|basis| !basis.unreadable.is_empty());
    if is_partial || !shown.unmatched.is_empty() {
        return Exit::Partial;
    }
    Exit::Done
}
