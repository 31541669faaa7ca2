//! Writes documents: the fewest characters that say the same.

use bedrock::denial::PolicyType;

use crate::document::Document;
use crate::json::{Node, Value};
use crate::problem::{Position, Problem};

/// The actions that run a model on the runtime endpoint; one for each way to get the answer.
pub(crate) const INVOKE: &str = "bedrock:InvokeModel*";
/// The same without a wildcard, for policies that allow.
pub(crate) const INVOKE_ACTIONS: [&str; 2] =
    ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"];
/// The action that creates batch jobs.
pub(crate) const BATCH: &str = "bedrock:CreateModelInvocationJob";
/// The action that runs a model on the mantle endpoint.
pub(crate) const MANTLE: &str = "bedrock-mantle:CreateInference";
/// The condition key of profiles.
pub(crate) const PROFILE_KEY: &str = "bedrock:InferenceProfileArn";
/// The condition key of Regions.
pub(crate) const REGION_KEY: &str = "aws:RequestedRegion";

fn node(value: Value) -> Node {
    Node { position: Position::default(), value }
}

/// A text.
pub(crate) fn text(text: impl Into<String>) -> Node {
    node(Value::Text(text.into()))
}

/// Texts; only one is no list.
pub(crate) fn texts<T: Into<String>>(all: impl IntoIterator<Item = T>) -> Node {
    let mut nodes = all.into_iter().map(text).collect::<Vec<_>>();
    if nodes.len() == 1 {
        return nodes.remove(0);
    }
    node(Value::List(nodes))
}

/// An object.
pub(crate) fn object<const N: usize>(members: [(&str, Node); N]) -> Node {
    node(Value::Object(members.into_iter().map(|(name, node)| (name.to_owned(), node)).collect()))
}

/// A list.
pub(crate) fn list(nodes: Vec<Node>) -> Node {
    node(Value::List(nodes))
}

/// A statement.
pub(crate) fn statement<const N: usize>(
    sid: &str,
    effect: &str,
    elements: [(&str, Node); N],
) -> Node {
    let head = [("Sid", text(sid)), ("Effect", text(effect))];
    let members = head.into_iter().chain(elements);
    node(Value::Object(members.map(|(name, node)| (name.to_owned(), node)).collect()))
}

/// A document of statements, read back as strictly as any other.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn document(
    mut statements: Vec<Node>,
    policy_type: PolicyType,
) -> Result<Document, Problem> {
    let statement = if statements.len() == 1 { statements.remove(0) } else { list(statements) };
    read_back(&object([("Version", text("2012-10-17")), ("Statement", statement)]), policy_type)
}

/// An SCP of statements.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn scp(statements: Vec<Node>) -> Result<Document, Problem> {
    document(statements, PolicyType::ServiceControl)
}

/// A document as it is printed, so that its lines are those that people see.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn read_back(node: &Node, policy_type: PolicyType) -> Result<Document, Problem> {
    Document::read(&node.to_json(Some(2)), policy_type)
}
