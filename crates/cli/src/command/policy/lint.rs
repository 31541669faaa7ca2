//! `hoptrail policy lint`.

mod sarif;
mod text;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use bedrock::denial::PolicyType;
use policy::Knowledge;
use policy::lint::{
    Finding, Goal, Options, RULES, Rule, Severity, lint, lint_document, too_many_policies,
};
use serde::Serialize;

use super::organization;
use crate::args::{LintArgs, LintOutput, LintSeverity, PoliciesArgs};
use crate::command::print;
use crate::exit::{Exit, Failure};
use crate::messages::Messages;
use crate::number::counted;
use crate::{knowledge, region};

/// The most that is read of a file: more than the largest document that is looked at.
const MAX_FILE_BYTES: u64 = 17 * 1024 * 1024;

/// What is said of an organization that has a node with too many policies.
const TOO_MANY: &str = "as many as AWS attaches";

/// A finding in a file.
#[derive(Debug)]
struct Found {
    file: String,
    finding: Finding,
}

/// A finding as JSON.
#[derive(Debug, Serialize)]
struct Row<'a> {
    file: &'a str,
    rule: &'static str,
    severity: &'static str,
    line: usize,
    column: usize,
    element: &'a str,
    message: &'a str,
    proof: Option<ProofRow<'a>>,
}

#[derive(Debug, Serialize)]
struct ProofRow<'a> {
    call: &'a str,
    verdict: &'static str,
    repair: &'a str,
    repaired_verdict: &'static str,
}

/// A rule as JSON.
#[derive(Debug, Serialize)]
struct RuleRow {
    rule: &'static str,
    severity: &'static str,
    finds: &'static str,
    reason: &'static str,
    source: &'static str,
}

/// Finds faults, or prints the rules.
///
/// # Errors
/// If an option is invalid, or a file or the organization cannot be read.
pub(super) fn run(args: &LintArgs, messages: &Messages) -> Result<Exit, Failure> {
    if args.rules {
        return rules(&RULES.iter().collect::<Vec<_>>(), args.output);
    }
    if let Some(id) = &args.explain {
        let rule = Rule::find(id).ok_or_else(|| {
            let all = RULES.iter().map(|rule| rule.id).collect::<Vec<_>>().join(", ");
            Failure::usage(format!("--explain: expected one of {all}, found `{id}`"))
        })?;
        return rules(&[rule], args.output);
    }
    let knowledge = knowledge::load(&args.knowledge.clone().into())?;
    let goals = args.goal.iter().map(|goal| goal_of(goal, &knowledge.regions));
    let goals = goals.collect::<Result<Vec<_>, _>>()?;
    let bedrock::Knowledge { catalog, regions, aliases, .. } = &knowledge;
    let knowledge = Knowledge { catalog, regions, aliases };
    let mut found = Vec::new();
    let mut n_files = 0;
    for path in &args.files {
        let text = text_of(path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let policy_type = args.r#type.into();
        let options = Options { policy_type, name: &name, goals: &goals, knowledge };
        let findings = match text {
            Ok(text) => lint(&text, &options),
            Err(finding) => vec![finding],
        };
        let file = path.display().to_string();
        found.extend(findings.into_iter().map(|finding| Found { file: file.clone(), finding }));
        n_files += 1;
    }
    if let Some(path) = &args.org {
        let options =
            Options { policy_type: PolicyType::ServiceControl, name: "", goals: &goals, knowledge };
        n_files += of_organization(path, &options, &mut found, messages)?;
    }
    let text = match args.output {
        LintOutput::Text => text::findings(&found),
        LintOutput::Json => json(&found.iter().map(Row::from).collect::<Vec<_>>())?,
        LintOutput::Sarif => sarif::log(&found)?,
    };
    print(&text)?;
    Ok(exit(&found, n_files, args, messages))
}

fn exit(found: &[Found], n_files: u64, args: &LintArgs, messages: &Messages) -> Exit {
    let of = |severity: Severity| {
        found.iter().filter(|it| it.finding.severity == severity).count() as u64
    };
    let counts =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let counts = counts.map(|(severity, noun)| counted(of(severity), noun)).join(", ");
    messages.note(&format!("{counts} in {}", counted(n_files, "document")));
    let least = Severity::from(args.fail_on);
    match found.iter().filter(|it| it.finding.severity >= least).count() as u64 {
        0 => Exit::Done,
        n => {
            let is_all = if n == 1 { "is" } else { "are" };
            messages.warn(&format!(
                "--fail-on {}: {} {is_all} at least so severe",
                least.as_str(),
                counted(n, "finding")
            ));
            Exit::Gate
        }
    }
}

/// What `--goal` says.
fn goal_of(text: &str, regions: &bedrock::Regions) -> Result<Goal, Failure> {
    let invalid =
        || Failure::usage(format!("--goal: expected profile=ID,region=CODE, found `{text}`"));
    let (mut profile, mut code) = (None, None);
    for part in text.split(',') {
        let slot = match part.split_once('=') {
            Some(("profile", value)) if !value.is_empty() => (&mut profile, value),
            Some(("region", value)) if !value.is_empty() => (&mut code, value),
            _ => return Err(invalid()),
        };
        if slot.0.replace(slot.1.to_owned()).is_some() {
            return Err(invalid());
        }
    }
    let (Some(profile), Some(code)) = (profile, code) else { return Err(invalid()) };
    if regions.get(&code).is_none() {
        let meant = region::did_you_mean(&regions.meant(&code));
        return Err(Failure::usage(format!(
            "--goal: expected the code of an AWS Region, found `{code}`{meant}"
        )));
    }
    Ok(Goal { profile, region: code })
}

/// The text of a file. What is no text is a finding.
fn text_of(path: &Path) -> anyhow::Result<Result<String, Finding>> {
    let named = || format!("could not read {}", path.display());
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(MAX_FILE_BYTES).read_to_end(&mut bytes).with_context(named)?;
    } else {
        let file = File::open(path).with_context(named)?;
        file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).with_context(named)?;
    }
    Ok(String::from_utf8(bytes).map_err(|error| {
        let n_valid = error.utf8_error().valid_up_to();
        policy::lint::not_utf8(&String::from_utf8_lossy(&error.as_bytes()[..n_valid]))
    }))
}

/// Looks at the SCPs of an organization, and gives their number.
fn of_organization(
    path: &Path,
    options: &Options<'_>,
    found: &mut Vec<Found>,
    messages: &Messages,
) -> Result<u64, Failure> {
    let policies = PoliciesArgs { org: Some(path.to_owned()), ..PoliciesArgs::default() };
    let loaded = match organization::load(&policies, messages) {
        Ok(Some(loaded)) => loaded,
        Ok(None) => return Ok(0),
        Err(Failure::Failed(error)) if format!("{error:#}").contains(TOO_MANY) => {
            let finding = too_many_policies(&error.root_cause().to_string());
            found.push(Found { file: path.display().to_string(), finding });
            return Ok(1);
        }
        Err(failure) => return Err(failure),
    };
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    let policies = loaded.organization.policies();
    for policy in &policies {
        let findings = lint_document(&policy.document, &Options { name: &policy.name, ..*options });
        // Files of an organization are named from its folder on.
        let below = folder.join(&policy.file);
        let file = if below.exists() { below } else { PathBuf::from(&policy.file) };
        let file = || file.display().to_string();
        found.extend(findings.into_iter().map(|finding| Found { file: file(), finding }));
    }
    Ok(policies.len() as u64)
}

fn rules(rules: &[&'static Rule], output: LintOutput) -> Result<Exit, Failure> {
    let text = match output {
        LintOutput::Text => text::rules(rules),
        LintOutput::Json => {
            json(&rules.iter().map(|rule| RuleRow::from(*rule)).collect::<Vec<_>>())?
        }
        LintOutput::Sarif => {
            return Err(Failure::usage(
                "--output sarif is for findings: expected text or json for rules",
            ));
        }
    };
    print(&text)?;
    Ok(Exit::Done)
}

fn json(rows: &impl Serialize) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(rows)? + "\n")
}

impl<'a> From<&'a Found> for Row<'a> {
    fn from(Found { file, finding }: &'a Found) -> Self {
        let proof = finding.proof.as_ref().map(|proof| ProofRow {
            call: &proof.call,
            verdict: proof.verdict.as_str(),
            repair: &proof.repair,
            repaired_verdict: proof.repaired_verdict.as_str(),
        });
        Row {
            file,
            rule: finding.rule.id,
            severity: finding.severity.as_str(),
            line: finding.position.line,
            column: finding.position.column,
            element: &finding.element,
            message: &finding.message,
            proof,
        }
    }
}

impl From<&'static Rule> for RuleRow {
    fn from(rule: &'static Rule) -> Self {
        let Rule { id, severity, finds, reason, source } = rule;
        RuleRow { rule: id, severity: severity.as_str(), finds, reason, source }
    }
}

impl From<LintSeverity> for Severity {
    fn from(severity: LintSeverity) -> Self {
        match severity {
            LintSeverity::Error => Severity::Error,
            LintSeverity::Warning => Severity::Warning,
            LintSeverity::Note => Severity::Note,
        }
    }
}
