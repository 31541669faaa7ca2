//! Calls that show what a document does: those of an ordinary role, without tags, API key, or VPC endpoint.

use super::Proof;
use super::part::Part;
use super::subject::{Repaired, Subject};
use crate::evaluate::Verdict;
use crate::known::KeyState;
use crate::leg::{Call, Certainty, Knowledge, LegKind, partition};
use crate::operation::Operation;
use crate::principal::Principal;
use crate::simulate::{Caller, simulate};
use crate::split::Levels;

/// The account that calls.
pub(super) const ACCOUNT: &str = "111122223333";

/// The name of the role that calls.
pub(super) const ROLE: &str = "Example";

/// The ID of an application profile.
const APPLICATION_PROFILE: &str = "example00000";

/// A call.
pub(super) struct Trial {
    pub(super) model_ref: String,
    pub(super) region: String,
    pub(super) account: String,
    /// What an application profile is over.
    over: Option<String>,
}

/// A leg of a call.
pub(super) struct TriedLeg {
    pub(super) kind: LegKind,
    pub(super) resource: String,
    pub(super) requested_region: String,
    pub(super) verdict: Verdict,
    /// The places of the statements that decide; empty if none allows.
    pub(super) decided_by: Vec<usize>,
}

impl Trial {
    pub(super) fn converse(model_ref: &str, region: &str) -> Self {
        Trial {
            model_ref: model_ref.to_owned(),
            region: region.to_owned(),
            account: ACCOUNT.to_owned(),
            over: None,
        }
    }

    /// The same of another account, if it is one.
    pub(super) fn of_account(self, account: &str) -> Self {
        let is_account = account.len() == 12 && account.bytes().all(|it| it.is_ascii_digit());
        let account = if is_account { account.to_owned() } else { self.account };
        Trial { account, ..self }
    }

    /// A call through an application profile over what this one calls.
    pub(super) fn through_application_profile(&self, partition: &str) -> Self {
        let Trial { region, account, .. } = self;
        let arn = format!(
            "arn:{partition}:bedrock:{region}:{account}:application-inference-profile/{APPLICATION_PROFILE}"
        );
        Trial {
            model_ref: arn,
            region: region.clone(),
            account: account.clone(),
            over: Some(self.model_ref.clone()),
        }
    }

    pub(super) fn words(&self) -> String {
        let Trial { model_ref, region, .. } = self;
        let account = match self.account.as_str() {
            ACCOUNT => String::new(),
            account => format!(" in {account}"),
        };
        match &self.over {
            Some(over) => {
                format!("Converse of an application profile over {over} from {region}{account}")
            }
            None => format!("Converse of {model_ref} from {region}{account}"),
        }
    }
}

impl Subject<'_> {
    /// The partition of a Region.
    pub(super) fn partition(&self, region: &str) -> String {
        partition(region, self.options.knowledge.regions).to_owned()
    }

    /// The legs that AWS documents for a call, with their verdicts; `None` if it cannot be, or is not known.
    pub(super) fn legs(&self, trial: &Trial, levels: &Levels) -> Option<Vec<TriedLeg>> {
        let partition = self.partition(&trial.region);
        let principal =
            Principal::parse(&format!("arn:{partition}:iam::{}:role/{ROLE}", trial.account))?;
        let aliases = trial.over.as_ref().map(|over| self.aliases_with(&trial.model_ref, over));
        let knowledge = self.options.knowledge;
        let aliases = aliases.as_ref().unwrap_or(knowledge.aliases);
        let call = Call {
            operation: Operation::find("Converse")?,
            model_ref: &trial.model_ref,
            region: &trial.region,
            account: &trial.account,
            has_api_key: Some(false),
        };
        let given = ordinary(levels);
        let caller = Caller {
            account: &trial.account,
            principal: Some(&principal),
            organization_id: None,
            organization_path: None,
            given: &given,
        };
        let found = simulate(call, caller, levels, Knowledge { aliases, ..knowledge }).ok()?;
        if found.missing.is_some() {
            return None;
        }
        let required = found.legs.iter().filter(|it| it.leg.certainty == Certainty::Required);
        let legs = required.map(|decided| TriedLeg {
            kind: decided.leg.kind,
            resource: decided.leg.resource.clone(),
            requested_region: decided.leg.requested_region.clone(),
            verdict: decided.decision.verdict,
            decided_by: {
                let own = decided.decision.reasons.iter().filter_map(|reason| reason.statement);
                let own = own.filter(|(policy, _)| policy.name == "document");
                own.map(|(_, statement)| statement.index).collect()
            },
        });
        Some(legs.collect())
    }

    /// The verdict on a call, by the legs that AWS documents.
    pub(super) fn verdict(&self, trial: &Trial, levels: &Levels) -> Option<Verdict> {
        Some(verdict_of(&self.legs(trial, levels)?))
    }

    /// The verdicts on a call with a fault and without it, if they differ.
    pub(super) fn prove_call(
        &self,
        part: &Part,
        trial: &Trial,
        repaired: &Repaired,
        repair: &str,
    ) -> Option<Proof> {
        let unchanged = self.unchanged(part)?;
        let pairs = [(&unchanged.whole, &repaired.whole), (&unchanged.alone, &repaired.alone)];
        pairs.into_iter().find_map(|(document, repaired)| {
            let of = |document| self.verdict(trial, &self.levels(document, !part.is_deny()));
            let (verdict, repaired_verdict) = (of(document)?, of(repaired)?);
            differ(trial.words(), verdict, repair, repaired_verdict)
        })
    }

    /// The ARN of the system-defined profile that a call goes through.
    pub(super) fn profile_arn(&self, trial: &Trial) -> String {
        let Trial { region, account, model_ref, .. } = trial;
        let partition = self.partition(region);
        format!("arn:{partition}:bedrock:{region}:{account}:inference-profile/{model_ref}")
    }
}

/// A proof, if two verdicts are known and differ.
pub(super) fn differ(
    call: String,
    verdict: Verdict,
    repair: &str,
    repaired_verdict: Verdict,
) -> Option<Proof> {
    let is_known = |it: Verdict| it != Verdict::Indeterminate;
    let differ = verdict != repaired_verdict && is_known(verdict) && is_known(repaired_verdict);
    differ.then(|| Proof { call, verdict, repair: repair.to_owned(), repaired_verdict })
}

pub(super) fn verdict_of(legs: &[TriedLeg]) -> Verdict {
    if legs.iter().any(|leg| leg.verdict == Verdict::Denied) {
        Verdict::Denied
    } else if !legs.is_empty() && legs.iter().all(|leg| leg.verdict == Verdict::Allowed) {
        Verdict::Allowed
    } else {
        Verdict::Indeterminate
    }
}

/// What is known of an ordinary call besides what it implies, of the keys that levels ask for.
fn ordinary(levels: &Levels) -> Vec<(String, KeyState)> {
    levels.keys().filter_map(|key| Some((key.to_owned(), ordinary_state(key)?))).collect()
}

/// What is known of a key of an ordinary request, by its name in lower case.
pub(super) fn ordinary_state(key: &str) -> Option<KeyState> {
    let absent = [
        "aws:calledvia",
        "aws:calledviafirst",
        "aws:calledvialast",
        "aws:sourcevpc",
        "aws:sourcevpcarn",
        "aws:sourcevpce",
        "aws:vpcsourceip",
        "bedrock:guardrailidentifier",
        "bedrock:servicetier",
        "bedrock-mantle:servicetier",
    ];
    let is_tag = |head: &str| key.starts_with(head);
    if absent.contains(&key) || ["aws:principaltag/", "aws:requesttag/"].into_iter().any(is_tag) {
        return Some(KeyState::Absent);
    }
    match key {
        "aws:viaawsservice" => Some(KeyState::value("false")),
        "aws:sourceip" => Some(KeyState::value("198.51.100.7")),
        _ => None,
    }
}
