//! Calls of the tables, by their event IDs: what they were, and what the log says of them.

use bedrock::Knowledge;
use pipeline::Answered;
use policy::{Operation, Principal};
use tables::query::{Aggregate, Cell, Filter, Key, Measure, Question, Row, Sort};

use super::calls::AskedCall;
use crate::args::SimulateArgs;
use crate::command::{basis, block_on};
use crate::config::Config;
use crate::escape::escaped;
use crate::exit::Failure;
use crate::location;
use crate::messages::Messages;

const INVOCATIONS: &str = "invocations";
const DENIALS: &str = "denials";

/// What of a call its legs depend on.
const OF_CALL: [&str; 7] = [
    "event_id",
    "event_name",
    "model_ref",
    "source_region",
    "account_id",
    "principal_arn",
    "api_key",
];

/// What the log says of a denial.
const OF_DENIAL: [&str; 6] =
    ["event_id", "denied_action", "denied_resource", "leg", "policy_type", "policy_arn"];

/// The calls of the tables at `--dest` that have the event IDs of the options, in the order of the options.
/// What the log says of their denials is noted.
///
/// # Errors
/// If the tables cannot be read, lack one of the events, or do not say what it called.
pub(super) fn calls(
    args: &mut SimulateArgs,
    given: &[(String, policy::KeyState)],
    knowledge: &Knowledge,
    messages: &Messages,
) -> Result<Vec<AskedCall>, Failure> {
    let config = Config::read(&args.config)?;
    config.complete_location(&mut args.dest);
    config.complete_aws(&mut args.aws);
    let range = basis::days(&args.days)?;
    let dest = location::required("--dest", args.dest.as_deref())?;
    let options = location::dest_options(&args.aws)?;
    let ids = &args.call.event_id;
    let questions = vec![question(INVOCATIONS, &OF_CALL, ids), question(DENIALS, &OF_DENIAL, ids)];
    let shown_dest = dest.to_string();
    let answered = block_on(async |signals| {
        let answering = async {
            let requests = pipeline::Settings::new(range).requests_in_flight;
            let what = "the destination";
            let dest = location::open_source(what, &dest, &options, requests, messages).await?;
            Ok::<_, Failure>(pipeline::answers(dest.as_ref(), range, questions).await?)
        };
        signals.or(answering).await?
    })?;
    let [calls, denials] = <[Answered; 2]>::try_from(answered)
        .map_err(|_| anyhow::anyhow!("each question has an answer"))?;
    basis::warn_of_gaps(&calls.basis, messages);
    if calls.basis.days == 0 {
        return Err(basis::nothing_published(calls.basis.range, &shown_dest));
    }
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(row) = calls.answer.rows.iter().find(|row| is_of(row, id)) else {
            let about = basis::described(calls.basis.range);
            return Err(Failure::Nothing(format!(
                "no call of {about} in {shown_dest} has the event ID {id}"
            )));
        };
        for denial in denials.answer.rows.iter().filter(|row| is_of(row, id)) {
            messages.note(&logged(id, denial));
        }
        found.push(call(id, row, given, knowledge)?);
    }
    Ok(found)
}

fn question(table: &'static str, columns: &[&'static str], ids: &[String]) -> Question {
    Question {
        table,
        keys: columns.iter().map(|column| Key::Column(column)).collect(),
        measures: vec![Measure { name: "calls", of: Aggregate::Rows }],
        filters: vec![Filter { columns: vec!["event_id"], values: ids.to_vec() }],
        outside: None,
        sort: Sort { place: 0, is_descending: false },
        top: None,
    }
}

fn is_of(row: &Row, id: &str) -> bool {
    text(row, 0).as_deref() == Some(id)
}

fn text(row: &Row, place: usize) -> Option<String> {
    match &row[place] {
        Cell::Text(text) => Some(text.to_string()),
        _ => None,
    }
}

/// What the log says of a denial.
fn logged(id: &str, row: &Row) -> String {
    let [action, resource, leg, policy_type, policy] =
        [1, 2, 3, 4, 5].map(|place| text(row, place));
    let or_not_named = |text: Option<String>| text.unwrap_or_else(|| "not named".to_owned());
    let policy = policy.map(|policy| format!(" ({policy})")).unwrap_or_default();
    let text = format!(
        "event {id}: logged as denied: {} on {}, leg {}, by {}{policy}",
        or_not_named(action),
        or_not_named(resource),
        or_not_named(leg),
        or_not_named(policy_type.map(|it| it.replace('_', " "))),
    );
    escaped(&text).into_owned()
}

fn call(
    id: &str,
    row: &Row,
    given: &[(String, policy::KeyState)],
    knowledge: &Knowledge,
) -> Result<AskedCall, Failure> {
    let lacks =
        |what: &str| Failure::Nothing(format!("event {id}: its record does not say {what}"));
    let name = text(row, 1).ok_or_else(|| lacks("its name"))?;
    let operation = Operation::find(&name)
        .ok_or_else(|| Failure::Nothing(format!("event {id}: {name} is not simulated")))?;
    let model_ref =
        text(row, 2).ok_or_else(|| lacks("what was called: ask for that in place of the event"))?;
    let region = text(row, 3).filter(|it| knowledge.regions.get(it).is_some());
    let principal = text(row, 5).as_deref().and_then(Principal::parse);
    let of_principal = principal.as_ref().map(|it| it.account.clone());
    Ok(AskedCall {
        place: Some(format!("event {id}")),
        id: Some(id.to_owned()),
        operation,
        model_ref,
        region: region.ok_or_else(|| lacks("a known Region"))?,
        // SCPs are those of the caller's account.
        account: of_principal.or_else(|| text(row, 4)).ok_or_else(|| lacks("the account"))?,
        principal,
        has_api_key: match row[6] {
            Cell::Flag(flag) => Some(flag),
            _ => None,
        },
        given: given.to_vec(),
    })
}
