//! `hoptrail policy simulate`.

use std::io::{self, Write};

use policy::{Simulation, Verdict};

use super::calls::{self, AskedCall};
use super::doubts::Doubts;
use super::events;
use super::json;
use super::policies::Policies;
use super::simulator::Simulator;
use super::text::{self, Row};
use crate::args::{DayArgs, ExpectedVerdict, SimulateArgs, SimulateOutput};
use crate::command::print;
use crate::exit::{Exit, Failure};
use crate::knowledge;
use crate::messages::Messages;
use crate::number::{counted, grouped};

/// Simulates the calls of the options, or of a file.
///
/// # Errors
/// If an option, a policy, the organization, or a call is invalid.
pub(crate) fn run(mut args: SimulateArgs, messages: &Messages) -> Result<Exit, Failure> {
    let knowledge = knowledge::load(&args.knowledge.clone().into())?;
    let policies = Policies::load(&args.policies, messages)?;
    let simulator = Simulator { policies: &policies, knowledge: &knowledge };
    let mut counts = Counts { expected: args.expect.map(Verdict::from), ..Counts::default() };
    let mut doubts = Doubts::new(&knowledge, messages);
    match &args.call.calls {
        Some(file) => {
            if args.output == Some(SimulateOutput::Text) {
                return Err(Failure::usage(
                    "--calls is answered as jsonl: expected no --output text",
                ));
            }
            of_lines(calls::lines(file, &knowledge)?, simulator, &mut doubts, &mut counts)?;
        }
        None => {
            let calls = if args.call.event_id.is_empty() {
                let DayArgs { last, day, from, .. } = &args.days;
                if last.is_some() || day.is_some() || from.is_some() {
                    return Err(Failure::usage(
                        "--last, --day, --from, and --to are about --event-id: expected it beside them",
                    ));
                }
                let regions = args.aws.region.as_deref();
                calls::grid(&args.model_refs, regions, &args.call, &knowledge)?
            } else {
                let given = calls::given_by(&args.call)?;
                events::calls(&mut args, &given, &knowledge, messages)?
            };
            match args.output.unwrap_or(SimulateOutput::Text) {
                SimulateOutput::Jsonl => {
                    of_lines(calls.into_iter().map(Ok), simulator, &mut doubts, &mut counts)?;
                }
                SimulateOutput::Text => {
                    calls.iter().for_each(|call| doubts.look_at(call));
                    as_text(&calls, simulator, &mut counts)?;
                }
            }
        }
    }
    Ok(counts.exit(messages))
}

/// How many calls had which verdict.
#[derive(Debug, Default)]
struct Counts {
    expected: Option<Verdict>,
    n: u64,
    n_unexpected: u64,
    /// Calls of accounts that the organization does not have.
    n_foreign: u64,
    /// Calls of which no leg is known.
    n_unknown: u64,
}

impl Counts {
    fn add(&mut self, call: &AskedCall, found: &Simulation<'_>, policies: &Policies) {
        self.n += 1;
        self.n_unexpected += u64::from(self.expected.is_some_and(|it| it != found.verdict));
        self.n_foreign += u64::from(!policies.knows(&call.account));
        self.n_unknown += u64::from(found.legs.is_empty());
    }

    fn exit(&self, messages: &Messages) -> Exit {
        if self.n_foreign > 0 {
            messages.warn(&format!(
                "{} of {}: the account is not in the organization",
                grouped(self.n_foreign),
                counted(self.n, "call")
            ));
        }
        if let Some(expected) = self.expected.filter(|_| self.n_unexpected > 0) {
            messages.warn(&format!(
                "--expect {}: {} of {} another verdict",
                expected.as_str(),
                grouped(self.n_unexpected),
                if self.n == 1 {
                    "1 call has".to_owned()
                } else {
                    format!("{} have", counted(self.n, "call"))
                }
            ));
            return Exit::Gate;
        }
        if self.n == 0 {
            messages.warn("there is no call to simulate");
        }
        if self.n == 0 || self.n_unknown > 0 { Exit::Nothing } else { Exit::Done }
    }
}

fn of_lines(
    calls: impl Iterator<Item = Result<AskedCall, Failure>>,
    simulator: Simulator<'_>,
    doubts: &mut Doubts<'_>,
    counts: &mut Counts,
) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for call in calls {
        // What was answered before an invalid line is written.
        let line = call.and_then(|call| {
            let levels = simulator.policies.levels(&call.account, call.principal.as_ref());
            let found = simulator.of(&call, &levels)?;
            doubts.look_at(&call);
            counts.add(&call, &found, simulator.policies);
            Ok(json::line(&call, &found, simulator.before(&call)?)?)
        });
        let line = match line {
            Ok(line) => line,
            Err(failure) => {
                out.flush()?;
                return Err(failure);
            }
        };
        match out.write_all(line.as_bytes()) {
            // A reader that has gone (`| head`) is not an error.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            result => result?,
        }
    }
    match out.flush() {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

fn as_text(
    calls: &[AskedCall],
    simulator: Simulator<'_>,
    counts: &mut Counts,
) -> Result<(), Failure> {
    let policies = simulator.policies;
    let levels = calls.iter().map(|it| policies.levels(&it.account, it.principal.as_ref()));
    let levels = levels.collect::<Vec<_>>();
    let mut found = Vec::with_capacity(calls.len());
    for (call, levels) in calls.iter().zip(&levels) {
        let one = simulator.of(call, levels)?;
        counts.add(call, &one, policies);
        found.push(Row { call, found: one, before: simulator.before(call)? });
    }
    let text = match found.as_slice() {
        [row] => {
            let AskedCall { account, principal, .. } = row.call;
            text::of_call(row, policies.exemption(account, principal.as_ref()))
        }
        all => text::of_grid(all),
    };
    Ok(print(&text)?)
}

impl From<ExpectedVerdict> for Verdict {
    fn from(expected: ExpectedVerdict) -> Self {
        match expected {
            ExpectedVerdict::Allowed => Verdict::Allowed,
            ExpectedVerdict::Denied => Verdict::Denied,
            ExpectedVerdict::Indeterminate => Verdict::Indeterminate,
        }
    }
}
