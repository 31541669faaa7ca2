//! The known IAM actions of Bedrock's services, as one table: `config/policy_actions.csv`. Actions of other
//! services are not known, and so not judged.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::glob::Glob;

/// The actions that ship with hoptrail.
const EMBEDDED: &str = include_str!("../../../config/policy_actions.csv");

/// The most letters by which a name may differ from one that may be meant.
const MAX_DISTANCE: usize = 4;

#[derive(Debug, Deserialize)]
struct Row {
    action: String,
}

static ACTIONS: LazyLock<Vec<String>> = LazyLock::new(embedded);

#[expect(clippy::expect_used, reason = "a test reads the embedded file")]
fn embedded() -> Vec<String> {
    let rows = csv::Reader::from_reader(EMBEDDED.as_bytes()).into_deserialize::<Row>();
    let actions = rows.map(|row| row.map(|it| it.action)).collect::<Result<_, _>>();
    actions.expect("config/policy_actions.csv is well-formed")
}

/// All known actions, as `service:Name`.
pub fn all() -> &'static [String] {
    &ACTIONS
}

/// The action of a name in any case, as AWS writes it; `None` if it is not known.
pub fn find(name: &str) -> Option<&'static str> {
    ACTIONS.iter().find(|action| action.eq_ignore_ascii_case(name)).map(String::as_str)
}

/// The services whose actions are known: `bedrock`, ...
pub fn services() -> &'static BTreeSet<&'static str> {
    static SERVICES: LazyLock<BTreeSet<&'static str>> =
        LazyLock::new(|| ACTIONS.iter().map(|action| service(action)).collect());
    &SERVICES
}

/// The service of an action or of a pattern of actions; all of it if there is no colon.
pub fn service(action: &str) -> &str {
    action.split(':').next().unwrap_or_default()
}

/// The known actions that a pattern matches.
pub(crate) fn matching(pattern: &str) -> impl Iterator<Item = &'static str> {
    let glob = Glob::action(pattern);
    ACTIONS.iter().map(String::as_str).filter(move |action| glob.is_match(action))
}

/// The known action of the same service whose name is most like this one, if one is near.
pub fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let of_service = ACTIONS.iter().filter(|action| service(action) == service(&name));
    let distance = |action: &&String| strsim::levenshtein(&action.to_ascii_lowercase(), &name);
    let near = of_service.min_by_key(distance)?;
    (distance(&near) <= MAX_DISTANCE).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_found_in_any_case_and_by_what_is_near() {
        assert_eq!(find("BEDROCK:invokemodel"), Some("bedrock:InvokeModel"));
        assert_eq!(find("bedrock:Converse"), None);
        assert_eq!(find("ec2:RunInstances"), None);
        assert_eq!(nearest("bedrock:InvokeModels"), Some("bedrock:InvokeModel"));
        assert_eq!(nearest("bedrock:Converse"), None);
        assert_eq!(nearest("s3:GetObject"), None);
        let invoke = matching("bedrock:invokemodel*").collect::<Vec<_>>();
        assert_eq!(invoke, ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]);
    }

    #[test]
    fn each_action_is_there_once_with_a_dated_source() {
        let names = ACTIONS.iter().map(|action| action.to_lowercase()).collect::<BTreeSet<_>>();
        assert_eq!(names.len(), ACTIONS.len());
        let of = |name: &str| ACTIONS.iter().filter(|it| service(it) == name).count();
        let found = services().iter().map(|name| (*name, of(name))).collect::<Vec<_>>();
        assert_eq!(found, [("bedrock", 262), ("bedrock-agentcore", 255), ("bedrock-mantle", 38)]);
        assert!(EMBEDDED.lines().skip(1).all(|line| line.ends_with(" 2026-09")));
        let of_operations = crate::OPERATIONS.iter().flat_map(|operation| {
            [Some(operation.action), operation.possible_action, operation.bearer_action]
        });
        assert!(of_operations.flatten().all(|action| find(action) == Some(action)));
    }
}
