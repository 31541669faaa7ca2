//! Callers as an organization has them: people who signed on, services, functions, gateways, and roles
//! that are assumed for each request. About a dozen are at work at a time.

use super::agent;
use super::call::Call;
use super::caller::{self, APPS, Caller, ip};
use super::habit::{Habit, MODELS};
use super::identity::{self, Credentials, Identity, Role};
use super::object::{Object, region_number};
use super::population::Turn;
use super::spec::Spec;
use crate::dice::Dice;

/// Callers at work at a time.
const ACTIVE: u64 = 12;

/// How often a record is of the same caller as the one before.
const SAME_CALLER_IN_A_MILLION: u64 = 780_000;

/// A long stay is logged in about so many files.
const FILES_OF_A_STAY: u64 = 10;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Who is at work while an object's records are logged.
#[derive(Debug)]
pub(super) struct People {
    roster: Roster,
    stays: Vec<Stay>,
    /// Who had the last turn, of other services' records and of calls.
    last: [usize; 2],
}

/// A caller for as many calls as it makes in an object.
#[derive(Debug)]
struct Stay {
    caller: Caller,
    calls_left: u64,
}

/// Who may be at work in an account at a time: the same callers in each of its objects.
#[derive(Debug)]
struct Roster {
    seed: u64,
    account_number: u64,
    object: Object,
}

impl People {
    pub(super) fn new(spec: &Spec, object: &Object) -> Self {
        let account_number = object.account.parse().unwrap_or_default();
        let roster = Roster { seed: spec.seed, account_number, object: object.clone() };
        let mut dice = Dice::new(&[spec.seed, 8, object.number]);
        let stays = (0..ACTIVE).map(|_| roster.stay(&mut dice)).collect();
        People { roster, stays, last: [0; 2] }
    }

    pub(super) fn turn(&mut self, dice: &mut Dice, object: &Object, is_call: bool) -> Turn<'_> {
        let last = &mut self.last[usize::from(is_call)];
        if !dice.in_a_million(SAME_CALLER_IN_A_MILLION) {
            *last = dice.below(ACTIVE) as usize;
        }
        let stay = &mut self.stays[*last];
        if stay.calls_left == 0 {
            *stay = self.roster.stay(dice);
        }
        let caller = &stay.caller;
        let mut turn = Turn::of(caller);
        if is_call {
            stay.calls_left -= 1;
            let habit = dice.pick(&caller.habits);
            let (account, region) = (&object.account, object.region);
            turn.call = Some(Call::of_caller(dice, caller, account, region, habit));
        }
        turn
    }
}

impl Roster {
    /// Whoever comes next.
    fn stay(&self, dice: &mut Dice) -> Stay {
        let part_of = |calls: u64| 1 + calls / FILES_OF_A_STAY;
        let (caller, calls_left) = match dice.below(100) {
            0..35 => (self.person(dice.below(60)), part_of(40 + dice.below(400))),
            35..70 => {
                let (task, address) = (dice.below(8), dice.below(3));
                (self.service(task, address), part_of(60 + dice.below(600)))
            }
            70..88 => {
                let (function, environment) = (dice.below(40), dice.below(5));
                (self.function(function, environment), 1 + dice.below(30))
            }
            88..95 => (self.gateway(dice.below(3)), part_of(100 + dice.below(900))),
            _ => (self.role_of_a_request(dice), 1),
        };
        Stay { caller, calls_left }
    }

    /// Numbers that are the same ones wherever they are asked for by this name in this account.
    fn dice(&self, kind: u64, name: [u64; 3]) -> Dice {
        let [a, b, c] = name;
        Dice::new(&[self.seed, kind, self.account_number, a, b, c])
    }

    fn session_of(&self, role: &Role, name: &str, key: String, issued_ms: i64) -> Identity {
        role.session(name, &Credentials { key, issued_ms }, &self.object.account)
    }

    fn habits(&self, dice: &mut Dice, count: u64) -> Vec<Habit> {
        let Object { region, account, .. } = &self.object;
        (0..count)
            .map(|_| Habit::new(dice, region, account, MODELS).with_few_destinations())
            .collect()
    }

    /// The address that programs have outside.
    fn translated_ip(&self, number: u64) -> String {
        ip(&mut self.dice(9, [number, 0, 0]))
    }

    fn endpoint(&self) -> Option<String> {
        caller::endpoint(&mut self.dice(10, [region_number(self.object.region), 0, 0]))
    }

    /// Somebody at a prompt, who signed on for eight hours.
    fn person(&self, number: u64) -> Caller {
        let mut person = self.dice(11, [number, 0, 0]);
        let name = format!("{}.{number}@example.com", person.pick(&FIRST_NAMES));
        let agent = agent::command_line(&mut person);
        let role = Role::of_people(
            "DeveloperAccess",
            self.account_number,
            identity::id(&mut self.dice(12, [0; 3])),
        );
        let role = if number.is_multiple_of(4) { role.with_source_identity(&name) } else { role };
        let shift_ms = 8 * HOUR_MS;
        let signed_on_ms = self.object.delivered_ms / shift_ms * shift_ms - HOUR_MS / 4;
        let mut shift = self.dice(13, [number, signed_on_ms as u64, 0]);
        let key = identity::key(&mut shift);
        let identity = self.session_of(&role, &name, key, signed_on_ms);
        let habits = self.habits(&mut shift, 2).into_iter().map(Habit::streaming).collect();
        let ip = ip(&mut shift);
        Caller { identity, ip, agent, habits, endpoint: None, has_api_key: false }
    }

    /// A task of a service, with a session for each hour.
    fn service(&self, task: u64, address: u64) -> Caller {
        let mut service = self.dice(14, [task, 0, 0]);
        let role_name = format!("{}-task", service.pick(&APPS));
        let role = Role::plain(role_name, identity::id(&mut service));
        let role = if task.is_multiple_of(2) { role.of_cluster(&self.object) } else { role };
        let agent = agent::sdk(&mut service);
        let count = 1 + service.below(2);
        let habits = self.habits(&mut service, count);
        let hour_ms = self.object.delivered_ms / HOUR_MS * HOUR_MS - HOUR_MS / 4;
        let mut session = self.dice(15, [task, hour_ms as u64, 0]);
        let name = session.text(|dice, out| dice.hex(out, 32));
        let identity = self.session_of(&role, &name, identity::key(&mut session), hour_ms);
        let (ip, endpoint) = (self.translated_ip(address), self.endpoint());
        Caller { identity, ip, agent, habits, endpoint, has_api_key: false }
    }

    /// A function in one of its environments, each of which lives for two hours.
    fn function(&self, number: u64, environment: u64) -> Caller {
        let mut function = self.dice(16, [number, 0, 0]);
        let name = format!("{}-{number}", function.pick(&APPS));
        let role = Role::of_function(&name, identity::id(&mut function), &self.object);
        let agent = agent::sdk(&mut function);
        let habits = self.habits(&mut function, 1);
        let life_ms = 2 * HOUR_MS;
        let started_ms = self.object.delivered_ms / life_ms * life_ms - HOUR_MS / 4;
        let mut environment = self.dice(17, [number, environment, started_ms as u64]);
        let key = identity::key(&mut environment);
        let identity = self.session_of(&role, &name, key, started_ms);
        let ip = ip(&mut environment);
        Caller { identity, ip, agent, habits, endpoint: None, has_api_key: false }
    }

    /// A gateway, which forwards the calls of many with a long-lived key of its own.
    fn gateway(&self, number: u64) -> Caller {
        let mut gateway = self.dice(18, [number, 0, 0]);
        let name = format!("llm-gateway-{number}");
        let (id, key) = (identity::id(&mut gateway), identity::key(&mut gateway));
        let identity = Identity::user(&name, &id, &key, &self.object.account);
        let agent = agent::sdk(&mut gateway);
        let habits = self.habits(&mut gateway, 10);
        let ip = ip(&mut gateway);
        let has_api_key = gateway.in_a_million(500_000);
        Caller { identity, ip, agent, habits, endpoint: None, has_api_key }
    }

    /// A role that a program, or the service behind a workflow, assumes for each request.
    fn role_of_a_request(&self, dice: &mut Dice) -> Caller {
        let number = dice.below(3);
        let mut program = self.dice(19, [number, 0, 0]);
        let app = *program.pick(&APPS);
        let id = identity::id(&mut program);
        let agent = agent::sdk(&mut program);
        let is_service = number == 2;
        let role = match is_service {
            true => Role::of_workflow(app, id),
            false => Role::plain(format!("{app}-request"), id),
        };
        let habits = self.habits(&mut program, 2);
        let name = dice.text(|dice, out| dice.hex(out, 16));
        let issued_ms = self.object.delivered_ms - HOUR_MS / 4;
        let identity = self.session_of(&role, &name, identity::key(dice), issued_ms);
        let (ip, endpoint) = (self.translated_ip(number), self.endpoint());
        if is_service {
            let (ip, agent) = (identity::WORKFLOWS.to_owned(), identity::WORKFLOWS.to_owned());
            return Caller { identity, ip, agent, habits, endpoint: None, has_api_key: false };
        }
        Caller { identity, ip, agent, habits, endpoint, has_api_key: false }
    }
}

const FIRST_NAMES: [&str; 12] = [
    "alex", "chidi", "daniel", "fatima", "hana", "ines", "jun", "kofi", "lena", "maria", "noah",
    "priya",
];
