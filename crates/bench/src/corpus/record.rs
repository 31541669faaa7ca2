//! Records out of templates.

use super::call::Call;
use super::caller::{APPS, agent_of};
use super::object::Object;
use super::population::{Crowd, Turn};
use super::spec::Spec;
use super::templates::{CALL, OTHERS, TRAPS};
use super::truth::Truth;
use crate::dice::Dice;

/// Events are delivered within a quarter of an hour.
const DELIVERED_WITHIN_MS: u64 = 15 * 60 * 1000;

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
    Endpoint,
    Connection,
}

/// What the gaps of one record are filled with.
struct Filling<'a> {
    object: &'a Object,
    turn: &'a Turn<'a>,
    agent: &'a str,
    app: &'static str,
    time_ms: i64,
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
        let mut crowd = Crowd::new(spec, object);
        let has_calls = dice.in_a_million(spec.files_with_calls_in_a_million);
        let has_traps = dice.in_a_million(spec.files_with_traps_in_a_million);
        let call_rate = match has_calls && crowd.has_callers() {
            true => spec.calls_in_a_million_of_such_a_file(),
            false => 0,
        };
        // A file with traps has several of them.
        let trap_rate = if has_traps { 3_000_000 / object.records.max(6) } else { 0 };

        let mut truth = Truth { objects: 1, records: object.records, ..Truth::default() };
        let mut out = Vec::with_capacity(object.records as usize * 1900);
        out.extend_from_slice(b"{\"Records\":[");
        for index in 0..object.records {
            if index > 0 {
                out.push(b',');
            }
            let time_ms = object.delivered_ms - dice.below(DELIVERED_WITHIN_MS) as i64;
            let is_call = dice.in_a_million(call_rate);
            let turn = crowd.turn(&mut dice, object, is_call);
            let app = *dice.pick(&APPS);
            let template = match &turn.call {
                Some(_) => &self.call,
                None if dice.in_a_million(trap_rate) => dice.pick(&self.traps),
                None => dice.pick(&self.others),
            };
            let agent = &*agent_of(&turn.agent, template.api);
            let filling = Filling { object, turn: &turn, agent, app, time_ms };
            template.fill(&mut out, &mut dice, &filling);
            if let Some(call) = turn.call {
                truth.add_call(&time(time_ms)[..10], &object.account, call);
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
            "ENDPOINT" => Gap::Endpoint,
            "CONNECTION" => Gap::Connection,
            _ => unreachable!("a template has the gap {name}"),
        }
    }

    fn fill(self, out: &mut Vec<u8>, dice: &mut Dice, filling: &Filling<'_>) {
        let Filling { object, turn, .. } = filling;
        let of_call = |get: fn(&Call) -> &str| turn.call.as_ref().map_or("", get);
        let text = match self {
            Gap::Identity => &turn.identity,
            Gap::Ip => &turn.ip,
            Gap::Agent => filling.agent,
            Gap::Account => &object.account,
            Gap::Region => turn.call.as_ref().map_or(object.region, |call| call.region),
            Gap::App => filling.app,
            Gap::EventName => of_call(|call| call.event_name),
            Gap::Request => of_call(|call| &call.request),
            Gap::Additional => of_call(|call| &call.additional),
            Gap::Error => of_call(|call| &call.error),
            Gap::Endpoint => of_call(|call| &call.endpoint),
            Gap::Connection => of_call(|call| &call.connection),
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
