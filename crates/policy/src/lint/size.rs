//! How large a document may be, and who manages it.

use bedrock::denial::PolicyType;

use super::registry::Severity;
use super::{Findings, Options, edit};
use crate::json::{Node, Value};
use crate::problem::{Position, cut};

const START: Position = Position { line: 1, column: 1 };

/// The characters that AWS takes, and whether white space counts.
fn limit(policy_type: PolicyType) -> Option<(usize, bool)> {
    Some(match policy_type {
        PolicyType::ServiceControl => (10_240, true),
        PolicyType::ResourceControl => (5_120, true),
        PolicyType::IdentityBased | PolicyType::PermissionsBoundary => (6_144, false),
        PolicyType::Session => (2_048, false),
        PolicyType::VpcEndpoint => (20_480, true),
        PolicyType::ResourceBased | PolicyType::RoleTrust => return None,
    })
}

/// Compares the length with what AWS takes.
pub(super) fn check(text: &str, options: &Options<'_>, found: &mut Findings) {
    let Some((limit, counts_white_space)) = limit(options.policy_type) else { return };
    let kind = options.policy_type.as_str().replace('_', " ");
    let whole = text.chars().count();
    let compact = without_white_space(text);
    if compact > limit {
        let message =
            format!("{compact} characters without white space: a {kind} has at most {limit}");
        found.add("size", START, "", message, None);
    } else if counts_white_space && whole > limit {
        let message = format!(
            "{whole} characters, {compact} without white space: a {kind} has at most {limit}, and white space \
             counts unless it is saved in the console"
        );
        found.add("size", START, "", message, None);
        found.lower(Severity::Warning);
    }
}

/// The characters of a document without white space outside of its texts.
fn without_white_space(text: &str) -> usize {
    let (mut is_in_text, mut is_escaped) = (false, false);
    let counts = |character: &char| {
        let was_in_text = is_in_text;
        if *character == '"' && !is_escaped {
            is_in_text = !is_in_text;
        }
        is_escaped = was_in_text && *character == '\\' && !is_escaped;
        was_in_text || !character.is_whitespace()
    };
    text.chars().filter(counts).count()
}

/// Whether AWS Control Tower manages the policy.
pub(super) fn check_managed(node: &Node, options: &Options<'_>, found: &mut Findings) {
    const NAME: &str = "aws-guardrails-";
    if options.name.starts_with(NAME) {
        let message = format!("policies called {NAME}* are managed by AWS Control Tower");
        found.add("control-tower-managed", START, "", message, None);
        return;
    }
    let statements = edit::member(node, "Statement").map_or(&[][..], Node::one_or_many);
    for (index, statement) in statements.iter().enumerate() {
        let Some(sid) = edit::member(statement, "Sid") else { continue };
        if let Value::Text(text) = &sid.value
            && is_of_control_tower(text)
        {
            let message = format!("{} is a Sid of AWS Control Tower", cut(text));
            let path = format!("Statement[{index}].Sid");
            found.add("control-tower-managed", sid.position, &path, message, None);
            return;
        }
    }
}

/// `GRREGIONDENY`, `CTMULTISERVICEPV1`, ...
fn is_of_control_tower(sid: &str) -> bool {
    let is_upper =
        |text: &str| text.bytes().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit());
    let of_control = sid.strip_prefix("CT").and_then(|rest| rest.rsplit_once("PV"));
    let is_control = of_control.is_some_and(|(service, number)| {
        !service.is_empty() && is_upper(service) && number.parse::<u32>().is_ok()
    });
    is_control || sid.len() > 8 && sid.starts_with("GR") && is_upper(sid)
}
