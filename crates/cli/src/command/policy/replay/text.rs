//! A replay as people read it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use policy::replay::{Class, ClassTotal};

use super::table::{deciders, most_first, name};
use super::{Found, notes};
use crate::answer::table::width;
use crate::command::basis;
use crate::command::explain::wrapped;
use crate::command::policy::text::table_with;
use crate::escape::escaped;
use crate::number::{counted, grouped};

/// The widest column that is not broken into lines: that of account IDs, classes, and numbers.
const MAX_WHOLE: usize = 13;

/// Before what is said of a class.
const INDENT: &str = "  ";

/// How many statements, keys, and reasons are named.
const MAX_NAMED: usize = 5;

/// The totals, what decides in each class, and the audit.
pub(super) fn of(found: &Found<'_>) -> String {
    let what = if found.has_changes { "Replay" } else { "Audit" };
    let days = found.basis.range.map(|range| {
        let n_days = counted(basis::n_days(range), "day");
        format!(", {}, {} of {n_days} built", basis::described(Some(range)), found.basis.days)
    });
    let head = format!("{what} of {}{}", counted(found.calls, "call"), days.unwrap_or_default());
    let mut text = format!("{}\n", paragraph(&head));
    text += &if found.by.is_empty() { of_classes(found) } else { by_labels(found) };
    for class in Class::ALL.into_iter().filter(|class| *class != Class::StillAllowed) {
        text += &details(found, class);
    }
    for note in notes::of(found).into_iter().chain([notes::audit(found)]) {
        text += &format!("\n{}", paragraph(&note));
    }
    text
}

/// A row for each class.
fn of_classes(found: &Found<'_>) -> String {
    let header = ["class", "calls", "callers", "accounts", "models", "first", "last"];
    let rows = found.totals.rows().map(|(_, class, total)| cells(class, total).to_vec());
    table_with(&header, &rows.collect::<Vec<_>>(), MAX_WHOLE)
}

/// A row for each of what rows are told apart by, with the calls of each class.
fn by_labels(found: &Found<'_>) -> String {
    let classes = Class::ALL.into_iter().filter(|class| found.totals.calls(*class) > 0);
    let classes = classes.collect::<Vec<_>>();
    let mut header = found.by.iter().map(|by| by.column().to_owned()).collect::<Vec<_>>();
    header.extend(classes.iter().map(|class| head(*class)));
    let mut calls = BTreeMap::<&[Option<&str>], BTreeMap<Class, u64>>::new();
    for (labels, class, total) in found.totals.rows() {
        *calls.entry(labels).or_default().entry(class).or_default() += total.calls;
    }
    let rows = calls.iter().map(|(labels, of_classes)| {
        let labels = labels.iter().map(|label| shown_label(*label));
        let of_class = |class| of_classes.get(class).map_or_else(String::new, |it| grouped(*it));
        labels.chain(classes.iter().map(of_class)).collect()
    });
    let header = header.iter().map(String::as_str).collect::<Vec<_>>();
    table_with(&header, &rows.collect::<Vec<_>>(), MAX_WHOLE)
}

/// The name of a class in lines.
fn head(class: Class) -> String {
    match class {
        Class::Contradiction => "contra-\ndiction".to_owned(),
        Class::Undecided => "un-\ndecided".to_owned(),
        class => class.as_str().replace('_', "\n"),
    }
}

fn cells(class: Class, total: &ClassTotal<'_>) -> [String; 7] {
    let number = |number: usize| grouped(number as u64);
    [
        class.as_str().to_owned(),
        grouped(total.calls),
        number(total.callers.len()),
        number(total.accounts.len()),
        number(total.models.len()),
        total.first_ms.map(day).unwrap_or_default(),
        total.last_ms.map(day).unwrap_or_default(),
    ]
}

fn day(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map_or_else(|_| String::new(), |it| it.strftime("%F").to_string())
}

/// The last part of an ARN says enough.
fn shown_label(label: Option<&str>) -> String {
    let Some(label) = label else { return "–".to_owned() };
    let short = match label.rsplit_once(':') {
        Some((_, resource)) if label.starts_with("arn:") && resource.contains('/') => resource,
        _ => label,
    };
    escaped(short).into_owned()
}

/// What decides in a class, over all rows, and some of its calls.
fn details(found: &Found<'_>, class: Class) -> String {
    let totals = found.totals.rows().filter(|(_, of_row, _)| *of_row == class);
    let mut all = ClassTotal::default();
    for (_, _, total) in totals {
        all.absorb(total);
    }
    if all.calls == 0 {
        return String::new();
    }
    let mut text = format!("\n{}: {}\n", class.as_str(), counted(all.calls, "call"));
    let mut lines = named(deciders(&all).map(|(decider, calls)| (name(decider), calls)));
    let keys = most_first(&all.unknown).map(|(key, calls)| (format!("hangs on {key}"), calls));
    lines.extend(named(keys));
    lines.extend(named(most_first(&all.missing).map(|(reason, calls)| (reason.clone(), calls))));
    for line in lines {
        let line = wrapped(&escaped(&line), width().map(|width| width - INDENT.len() * 2));
        text +=
            &format!("{INDENT}{}\n", line.trim_end().replace('\n', &format!("\n{INDENT}{INDENT}")));
    }
    if !all.examples.is_empty() {
        let ids = all.examples.iter().map(|it| escaped(it.event_id).into_owned());
        text += &format!("{INDENT}such as {}\n", ids.collect::<Vec<_>>().join("\n          "));
    }
    text
}

/// The first of them with their calls, and how many others there are.
fn named(all: impl Iterator<Item = (String, u64)>) -> Vec<String> {
    let all = all.collect::<Vec<_>>();
    let mut lines = all
        .iter()
        .take(MAX_NAMED)
        .map(|(name, calls)| format!("{name}: {}", grouped(*calls)))
        .collect::<Vec<_>>();
    if let Some(others) = all.len().checked_sub(MAX_NAMED).filter(|others| *others > 0) {
        lines.push(format!("and {others} more (--output json has all)"));
    }
    lines
}

/// A sentence in lines, with a line end.
fn paragraph(text: &str) -> String {
    let mut text = wrapped(&escaped(text), width());
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
