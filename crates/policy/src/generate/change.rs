//! Changes a statement that is there, and nothing else of its document.

use bedrock::denial::PolicyType;

use super::draft::{PROFILE_KEY, REGION_KEY, object, read_back, texts};
use crate::document::{Document, Statement};
use crate::evaluate::Policy;
use crate::json::{Node, Value};
use crate::problem::Problem;

/// What Control Tower calls its documents: policies by the head of their names, statements by their Sids.
const MANAGED_POLICY: &str = "aws-guardrails-";
const MANAGED_SIDS: [&str; 2] = ["GRREGIONDENY", OU_CONTROL_SID];
/// The Sid of the statement of the control CT.MULTISERVICE.PV.1.
pub(crate) const OU_CONTROL_SID: &str = "CTMULTISERVICEPV1";

/// What tells that Control Tower manages a policy: its name, or the Sid of a statement. Control Tower reports a
/// change of such a document as drift, and undoes it when the control is reset.
pub fn managed_by_control_tower(policy: &Policy) -> Option<String> {
    let is_name = |name: &&String| name.starts_with(MANAGED_POLICY);
    if let Some(name) = [&policy.name, &policy.id].into_iter().find(is_name) {
        return Some(format!("its name, {name}"));
    }
    let sids = policy.document.statements.iter().filter_map(|it| it.sid.as_deref());
    let mut managed = sids.filter(|sid| MANAGED_SIDS.contains(sid));
    managed.next().map(|sid| format!("the Sid {sid}"))
}

/// Whether a statement tests the Region: only such a one is spared by profile.
pub(crate) fn is_region_deny(statement: &Statement) -> bool {
    [true, false]
        .into_iter()
        .any(|is_negated| statement.values_of(is_negated, REGION_KEY).is_some())
}

/// A document in which statements spare the calls through profiles whose ARNs match patterns: `ArnNotLike` on
/// `bedrock:InferenceProfileArn`, beside their other conditions. More statements come to its end.
///
/// # Errors
/// If what comes out cannot be read.
pub(crate) fn spare_profiles(
    document: &Document,
    statements: &[usize],
    patterns: &[String],
    more: Vec<Node>,
) -> Result<Document, Problem> {
    let mut source = document.source.clone();
    for index in statements {
        if let Some(node) = statement_mut(&mut source, *index) {
            add_condition(node, "ArnNotLike", PROFILE_KEY, patterns);
        }
    }
    if !more.is_empty()
        && let Some(list) = member_mut(&mut source, "Statement")
    {
        let mut all = list.one_or_many().to_vec();
        all.extend(more);
        list.value = Value::List(all);
    }
    read_back(&source, PolicyType::ServiceControl)
}

/// A document in which the values of `aws:RequestedRegion` of a negated test have more Regions.
///
/// # Errors
/// If what comes out cannot be read.
pub(crate) fn spare_regions(
    document: &Document,
    statement: usize,
    regions: &[String],
) -> Result<Option<Document>, Problem> {
    let mut source = document.source.clone();
    let operator = ["StringNotEquals", "StringNotLike", "StringNotEqualsIgnoreCase"];
    let changed = statement_mut(&mut source, statement).and_then(|node| {
        let condition = member_mut(node, "Condition")?;
        let operator = operator.into_iter().find(|name| {
            member_mut(condition, name)
                .is_some_and(|keys| member_of_any_case(keys, REGION_KEY).is_some())
        })?;
        add_values(condition, operator, REGION_KEY, regions);
        Some(())
    });
    match changed {
        Some(()) => Ok(Some(read_back(&source, PolicyType::ServiceControl)?)),
        None => Ok(None),
    }
}

/// A document in which a statement with `NotAction` has more actions, before its own as Control Tower writes
/// them; `None` if it has no such list.
///
/// # Errors
/// If what comes out cannot be read.
pub(crate) fn spare_actions(
    document: &Document,
    statement: usize,
    actions: &[&str],
) -> Result<Option<Document>, Problem> {
    let mut source = document.source.clone();
    let list = statement_mut(&mut source, statement).and_then(|it| member_mut(it, "NotAction"));
    let Some(list) = list else { return Ok(None) };
    let is_there = |action: &&&str| {
        let mut known = list.one_or_many().iter();
        known.any(|it| it.value == Value::Text((**action).to_owned()))
    };
    let mut all = actions.iter().filter(|it| !is_there(it)).map(|it| super::draft::text(*it));
    let all = all.by_ref().chain(list.one_or_many().to_vec()).collect();
    list.value = Value::List(all);
    Ok(Some(read_back(&source, PolicyType::ServiceControl)?))
}

/// The text of a statement as people read it.
pub fn statement_text(document: &Document, index: usize) -> String {
    let mut source = document.source.clone();
    statement_mut(&mut source, index).map(|node| node.to_json(Some(2))).unwrap_or_default()
}

fn statement_mut(source: &mut Node, index: usize) -> Option<&mut Node> {
    let statements = member_mut(source, "Statement")?;
    if matches!(statements.value, Value::Object(_)) {
        return (index == 0).then_some(statements);
    }
    match &mut statements.value {
        Value::List(nodes) => nodes.get_mut(index),
        _ => None,
    }
}

fn member_mut<'n>(node: &'n mut Node, name: &str) -> Option<&'n mut Node> {
    let Value::Object(members) = &mut node.value else { return None };
    members.iter_mut().find(|(found, _)| found == name).map(|(_, node)| node)
}

/// Names of keys have no case.
fn member_of_any_case<'n>(node: &'n mut Node, name: &str) -> Option<&'n mut Node> {
    let Value::Object(members) = &mut node.value else { return None };
    members.iter_mut().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, node)| node)
}

fn add_condition(statement: &mut Node, operator: &str, key: &str, values: &[String]) {
    if member_mut(statement, "Condition").is_none()
        && let Value::Object(members) = &mut statement.value
    {
        members.push(("Condition".to_owned(), object([])));
    }
    if let Some(condition) = member_mut(statement, "Condition") {
        add_values(condition, operator, key, values);
    }
}

/// Adds values to a test, and the test where it is not there.
fn add_values(condition: &mut Node, operator: &str, key: &str, values: &[String]) {
    if member_mut(condition, operator).is_none()
        && let Value::Object(members) = &mut condition.value
    {
        members.push((operator.to_owned(), object([])));
    }
    let Some(keys) = member_mut(condition, operator) else { return };
    match member_of_any_case(keys, key) {
        Some(known) => {
            let mut all = known.one_or_many().to_vec();
            let is_new =
                |it: &&String| !all.iter().any(|known| known.value == Value::Text((*it).clone()));
            let new = values.iter().filter(is_new).map(super::draft::text).collect::<Vec<_>>();
            all.extend(new);
            known.value = Value::List(all);
        }
        None => {
            if let Value::Object(members) = &mut keys.value {
                members.push((key.to_owned(), texts(values)));
            }
        }
    }
}
