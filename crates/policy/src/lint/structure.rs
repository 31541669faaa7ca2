//! Whether a tree is a policy document. All that is wrong is found, not only the first fault; what can be read
//! besides is left for the other rules.

use std::collections::BTreeSet;

use bedrock::denial::PolicyType;

use super::part::Part;
use super::subject::Subject;
use super::{Findings, Options, edit};
use crate::document::Document;
use crate::json::{Node, Value};
use crate::problem::{Position, cut};

/// Faults of one statement beyond which it is left alone.
const MAX_FAULTS: usize = 50;

/// Looks at the structure; `None` if no statement can be read.
pub(super) fn check<'a>(
    node: &Node,
    options: &'a Options<'a>,
    found: &mut Findings,
) -> Option<Subject<'a>> {
    repeated(node, "", found);
    let mut root = edit::without_repeated(node);
    let Some(statements) = statements_of(&root).map(<[Node]>::to_vec) else {
        return bare(&root, options, found);
    };
    check_root(&mut root, &statements, options, found);
    let is_list =
        matches!(edit::member(&root, "Statement").map(|it| &it.value), Some(Value::List(_)));
    let mut sids = BTreeSet::new();
    let mut readable = Vec::new();
    for (index, mut statement) in statements.into_iter().enumerate() {
        let path = if is_list { format!("Statement[{index}]") } else { "Statement".to_owned() };
        if let Some(node) = edit::member(&statement, "Sid")
            && let Value::Text(sid) = &node.value
            && !sid.is_empty()
            && !sids.insert(sid.clone())
        {
            let message = format!("expected each Sid once, found a second `{}`", cut(sid));
            found.add("element-not-allowed", node.position, &format!("{path}.Sid"), message, None);
            edit::remove(&mut statement, "Sid");
        }
        if is_readable(&root, &mut statement, &path, options, found) {
            readable.push((path, statement));
        }
    }
    subject(root, readable, options)
}

fn subject<'a>(
    mut root: Node,
    readable: Vec<(String, Node)>,
    options: &'a Options<'a>,
) -> Option<Subject<'a>> {
    let nodes = readable.iter().map(|(_, node)| node.clone()).collect();
    let position = edit::member(&root, "Statement").map_or(root.position, |it| it.position);
    edit::set(&mut root, "Statement", Node { position, value: Value::List(nodes) });
    let document = Document::of_node(&root, readable_type(options.policy_type)).ok()?;
    let parts = document.statements.iter().zip(readable).enumerate();
    let parts =
        parts.map(|(place, (statement, (path, node)))| Part::new(place, path, node, statement));
    let parts = parts.collect();
    Some(Subject::new(options, root, document, parts))
}

/// A statement, or a part of one, that is no document.
fn bare<'a>(root: &Node, options: &'a Options<'a>, found: &mut Findings) -> Option<Subject<'a>> {
    match Document::of_node(root, options.policy_type) {
        Err(problem) => found.add_problem("element-not-allowed", &problem),
        Ok(_) => return None,
    }
    edit::member(root, "Effect")?;
    let mut wrapped = Node { position: root.position, value: Value::Object(Vec::new()) };
    edit::set(&mut wrapped, "Version", edit::text("2012-10-17"));
    let mut statement = root.clone();
    edit::remove(&mut statement, "Version");
    let is_readable = is_readable(&wrapped, &mut statement, "", options, found);
    let readable = is_readable.then_some((String::new(), statement));
    subject(wrapped, readable.into_iter().collect(), options)
}

/// The type that statements are read as: those of an RCP name a principal, which is everyone.
pub(super) fn readable_type(policy_type: PolicyType) -> PolicyType {
    match policy_type {
        PolicyType::ResourceControl => PolicyType::ServiceControl,
        other => other,
    }
}

fn statements_of(root: &Node) -> Option<&[Node]> {
    Some(edit::member(root, "Statement")?.one_or_many())
}

/// Members that are there twice.
fn repeated(node: &Node, path: &str, found: &mut Findings) {
    match &node.value {
        Value::Object(members) => {
            let mut names = BTreeSet::new();
            for (name, node) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                if !names.insert(name) {
                    let message =
                        format!("expected each member once, found a second `{}`", cut(name));
                    found.add("duplicate-key", node.position, &path, message, None);
                }
                repeated(node, &path, found);
            }
        }
        Value::List(nodes) => {
            for (index, node) in nodes.iter().enumerate() {
                let path =
                    if path == "Statement" { format!("{path}[{index}]") } else { path.to_owned() };
                repeated(node, &path, found);
            }
        }
        _ => {}
    }
}

/// The elements of a document besides its statements. What is wrong is taken out.
fn check_root(root: &mut Node, statements: &[Node], options: &Options<'_>, found: &mut Findings) {
    // Any statement that can be read will do: those of the document are looked at one by one.
    let mut sample = root.clone();
    let good = r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#;
    let good = Node::read(good).unwrap_or_else(|_| edit::text(""));
    if statements.is_empty() {
        let position = edit::member(root, "Statement").map_or(root.position, |it| it.position);
        let message = "expected at least one statement, found an empty list";
        found.add("element-not-allowed", position, "Statement", message, None);
    }
    edit::set(&mut sample, "Statement", good);
    let of_type = match options.policy_type {
        PolicyType::VpcEndpoint => PolicyType::IdentityBased,
        other => readable_type(other),
    };
    for _ in 0..MAX_FAULTS {
        let Err(problem) = Document::of_node(&sample, of_type) else { break };
        found.add_problem("element-not-allowed", &problem);
        if !edit::remove_at(&mut sample, problem.position) {
            break;
        }
        edit::remove_at(root, problem.position);
    }
}

/// Looks at one statement; what is wrong is found element by element.
fn is_readable(
    root: &Node,
    statement: &mut Node,
    path: &str,
    options: &Options<'_>,
    found: &mut Findings,
) -> bool {
    if options.policy_type == PolicyType::ResourceControl {
        check_everyone(statement, path, found);
    }
    let mut document = Node { position: Position::default(), value: Value::Object(Vec::new()) };
    if let Some(version) = edit::member(root, "Version") {
        edit::set(&mut document, "Version", version.clone());
    }
    let mut rest = statement.clone();
    let mut is_readable = true;
    for lacking in complete(&mut rest) {
        is_readable = false;
        let message = format!("expected {}, found neither", lacking.join(" or "));
        let message = if lacking.len() == 1 { "expected Effect, found none" } else { &message };
        found.add("element-not-allowed", statement.position, path, message, None);
    }
    for _ in 0..MAX_FAULTS {
        edit::set(&mut document, "Statement", rest.clone());
        let read = Document::of_node(&document, readable_type(options.policy_type));
        let Err(mut problem) = read else { return is_readable };
        is_readable = false;
        problem.element = problem.element.replacen("Statement", path, 1);
        found.add_problem("element-not-allowed", &problem);
        if problem.position == rest.position || !edit::remove_at(&mut rest, problem.position) {
            break;
        }
        complete(&mut rest);
    }
    false
}

/// Adds what a statement lacks, and says what that is.
fn complete(statement: &mut Node) -> Vec<&'static [&'static str]> {
    let mut lacking = Vec::new();
    if !matches!(statement.value, Value::Object(_)) {
        return lacking;
    }
    for (names, value) in [
        (["Effect"].as_slice(), "Deny"),
        (["Action", "NotAction"].as_slice(), "*"),
        (["Resource", "NotResource"].as_slice(), "*"),
    ] {
        if names.iter().all(|name| edit::member(statement, name).is_none()) {
            edit::set(statement, names[0], edit::text(value));
            lacking.push(names);
        }
    }
    lacking
}

/// An RCP is about everyone.
fn check_everyone(statement: &mut Node, path: &str, found: &mut Findings) {
    let principal = edit::member(statement, "Principal");
    if !principal.is_some_and(|it| it.value == Value::Text("*".to_owned())) {
        let position = principal.map_or(statement.position, |it| it.position);
        let message = r#"expected "Principal": "*", which an RCP has in every statement"#;
        found.add("element-not-allowed", position, &format!("{path}.Principal"), message, None);
    }
    edit::remove(statement, "Principal");
}
