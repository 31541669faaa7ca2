//! `hoptrail policy simulate`.

use std::num::NonZero;

use policy::{Simulation, Verdict};

use super::calls::{self, AskedCall};
use super::doubts::Doubts;
use super::events;
use super::json;
use super::many;
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
    let mut counts = Counts::default();
    let mut doubts = Doubts::new(&knowledge, messages);
    match &args.call.calls {
        Some(file) => {
            if args.output == Some(SimulateOutput::Text) {
                return Err(Failure::usage(
                    "--calls is answered as jsonl: expected no --output text",
                ));
            }
            many::answer(file, simulator, threads(args.threads)?, (&mut doubts, &mut counts))?;
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
            calls.iter().for_each(|call| doubts.look_at(call));
            match args.output.unwrap_or(SimulateOutput::Text) {
                SimulateOutput::Jsonl => as_lines(&calls, simulator, &mut counts)?,
                SimulateOutput::Text => as_text(&calls, simulator, &mut counts)?,
            }
        }
    }
    Ok(counts.exit(args.expect.map(Verdict::from), messages))
}

/// What counts of a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    verdict: Verdict,
    /// Whether the organization does not have its account.
    is_foreign: bool,
    /// Whether none of its legs is known.
    is_unknown: bool,
}

/// How many calls had which verdict.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    n: u64,
    n_allowed: u64,
    n_denied: u64,
    n_foreign: u64,
    n_unknown: u64,
}

impl Counted {
    pub(super) fn of(call: &AskedCall, found: &Simulation<'_>, policies: &Policies) -> Self {
        let is_foreign = !policies.knows(&call.account);
        Counted { verdict: found.verdict, is_foreign, is_unknown: found.legs.is_empty() }
    }
}

impl Counts {
    pub(super) fn add(&mut self, counted: Counted) {
        self.n += 1;
        self.n_allowed += u64::from(counted.verdict == Verdict::Allowed);
        self.n_denied += u64::from(counted.verdict == Verdict::Denied);
        self.n_foreign += u64::from(counted.is_foreign);
        self.n_unknown += u64::from(counted.is_unknown);
    }

    /// Adds those of others.
    pub(super) fn absorb(&mut self, other: &Counts) {
        self.n += other.n;
        self.n_allowed += other.n_allowed;
        self.n_denied += other.n_denied;
        self.n_foreign += other.n_foreign;
        self.n_unknown += other.n_unknown;
    }

    fn n_unexpected(&self, expected: Verdict) -> u64 {
        let n_expected = match expected {
            Verdict::Allowed => self.n_allowed,
            Verdict::Denied => self.n_denied,
            Verdict::Indeterminate => self.n - self.n_allowed - self.n_denied,
        };
        self.n - n_expected
    }

    fn exit(&self, expected: Option<Verdict>, messages: &Messages) -> Exit {
        if self.n_foreign > 0 {
            messages.warn(&format!(
                "{} of {}: the account is not in the organization",
                grouped(self.n_foreign),
                counted(self.n, "call")
            ));
        }
        let of = |expected| (expected, self.n_unexpected(expected));
        if let Some((expected, n_unexpected)) = expected.map(of).filter(|(_, n)| *n > 0) {
            messages.warn(&format!(
                "--expect {}: {} of {} another verdict",
                expected.as_str(),
                grouped(n_unexpected),
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

/// The number of threads.
///
/// # Errors
/// If none are asked for.
pub(super) fn threads(given: Option<usize>) -> Result<usize, Failure> {
    match given {
        Some(0) => Err(Failure::usage("--threads: expected a positive number, found 0")),
        Some(threads) => Ok(threads),
        None => Ok(std::thread::available_parallelism().map_or(1, NonZero::get)),
    }
}

fn as_lines(
    calls: &[AskedCall],
    simulator: Simulator<'_>,
    counts: &mut Counts,
) -> Result<(), Failure> {
    for call in calls {
        let levels = simulator.policies.levels(&call.account, call.principal.as_ref());
        let found = simulator.of(call, &levels)?;
        counts.add(Counted::of(call, &found, simulator.policies));
        print(&json::line(call, &found, simulator.before(call)?)?)?;
    }
    Ok(())
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
        counts.add(Counted::of(call, &one, policies));
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
