//! Calls of the tables, by their event IDs: what they were, and what the log says of them.

use std::collections::BTreeSet;

use bedrock::Knowledge;
use pipeline::Answered;
use policy::{KeyState, LoggedRequest, Operation};
use tables::query::{Aggregate, Cell, Filter, Key, Measure, Question, Row, Sort};

use super::calls::AskedCall;
use crate::args::SimulateArgs;
use crate::command::{basis, block_on};
use crate::config::Config;
use crate::escape::escaped;
use crate::exit::Failure;
use crate::location;
use crate::messages::Messages;
use crate::policy_type;

const INVOCATIONS: &str = "invocations";
const DENIALS: &str = "denials";

/// What of a call its legs and its condition keys depend on.
const OF_CALL: [&str; 20] = [
    "event_id",
    "event_name",
    "model_ref",
    "source_region",
    "account_id",
    "api_key",
    "principal_arn",
    "principal_type",
    "source_ip",
    "user_agent",
    "vpc_endpoint_id",
    "iam_principal_arn",
    "principal_account_id",
    "principal_id",
    "is_temporary_credential",
    "mfa_authenticated",
    "invoked_by",
    "source_identity",
    "federated_provider",
    "vpc_endpoint_account_id",
];

/// Where the columns begin that a file of an earlier version lacks.
const FIRST_NEW: usize = 11;

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
    given: &[(String, KeyState)],
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
    let action = action.unwrap_or_else(|| "an action that is not named".to_owned());
    let resource = resource.map(|resource| format!(" on {resource}")).unwrap_or_default();
    let leg = leg.map(|leg| format!(", leg {leg}")).unwrap_or_default();
    let by = match (policy_type, policy) {
        (Some(policy_type), policy) => {
            let policy = policy.map(|policy| format!(" ({policy})")).unwrap_or_default();
            format!("by {}{policy}", policy_type::in_sentence(&policy_type))
        }
        (None, Some(policy)) => format!("by {policy}"),
        (None, None) => "by a policy that is not named".to_owned(),
    };
    let text = format!("event {id}: logged as denied: {action}{resource}{leg}, {by}");
    escaped(&text).into_owned()
}

fn call(
    id: &str,
    row: &Row,
    given: &[(String, KeyState)],
    knowledge: &Knowledge,
) -> Result<AskedCall, Failure> {
    let column = |name: &str| text(row, place(name));
    let lacks =
        |what: &str| Failure::Nothing(format!("event {id}: its record does not say {what}"));
    let name = column("event_name").ok_or_else(|| lacks("its name"))?;
    let operation = Operation::find(&name)
        .ok_or_else(|| Failure::Nothing(format!("event {id}: {name} is not simulated")))?;
    let model_ref = column("model_ref")
        .ok_or_else(|| lacks("what was called: ask for that in place of the event"))?;
    let region = column("source_region").filter(|it| knowledge.regions.get(it).is_some());
    let logged = logged_request(row);
    let principal = logged.principal();
    let of_principal = logged.account().map(str::to_owned);
    let of_principal = of_principal.or_else(|| principal.as_ref().map(|it| it.account.clone()));
    // What the options give beats what was logged.
    let is_given = |key: &&str| given.iter().any(|(name, _)| name.eq_ignore_ascii_case(key));
    let keys = LoggedRequest::COLUMNS.iter().flat_map(|(_, keys)| *keys).copied();
    let keys = keys.filter(|key| !is_given(key)).collect::<BTreeSet<_>>();
    let states = logged.states(&mut keys.into_iter());
    Ok(AskedCall {
        place: Some(format!("event {id}")),
        id: Some(id.to_owned()),
        operation,
        model_ref,
        region: region.ok_or_else(|| lacks("a known Region"))?,
        // SCPs are those of the caller's account.
        account: of_principal
            .or_else(|| column("account_id"))
            .ok_or_else(|| lacks("the account"))?,
        principal,
        has_api_key: flag(row, "api_key"),
        given: [given, &states].concat(),
    })
}

fn place(name: &str) -> usize {
    OF_CALL.iter().position(|column| *column == name).unwrap_or_default()
}

fn flag(row: &Row, name: &str) -> Option<bool> {
    match row[place(name)] {
        Cell::Flag(flag) => Some(flag),
        _ => None,
    }
}

/// What the row says of the request. If it has nothing in the columns that an earlier version lacks, it may be of
/// one: then nothing follows from that.
fn logged_request(row: &Row) -> LoggedRequest<'_> {
    let text = |name: &str| match &row[place(name)] {
        Cell::Text(text) => Some(&**text),
        _ => None,
    };
    LoggedRequest {
        iam_principal_arn: text("iam_principal_arn"),
        principal_arn: text("principal_arn"),
        principal_type: text("principal_type"),
        principal_account_id: text("principal_account_id"),
        principal_id: text("principal_id"),
        is_temporary_credential: flag(row, "is_temporary_credential"),
        mfa_authenticated: flag(row, "mfa_authenticated"),
        invoked_by: text("invoked_by"),
        source_identity: text("source_identity"),
        federated_provider: text("federated_provider"),
        vpc_endpoint_id: text("vpc_endpoint_id"),
        vpc_endpoint_account_id: text("vpc_endpoint_account_id"),
        source_ip: text("source_ip"),
        user_agent: text("user_agent"),
        service_tier: None,
        has_new_columns: row[FIRST_NEW..OF_CALL.len()].iter().any(|cell| *cell != Cell::Null),
    }
}
