//! `hoptrail report`: a page of what the written tables say.

mod rows;

use std::path::Path;

use anyhow::Context;
use jiff::Timestamp;
use jiff::civil::Date;
use pipeline::{Answered, Basis};
use tables::query::{Answer, Question, Subject};

use self::rows::Rows;
use crate::args::ReportArgs;
use crate::command::{basis, block_on, print};
use crate::config::Config;
use crate::escape::escaped;
use crate::exit::{Exit, Failure};
use crate::number::{bytes, counted};
use crate::report::Report;
use crate::{knowledge, location};

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
pub(crate) fn run(mut args: ReportArgs, report: &Report) -> Result<Exit, Failure> {
    let config = Config::read(&args.config)?;
    config.complete_location(&mut args.dest);
    config.complete_aws(&mut args.aws);
    let range = basis::days(&args.days)?;
    let dest = location::required("--dest", args.dest.as_deref())?;
    location::check_region(&args.aws, [&dest])?;
    let options = location::dest_options(&args.aws)?;
    let shown_dest = dest.to_string();
    let accounts = args.accounts.as_deref().map(knowledge::accounts).transpose()?;
    let questions = questions()?;
    let answered = block_on(async |signals| {
        let answering = async {
            let requests = pipeline::Settings::new(range).requests_in_flight;
            let what = "the destination";
            let dest = location::open_source(what, &dest, &options, requests, report).await?;
            let dest = dest.as_ref();
            let answering = pipeline::answers_with_accounts(dest, range, questions, accounts);
            Ok::<_, Failure>(answering.await?)
        };
        signals.or(answering).await?
    })?;
    let (answers, found) = together(answered);
    basis::warn_of_gaps(&found, report);
    if found.days == 0 {
        return Err(basis::nothing_published(found.range, &shown_dest));
    }
    let stamp = args.stamp.then(|| Timestamp::now().strftime("%F %T UTC").to_string());
    let content = content(&shown_dest, stamp, &answers, &found)?;
    let page = ::report::html(&content)?;
    write(&args.output, &page)?;
    let n_days = counted(content.days.len() as u64, "day");
    let size = bytes(page.len() as u64);
    let output = args.output.display();
    if args.output != Path::new("-") {
        report.note(&format!("wrote {output} ({size}): {} of {n_days} built", found.days));
    }
    Ok(if found.unreadable.is_empty() { Exit::Done } else { Exit::Partial })
}

fn questions() -> Result<Vec<Question>, Failure> {
    let question = |(subject, keys): (&str, &[&str])| {
        let subject = Subject::named(subject)
            .ok_or_else(|| anyhow::anyhow!("there is no subject `{subject}`"))?;
        let keys = keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        Ok::<_, anyhow::Error>(subject.question(&keys, Vec::new(), None, None)?)
    };
    Ok(QUESTIONS.into_iter().map(question).collect::<Result<Vec<_>, _>>()?)
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
