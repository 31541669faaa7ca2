//! What the tables say of accounts and callers.

use std::collections::BTreeSet;

use bedrock::Knowledge;
use bedrock::arn::Arn;
use policy::generate::goal::PastCall;
use policy::{Operation, Principal};
use tables::query::{Aggregate, Cell, Filter, Key, Measure, Question, Row, Sort};

use crate::args::{GenerateCommonArgs, HistoryArgs};
use crate::command::{basis, block_on};
use crate::config::Config;
use crate::exit::Failure;
use crate::location;
use crate::messages::Messages;
use crate::number::counted;

const INVOCATIONS: &str = "invocations";

/// The destination of the options or of the settings file; `None` if there is none.
///
/// # Errors
/// If the settings file is invalid.
pub(super) fn given(
    history: &HistoryArgs,
    common: &GenerateCommonArgs,
) -> Result<Option<String>, Failure> {
    let mut dest = history.dest.clone();
    Config::read(&common.config)?.complete_location(&mut dest);
    Ok(dest)
}

/// The accounts whose calls went through a system-defined profile, or an application profile of one.
///
/// # Errors
/// If the tables cannot be read, or there is none.
pub(super) fn accounts(
    history: &HistoryArgs,
    common: &GenerateCommonArgs,
    dest: &str,
    messages: &Messages,
) -> Result<BTreeSet<String>, Failure> {
    let question = question(&["account_id", "profile_scope"], Vec::new());
    let rows = answer(history, common, dest, question, messages)?;
    let used = rows.iter().filter(|row| text(row, 1).is_some());
    let accounts = used.filter_map(|row| text(row, 0)).collect::<BTreeSet<_>>();
    if accounts.is_empty() {
        return Err(Failure::Nothing(format!(
            "no call of these days in {dest} went through a cross-Region profile"
        )));
    }
    let n_accounts = counted(accounts.len() as u64, "account");
    messages.note(&format!("{n_accounts} of the tables used cross-Region inference"));
    Ok(accounts)
}

/// What a principal has called, apart from what was denied.
///
/// # Errors
/// If the tables cannot be read, or there is none.
pub(super) fn calls(
    history: &HistoryArgs,
    common: &GenerateCommonArgs,
    dest: &str,
    principal: &Principal,
    knowledge: &Knowledge,
    messages: &Messages,
) -> Result<BTreeSet<PastCall>, Failure> {
    const COLUMNS: [&str; 5] =
        ["principal_arn", "event_name", "model_ref", "source_region", "api_key"];
    let columns = vec!["outcome"];
    let values = ["succeeded", "throttled", "failed"].map(str::to_owned).to_vec();
    let question = question(&COLUMNS, vec![Filter { columns, values }]);
    let rows = answer(history, common, dest, question, messages)?;
    let is_own = |row: &&Row| text(row, 0).is_some_and(|arn| is_of(principal, &arn));
    let mut found = BTreeSet::new();
    let mut n_unknown = 0;
    for row in rows.iter().filter(is_own) {
        let region = text(row, 3).filter(|it| knowledge.regions.get(it).is_some());
        let (Some(operation), Some(model_ref), Some(region)) = (text(row, 1), text(row, 2), region)
        else {
            n_unknown += 1;
            continue;
        };
        // A call of an operation that is not simulated is named by the goal.
        let is_known = Operation::find(&operation).is_some();
        let has_api_key = is_known && row[4] == Cell::Flag(true);
        found.insert(PastCall { operation, model_ref, region, has_api_key });
    }
    if n_unknown > 0 {
        messages.warn(&format!(
            "{} of the principal left out: its records do not say what was called, or from where",
            counted(n_unknown, "kind of call")
        ));
    }
    if found.is_empty() {
        return Err(Failure::Nothing(format!(
            "no call of these days in {dest} that was not denied is of {}",
            principal.arn
        )));
    }
    Ok(found)
}

/// Whether the ARN of the tables, which is that of a session where a role was assumed, is of a principal.
fn is_of(principal: &Principal, logged: &str) -> bool {
    if principal.arn == logged {
        return true;
    }
    let role = |text: &str| {
        let arn = Arn::parse(text)?;
        let name = match arn.resource_type() {
            "role" => arn.resource.rsplit('/').next()?,
            "assumed-role" => arn.resource_id().split('/').next()?,
            _ => return None,
        };
        Some((arn.account.to_owned(), name.to_owned()))
    };
    // A session that is named is that session alone.
    let is_session = principal.arn.contains(":assumed-role/");
    !is_session && role(&principal.arn).is_some_and(|it| role(logged) == Some(it))
}

fn question(columns: &[&'static str], filters: Vec<Filter>) -> Question {
    Question {
        table: INVOCATIONS,
        keys: columns.iter().map(|column| Key::Column(column)).collect(),
        measures: vec![Measure { name: "calls", of: Aggregate::Rows }],
        filters,
        outside: None,
        sort: Sort { place: 0, is_descending: false },
        top: None,
    }
}

fn text(row: &Row, place: usize) -> Option<String> {
    match &row[place] {
        Cell::Text(text) => Some(text.to_string()),
        _ => None,
    }
}

fn answer(
    history: &HistoryArgs,
    common: &GenerateCommonArgs,
    dest: &str,
    question: Question,
    messages: &Messages,
) -> Result<Vec<Row>, Failure> {
    let mut aws = common.aws.clone();
    // That is where the calls that are tried come from.
    aws.region = None;
    Config::read(&common.config)?.complete_aws(&mut aws);
    let range = basis::days(&history.days)?;
    let dest = location::required("--dest", Some(dest))?;
    let options = location::dest_options(&aws)?;
    let shown = dest.to_string();
    let answered = block_on(async |signals| {
        let answering = async {
            let requests = pipeline::Settings::new(range).requests_in_flight;
            let dest =
                location::open_source("the destination", &dest, &options, requests, messages);
            let dest = dest.await?;
            Ok::<_, Failure>(pipeline::answers(dest.as_ref(), range, vec![question]).await?)
        };
        signals.or(answering).await?
    })?;
    let found = answered.into_iter().next();
    let found = found.ok_or_else(|| anyhow::anyhow!("each question has an answer"))?;
    basis::warn_of_gaps(&found.basis, messages);
    if found.basis.days == 0 {
        return Err(basis::nothing_published(found.basis.range, &shown));
    }
    Ok(found.answer.rows)
}
