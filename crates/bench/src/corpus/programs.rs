//! Programs that run all day: the sessions of an account in a Region, each calling a model or two in one
//! way, many times in a row.

use super::agent::AGENTS;
use super::call::Call;
use super::caller::{APPS, Caller, ip};
use super::habit::{Habit, MODELS};
use super::identity::{self, Credentials, Identity, Role};
use super::object::{Object, region_number};
use super::population::Turn;
use super::spec::Spec;
use crate::dice::Dice;

/// Sessions of an account in a Region on a day.
const SESSIONS: u64 = 48;

/// How often a record is of the same caller as the one before.
const SAME_CALLER_IN_A_MILLION: u64 = 850_000;

const SERVICES: [&str; 5] = [
    "lambda.amazonaws.com",
    "autoscaling.amazonaws.com",
    "config.amazonaws.com",
    "ecs.amazonaws.com",
    "delivery.logs.amazonaws.com",
];

/// Some of the sessions that are at work in an object's account, Region and day.
#[derive(Debug)]
pub(super) struct Programs {
    other_address_in_a_million: u64,
    other_session_in_a_million: u64,
    programs: Vec<Program>,
    /// Those that are no services.
    callers: Vec<usize>,
    /// Who had the last turn, of other services' records and of calls.
    last: [usize; 2],
}

#[derive(Debug)]
struct Program {
    caller: Caller,
    /// The role of a session.
    role: Option<Role>,
    is_service: bool,
}

impl Programs {
    /// The larger the object, the more.
    pub(super) fn new(
        spec: &Spec,
        object: &Object,
        other_address_in_a_million: u64,
        other_session_in_a_million: u64,
    ) -> Self {
        let count = (3 + object.records / 60).min(SESSIONS / 2);
        let account = object.account.parse::<u64>().unwrap_or_default();
        let region = region_number(object.region);
        let mut dice = Dice::new(&[spec.seed, 4, object.number]);
        let program = |_| {
            let session = dice.below(SESSIONS);
            let name = [spec.seed, 5, account, region, object.day_ms as u64, session];
            Program::new(&mut Dice::new(&name), object)
        };
        let programs = (0..count).map(program).collect::<Vec<_>>();
        let callers = (0..programs.len()).filter(|&index| !programs[index].is_service).collect();
        Programs {
            other_address_in_a_million,
            other_session_in_a_million,
            programs,
            callers,
            last: [0; 2],
        }
    }

    /// Whether anybody here calls Bedrock.
    pub(super) fn has_callers(&self) -> bool {
        !self.callers.is_empty()
    }

    pub(super) fn turn(&mut self, dice: &mut Dice, object: &Object, is_call: bool) -> Turn<'_> {
        // Most callers make several requests in a row.
        let last = &mut self.last[usize::from(is_call)];
        if !dice.in_a_million(SAME_CALLER_IN_A_MILLION) {
            *last = dice.below(1 << 16) as usize;
        }
        let index = match is_call {
            true => self.callers[*last % self.callers.len()],
            false => *last % self.programs.len(),
        };
        let program = &self.programs[index];
        let mut turn = Turn::of(&program.caller);
        let other_session = (self.other_session_in_a_million > 0
            && dice.in_a_million(self.other_session_in_a_million))
        .then(|| dice.text(|dice, out| dice.hex(out, 16)));
        if let (Some(name), Some(role)) = (other_session, &program.role) {
            let credentials = credentials(dice, object);
            turn.identity = role.session(&name, &credentials, &object.account).json.into();
        }
        // Behind a balancer or a fleet, one caller has many addresses.
        let other_ip = dice.in_a_million(self.other_address_in_a_million).then(|| ip(dice));
        if let Some(ip) = other_ip.filter(|_| !program.is_service) {
            turn.ip = ip.into();
        }
        if is_call {
            let habit = dice.pick(&program.caller.habits);
            turn.call = Some(Call::of_program(dice, object, habit));
        }
        turn
    }
}

impl Program {
    fn new(dice: &mut Dice, object: &Object) -> Self {
        let habits =
            (0..2).map(|_| Habit::new(dice, object.region, &object.account, MODELS)).collect();
        if dice.in_a_million(80_000) {
            let service = *dice.pick(&SERVICES);
            let identity = Identity::service(service);
            let (ip, agent) = (service.to_owned(), service.to_owned());
            let caller = caller(identity, ip, agent, habits);
            return Program { caller, role: None, is_service: true };
        }
        let agent = (*dice.pick(&AGENTS)).to_owned();
        let (identity, role) = if dice.in_a_million(80_000) {
            let (id, key) = (identity::id(dice), identity::key(dice));
            let name = *dice.pick(&APPS);
            (Identity::user(name, &id, &key, &object.account), None)
        } else {
            let (identity, role) = session(dice, object);
            (identity, Some(role))
        };
        let caller = caller(identity, ip(dice), agent, habits);
        Program { caller, role, is_service: false }
    }
}

fn caller(identity: Identity, ip: String, agent: String, habits: Vec<Habit>) -> Caller {
    Caller { identity, ip, agent, habits, endpoint: None, has_api_key: false }
}

/// A role's session: a function, a task, an instance, or a person who signed on.
fn session(dice: &mut Dice, object: &Object) -> (Identity, Role) {
    let app = *dice.pick(&APPS);
    let id = identity::id(dice);
    let credentials = credentials(dice, object);
    let (role, name) = match dice.below(4) {
        0 => (Role::of_function(app, id, object), app.to_owned()),
        1 => (Role::plain(format!("{app}-task"), id), dice.text(|dice, out| dice.hex(out, 32))),
        2 => (
            Role::plain(format!("{app}-node"), id),
            format!("i-0{}", dice.text(|dice, out| dice.hex(out, 16))),
        ),
        _ => (
            Role::of_people("PowerUser", 0x00ab_54a9_8ceb_1f0a ^ object.account.len() as u64, id),
            format!("person{}@example.com", dice.below(400)),
        ),
    };
    let role = role.with_own_id(&object.account);
    (role.session(&name, &credentials, &object.account), role)
}

/// Credentials of the hour before the day.
fn credentials(dice: &mut Dice, object: &Object) -> Credentials {
    let key = identity::key(dice);
    Credentials { key, issued_ms: object.day_ms - 1000 * dice.below(3600) as i64 }
}
