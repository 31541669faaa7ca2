//! Texts that were to be replaced: in a document that is JSON, whatever else it is.

use std::collections::BTreeMap;

use super::part::Clause;
use super::registry::Severity;
use super::request::request_for;
use super::subject::Subject;
use super::value::placeholder_value;
use super::{Findings, edit};
use crate::json::Node;
use crate::problem::{Position, cut};

/// Words in capitals that documents have in place of a value.
const WORDS: [&str; 14] = [
    "ACCOUNT",
    "ACCOUNT-ID",
    "ACCOUNT_ID",
    "ACCOUNTID",
    "AWS_ACCOUNT_ID",
    "MODEL-ID",
    "MODEL_ID",
    "MODEL-NAME",
    "MODEL_NAME",
    "PROFILE-ID",
    "PROFILE_ID",
    "REGION",
    "REGION_NAME",
    "ROLE_NAME",
];

/// Accounts of AWS's documentation.
const ACCOUNTS: [&str; 8] = [
    "111122223333",
    "123456789012",
    "444455556666",
    "555555555555",
    "111111111111",
    "222222222222",
    "777788889999",
    "012345678901",
];

/// What was found first of a placeholder, and how often it is there.
struct Seen {
    position: Position,
    path: String,
    n: usize,
}

/// Looks for placeholders in all texts but names of statements.
pub(super) fn check(node: &Node, found: &mut Findings) {
    let mut placeholders = BTreeMap::<String, Seen>::new();
    let mut accounts = BTreeMap::<String, Seen>::new();
    edit::each_text(node, "", &mut |path, position, text| {
        if path.ends_with("Sid") || path == "Id" {
            return;
        }
        let see = |seen: &mut BTreeMap<String, Seen>, what: String| {
            let new = || Seen { position, path: path.to_owned(), n: 0 };
            seen.entry(what).or_insert_with(new).n += 1;
        };
        for what in of_text(text) {
            see(&mut placeholders, what);
        }
        for account in ACCOUNTS.iter().filter(|account| has_word(text, account)) {
            see(&mut accounts, (*account).to_owned());
        }
    });
    let times = |n: usize| match n {
        1 => String::new(),
        n => format!(" ({n} times)"),
    };
    for (what, Seen { position, path, n }) in placeholders {
        let message = format!("`{}` was to be replaced{}", cut(&what), times(n));
        found.add("placeholder", position, &path, message, None);
    }
    for (account, Seen { position, path, n }) in accounts {
        let message =
            format!("{account} is an account of AWS's documentation{}: is it yours?", times(n));
        found.add("placeholder", position, &path, message, None);
        found.lower(Severity::Note);
    }
}

/// Shows what placeholders do: the statement without any does something else.
pub(super) fn prove(subject: &Subject<'_>, found: &mut Findings) {
    let replaced = |text: &str| {
        of_text(text)
            .iter()
            .fold(text.to_owned(), |text, it| text.replace(it, &placeholder_value(it)))
    };
    for part in &subject.parts {
        let of_resources = part.entries(part.resource_element());
        let of_clauses = part.clauses.iter().flat_map(Clause::entries);
        let with = of_resources.into_iter().chain(of_clauses);
        let with = with.filter(|entry| !of_text(entry.text).is_empty()).collect::<Vec<_>>();
        if with.is_empty() {
            continue;
        }
        let repaired = subject.repaired(part, |node| {
            for name in ["Resource", "NotResource", "Condition"] {
                if let Some(node) = edit::member_mut(node, name) {
                    edit::change(node, &replaced);
                }
            }
        });
        let proof = repaired.and_then(|repaired| {
            let repair = "what was to be replaced is replaced";
            let by_repaired = subject.prove_by_repaired(part, &repaired, repair);
            by_repaired.or_else(|| {
                let asked = request_for(part, &[], &[])?;
                subject.prove_request(part, &asked, &repaired, repair)
            })
        });
        let positions = with.iter().map(|entry| entry.position).collect::<Vec<_>>();
        for position in positions {
            found.prove("placeholder", position, proof.as_ref());
        }
    }
}

/// The placeholders of a text.
pub(super) fn of_text(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(enclosed(text, "${", "}").filter(|inner| !is_variable(inner)));
    for (start, end) in [("<", ">"), ("{{", "}}"), ("[", "]")] {
        let inner = enclosed(text, start, end);
        found.extend(inner.filter(|whole| is_name(&whole[start.len()..whole.len() - end.len()])));
    }
    // Others in braces are told by `${` and `{{`.
    let bare = enclosed(text, "{", "}").filter(|whole| {
        let has = |head: &str| text.contains(&format!("{head}{whole}"));
        !has("$") && !has("{") && is_name(&whole[1..whole.len() - 1])
    });
    found.extend(bare);
    for mark in ["`", "...", "…"] {
        if text.contains(mark) {
            found.push(mark.to_owned());
        }
    }
    if text.starts_with("//") {
        found.push(cut(text).to_owned());
    }
    found.extend(WORDS.iter().filter(|word| has_word(text, word)).map(|it| (*it).to_owned()));
    found
}

/// The parts of a text from a start to the next end, both included.
fn enclosed<'a>(text: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = String> + 'a {
    let parts = text.match_indices(start).filter_map(move |(place, _)| {
        let rest = &text[place..];
        let length = rest[start.len()..].find(end)? + start.len() + end.len();
        Some(rest[..length].to_owned())
    });
    parts.filter(move |it| it.len() > start.len() + end.len())
}

/// Whether `${…}` is a variable of policies: it names a condition key, or is a literal character.
fn is_variable(whole: &str) -> bool {
    let inner = whole.trim_start_matches("${").trim_end_matches('}');
    ["*", "?", "$"].contains(&inner) || inner.split(',').next().unwrap_or_default().contains(':')
}

/// Whether this is a name, in words.
fn is_name(text: &str) -> bool {
    let is_part = |it: char| it.is_alphanumeric() || " -_./:|".contains(it);
    text.starts_with(char::is_alphabetic) && text.chars().all(is_part)
}

/// Whether a text has a word that nothing of a word is before or after.
fn has_word(text: &str, word: &str) -> bool {
    let is_end =
        |next: Option<char>| next.is_none_or(|it| !it.is_alphanumeric() && it != '_' && it != '-');
    text.match_indices(word).any(|(place, _)| {
        is_end(text[..place].chars().next_back())
            && is_end(text[place + word.len()..].chars().next())
    })
}
