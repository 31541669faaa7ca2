//! `hoptrail report`: a page of what the written tables say.

mod rows;

use std::path::Path;

use anyhow::Context;
use bedrock::Knowledge;
use bedrock::cost::{OtherRate, Rates};
use bedrock::price::Routing;
use jiff::Timestamp;
use jiff::civil::Date;
use pipeline::{Answered, Basis};
use tables::query::{Answer, AtRate, OUTSIDE, Question, Subject};
use tables::view::ApprovedRegions;

use self::rows::Rows;
use crate::args::ReportArgs;
use crate::command::show::other_rate;
use crate::command::{basis, block_on, print};
use crate::config::Config;
use crate::escape::escaped;
use crate::exit::{Exit, Failure};
use crate::messages::Messages;
use crate::number::{bytes, counted};
use crate::{approved, knowledge, location};

/// What is asked of the tables: subjects, and what their rows are told apart by.
const QUESTIONS: [(&str, &[&str]); 10] = [
    ("routing", &["event_hour", "source_region", "profile_scope", "inference_region"]),
    (
        "routing",
        &[
            "source_region",
            "profile_scope",
            "inference_region",
            "inference_region_basis",
            "residency",
            "is_declared",
            "model_name",
        ],
    ),
    ("cost", &["dt", "model_name"]),
    ("cost", &["account_id", "account_name"]),
    ("cost", &["principal_name"]),
    ("cost", &["profile_name"]),
    ("cost", &["model_name", "cost_gap"]),
    ("denials", &["blocked_region", "policy_type", "policy_arn", "leg", "profile_scope"]),
    ("unresolved", &["model_ref", "reason"]),
    ("ingest", &["dt"]),
];

/// Writes the page.
///
/// # Errors
/// If an option is invalid, the destination cannot be read or has none of the days, or the page cannot be
/// written.
pub(crate) fn run(mut args: ReportArgs, messages: &Messages) -> Result<Exit, Failure> {
    let config = Config::read(&args.config)?;
    config.complete_location(&mut args.dest);
    config.complete_aws(&mut args.aws);
    config.complete_rates(&mut args.rates);
    let range = basis::days(&args.days)?;
    let dest = location::required("--dest", args.dest.as_deref())?;
    location::check_region(&args.aws, [&dest])?;
    let options = location::dest_options(&args.aws)?;
    let shown_dest = dest.to_string();
    let accounts = args.accounts.as_deref().map(knowledge::accounts).transpose()?;
    let known = other_rate::load(args.rates)?;
    let approved = args.approved_regions;
    let regions = approved.as_deref();
    let regions = regions.map(|text| approved::regions(text, messages)).transpose()?;
    let (rated, mut questions) = (question("cost", &["dt"])?, questions()?);
    questions.push(rated.for_rates());
    if let Some(outside) = regions {
        questions.push(outside_question(outside)?);
    }
    let answered = block_on(async |signals| {
        let answering = async {
            let requests = pipeline::Settings::new(range).requests_in_flight;
            let what = "the destination";
            let dest = location::open_source(what, &dest, &options, requests, messages).await?;
            let dest = dest.as_ref();
            let answering = pipeline::answers_with_accounts(dest, range, questions, accounts);
            Ok::<_, Failure>(answering.await?)
        };
        signals.or(answering).await?
    })?;
    let (mut answers, found) = together(answered);
    let of_list = approved.and_then(|option| Some((option, answers.pop()?)));
    let of_rates = answers.pop().context("each question has an answer")?;
    let at_global = at_global(&rated, &of_rates, &known, messages)?;
    basis::warn_of_gaps(&found, messages);
    if found.days == 0 {
        return Err(basis::nothing_published(found.range, &shown_dest));
    }
    let stamp = args.stamp.then(|| Timestamp::now().strftime("%F %T UTC").to_string());
    let mut content = content(&shown_dest, stamp, &answers, &found)?;
    content.at_global = at_global;
    content.approved = of_list.map(|(option, answer)| ::report::Approved {
        option: escaped(&quoted(&option)).into_owned(),
        outside: Rows::of(&answer).outside(),
    });
    let page = ::report::html(&content)?;
    write(&args.output, &page)?;
    let n_days = counted(content.days.len() as u64, "day");
    let size = bytes(page.len() as u64);
    let output = args.output.display();
    if args.output != Path::new("-") {
        messages.note(&format!("wrote {output} ({size}): {} of {n_days} built", found.days));
    }
    Ok(if found.unreadable.is_empty() { Exit::Done } else { Exit::Partial })
}

fn questions() -> Result<Vec<Question>, Failure> {
    let questions = QUESTIONS.into_iter().map(|(subject, keys)| question(subject, keys));
    Ok(questions.collect::<Result<Vec<_>, _>>()?)
}

fn question(subject: &str, keys: &[&str]) -> anyhow::Result<Question> {
    let subject = Subject::named(subject).context("a subject of the list")?;
    let keys = keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    Ok(subject.question(&keys, Vec::new(), None, None)?)
}

fn outside_question(approved: ApprovedRegions) -> anyhow::Result<Question> {
    let keys = ["account_id", "is_direct", "profile_id", "source_region", "inference_region"];
    let question = OUTSIDE.question(&keys.map(str::to_owned), Vec::new(), None, None)?;
    Ok(Question { outside: Some(approved), ..question })
}

/// What the costs would be at global routing; `None` if no call can be compared.
fn at_global(
    question: &Question,
    answer: &Answer,
    knowledge: &Knowledge,
    messages: &Messages,
) -> Result<Option<::report::OtherRate>, Failure> {
    let mut rates = Rates::new(knowledge, OtherRate::Routing(Routing::Global));
    let at = AtRate::of(question, answer, &mut rates, None, None);
    let at = at.map_err(|columns| anyhow::anyhow!("no such column; there are {columns:?}"))?;
    let found = Rows::of(&at.answer).total_at_rate(&at);
    if found.is_some() && at.has_other_prices {
        messages.warn(&other_rate::other_prices(rates.version()));
    }
    Ok(found)
}

/// The answers, and what they rest on together: files of all tables may be missing.
fn together(answered: Vec<Answered>) -> (Vec<Answer>, Basis) {
    let mut basis = Basis::default();
    let mut answers = Vec::new();
    for Answered { answer, basis: of_answer } in answered {
        let mut unreadable = std::mem::take(&mut basis.unreadable);
        for file in &of_answer.unreadable {
            if !unreadable.contains(file) {
                unreadable.push(file.clone());
            }
        }
        basis = Basis { unreadable, ..of_answer };
        answers.push(answer);
    }
    (answers, basis)
}

fn write(output: &Path, page: &str) -> Result<(), Failure> {
    if output == Path::new("-") {
        return Ok(print(page)?);
    }
    let shown = output.display();
    Ok(std::fs::write(output, page).with_context(|| format!("could not write {shown}"))?)
}

/// What the page is made from.
fn content(
    dest: &str,
    stamp: Option<String>,
    answers: &[Answer],
    found: &Basis,
) -> Result<::report::Report, Failure> {
    let answers = <&[Answer; QUESTIONS.len()]>::try_from(answers);
    let answers = answers.context("each question has an answer")?;
    let [
        hours,
        paths,
        model_days,
        accounts,
        principals,
        profiles,
        gaps,
        denials,
        unresolved,
        ingest,
    ] = answers.each_ref().map(Rows::of);
    let days = days(found, &ingest);
    let ends = days.first().zip(days.last()).map(|(first, last)| (first.date, last.date));
    let ends = ends.map(|(from, to)| format!(" --from {from} --to {to}")).unwrap_or_default();
    let safe = |text: &str| escaped(text).into_owned();
    Ok(::report::Report {
        dest: safe(dest),
        show_options: safe(&format!("--dest {}{ends}", quoted(dest))),
        days,
        unreadable: found
            .unreadable
            .iter()
            .map(|(key, reason)| (safe(key), safe(reason)))
            .collect(),
        price_versions: found.price_versions.iter().map(|version| safe(version)).collect(),
        stamp,
        hours: hours.hours(),
        paths: paths.paths(),
        model_days: model_days.model_days(),
        accounts: accounts.costs_of_accounts(),
        principals: principals.costs_of("principal_name"),
        profiles: profiles.costs_of("profile_name"),
        gaps: gaps.gaps(),
        at_global: None,
        approved: None,
        denials: denials.denials(),
        unresolved: unresolved.unresolved(),
    })
}

/// Every day of the range, with what its table `ingest` counts.
fn days(found: &Basis, ingest: &Rows<'_>) -> Vec<::report::Day> {
    use ::report::DayState::{Built, Interrupted, Missing, Partial};
    let has = |days: &[Date], day: Date| days.binary_search(&day).is_ok();
    let range = found.range.map(|range| (range.from(), range.to()));
    let dates = range.into_iter().flat_map(|(from, to)| {
        from.series(jiff::ToSpan::day(1)).take_while(move |date| *date <= to)
    });
    let day = |date: Date| {
        let state = match () {
            () if has(&found.interrupted, date) => Interrupted,
            () if has(&found.missing, date) => Missing,
            () if has(&found.partial, date) => Partial,
            () => Built,
        };
        ingest.day(date, state)
    };
    dates.map(day).collect()
}

/// A word of a shell's command line.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/:._-+=@%,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_with_other_characters_is_quoted() {
        assert_eq!(quoted("s3://bucket/pre-fix"), "s3://bucket/pre-fix");
        assert_eq!(quoted("it's $(here)"), "'it'\\''s $(here)'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn every_question_can_be_asked() {
        assert!(questions().is_ok());
    }
}
