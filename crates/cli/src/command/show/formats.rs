//! The formats of an answer.

use serde_json::{Map, Value, json};
use tables::query::{Answer, Cell, Row, sql};

use super::Shown;
use crate::answer::other_rate::sentences;
use crate::answer::{cells, table};
use crate::args::AnswerFormat;
use crate::escape::escaped;
use crate::exit::Failure;

/// The answer in a format, with a line end.
///
/// # Errors
/// If it cannot be encoded, which it can.
pub(super) fn text(shown: &Shown<'_>, format: AnswerFormat) -> Result<String, Failure> {
    let answer = &shown.found.answer;
    match format {
        AnswerFormat::Table => Ok(format!(
            "{}\n\n{}{}",
            escaped(&shown.header()),
            table::of_width(answer, table::width()),
            at_rate(shown),
        )),
        AnswerFormat::Markdown => Ok(markdown(shown)),
        AnswerFormat::Csv => csv(answer),
        AnswerFormat::Json => json_text(shown),
        AnswerFormat::Jsonl => {
            let lines =
                with_others(answer).map(|row| format!("{}\n", Value::Object(object(answer, &row))));
            Ok(lines.collect())
        }
    }
}

/// What the difference to the other rate comes to, in a line of its own.
fn at_rate(shown: &Shown<'_>) -> String {
    let line = shown.at_rate.map(|found| sentences(&found.at, found.rate));
    line.map(|line| format!("\n{line}\n")).unwrap_or_default()
}

/// The rows, and the row of all others as SQL has it.
fn with_others(answer: &Answer) -> impl Iterator<Item = Row> {
    let others = answer.others.as_ref().map(|(_, others)| {
        let mut others = others.clone();
        if let Some(first) = others.first_mut().filter(|_| answer.n_keys > 0) {
            *first = Cell::Text(sql::OTHERS.into());
        }
        others
    });
    answer.rows.iter().cloned().chain(others)
}

fn csv(answer: &Answer) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&answer.columns)?;
    for row in with_others(answer) {
        writer.write_record(row.iter().map(cells::exact))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// Amounts are texts, because numbers of JSON are often read as floats.
fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Flag(flag) => json!(flag),
        Cell::Count(count) => json!(count),
        Cell::Text(_) | Cell::Money(_) | Cell::Time(_) | Cell::Percent(_) => {
            json!(cells::exact(cell))
        }
    }
}

fn object(answer: &Answer, row: &[Cell]) -> Map<String, Value> {
    answer.columns.iter().cloned().zip(row.iter().map(value)).collect()
}

fn json_text(shown: &Shown<'_>) -> Result<String, Failure> {
    let (found, answer) = (&shown.found.basis, &shown.found.answer);
    let dates =
        |days: &[jiff::civil::Date]| days.iter().map(ToString::to_string).collect::<Vec<_>>();
    let names = answer.columns.iter().cloned().zip(answer.total.iter().map(value));
    let total = names.skip(answer.n_keys).collect::<Map<_, _>>();
    let unreadable =
        found.unreadable.iter().map(|(key, reason)| json!({ "key": key, "reason": reason }));
    let document = json!({
        "compared_with": shown.before.map(|before| json!({
            "from": before.basis.range.map(|range| range.from().to_string()),
            "to": before.basis.range.map(|range| range.to().to_string()),
            "days_built": before.basis.days,
            "missing": dates(&before.basis.missing),
        })),
        "subject": shown.subject,
        "table": shown.table,
        "dest": shown.dest,
        "from": found.range.map(|range| range.from().to_string()),
        "to": found.range.map(|range| range.to().to_string()),
        "days_built": found.days,
        "missing": dates(&found.missing),
        "interrupted": dates(&found.interrupted),
        "partial": dates(&found.partial),
        "unreadable": unreadable.collect::<Vec<_>>(),
        "price_versions": found.price_versions,
        "other_rate": shown.at_rate.map(|found| json!({
            "rate": found.rate.name(),
            "price_version": found.version,
            "calls_without_rate": found.at.without_rate.iter()
                .map(|(reason, calls)| (reason.as_str().to_owned(), json!(calls)))
                .collect::<Map<_, _>>(),
        })),
        "columns": answer.columns,
        "rows": with_others(answer).map(|row| object(answer, &row)).collect::<Vec<_>>(),
        "others": answer.others.as_ref().map_or(0, |(n, _)| *n),
        "total": total,
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&document)?))
}

fn markdown(shown: &Shown<'_>) -> String {
    let answer = &shown.found.answer;
    let cell = |text: String| {
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            if matches!(c, '\\' | '|' | '<' | '>' | '[' | ']' | '*' | '`') {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        escaped
    };
    let is_shown = |place: &usize| !table::is_of_names_alone(answer, *place);
    let places = (0..answer.columns.len()).filter(is_shown).collect::<Vec<_>>();
    let line = |cells: &[String]| {
        let cells = places.iter().map(|place| cells[*place].as_str()).collect::<Vec<_>>();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = (0..answer.columns.len())
        .map(|place| if place < answer.n_keys { "---" } else { "---:" }.to_owned());
    let cells = |texts: Vec<String>| texts.into_iter().map(cell).collect::<Vec<_>>();
    let mut text = format!("{}\n\n", cell(escaped(&shown.header()).into_owned()));
    text.push_str(&line(&answer.columns));
    text.push_str(&line(&rule.collect::<Vec<_>>()));
    for row in answer.rows.iter().map(|row| table::texts(row, answer, None)) {
        text.push_str(&line(&cells(row)));
    }
    for (name, row) in table::sums(answer) {
        text.push_str(&line(&cells(table::texts(row, answer, Some(&name)))));
    }
    text.push_str(&at_rate(shown));
    text
}
