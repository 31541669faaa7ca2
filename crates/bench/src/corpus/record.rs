//! Records out of templates.

use super::call::Call;
use super::caller::{self, APPS, Caller};
use super::object::Object;
use super::spec::Spec;
use super::templates::{CALL, OTHERS, TRAPS};
use super::truth::Truth;
use crate::dice::Dice;

/// Events are delivered within a quarter of an hour.
const DELIVERED_WITHIN_MS: u64 = 15 * 60 * 1000;

/// How often a record is of the same caller as the one before.
const SAME_CALLER_IN_A_MILLION: u64 = 850_000;

/// Writes documents.
#[derive(Debug)]
pub struct Writer {
    spec: Spec,
    call: Template,
    /// The other services' events, each as often as its weight.
    others: Vec<Template>,
    traps: Vec<Template>,
}

/// A record's text with gaps.
#[derive(Debug, Clone)]
struct Template {
    /// The client that an SDK sends such a request with.
    api: &'static str,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Text(&'static str),
    Gap(Gap),
}

/// What a gap is filled with. In a template it is `$`, then this name.
#[derive(Debug, Clone, Copy)]
enum Gap {
    Identity,
    Ip,
    Agent,
    Account,
    Region,
    Time,
    App,
    Number,
    Uuid,
    Hex(usize),
    Base64(usize),
    Upper(usize),
    EventName,
    Request,
    Additional,
    Error,
}

/// What the gaps of one record are filled with.
struct Filling<'a> {
    object: &'a Object,
    caller: &'a Caller,
    ip: &'a str,
    agent: &'a str,
    app: &'static str,
    time_ms: i64,
    call: Option<&'a Call>,
}

impl Writer {
    /// A writer for a corpus.
    pub fn new(spec: &Spec) -> Self {
        let repeated =
            |(weight, text): &(usize, &'static str)| vec![Template::parse(text); *weight];
        Writer {
            spec: spec.clone(),
            call: Template::parse(CALL),
            others: OTHERS.iter().flat_map(repeated).collect(),
            traps: TRAPS.iter().map(|text| Template::parse(text)).collect(),
        }
    }

    /// The JSON of an object, and what it holds.
    pub fn document(&self, object: &Object) -> (Vec<u8>, Truth) {
        let spec = &self.spec;
        let mut dice = Dice::new(&[spec.seed, 6, object.number]);
        let callers = caller::callers(spec, object);
        let somebody = callers.iter().filter(|caller| caller.is_somebody()).collect::<Vec<_>>();
        let has_calls = dice.in_a_million(spec.files_with_calls_in_a_million);
        let has_traps = dice.in_a_million(spec.files_with_traps_in_a_million);
        let call_rate = match somebody.is_empty() {
            false if has_calls => spec.calls_in_a_million_of_such_a_file(),
            _ => 0,
        };
        // A file with traps has several of them.
        let trap_rate = if has_traps { 3_000_000 / object.records.max(6) } else { 0 };

        let mut truth = Truth { objects: 1, records: object.records, ..Truth::default() };
        let mut out = Vec::with_capacity(object.records as usize * 1900);
        out.extend_from_slice(b"{\"Records\":[");
        let mut last = [0; 2];
        for index in 0..object.records {
            if index > 0 {
                out.push(b',');
            }
            let time_ms = object.delivered_ms - dice.below(DELIVERED_WITHIN_MS) as i64;
            let is_call = dice.in_a_million(call_rate);
            // Most callers make several requests in a row.
            let last = &mut last[usize::from(is_call)];
            if !dice.in_a_million(SAME_CALLER_IN_A_MILLION) {
                *last = dice.below(1 << 16) as usize;
            }
            let caller = match is_call {
                true => somebody[*last % somebody.len()],
                false => &callers[*last % callers.len()],
            };
            let other_session = spec.other_session_in_a_million > 0
                && dice.in_a_million(spec.other_session_in_a_million);
            let other_caller =
                if other_session { caller.with_session(&mut dice, object) } else { None };
            let caller = other_caller.as_ref().unwrap_or(caller);
            // Behind a balancer or a fleet, one caller has many addresses.
            let other_ip =
                dice.in_a_million(spec.other_address_in_a_million).then(|| caller::ip(&mut dice));
            let ip = other_ip.as_deref().filter(|_| caller.is_somebody()).unwrap_or(&caller.ip);
            let call = is_call.then(|| {
                let habit = dice.pick(&caller.habits);
                Call::new(&mut dice, object, habit)
            });
            let app = *dice.pick(&APPS);
            let template = match &call {
                Some(_) => &self.call,
                None if dice.in_a_million(trap_rate) => dice.pick(&self.traps),
                None => dice.pick(&self.others),
            };
            let agent = &*caller.agent(template.api);
            let filling = Filling { object, caller, ip, agent, app, time_ms, call: call.as_ref() };
            template.fill(&mut out, &mut dice, &filling);
            if let Some(call) = call {
                truth.calls += 1;
                let day = time(time_ms)[..10].to_owned();
                let key = (
                    day,
                    object.account.clone(),
                    object.region.to_owned(),
                    call.model_ref,
                    call.inference_region.map(str::to_owned),
                );
                *truth.counts.entry(key).or_default() += 1;
            }
        }
        out.extend_from_slice(b"]}");
        truth.objects_with_calls = u64::from(truth.calls > 0);
        truth.inflated_bytes = out.len() as u64;
        truth.largest_bytes = truth.inflated_bytes;
        (out, truth)
    }
}

impl Template {
    /// Templates are written over many lines, records on one.
    fn parse(text: &'static str) -> Self {
        let mut pieces = Vec::new();
        for line in text.lines() {
            let mut parts = line.trim().split('$');
            pieces.extend(parts.next().map(Piece::Text));
            for part in parts {
                let end = part.find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit());
                let (name, rest) = part.split_at(end.unwrap_or(part.len()));
                pieces.push(Piece::Gap(Gap::parse(name)));
                pieces.push(Piece::Text(rest));
            }
        }
        pieces.retain(|piece| !matches!(piece, Piece::Text("")));
        Template { api: api(text), pieces }
    }

    fn fill(&self, out: &mut Vec<u8>, dice: &mut Dice, filling: &Filling<'_>) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Gap(gap) => gap.fill(out, dice, filling),
            }
        }
    }
}

impl Gap {
    fn parse(name: &str) -> Self {
        let digits = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
        let (word, count) = name.split_at(digits);
        let count = count.parse().unwrap_or(0);
        match word {
            "IDENTITY" => Gap::Identity,
            "IP" => Gap::Ip,
            "AGENT" => Gap::Agent,
            "ACCOUNT" => Gap::Account,
            "REGION" => Gap::Region,
            "TIME" => Gap::Time,
            "APP" => Gap::App,
            "NUMBER" => Gap::Number,
            "UUID" => Gap::Uuid,
            "HEX" => Gap::Hex(count),
            "BASE" => Gap::Base64(count),
            "UPPER" => Gap::Upper(count),
            "EVENTNAME" => Gap::EventName,
            "REQUEST" => Gap::Request,
            "ADDITIONAL" => Gap::Additional,
            "ERROR" => Gap::Error,
            _ => unreachable!("a template has the gap {name}"),
        }
    }

    fn fill(self, out: &mut Vec<u8>, dice: &mut Dice, filling: &Filling<'_>) {
        let object = filling.object;
        let of_call = |get: fn(&Call) -> &str| filling.call.map_or("", get);
        let text = match self {
            Gap::Identity => &filling.caller.identity,
            Gap::Ip => filling.ip,
            Gap::Agent => filling.agent,
            Gap::Account => &object.account,
            Gap::Region => object.region,
            Gap::App => filling.app,
            Gap::EventName => of_call(|call| call.event_name),
            Gap::Request => of_call(|call| &call.request),
            Gap::Additional => of_call(|call| &call.additional),
            Gap::Error => of_call(|call| &call.error),
            Gap::Time => return out.extend_from_slice(&time(filling.time_ms).as_bytes()[..20]),
            Gap::Number => {
                return out.extend_from_slice(dice.below(1_000_000).to_string().as_bytes());
            }
            Gap::Uuid => return dice.uuid(out),
            Gap::Hex(digits) => return dice.hex(out, digits),
            Gap::Base64(letters) => return dice.base64(out, letters),
            Gap::Upper(letters) => return dice.upper(out, letters),
        };
        out.extend_from_slice(text.as_bytes());
    }
}

/// The name of an SDK's client for the service that a template's event is of.
fn api(template: &'static str) -> &'static str {
    let source = template.split_once(r#""eventSource":""#).map_or("", |(_, source)| source);
    match source.split_once('.').map_or("", |(service, _)| service) {
        // Inference has a client of its own.
        "bedrock" => "bedrock-runtime",
        service => service,
    }
}

/// `2026-10-01T12:00:00Z`.
fn time(time_ms: i64) -> String {
    let time = jiff::Timestamp::from_second(time_ms.div_euclid(1000)).unwrap_or_default();
    time.to_string()
}
