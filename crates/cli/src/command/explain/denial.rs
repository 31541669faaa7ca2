//! What the text of an AccessDenied error says, and what to do about it. A text names one policy, and whatever it does
//! not name stays unknown.

mod text;

use bedrock::arn::Arn;
use bedrock::catalog::{Destinations, Lookup};
use bedrock::denial::{Denial, Kind, Leg, PolicyType, UNSPECIFIED_REGION, is_of_denial};
use bedrock::{ErrorReason, Knowledge};
use serde::Serialize;

use crate::policy_type;

/// What a text says, in the words of the table `denials`.
#[derive(Debug, Serialize)]
pub(crate) struct DenialExplanation {
    pub(crate) error_code: Option<String>,
    pub(crate) operation: Option<String>,
    pub(crate) principal_arn: Option<String>,
    pub(crate) denied_action: Option<String>,
    pub(crate) denied_resource: Option<String>,
    /// `explicit`, `implicit`, or null.
    pub(crate) denial: Option<&'static str>,
    pub(crate) policy_type: Option<&'static str>,
    /// The policy type that the denial came through.
    pub(crate) through_policy_type: Option<&'static str>,
    pub(crate) policy_arn: Option<String>,
    /// The Region of the denied resource, `unspecified` for the model without a Region.
    pub(crate) blocked_region: Option<String>,
    /// Null also where the source Region would decide.
    pub(crate) leg: Option<&'static str>,
    /// The model of the denied resource.
    pub(crate) model_id: Option<String>,
    /// The profiles that the call may have been sent to, with the Regions that each needs.
    pub(crate) profiles: Vec<ProfileNeeds>,
    pub(crate) error_reason: Option<&'static str>,
    /// Whether an encoded message follows, which only AWS can decode.
    pub(crate) is_encoded: bool,
    pub(crate) to_do: Vec<String>,
}

/// A profile, and where it may send calls.
#[derive(Debug, Serialize)]
pub(crate) struct ProfileNeeds {
    pub(crate) profile_id: String,
    /// The source Regions from which it needs these Regions.
    pub(crate) source_regions: Vec<String>,
    /// Empty for a global profile, which needs the model without a Region instead.
    pub(crate) destination_regions: Vec<String>,
}

/// Whether a text is that of an error, and no reference: references have no blanks in them.
pub(super) fn is_error_text(text: &str) -> bool {
    text.trim().contains(char::is_whitespace) && is_of_denial(text)
}

/// The arguments, or one text of all of them if that is an error whose blanks were not quoted.
pub(crate) fn joined(arguments: &[String]) -> Vec<String> {
    let all = arguments.join(" ");
    if is_error_text(&all) && !arguments.iter().any(|argument| is_error_text(argument)) {
        return vec![all];
    }
    arguments.to_vec()
}

/// The messages of the text of an error; the text itself if it has none.
pub(super) fn messages(text: &str) -> Vec<String> {
    let found = bedrock::denial::messages(text);
    if found.is_empty() { vec![text.to_owned()] } else { found }
}

/// Reads a text.
pub(crate) fn explain(
    message: &str,
    region: Option<&str>,
    knowledge: &Knowledge,
) -> DenialExplanation {
    let denial = Denial::read(message);
    let arn =
        denial.resource.as_deref().and_then(Arn::parse).filter(|arn| arn.service == "bedrock");
    let id = arn.map(|arn| arn.resource_id());
    let is_profile = denial.leg(None) == Some(Leg::Profile);
    let source = region.or(arn.map(|arn| arn.region).filter(|_| is_profile));
    let model_id = id.filter(|_| !is_profile && denial.leg(Some("")).is_some()).map(|id| {
        match knowledge.catalog.model(id) {
            Lookup::Exact(model) | Lookup::Base(model) => model.id.clone(),
            Lookup::Ambiguous | Lookup::Unknown => id.to_owned(),
        }
    });
    let reason = ErrorReason::of_text(message, &denial);
    let profiles = match (id.filter(|_| is_profile), &model_id) {
        (Some(profile), _) => needs(profile, source, None, knowledge),
        (None, Some(model)) => {
            let blocked = denial.blocked_region();
            let all = knowledge.catalog.profiles_of_model(model).into_iter();
            all.flat_map(|profile| needs(profile, source, blocked, knowledge)).collect()
        }
        (None, None) => Vec::new(),
    };
    let mut found = DenialExplanation {
        leg: denial.leg(source).map(Leg::as_str),
        // Other services have ARNs without a Region too.
        blocked_region: denial
            .blocked_region()
            .filter(|region| *region != UNSPECIFIED_REGION || model_id.is_some())
            .map(str::to_owned),
        denial: match denial.kind {
            Kind::Explicit => Some("explicit"),
            Kind::Implicit => Some("implicit"),
            Kind::Unspecified => None,
        },
        policy_type: denial.policy_type.map(PolicyType::as_str),
        through_policy_type: denial.through.map(PolicyType::as_str),
        model_id,
        profiles,
        error_reason: reason.map(ErrorReason::as_str),
        is_encoded: denial.encoded,
        to_do: Vec::new(),
        error_code: denial.code,
        operation: denial.operation,
        principal_arn: denial.principal,
        denied_action: denial.action,
        denied_resource: denial.resource,
        policy_arn: denial.policy_arn,
    };
    found.to_do = found.what_to_do(denial.kind, denial.policy_type, is_profile);
    found.to_do.extend(reason.and_then(ErrorReason::hint).map(str::to_owned));
    found
}

/// What a profile needs from a source Region, or from each, a row for each list of Regions. With a blocked Region, only
/// lists that it is in: the model without a Region is in those of global profiles.
fn needs(
    profile_id: &str,
    source: Option<&str>,
    blocked: Option<&str>,
    knowledge: &Knowledge,
) -> Vec<ProfileNeeds> {
    let mut found = Vec::<ProfileNeeds>::new();
    let by_source = knowledge.catalog.profile(profile_id).into_iter().flatten();
    for (from, destinations) in by_source.filter(|(from, _)| source.is_none_or(|it| it == *from)) {
        let regions = match destinations {
            Destinations::Regions(regions) => regions.to_vec(),
            Destinations::AllCommercial => Vec::new(),
            Destinations::NotPublished => continue,
        };
        let is_blocked = blocked.is_none_or(|blocked| match blocked {
            UNSPECIFIED_REGION => regions.is_empty(),
            region => regions.iter().any(|it| it == region),
        });
        if !is_blocked {
            continue;
        }
        match found.iter_mut().find(|other| other.destination_regions == regions) {
            Some(other) => other.source_regions.push(from.clone()),
            None => found.push(ProfileNeeds {
                profile_id: profile_id.to_owned(),
                source_regions: vec![from.clone()],
                destination_regions: regions,
            }),
        }
    }
    found
}

impl DenialExplanation {
    /// Whether the text says anything that helps.
    pub(crate) fn says_something(&self) -> bool {
        self.denied_action.is_some()
            || self.policy_type.is_some()
            || self.error_reason.is_some()
            || self.is_encoded
    }

    fn what_to_do(
        &self,
        kind: Kind,
        policy_type: Option<PolicyType>,
        is_profile: bool,
    ) -> Vec<String> {
        use PolicyType::{ResourceControl, ServiceControl};
        let mut to_do = Vec::new();
        let action = self.denied_action.as_deref().unwrap_or("the action");
        let resource = self.denied_resource.as_deref().unwrap_or("the resource");
        let is_of_organization = matches!(policy_type, Some(ServiceControl | ResourceControl));
        let is_model = self.model_id.is_some();
        match (kind, self.blocked_region.as_deref()) {
            (Kind::Explicit, Some(UNSPECIFIED_REGION)) if is_model => to_do.push(
                "let the policy allow `unspecified` as aws:RequestedRegion: a call through a global profile is also \
                 evaluated for the model without a Region"
                    .to_owned(),
            ),
            (Kind::Explicit, Some(region)) if is_model && is_of_organization => {
                let profile = self.profiles.first().map_or("SCOPE.MODEL", |it| &it.profile_id);
                to_do.push(format!(
                    "add {region} to the Regions that the policy allows (aws:RequestedRegion), or exempt the profile: \
                     ArnNotLike, bedrock:InferenceProfileArn, arn:aws:bedrock:*:*:inference-profile/{profile}"
                ));
            }
            (Kind::Explicit, _) => {
                to_do.push(format!("take {action} on {resource} out of what the policy denies"));
            }
            (Kind::Implicit, _) => {
                let kind = policy_type.map_or("policy", |it| policy_type::bare(it.as_str()));
                to_do.push(format!("allow {action} on {resource}: no {kind} does"));
            }
            (Kind::Unspecified, _) if self.denied_action.is_some() => to_do.push(format!(
                "look for {action} on {resource} in the SCPs of the account and in the policies of the caller: the \
                 text names no policy"
            )),
            (Kind::Unspecified, _) => {}
        }
        if is_model || is_profile {
            to_do.push(
                "allow the profile, the model in the source Region, and the model in every Region of the profile: one \
                 that is denied denies the call, and a text names one policy only"
                    .to_owned(),
            );
        }
        if self.is_encoded {
            to_do.push(
                "decode the rest with `aws sts decode-authorization-message --encoded-message …`, as someone who may do \
                 sts:DecodeAuthorizationMessage: only AWS can read it"
                    .to_owned(),
            );
        }
        to_do
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_an_error_is_told_from_a_reference() {
        for text in [
            "User: x is not authorized to perform: bedrock:InvokeModel",
            "An error occurred (AccessDeniedException) when calling the InvokeModel operation: no",
            "Access Denied",
            "You don't have access to the model with the specified model ID.",
            "botocore.exceptions.ClientError: An error occurred (UnauthorizedOperation)",
        ] {
            assert!(is_error_text(text), "{text}");
        }
        for text in ["us.anthropic.claude-sonnet-4-6", "AccessDenied", " ", "my own model", ""] {
            assert!(!is_error_text(text), "{text}");
        }
    }

    #[test]
    fn words_of_an_error_that_was_not_quoted_are_one_text() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let text = "User: x is not authorized to perform: a:B";
        assert_eq!(joined(&words(text)), [text]);
        assert_eq!(joined(&words("a.b c.d")), ["a.b", "c.d"]);
        assert_eq!(joined(&[text.to_owned(), "a.b".to_owned()]), [text, "a.b"]);
    }
}
