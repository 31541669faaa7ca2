//! `hoptrail policy explain`.

mod answer;
mod calls;
mod command;
mod json;
mod named;
mod pasted;
mod text;
mod unsaid;

use std::io::Read;

use anyhow::Context;

use self::answer::{Answer, Known, answer};
use self::pasted::{MAX_BYTES, parts};
use super::policies::Policies;
use crate::args::{ExplainDenialArgs, ExplainDenialOutput, PoliciesArgs};
use crate::command::explain::denial::joined;
use crate::command::print;
use crate::exit::{Exit, Failure};
use crate::messages::Messages;
use crate::number::counted;
use crate::{knowledge, region};

/// Explains the denials in the texts.
///
/// # Errors
/// If an option or a policy is invalid, or standard input cannot be read.
pub(crate) fn run(args: ExplainDenialArgs, messages: &Messages) -> Result<Exit, Failure> {
    let knowledge = knowledge::load(&args.knowledge.into())?;
    if let Some(region) = &args.region {
        region::check("--region", region, &knowledge.regions)?;
        super::calls::check_region(region, &knowledge.regions)
            .map_err(|it| Failure::usage(format!("--region: {it}")))?;
    }
    let principal = args.principal.as_deref().map(super::calls::principal).transpose();
    let principal = principal.map_err(|it| Failure::usage(format!("--principal: {it}")))?;
    if let Some(account) = &args.account {
        super::calls::check_account(account, principal.as_ref())
            .map_err(|it| Failure::usage(format!("--account: {it}")))?;
    }
    let policies = has_policies(&args.policies).then(|| Policies::load(&args.policies, messages));
    let policies = policies.transpose()?;
    let known = Known {
        region: args.region.as_deref(),
        account: args.account.as_deref(),
        principal: principal.as_ref(),
        policies: policies.as_ref(),
        org: args.policies.org.as_deref(),
        knowledge: &knowledge,
    };
    let answers = answers(&args.texts, known)?;
    let printed = match args.output {
        ExplainDenialOutput::Json => {
            let objects = answers.iter().map(json::object).collect::<Vec<_>>();
            serde_json::to_string_pretty(&objects)? + "\n"
        }
        ExplainDenialOutput::Text => answers.iter().map(text::of).collect::<Vec<_>>().join("\n"),
    };
    print(&printed)?;
    exit(&answers, messages)
}

fn has_policies(args: &PoliciesArgs) -> bool {
    let PoliciesArgs { org, identity, boundary, session_policy, endpoint_policy, .. } = args;
    let files = [org, boundary, endpoint_policy].iter().any(|it| it.is_some());
    files || !identity.is_empty() || !session_policy.is_empty()
}

/// One for each denial; those that say the same are one.
fn answers(texts: &[String], known: Known<'_>) -> Result<Vec<Answer>, Failure> {
    let is_from_stdin = texts.iter().any(|text| text == "-");
    if is_from_stdin && texts.len() > 1 {
        return Err(Failure::usage("- is standard input: expected no other texts beside it"));
    }
    let texts = if is_from_stdin { vec![standard_input()?] } else { joined(texts) };
    let mut answers = Vec::<Answer>::new();
    for part in texts.iter().flat_map(|text| parts(text)) {
        let new = answer(part, known)?;
        match answers.iter_mut().find(|known| known.is_same(&new)) {
            Some(known) => known.times += 1,
            None => answers.push(new),
        }
    }
    Ok(answers)
}

fn standard_input() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let reading = std::io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes);
    reading.context("could not read standard input")?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::usage(
            "expected a text of at most 16 MiB on standard input: `hoptrail run` reads whole trails",
        ));
    }
    crate::command::explain::check_text(&bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn exit(answers: &[Answer], messages: &Messages) -> Result<Exit, Failure> {
    let n_denials = answers.iter().filter(|it| it.is_denial()).count();
    let n_unreadable = answers.iter().filter(|it| it.is_unreadable()).count();
    if answers.is_empty() {
        return Err(Failure::Nothing(
            "expected a text with a denial, such as `User: … is not authorized to perform: …`, found none".to_owned(),
        ));
    }
    if n_unreadable > 0 && n_denials > 0 {
        let n = counted(n_unreadable as u64, "part");
        messages.warn(&format!("{n} of the text could not be read as a denial"));
    }
    Ok(match (n_denials, n_unreadable) {
        (0, _) => Exit::Nothing,
        (_, 0) => Exit::Done,
        (_, _) => Exit::Partial,
    })
}
