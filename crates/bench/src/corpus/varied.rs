//! Calls of which hardly two are alike: each draws its caller, operation, model, Regions, agent and error on
//! its own.

use super::agent;
use super::call::Call;
use super::caller::{self, APPS, Caller, ip};
use super::habit::{Habit, MORE_MODELS};
use super::identity::{self, Credentials, Identity, Role};
use super::object::{Object, REGIONS};
use super::population::Turn;
use super::spec::Spec;
use crate::dice::Dice;

/// Callers of an object.
const CALLERS: u64 = 30;

/// How often a record is of the same caller as the one before.
const SAME_CALLER_IN_A_MILLION: u64 = 420_000;

/// Those who act in an object, in any order.
#[derive(Debug)]
pub(super) struct Varied {
    regions: &'static [&'static str],
    callers: Vec<Caller>,
    /// Who had the last turn, of other services' records and of calls.
    last: [usize; 2],
}

impl Varied {
    pub(super) fn new(spec: &Spec, object: &Object) -> Self {
        let mut dice = Dice::new(&[spec.seed, 7, object.number]);
        Varied {
            regions: &REGIONS[..spec.regions as usize],
            callers: (0..CALLERS).map(|_| new_caller(&mut dice, spec.seed, object)).collect(),
            last: [0; 2],
        }
    }

    pub(super) fn turn(&mut self, dice: &mut Dice, object: &Object, is_call: bool) -> Turn<'_> {
        let last = &mut self.last[usize::from(is_call)];
        if !dice.in_a_million(SAME_CALLER_IN_A_MILLION) {
            *last = dice.below(CALLERS) as usize;
        }
        let caller = &self.callers[*last];
        let mut turn = Turn::of(caller);
        turn.agent = agent::sdk(dice).into();
        if is_call {
            let (region, account) = (*dice.pick(self.regions), &object.account);
            let habit = Habit::new(dice, region, account, MORE_MODELS);
            turn.call = Some(Call::of_caller(dice, caller, account, region, &habit));
        }
        turn
    }
}

fn new_caller(dice: &mut Dice, seed: u64, object: &Object) -> Caller {
    let account = &object.account;
    let account_number = account.parse().unwrap_or_default();
    let app = format!("{}-{}", dice.pick(&APPS), dice.below(10));
    let id = identity::id(dice);
    let key = identity::key(dice);
    let credentials =
        Credentials { key, issued_ms: object.day_ms - 1000 * dice.below(3600) as i64 };
    let session = dice.text(|dice, out| dice.hex(out, 16));
    let identity = match dice.below(8) {
        0 => Identity::user(&app, &id, &credentials.key, account),
        1 => Role::of_function(&app, id, object).session(&app, &credentials, account),
        2 => {
            let person = format!("person{}@example.com", dice.below(4000));
            Role::of_people("PowerUser", account_number, id).session(&person, &credentials, account)
        }
        _ => Role::plain(format!("{app}-role"), id).session(&session, &credentials, account),
    };
    let endpoint = caller::endpoint(&mut Dice::new(&[seed, 20, account_number]));
    Caller {
        identity,
        ip: ip(dice),
        agent: String::new(),
        habits: Vec::new(),
        endpoint,
        has_api_key: dice.in_a_million(50_000),
    }
}
