//! `hoptrail policy replay`: what changed policies would have done to logged calls.

mod columns;
mod csv;
mod json;
mod notes;
mod parquet;
mod requests;
mod source;
mod subjects;
mod table;
mod text;

use std::io::IsTerminal;

use bedrock::Aliases;
use pipeline::Basis;
use policy::replay::{Audit, Counted, Totals};
use tables::contexts::Contexts;

use self::columns::{Columns, Row};
use self::requests::Requests;
use self::subjects::Subjects;
use super::policies::Policies;
use super::simulate::threads;
use crate::args::{OutputArgs, ReplayArgs, ReplayBy, ReplayOutput};
use crate::command::{basis, block_on, print};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::messages::Messages;
use crate::number::{counted, grouped};
use crate::{knowledge, location};

/// What a replay found.
struct Found<'a> {
    by: &'a [ReplayBy],
    totals: Totals<'a>,
    audit: Audit,
    basis: &'a Basis,
    calls: u64,
    /// How many different requests the policies were asked about.
    requests: u64,
    has_changes: bool,
    has_identity: bool,
}

/// Replays the calls of the tables, or of a trail.
///
/// # Errors
/// If an option, a policy, or the organization is invalid, or the tables cannot be read.
pub(crate) fn run(
    mut args: ReplayArgs,
    output: &OutputArgs,
    messages: &Messages,
) -> Result<Exit, Failure> {
    if args.output == ReplayOutput::Parquet && std::io::stdout().is_terminal() {
        return Err(Failure::usage("--output parquet is no text: expected stdout to be a file"));
    }
    let threads = threads(args.threads)?;
    let mut knowledge = knowledge::load(&args.knowledge.clone().into())?;
    let policies = Policies::load(&args.policies, messages)?;
    if policies.have_identities_of_accounts() {
        return Err(Failure::usage(
            "--identity: expected files that are one policy each, which all callers have; those of whole accounts are \
             not replayed",
        ));
    }
    let columns = Columns::of(&policies, &args.by);
    let temporary = source::tables(&mut args, output, messages)?;
    let (contexts, found) = read(&mut args, &columns, &mut knowledge.aliases, messages)?;
    drop(temporary);
    let requests = Requests::of(&contexts, &columns);
    let subjects = Subjects::of(&policies, &requests);
    let judged = requests.judge(&subjects, &knowledge, threads);

    let (mut totals, mut audit, mut calls) = (Totals::default(), Audit::default(), 0);
    for ((row, account), judged) in requests.rows().zip(&judged) {
        let count = row.context.count();
        calls += count.calls;
        audit.add(judged.audited, count.calls);
        let counted = Counted {
            calls: count.calls,
            first_ms: count.first_ms,
            last_ms: count.last_ms,
            first_event: row.context.first_event(),
            caller: row.caller(),
            account,
            model: row.text("model_id").or_else(|| row.text("model_ref")),
            evidence: row.evidence(),
            denial: row.denial(),
        };
        let labels = args.by.iter().map(|by| label(*by, row, account, &policies));
        totals.add(labels.collect(), counted, judged);
    }
    let shown = Found {
        by: &args.by,
        totals,
        audit,
        basis: &found,
        calls,
        requests: requests.len() as u64,
        has_changes: policies.unchanged.is_some(),
        has_identity: policies.have_identity(),
    };
    match args.output {
        ReplayOutput::Text => print(&text::of(&shown))?,
        ReplayOutput::Json => print(&json::of(&shown)?)?,
        ReplayOutput::Csv => print(&csv::of(&shown)?)?,
        ReplayOutput::Parquet => parquet::print(&shown)?,
    }
    Ok(exit(&args, &shown, &subjects, messages))
}

/// What a row has of what rows are told apart by.
fn label<'a>(
    by: ReplayBy,
    row: Row<'a>,
    account: Option<&'a str>,
    policies: &'a Policies,
) -> Option<&'a str> {
    match by {
        ReplayBy::Account => account,
        ReplayBy::Ou => {
            let parent = policies.organization.as_ref().zip(account);
            let parent = parent.and_then(|(organization, account)| organization.parent(account));
            parent.map(|node| node.id.as_str())
        }
        ReplayBy::Principal => row.caller(),
        ReplayBy::Model | ReplayBy::Profile | ReplayBy::Region | ReplayBy::Day => {
            row.text(by.column())
        }
    }
}

/// Reads what the policies look at, and what runs have discovered about opaque ARNs.
fn read(
    args: &mut ReplayArgs,
    columns: &Columns,
    aliases: &mut Aliases,
    messages: &Messages,
) -> Result<(Contexts, Basis), Failure> {
    let config = Config::read(&args.config)?;
    config.complete_location(&mut args.dest);
    config.complete_aws(&mut args.aws);
    let range = basis::days(&args.days)?;
    let dest = location::required("--dest", args.dest.as_deref())?;
    location::check_region(&args.aws, [&dest])?;
    let options = location::dest_options(&args.aws)?;
    let shown_dest = dest.to_string();
    let (contexts, found) = block_on(async |signals| {
        let reading = async {
            let requests = pipeline::Settings::new(range).requests_in_flight;
            let what = "the destination";
            let dest = location::open_source(what, &dest, &options, requests, messages).await?;
            pipeline::add_discovered_aliases(dest.as_ref(), aliases).await?;
            Ok::<_, Failure>(pipeline::contexts(dest.as_ref(), range, columns.question()).await?)
        };
        signals.or(reading).await?
    })?;
    basis::warn_of_gaps(&found, messages);
    if found.days == 0 {
        return Err(basis::nothing_published(found.range, &shown_dest));
    }
    Ok((contexts, found))
}

/// What is said on stderr, and how the command ends.
fn exit(
    args: &ReplayArgs,
    found: &Found<'_>,
    subjects: &Subjects<'_>,
    messages: &Messages,
) -> Exit {
    let n_foreign = subjects.foreign_calls();
    if n_foreign > 0 {
        messages.warn(&format!(
            "{} of {}: the account is not in the organization",
            grouped(n_foreign),
            counted(found.calls, "call")
        ));
    }
    let mut is_gate = false;
    for gate in &args.fail_on {
        let (name, class) = gate.class();
        let calls = found.totals.calls(class);
        if calls > 0 {
            is_gate = true;
            messages.warn(&format!("--fail-on {name}: {}", counted(calls, "call")));
        }
    }
    if is_gate {
        return Exit::Gate;
    }
    if found.calls == 0 {
        messages.warn("there is no call on these days");
        return Exit::Nothing;
    }
    if found.basis.unreadable.is_empty() { Exit::Done } else { Exit::Partial }
}
