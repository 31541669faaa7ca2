//! `hoptrail policy diff`.

use anyhow::Context;
use bedrock::denial::PolicyType;
use policy::compare::{Comparison, Differences, Outcome, Witness, compare};
use policy::{Document, KeyState};
use serde_json::{Value, json};

use super::file;
use crate::answer::table::width;
use crate::args::{DiffArgs, ExpectedComparison, PolicyReport};
use crate::command::explain::wrapped;
use crate::command::print;
use crate::escape::escaped;
use crate::exit::{Exit, Failure};
use crate::messages::Messages;

/// A policy with the name of its file.
struct Named {
    name: String,
    document: Document,
}

/// Compares two policies.
///
/// # Errors
/// If a file cannot be read or is no policy of the type.
pub(crate) fn run(args: &DiffArgs, messages: &Messages) -> Result<Exit, Failure> {
    if args.old == args.new && file::name(&args.old) == "standard input" {
        return Err(Failure::usage(
            "expected standard input (-) as OLD or as NEW, found it as both",
        ));
    }
    let read = |path| -> anyhow::Result<Named> {
        let name = file::name(path);
        let document = Document::read(&file::read(path)?, PolicyType::from(args.kind));
        Ok(Named { document: document.with_context(|| name.clone())?, name })
    };
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let found = compare(&old.document, &new.document);
    print(&match args.output {
        PolicyReport::Text => text(&found, &old, &new),
        PolicyReport::Json => format!("{}\n", of_json(&found, &old, &new)),
    })?;
    let is_expected = match args.expect {
        None => true,
        Some(ExpectedComparison::Equal) => found == Comparison::Equal,
        Some(ExpectedComparison::Different) => matches!(found, Comparison::Different(_)),
    };
    if !is_expected {
        messages.warn(&format!("--expect: the policies are {}", result(&found).replace('_', " ")));
        return Ok(Exit::Gate);
    }
    let reason = match found {
        Comparison::Equal | Comparison::Different(_) => return Ok(Exit::Done),
        Comparison::Open => {
            "no request was found on which the policies differ, and they were not shown to be equal: \
             variables, callers, or several values of a key decide"
        }
        Comparison::TooLarge => "the comparison of the policies takes too long",
    };
    messages.warn(reason);
    Ok(Exit::Partial)
}

fn result(found: &Comparison) -> &'static str {
    match found {
        Comparison::Equal => "equal",
        Comparison::Different(_) => "different",
        Comparison::Open => "open",
        Comparison::TooLarge => "too_large",
    }
}

fn text(found: &Comparison, old: &Named, new: &Named) -> String {
    match found {
        Comparison::Equal => "equal: they say the same of every request\n".to_owned(),
        Comparison::Open => "open: neither shown to be equal, nor to differ\n".to_owned(),
        Comparison::TooLarge => "too large: not compared to the end\n".to_owned(),
        Comparison::Different(differences) => of_differences(differences, old, new),
    }
}

fn of_differences(differences: &Differences, old: &Named, new: &Named) -> String {
    let mut text = "different\n".to_owned();
    for witness in differences.witnesses() {
        let says = |outcome: Outcome, other: Outcome| match (outcome, other) {
            (Outcome::Denies, _) => "denies it",
            (Outcome::Allows, _) => "allows it",
            (Outcome::Neither, Outcome::Allows) => "does not",
            (Outcome::Neither, _) => "says nothing of it",
        };
        // What is less comes last: `does not`.
        let mut sides = [
            (&old.name, says(witness.old, witness.new), witness.old),
            (&new.name, says(witness.new, witness.old), witness.new),
        ];
        sides.sort_by_key(|(_, _, outcome)| *outcome == Outcome::Neither);
        let [(one, one_says, _), (other, other_says, _)] = sides;
        let sides = format!("{} {one_says}, {} {other_says}:", escaped(one), escaped(other));
        text += &format!("\n{}\n", wrapped(&sides, width()).trim_end());
        let by = |named: &Named, statement: Option<usize>| {
            statement.map(|index| statement_name(named, index))
        };
        let mut lines = vec![
            ("action".to_owned(), witness.action.clone()),
            ("resource".to_owned(), witness.resource.clone()),
        ];
        lines.extend(witness.keys.iter().map(|(key, state)| (key.clone(), state_text(state))));
        let deciding = [by(old, witness.old_statement), by(new, witness.new_statement)];
        lines.extend(deciding.into_iter().flatten().map(|name| ("decided by".to_owned(), name)));
        let longest = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        for (name, value) in lines {
            text += &format!("  {name:longest$}  {}\n", escaped(&value));
        }
    }
    if differences.may_have_others {
        text += "\nThere may be differences of other ways, which variables or callers decide.\n";
    }
    text
}

fn statement_name(named: &Named, index: usize) -> String {
    let Some(statement) = named.document.statements.get(index) else { return String::new() };
    let sid = match &statement.sid {
        Some(sid) if !sid.is_empty() => sid.clone(),
        _ => format!("statement {}", index + 1),
    };
    format!("{sid} of {}, line {}", named.name, statement.position.line)
}

fn state_text(state: &KeyState) -> String {
    match state {
        KeyState::Values(values) if values == &[String::new()] => "(an empty text)".to_owned(),
        KeyState::Values(values) => values.join(", "),
        _ => "(absent)".to_owned(),
    }
}

/// A request in one line.
pub(super) fn request(witness: &Witness) -> String {
    let keys = witness.keys.iter().map(|(key, state)| format!(", {key} {}", state_text(state)));
    format!("{} of {}{}", witness.action, witness.resource, keys.collect::<String>())
}

fn of_json(found: &Comparison, old: &Named, new: &Named) -> Value {
    let mut json = json!({"result": result(found), "old": old.name, "new": new.name});
    if let Comparison::Different(differences) = found {
        let witnesses = differences.witnesses().map(|it| witness_json(it, old, new));
        json["differences"] = witnesses.collect();
        json["may_have_others"] = differences.may_have_others.into();
    }
    json
}

fn witness_json(witness: &Witness, old: &Named, new: &Named) -> Value {
    let mut context = serde_json::Map::new();
    let mut absent = Vec::new();
    for (key, state) in &witness.keys {
        match state {
            KeyState::Values(values) => {
                context.insert(key.clone(), json!(values));
            }
            _ => absent.push(key),
        }
    }
    let by = |named: &Named, index: Option<usize>| {
        let statement = named.document.statements.get(index?)?;
        let line = statement.position.line;
        Some(json!({"statement": index, "sid": statement.sid, "line": line}))
    };
    json!({
        "old": witness.old.as_str(),
        "new": witness.new.as_str(),
        "action": witness.action,
        "resource": witness.resource,
        "context": context,
        "absent": absent,
        "old_decided_by": by(old, witness.old_statement),
        "new_decided_by": by(new, witness.new_statement),
    })
}
