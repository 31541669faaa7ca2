//! Makes a policy shorter without changing what it says.
//!
//! Every step is one that changes nothing by itself: an entry goes if the languages of patterns say that
//! another one covers it (`entry`), a statement goes or becomes one with another if [`compare`] says that the
//! documents are equal. In the end, the whole result is compared with what was given.

mod entry;
mod size;
mod statement;

use bedrock::denial::PolicyType;

pub use size::{Pipeline, Size, without_white_space};

use crate::compare::{Comparison, Differences, compare};
use crate::document::Document;
use crate::json::{Node, Value};
use crate::problem::Problem;

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepKind {
    /// Takes out white space that is not within quotes.
    WhiteSpace,
    /// Writes characters that were escaped, but need not be.
    Escapes,
    /// Drops Sids.
    Sids,
    /// Drops entries of lists that are there twice.
    DuplicateEntries,
    /// Drops entries of lists that others cover.
    CoveredEntries,
    /// Drops conditions that test nothing.
    EmptyConditions,
    /// Drops statements that are there twice.
    RepeatedStatements,
    /// Drops statements that others cover.
    CoveredStatements,
    /// Makes one statement of two.
    JoinedStatements,
    /// Writes lists of one as what they hold.
    SingleEntries,
    /// Writes a list of one statement as the statement.
    SingleStatement,
}

/// A step and what it saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// The characters that it saved, of those that count.
    pub n_saved: usize,
}

/// What may be done, and how the result is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The type of the policy.
    pub policy_type: PolicyType,
    /// What saves it.
    pub pipeline: Pipeline,
    /// Whether Sids are dropped, too.
    pub drops_sids: bool,
}

/// What is known of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// The comparison of the whole shows that it is equal.
    Equal,
    /// The whole was not decided; each step is one that changes nothing.
    StepByStep(Comparison),
    /// It differs: a fault of hoptrail. It must not be used.
    Refuted(Differences),
}

/// A policy that says the same in fewer characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minified {
    /// The document, without white space.
    pub text: String,
    /// The size of what was given, as it is saved and counted.
    pub before: Size,
    /// The size of the result.
    pub after: Size,
    /// All steps, in their order.
    pub steps: Vec<Step>,
    /// What is known of it.
    pub proof: Proof,
}

/// A document on its way.
#[derive(Debug, Clone)]
struct Draft {
    node: Node,
    policy_type: PolicyType,
    /// Whether a comparison took too long: then no others are tried.
    is_too_large: bool,
}

impl StepKind {
    /// All steps, in the order of a report.
    pub const ALL: [StepKind; 11] = [
        StepKind::WhiteSpace,
        StepKind::Escapes,
        StepKind::Sids,
        StepKind::DuplicateEntries,
        StepKind::CoveredEntries,
        StepKind::EmptyConditions,
        StepKind::RepeatedStatements,
        StepKind::CoveredStatements,
        StepKind::JoinedStatements,
        StepKind::SingleEntries,
        StepKind::SingleStatement,
    ];

    /// Its name: `white_space`, ...
    pub fn as_str(self) -> &'static str {
        match self {
            StepKind::WhiteSpace => "white_space",
            StepKind::Escapes => "escapes",
            StepKind::Sids => "sids",
            StepKind::DuplicateEntries => "duplicate_entries",
            StepKind::CoveredEntries => "covered_entries",
            StepKind::EmptyConditions => "empty_conditions",
            StepKind::RepeatedStatements => "repeated_statements",
            StepKind::CoveredStatements => "covered_statements",
            StepKind::JoinedStatements => "joined_statements",
            StepKind::SingleEntries => "single_entries",
            StepKind::SingleStatement => "single_statement",
        }
    }

    /// Changes a draft; white space is no part of one.
    fn apply(self, draft: &mut Draft, options: Options) {
        match self {
            StepKind::WhiteSpace | StepKind::Escapes => {}
            StepKind::Sids if options.drops_sids => draft.drop_sids(),
            StepKind::Sids => {}
            StepKind::DuplicateEntries => draft.drop_duplicates(),
            StepKind::CoveredEntries => draft.drop_covered(),
            StepKind::EmptyConditions => draft.drop_empty_conditions(),
            StepKind::RepeatedStatements => draft.drop_repeated(),
            StepKind::CoveredStatements => draft.drop_covered_statements(),
            StepKind::JoinedStatements => draft.join_statements(),
            StepKind::SingleEntries => draft.unwrap_lists(),
            StepKind::SingleStatement => draft.unwrap_statement(),
        }
    }
}

/// The size of a document as it is saved and counted: IAM does not count white space.
///
/// # Errors
/// If what saves it reads JSON, and the text is none.
pub fn saved_size(
    text: &str,
    policy_type: PolicyType,
    pipeline: Pipeline,
) -> Result<Size, Problem> {
    let sent = pipeline.sent(text)?;
    Ok(match policy_type {
        PolicyType::IdentityBased | PolicyType::PermissionsBoundary => {
            Size::of(&without_white_space(&sent))
        }
        _ => Size::of(&sent),
    })
}

/// Makes a document shorter.
///
/// # Errors
/// If the text is no document of the type.
pub fn minify(text: &str, options: Options) -> Result<Minified, Problem> {
    let given = Document::read(text, options.policy_type)?;
    let size = |text: &str| saved_size(text, options.policy_type, options.pipeline);
    let mut steps = StepKind::ALL.map(|kind| Step { kind, n_saved: 0 });
    let before = size(text)?;
    let (node, policy_type) = (given.source.clone(), options.policy_type);
    let mut draft = Draft { node, policy_type, is_too_large: false };
    let mut last = before;
    let mut save = |step: &mut Step, text: &str| {
        let now = size(text)?;
        step.n_saved += last.n_characters.saturating_sub(now.n_characters);
        last = now;
        Ok::<_, Problem>(())
    };
    let [white_space, escapes, others @ ..] = &mut steps;
    save(white_space, &without_white_space(text))?;
    save(escapes, &draft.node.to_json(None))?;
    // What becomes one can hold something twice, and so on.
    loop {
        let round = draft.node.to_json(None);
        for step in others.iter_mut() {
            step.kind.apply(&mut draft, options);
            save(step, &draft.node.to_json(None))?;
        }
        if draft.node.to_json(None) == round {
            break;
        }
    }
    let text = draft.node.to_json(None);
    let proof = match compare(&given, &Document::read(&text, options.policy_type)?) {
        Comparison::Equal => Proof::Equal,
        Comparison::Different(differences) => Proof::Refuted(differences),
        open => Proof::StepByStep(open),
    };
    Ok(Minified { after: size(&text)?, text, before, steps: steps.to_vec(), proof })
}

impl Draft {
    fn member(&self, name: &str) -> Option<&Node> {
        let Value::Object(members) = &self.node.value else { return None };
        members.iter().find(|(found, _)| found == name).map(|(_, node)| node)
    }

    fn statement_node(&mut self) -> Option<&mut Node> {
        let Value::Object(members) = &mut self.node.value else { return None };
        members.iter_mut().find(|(name, _)| name == "Statement").map(|(_, node)| node)
    }

    fn statements_ref(&self) -> &[Node] {
        self.member("Statement").map_or(&[], Node::one_or_many)
    }

    fn statements(&mut self) -> &mut [Node] {
        match self.statement_node() {
            Some(Node { value: Value::List(nodes), .. }) => nodes,
            Some(node) => std::slice::from_mut(node),
            None => &mut [],
        }
    }

    /// The same document with other statements.
    fn with_statements(&self, statements: Vec<Node>) -> Draft {
        let mut draft = self.clone();
        if let Some(node) = draft.statement_node() {
            node.value = Value::List(statements);
        }
        draft
    }

    fn has_variables(&self) -> bool {
        let version = self.member("Version").map(|node| &node.value);
        matches!(version, Some(Value::Text(version)) if version == "2012-10-17")
    }
}

/// The text of an entry of a list, which may be written as a number or as true or false.
fn entry_text(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) | Value::Number(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
