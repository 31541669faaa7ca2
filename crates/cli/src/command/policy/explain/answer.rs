//! What is found about one denial: what the text says, what it does not, the calls, and, with policies, what they say
//! of these.

use std::path::Path;

use bedrock::{ErrorReason, Knowledge};
use policy::{Certainty, KeyState, LegKind, Principal, Reason, ReasonEffect, Verdict};
use serde_json::Value;

use super::super::calls::AskedCall;
use super::super::change;
use super::super::json;
use super::super::policies::Policies;
use super::super::simulator::Simulator;
use super::calls::{self, Led};
use super::command;
use super::named::{self, Named};
use super::pasted::{Part, Record};
use super::unsaid;
use crate::command::explain::denial::{self, DenialExplanation};
use crate::exit::Failure;

/// What is known beside the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) region: Option<&'a str>,
    pub(super) account: Option<&'a str>,
    pub(super) principal: Option<&'a Principal>,
    pub(super) policies: Option<&'a Policies>,
    /// Where the organization was read from.
    pub(super) org: Option<&'a Path>,
    pub(super) knowledge: &'a Knowledge,
}

/// What is found about a denial.
#[derive(Debug)]
pub(super) struct Answer {
    /// How often it was pasted.
    pub(super) times: u64,
    pub(super) denial: DenialExplanation,
    pub(super) record: Option<Record>,
    pub(super) source_region: Option<String>,
    /// Who called, as far as a policy can be asked.
    pub(super) principal: Option<Principal>,
    pub(super) account: Option<String>,
    /// What it is, if it is no denial by a policy.
    pub(super) look_alike: Option<LookAlike>,
    pub(super) not_said: Vec<String>,
    pub(super) calls: Vec<LedCall>,
    /// What the policies say of the one that the text names.
    pub(super) named: Option<Named>,
    pub(super) notes: Vec<String>,
    /// Commands that write the changed policy.
    pub(super) commands: Vec<String>,
}

/// An error that reads like a denial by a policy and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(super) struct LookAlike {
    pub(super) reason: &'static str,
    pub(super) what: &'static str,
    pub(super) hint: Option<&'static str>,
}

/// A call that can have led there.
#[derive(Debug)]
pub(super) struct LedCall {
    pub(super) led: Led,
    /// What the policies say of it.
    pub(super) decided: Option<Decided>,
}

/// A verdict on a call.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) verdict: Verdict,
    /// In the order of the legs.
    pub(super) legs: Vec<DecidedLeg>,
    /// What would have to change.
    pub(super) change: Option<String>,
}

/// A verdict on a leg.
#[derive(Debug)]
pub(super) struct DecidedLeg {
    pub(super) verdict: Verdict,
    /// For people: the statement that decides.
    pub(super) by: String,
    /// The IDs of the policies with a Deny that applies.
    pub(super) denying_policies: Vec<String>,
    /// What decides, for programs.
    pub(super) decided_by: Vec<Value>,
}

impl Answer {
    /// Whether it is a denial by a policy, as far as the text says.
    pub(super) fn is_denial(&self) -> bool {
        self.look_alike.is_none()
            && (self.denial.denied_action.is_some() || self.denial.policy_type.is_some())
    }

    /// Whether the text has the words of a denial, and what it denies cannot be read.
    pub(super) fn is_unreadable(&self) -> bool {
        self.look_alike.is_none() && !self.is_denial() && !self.denial.is_encoded
    }

    /// Whether both say the same.
    pub(super) fn is_same(&self, other: &Answer) -> bool {
        let text = |it: &Answer| serde_json::to_string(&it.denial).unwrap_or_default();
        of_record(self) == of_record(other) && text(self) == text(other)
    }

    /// Whether a call through a profile or to a model was denied.
    pub(super) fn is_of_call(&self) -> bool {
        !self.calls.is_empty()
    }
}

/// What of the record makes another answer.
fn of_record(answer: &Answer) -> Option<(&Option<String>, &Option<String>, &Option<String>)> {
    answer.record.as_ref().map(|it| (&it.event_name, &it.model_ref, &it.region))
}

/// Finds what there is to find about a denial.
///
/// # Errors
/// If a policy cannot be asked.
pub(super) fn answer(part: Part, known: Known<'_>) -> Result<Answer, Failure> {
    let Part { text, record } = part;
    let of_record = record.as_ref();
    let mut found = denial::explain(&text, known.region, known.knowledge);
    let source_region = calls::source_region(&found, of_record, known.region);
    if source_region.as_deref() != known.region {
        // The leg follows from the source Region.
        found = denial::explain(&text, source_region.as_deref(), known.knowledge);
    }
    if let Some(record) = of_record {
        found.operation = found.operation.or_else(|| record.event_name.clone());
        found.principal_arn = found.principal_arn.or_else(|| record.principal_arn.clone());
    }
    let of_text = found.principal_arn.as_deref().and_then(Principal::parse);
    let of_record = of_record.and_then(|it| it.iam_principal_arn.as_deref());
    // The text has the session of a role, whose ARN lacks the path.
    let of_record = of_record.and_then(Principal::parse);
    let principal = known.principal.cloned().or(of_record).or(of_text);
    let account = known.account.map(str::to_owned);
    let account = account.or_else(|| principal.as_ref().map(|it| it.account.clone()));
    let account = account.or_else(|| account_of_resource(&found));
    let led = calls::calls(
        &found,
        record.as_ref(),
        source_region.as_deref(),
        account.as_deref(),
        known.knowledge,
    );
    let look_alike = look_alike(&text, &found);
    let mut answer = Answer {
        times: 1,
        not_said: Vec::new(),
        look_alike,
        calls: led.into_iter().map(|led| LedCall { led, decided: None }).collect(),
        denial: found,
        record,
        source_region,
        principal: principal.filter(|it| account.as_ref() == Some(&it.account)),
        account,
        named: None,
        notes: Vec::new(),
        commands: Vec::new(),
    };
    answer.not_said = unsaid::of(&answer);
    answer.notes.extend(without_calls(&answer));
    if let Some(policies) = known.policies {
        ask(&mut answer, policies, known.knowledge)?;
    }
    answer.commands = command::of(&answer, known.org);
    Ok(answer)
}

/// That nothing of the catalog can have led there.
fn without_calls(answer: &Answer) -> Option<String> {
    let (model, blocked) =
        answer.denial.model_id.as_ref().zip(answer.denial.blocked_region.as_ref())?;
    let is_call =
        answer.denial.denied_action.as_deref().is_some_and(|it| it.starts_with("bedrock:Invoke"));
    let from = answer.source_region.as_ref().map(|it| format!(" from {it}")).unwrap_or_default();
    let why = match &answer.source_region {
        Some(_) => {
            "is it the source Region (--region), and is the catalog new enough (--catalog-add)?"
        }
        None => "is the catalog new enough (--catalog-add)?",
    };
    (is_call && answer.calls.is_empty())
        .then(|| format!("by the catalog, no call{from} needs {model} in {blocked}: {why}"))
}

/// The account in the ARN of a profile, which is that of the caller.
fn account_of_resource(found: &DenialExplanation) -> Option<String> {
    let arn = bedrock::arn::Arn::parse(found.denied_resource.as_deref()?)?;
    let is_account =
        arn.account.len() == 12 && arn.account.bytes().all(|byte| byte.is_ascii_digit());
    (arn.service.starts_with("bedrock") && is_account).then(|| arn.account.to_owned())
}

/// Asks the policies about each call.
fn ask(answer: &mut Answer, policies: &Policies, knowledge: &Knowledge) -> Result<(), Failure> {
    let Some(account) = answer.account.clone().filter(|_| answer.is_of_call()) else {
        if answer.is_of_call() {
            let note = "the text does not say which account called, so the policies were not asked: --account ID";
            answer.notes.push(note.to_owned());
        }
        return Ok(());
    };
    let principal = answer.principal.clone();
    let levels = policies.levels(&account, principal.as_ref());
    let simulator = Simulator { policies, knowledge };
    for LedCall { led, decided } in &mut answer.calls {
        let asked = AskedCall {
            place: None,
            id: None,
            operation: led.operation,
            model_ref: led.model_ref.clone(),
            region: led.region.clone(),
            account: account.clone(),
            principal: principal.clone(),
            has_api_key: Some(led.has_api_key),
            given: given(led),
        };
        let found = simulator.of(&asked, &levels)?;
        let legs = found.legs.iter().map(|it| DecidedLeg {
            verdict: it.decision.verdict,
            by: super::super::text::decided_by(it),
            denying_policies: it.decision.reasons.iter().filter_map(denying_policy).collect(),
            decided_by: it.decision.reasons.iter().map(json::reason).map(value).collect(),
        });
        *decided = Some(Decided {
            verdict: found.verdict,
            legs: legs.collect(),
            change: change::sentence(&found),
        });
    }
    answer.named = named::of(answer, policies, &account);
    Ok(())
}

/// No text names the model of a call to the mantle endpoint.
fn given(led: &Led) -> Vec<(String, KeyState)> {
    let is_mantle = led.operation.is_mantle();
    is_mantle.then(|| ("bedrock-mantle:Model".to_owned(), KeyState::Present)).into_iter().collect()
}

fn denying_policy(reason: &Reason<'_>) -> Option<String> {
    let (policy, _) = reason.statement.filter(|_| reason.effect == ReasonEffect::Explicit)?;
    Some(policy.id.clone())
}

fn value(object: json::ReasonObject<'_>) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

impl Decided {
    /// The legs that make the verdict what it is, by their places.
    pub(super) fn open<'a>(&'a self, led: &'a Led) -> impl Iterator<Item = usize> + 'a {
        let is_open = move |place: &usize| {
            let verdict = self.legs[*place].verdict;
            match self.verdict {
                Verdict::Allowed => false,
                Verdict::Denied => {
                    led.legs.legs[*place].certainty == Certainty::Required
                        && verdict == Verdict::Denied
                }
                Verdict::Indeterminate => verdict != Verdict::Allowed,
            }
        };
        (0..self.legs.len()).filter(is_open)
    }
}

impl Led {
    /// The Regions where the model is needed beside the source Region.
    pub(super) fn other_regions(&self) -> Vec<&str> {
        let others = self.legs.legs.iter().filter(|leg| leg.kind == LegKind::DestinationModel);
        others.map(|leg| leg.requested_region.as_str()).collect()
    }
}

/// Errors that read like denials by policies, by what their texts have in them.
fn look_alike(text: &str, found: &DenialExplanation) -> Option<LookAlike> {
    if found.denied_action.is_some() {
        return None;
    }
    let is_account = text.to_lowercase().contains("account is not authorized to invoke this api");
    if is_account {
        return Some(LookAlike {
            reason: "account_not_authorized",
            what: "AWS does not let the account use the operation; no policy of yours does that",
            hint: Some(
                "ask AWS Support, and look whether the Region and the model are open to the account",
            ),
        });
    }
    let reason = ErrorReason::of_text(text, &bedrock::denial::Denial::read(text))?;
    let what = match reason {
        ErrorReason::Policy => return None,
        ErrorReason::ModelAccess => "the account has no access to the model; no policy denies it",
        ErrorReason::Marketplace => {
            "the account has no AWS Marketplace subscription for the model, and the caller may not make one"
        }
        ErrorReason::Payment => "AWS does not take the account's means of payment for the model",
        _ => reason.label(),
    };
    Some(LookAlike { reason: reason.as_str(), what, hint: reason.hint() })
}
