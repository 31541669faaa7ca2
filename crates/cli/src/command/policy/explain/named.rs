//! What the policies say of the authorization that a text names, and of the policy.

use bedrock::denial::PolicyType;
use policy::Verdict;

use super::super::policies::Policies;
use super::answer::Answer;
use super::calls::is_named;
use crate::policy_type;

/// What the policies say of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Named {
    /// The verdicts of the calls on it, each once.
    pub(super) verdicts: Vec<&'static str>,
    /// The statements that decide.
    pub(super) decided_by: Vec<String>,
    /// The ID of the policy in the text.
    pub(super) policy_id: Option<String>,
    /// The nodes that it is attached to; empty if the policies do not have it, null if the text names none.
    pub(super) attached_to: Option<Vec<String>>,
    /// Whether it is among those that decide; null if the text names none.
    pub(super) is_deciding: Option<bool>,
    /// How the text and the policies agree.
    pub(super) agreement: String,
}

/// A policy in the ARN of a text.
struct OfArn<'a> {
    organization: &'a str,
    id: &'a str,
}

impl<'a> OfArn<'a> {
    /// `arn:aws:organizations::…:policy/o-…/service_control_policy/p-…`.
    fn parse(arn: &'a str) -> Option<Self> {
        let mut parts = arn.split_once(":policy/")?.1.split('/');
        let (organization, _, id) = (parts.next()?, parts.next()?, parts.next()?);
        organization.starts_with("o-").then_some(OfArn { organization, id })
    }
}

pub(super) fn of(answer: &Answer, policies: &Policies, account: &str) -> Option<Named> {
    let (mut verdicts, mut by, mut policy_ids) = (Vec::new(), Vec::new(), Vec::new());
    for call in &answer.calls {
        let decided = call.decided.as_ref()?;
        for (leg, found) in call.led.legs.legs.iter().zip(&decided.legs) {
            if !is_named(leg, &answer.denial) {
                continue;
            }
            push(&mut verdicts, found.verdict);
            if found.verdict != Verdict::Allowed {
                push(&mut by, found.by.clone());
            }
            policy_ids.extend(found.denying_policies.iter().map(String::as_str));
        }
    }
    if verdicts.is_empty() {
        return None;
    }
    let of_arn = answer.denial.policy_arn.as_deref().and_then(OfArn::parse);
    let organization = policies.organization.as_ref();
    let attached = of_arn.as_ref().zip(organization).map(|(of_arn, organization)| {
        organization.nodes_with(of_arn.id).into_iter().map(str::to_owned).collect::<Vec<_>>()
    });
    let is_deciding =
        of_arn.as_ref().map(|of_arn| policy_ids.iter().any(|id| stem(id) == of_arn.id));
    let other_organization = of_arn.as_ref().zip(organization.and_then(|it| it.id.as_deref()));
    let other_organization =
        other_organization.filter(|(of_arn, id)| of_arn.organization != *id).map(|it| it.1);
    let agreement = match other_organization {
        Some(own) => format!(
            "the text names a policy of another organization than {own}: these policies are not those that denied"
        ),
        None => agreement(answer, &verdicts, attached.as_deref(), is_deciding, policies, account),
    };
    Some(Named {
        verdicts: verdicts.into_iter().map(Verdict::as_str).collect(),
        decided_by: by,
        policy_id: of_arn.map(|it| it.id.to_owned()),
        attached_to: attached,
        is_deciding,
        agreement,
    })
}

fn push<T: PartialEq>(all: &mut Vec<T>, one: T) {
    if !all.contains(&one) {
        all.push(one);
    }
}

/// A policy of a file may be named like it.
fn stem(id: &str) -> &str {
    let name = id.rsplit('/').next().unwrap_or(id);
    name.strip_suffix(".json").unwrap_or(name)
}

fn agreement(
    answer: &Answer,
    verdicts: &[Verdict],
    attached: Option<&[String]>,
    is_deciding: Option<bool>,
    policies: &Policies,
    account: &str,
) -> String {
    let policy_type = answer.denial.policy_type;
    let is_of_scp = policy_type == Some(PolicyType::ServiceControl.as_str());
    match policies.exemption(account, answer.principal.as_ref()) {
        Some(exemption) if is_of_scp => {
            return format!(
                "the text names an SCP, but {exemption}: these policies are not those that denied"
            );
        }
        None if is_of_scp && !policies.knows(account) => {
            return format!(
                "the account {account} is not in the organization: its SCPs are not known"
            );
        }
        _ => {}
    }
    let has_type = |wanted: &str| {
        let levels = policies.levels(account, answer.principal.as_ref());
        levels.levels().iter().any(|level| level.policy_type.as_str() == wanted)
    };
    if let Some(wanted) = policy_type.filter(|wanted| !has_type(wanted)) {
        let option = option_of(wanted).map(|option| format!(": give it with {option}"));
        return format!(
            "the text names {}, which these policies do not have{}",
            policy_type::in_sentence(wanted),
            option.unwrap_or_default()
        );
    }
    match (verdicts, attached, is_deciding) {
        (_, Some([]), _) => "these policies do not have the one that the text names".to_owned(),
        ([Verdict::Allowed], ..) => {
            "these policies allow it: they are not those that denied, but older, newer, or attached elsewhere".to_owned()
        }
        ([Verdict::Denied], _, Some(true)) => "these policies deny it, by the one that the text names".to_owned(),
        ([Verdict::Denied], _, Some(false)) => {
            "these policies deny it, and not by the one that the text names".to_owned()
        }
        ([Verdict::Denied], ..) => "these policies deny it, too".to_owned(),
        _ => "whether these policies deny it depends on what is not known".to_owned(),
    }
}

/// The option that gives a type of policy.
fn option_of(policy_type: &str) -> Option<&'static str> {
    let options = [
        (PolicyType::ServiceControl, "--org"),
        (PolicyType::IdentityBased, "--identity"),
        (PolicyType::PermissionsBoundary, "--boundary"),
        (PolicyType::Session, "--session-policy"),
        (PolicyType::VpcEndpoint, "--endpoint-policy"),
    ];
    options.iter().find(|(it, _)| it.as_str() == policy_type).map(|(_, option)| *option)
}
