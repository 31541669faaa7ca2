//! `hoptrail policy minify`.

use std::io::{IsTerminal, Write};

use anyhow::Context;
use bedrock::denial::PolicyType;
use policy::Document;
use policy::compare::Comparison;
use policy::minify::{self, Minified, Options, Pipeline, Proof, Size, StepKind};
use serde_json::json;

use super::{diff, file};
use crate::args::{MinifyArgs, PolicyReport};
use crate::command::print;
use crate::exit::{Exit, Failure};
use crate::messages::Messages;
use crate::number::{grouped, percent};

/// Writes the policy of a file without what changes nothing.
///
/// # Errors
/// If the file cannot be read or is no policy of the type, or the result cannot be written.
pub(crate) fn run(args: &MinifyArgs, messages: &Messages) -> Result<Exit, Failure> {
    let name = file::name(&args.file);
    let text = file::read(&args.file)?;
    let policy_type = PolicyType::from(args.kind);
    let pipeline = Pipeline::from(args.pipeline);
    let options = Options { policy_type, pipeline, drops_sids: args.drop_sids };
    let found = minify::minify(&text, options).with_context(|| name.clone())?;
    if let Proof::Refuted(differences) = &found.proof {
        let request = differences.witnesses().next().map(diff::request).unwrap_or_default();
        return Err(anyhow::anyhow!(
            "{name}: the shorter policy is not equal, which is a fault of hoptrail; nothing is written. They \
             differ on {request}"
        )
        .into());
    }
    match &args.to {
        Some(to) => {
            let failed = || format!("could not write {}", to.display());
            std::fs::write(to, &found.text).with_context(failed)?;
        }
        // A line end in a file would be a character of the policy.
        None if std::io::stdout().is_terminal() => print(&format!("{}\n", found.text))?,
        None => print(&found.text)?,
    }
    let limit = args.limit.unwrap_or(limit_of(policy_type));
    match args.output {
        PolicyReport::Text => report(&name, &found, pipeline, limit, messages),
        PolicyReport::Json => write_json(&name, &found, options, limit)?,
    }
    check_cfct(&name, &found.text, options, messages);
    if found.after.n_bytes > limit {
        messages.warn(&format!(
            "{name}: {} are over the limit of {}",
            of_size(found.after, " characters"),
            grouped(limit as u64)
        ));
        return Ok(Exit::Gate);
    }
    Ok(Exit::Done)
}

/// What AWS takes of a policy: SCPs 10,240 characters since 2026-05-15, RCPs 5,120 (AWS Organizations user
/// guide, "Quotas and service limits"); customer managed policies, and boundaries, which are such, 6,144,
/// session policies 2,048 (IAM user guide, "IAM and AWS STS quotas"); endpoint policies 20,480 (AWS `PrivateLink`
/// guide, "Quotas").
fn limit_of(policy_type: PolicyType) -> usize {
    match policy_type {
        PolicyType::ResourceControl => 5_120,
        PolicyType::IdentityBased | PolicyType::PermissionsBoundary => 6_144,
        PolicyType::Session => 2_048,
        PolicyType::VpcEndpoint => 20_480,
        _ => 10_240,
    }
}

/// Bytes only count beside characters where they differ.
fn of_size(size: Size, unit: &str) -> String {
    let Size { n_characters, n_bytes } = size;
    let [characters, bytes] = [n_characters, n_bytes].map(|it| grouped(it as u64));
    let bytes = if n_characters == n_bytes { String::new() } else { format!(" ({bytes} bytes)") };
    format!("{characters}{unit}{bytes}")
}

fn report(name: &str, found: &Minified, pipeline: Pipeline, limit: usize, messages: &Messages) {
    let Minified { before, after, steps, .. } = found;
    messages.note(&format!(
        "{name}, as {} saves it: {}, now {}; limit {}",
        pipeline.as_str(),
        of_size(*before, " characters"),
        of_size(*after, ""),
        grouped(limit as u64)
    ));
    let n_saved = before.n_characters.saturating_sub(after.n_characters) as u64;
    for step in steps.iter().filter(|step| step.n_saved > 0) {
        messages.note(&format!("  {:<30}{:>7}", in_words(step.kind), grouped(step.n_saved as u64)));
    }
    if n_saved > 0 {
        let share = percent(n_saved, before.n_characters as u64);
        messages.note(&format!("  {:<30}{:>7}  {share}", "saved", grouped(n_saved)));
    }
    match &found.proof {
        Proof::Equal => messages.note("equal: compared over all requests"),
        Proof::StepByStep(Comparison::TooLarge) => messages.warn(
            "the policies are too large to be compared as a whole; each step by itself is one that changes \
             nothing",
        ),
        Proof::StepByStep(_) | Proof::Refuted(_) => messages.warn(
            "whether the policies are equal hangs on variables, callers, or several values of a key, which were \
             not compared as a whole; each step by itself is one that changes nothing",
        ),
    }
}

fn in_words(kind: StepKind) -> &'static str {
    match kind {
        StepKind::WhiteSpace => "white space",
        StepKind::Escapes => "escapes that are not needed",
        StepKind::Sids => "Sids",
        StepKind::DuplicateEntries => "duplicate entries",
        StepKind::CoveredEntries => "entries that others cover",
        StepKind::EmptyConditions => "empty conditions",
        StepKind::RepeatedStatements => "repeated statements",
        StepKind::CoveredStatements => "statements that others cover",
        StepKind::JoinedStatements => "statements joined",
        StepKind::SingleEntries => "lists of one entry",
        StepKind::SingleStatement => "list of one statement",
    }
}

fn write_json(name: &str, found: &Minified, options: Options, limit: usize) -> Result<(), Failure> {
    let size = |size: Size| json!({"characters": size.n_characters, "bytes": size.n_bytes});
    let steps = found.steps.iter().filter(|step| step.n_saved > 0);
    let steps = steps.map(|it| json!({"step": it.kind.as_str(), "saved": it.n_saved}));
    let report = json!({
        "file": name,
        "type": options.policy_type.as_str(),
        "as": options.pipeline.as_str(),
        "before": size(found.before),
        "after": size(found.after),
        "limit": limit,
        "over_limit": found.after.n_bytes > limit,
        "steps": steps.collect::<Vec<_>>(),
        "proof": match found.proof {
            Proof::Equal => "equal",
            Proof::StepByStep(_) | Proof::Refuted(_) => "step_by_step",
        },
    });
    writeln!(std::io::stderr(), "{report}")?;
    Ok(())
}

/// Warns where `CfCT` changes more than white space.
fn check_cfct(name: &str, text: &str, options: Options, messages: &Messages) {
    if options.pipeline != Pipeline::Cfct {
        return;
    }
    let Ok(sent) = options.pipeline.sent(text) else { return };
    let is_same =
        Document::read(&sent, options.policy_type).is_ok_and(|sent| sent.to_json(None) == text);
    if !is_same {
        messages.warn(&format!(
            "{name}: CfCT takes out every two blanks that follow each other, also within quotes, so that it \
             saves another policy"
        ));
    }
}
