//! What the tests share: policies from texts, and what is known of keys in short.

use std::sync::Arc;

use bedrock::denial::PolicyType;
use policy::{Context, Document, KeyState, Level, Policy};

/// What AWS attaches to every node.
pub(crate) const FULL_ACCESS: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// An SCP.
pub(crate) fn scp(name: &str, text: &str) -> Arc<Policy> {
    of_type(name, text, PolicyType::ServiceControl)
}

pub(crate) fn of_type(name: &str, text: &str, policy_type: PolicyType) -> Arc<Policy> {
    let document = Document::read(text, policy_type).unwrap_or_else(|it| panic!("{name}: {it}"));
    let [id, name, file] = [name, name, name].map(str::to_owned);
    Arc::new(Policy { id, name, file, document })
}

/// SCPs at a node.
pub(crate) fn level(node: &str, texts: &[&str]) -> Level {
    let policy = |(index, text): (usize, &&str)| scp(&format!("{node}-{index}"), text);
    Level {
        policy_type: PolicyType::ServiceControl,
        node: Some(node.to_owned()),
        policies: texts.iter().enumerate().map(policy).collect(),
    }
}

/// `-` is absent, `?` is unknown, `!` is present; other texts are the values, `|` between them.
pub(crate) fn state(text: &str) -> KeyState {
    match text {
        "-" => KeyState::Absent,
        "?" => KeyState::Unknown,
        "!" => KeyState::Present,
        _ => KeyState::Values(text.split('|').map(str::to_owned).collect()),
    }
}

/// States of keys.
pub(crate) fn context(states: &[(&str, &str)]) -> Context {
    let mut context = Context::default();
    for (key, text) in states {
        context.set(key, state(text));
    }
    context
}
