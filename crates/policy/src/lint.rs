//! Faults of policy documents: a registry of rules, and what they find, with the call that proves it.
//!
//! A finding rests on what a document decides, not on how it looks, wherever a call can show it: the verdict
//! is taken with the fault and without it. A document that cannot be read as a policy is looked at as far as
//! its JSON goes.

mod action;
mod dead;
mod edit;
mod effect;
mod global;
mod goal;
mod key;
mod mantle;
mod operator;
mod part;
mod partition;
mod pattern;
mod placeholder;
mod principal;
mod profile;
mod recover;
mod region;
mod registry;
mod request;
mod size;
mod structure;
mod subject;
mod trial;
mod value;

use std::collections::BTreeSet;

use bedrock::denial::PolicyType;

use crate::document::Document;
use crate::evaluate::Verdict;
use crate::json::Node;
use crate::leg::Knowledge;
use crate::problem::{Position, Problem};
pub use registry::{RULES, Rule, Severity};
use subject::Subject;

/// Statements beyond which a document is not compared with calls: no policy that AWS takes has as many.
const MAX_STATEMENTS: usize = 500;

/// Bytes beyond which it is not.
const MAX_BYTES: usize = 50_000;

/// What has to be allowed: calls through a profile, or of a model, from a Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// A model ID, a profile ID, or an ARN.
    pub profile: String,
    /// The source Region.
    pub region: String,
}

/// What is known of a document besides its text.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Of which type it is.
    pub policy_type: PolicyType,
    /// The name of the policy, or of its file.
    pub name: &'a str,
    /// What it has to allow.
    pub goals: &'a [Goal],
    /// Models, profiles, and Regions.
    pub knowledge: Knowledge<'a>,
}

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad it is: that of the rule, or less.
    pub severity: Severity,
    /// Where it is.
    pub position: Position,
    /// The element: `Statement[0].Condition.StringEquals`. Empty for the document as a whole.
    pub element: String,
    /// What is wrong.
    pub message: String,
    /// The call that shows it, where one can.
    pub proof: Option<Proof>,
}

/// A call, decided by a document as it is and by the same document without the fault. Beside it stands a policy
/// that allows everything, unless the fault is in an Allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The call.
    pub call: String,
    /// What the document makes of it.
    pub verdict: Verdict,
    /// What the other document has in place of the fault.
    pub repair: String,
    /// What that makes of the call.
    pub repaired_verdict: Verdict,
}

/// What rules find.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(
        &mut self,
        id: &str,
        position: Position,
        element: &str,
        message: impl Into<String>,
        proof: Option<Proof>,
    ) {
        let Some(rule) = Rule::find(id) else { return };
        let (element, message) = (element.to_owned(), message.into());
        let severity = rule.severity;
        self.0.push(Finding { rule, severity, position, element, message, proof });
    }

    /// The last one is less bad than others of its rule.
    fn lower(&mut self, severity: Severity) {
        if let Some(last) = self.0.last_mut() {
            last.severity = severity;
        }
    }

    /// Adds the proof to a finding that was made without one.
    fn prove(&mut self, id: &str, position: Position, proof: Option<&Proof>) {
        let is_it = |it: &&mut Finding| {
            it.rule.id == id && it.position == position && it.severity == it.rule.severity
        };
        for finding in self.0.iter_mut().filter(is_it) {
            finding.proof = finding.proof.take().or_else(|| proof.cloned());
        }
    }

    fn add_problem(&mut self, id: &str, problem: &Problem) {
        let Problem { position, element, expected, found } = problem;
        self.add(id, *position, element, format!("expected {expected}, found {found}"), None);
    }

    /// In the order of the text. A placeholder that is no value of its element is one fault.
    fn sorted(mut self) -> Vec<Finding> {
        let of_placeholder =
            |it: &&Finding| it.rule.id == "placeholder" && it.severity == it.rule.severity;
        let placeholders = self.0.iter().filter(of_placeholder).map(|it| it.position);
        let placeholders = placeholders.collect::<BTreeSet<_>>();
        let is_twice = |it: &Finding| {
            it.rule.id == "element-not-allowed" && placeholders.contains(&it.position)
        };
        self.0.retain(|it| !is_twice(it));
        self.0.sort_by(|a, b| {
            let of = |it: &Finding| (it.position, it.rule.id, it.element.clone());
            of(a).cmp(&of(b))
        });
        self.0.dedup();
        self.0
    }
}

/// The faults of a text that should be a policy document, in the order of the text.
pub fn lint(text: &str, options: &Options<'_>) -> Vec<Finding> {
    let mut found = Findings::default();
    size::check(text, options, &mut found);
    let node = match Node::read(text) {
        Ok(node) => Some(node),
        Err(problem) => {
            found.add_problem("not-json", &problem);
            recover::read(text, &mut found)
        }
    };
    if let Some(node) = node {
        lint_tree(&node, options, &mut found);
    }
    found.sorted()
}

/// The faults of a document that was read, and whose text is not at hand.
pub fn lint_document(document: &Document, options: &Options<'_>) -> Vec<Finding> {
    let mut found = Findings::default();
    size::check(&document.to_json(None), options, &mut found);
    lint_tree(&document.source, options, &mut found);
    found.sorted()
}

/// A node of an organization with more policies than AWS attaches: what was said of it when it was refused.
pub fn too_many_policies(message: &str) -> Finding {
    let mut found = Findings::default();
    found.add("too-many-policies", Position { line: 1, column: 1 }, "", message, None);
    found.0.swap_remove(0)
}

/// A text that is not in UTF-8, behind this part that is.
pub fn not_utf8(valid: &str) -> Finding {
    let line = valid.matches('\n').count() + 1;
    let column = valid.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let mut found = Findings::default();
    let message = "expected one JSON document in UTF-8, found other bytes";
    found.add("not-json", Position { line, column }, "", message, None);
    found.0.swap_remove(0)
}

fn lint_tree(node: &Node, options: &Options<'_>, found: &mut Findings) {
    placeholder::check(node, found);
    action::check_names(node, found);
    key::check_names(node, found);
    size::check_managed(node, options, found);
    let Some(subject) = structure::check(node, options, found) else { return };
    let is_large =
        subject.parts.len() > MAX_STATEMENTS || subject.readable.to_json(None).len() > MAX_BYTES;
    if is_large {
        return;
    }
    for rules in [
        action::check,
        dead::check,
        effect::check,
        goal::check,
        key::check,
        mantle::check,
        operator::check,
        partition::check,
        pattern::check,
        placeholder::prove,
        principal::check,
        profile::check,
        region::check,
    ] as [fn(&Subject<'_>, &mut Findings); 13]
    {
        rules(&subject, found);
    }
}
