//! What an error says, for people.

use bedrock::denial::UNSPECIFIED_REGION;

use super::super::text::joined;
use super::DenialExplanation;
use crate::number::counted;
use crate::policy_type;

/// More source Regions than these are counted, not named.
const FEW: usize = 8;

impl DenialExplanation {
    /// The explanation for people, as lines.
    pub(in super::super) fn text(&self) -> String {
        let mut lines = vec![(self.title(), String::new())];
        let mut line = |name: &str, value: String| lines.push((name.to_owned(), value));
        let plain = [
            ("error", self.error_code.as_ref()),
            ("operation", self.operation.as_ref()),
            ("who", self.principal_arn.as_ref()),
            ("action", self.denied_action.as_ref()),
            ("resource", self.denied_resource.as_ref()),
        ];
        for (name, value) in plain {
            if let Some(value) = value {
                line(name, value.clone());
            }
        }
        if self.denied_action.is_some() || self.policy_type.is_some() {
            line("policy", self.policy_text());
        }
        if let Some(region) = &self.blocked_region {
            line("Region", self.region_text(region));
        }
        for needs in &self.profiles {
            let from = match needs.source_regions.as_slice() {
                few if few.len() <= FEW => few.join(", "),
                many => counted(many.len() as u64, "Region"),
            };
            let regions = match needs.destination_regions.as_slice() {
                [] => "the source Region and `unspecified`".to_owned(),
                regions => regions.join(", "),
            };
            let profile = &needs.profile_id;
            line("profile", format!("{profile} from {from} needs {regions}"));
        }
        if let Some(reason) = self.error_reason.filter(|reason| *reason != "policy") {
            line("reason", reason.to_owned());
        }
        if !self.says_something() {
            line("", "the text does not say who was denied what, or why".to_owned());
        }
        for to_do in &self.to_do {
            line("to do", to_do.clone());
        }
        if self.denied_action.is_some() {
            let more = "`hoptrail policy explain` lists the calls that lead there and all that these need, and, with your \
                        policies, the statements that deny them";
            line("more", more.to_owned());
        }
        joined(&lines)
    }

    /// The first line: what denied which Region.
    pub(crate) fn title(&self) -> String {
        if self.denied_action.is_none() && self.policy_type.is_none() {
            return "An access error that names no policy".to_owned();
        }
        let arn = self.policy_arn.as_deref();
        let (policy, verb) = match (self.denial, self.policy_type) {
            (Some("implicit"), Some(kind)) => (format!("No {}", policy_type::bare(kind)), "allows"),
            (_, kind) => (policy_type::with_arn(kind, arn), "denies"),
        };
        let model = self.model_id.as_deref();
        match (self.blocked_region.as_deref(), model) {
            (Some(UNSPECIFIED_REGION), Some(model)) => {
                format!("{policy} {verb} the global leg of a call to {model}")
            }
            (Some(region), Some(model)) => format!("{policy} {verb} {region} to {model}"),
            _ => {
                let resource = self.denied_resource.as_deref();
                let on = resource.map(|resource| format!(" on {resource}")).unwrap_or_default();
                let action = self.denied_action.as_deref().unwrap_or("the request");
                format!("{policy} {verb} {action}{on}")
            }
        }
    }

    pub(crate) fn policy_text(&self) -> String {
        let Some(policy_type) = self.policy_type else { return "not named".to_owned() };
        let through = self.through_policy_type.map(policy_type::in_sentence);
        let through = through.map(|through| format!(", through {through}")).unwrap_or_default();
        let arn = self.policy_arn.as_ref().map(|arn| format!(", {arn}")).unwrap_or_default();
        match self.denial {
            Some("implicit") => format!("no {} allows it{through}", policy_type::bare(policy_type)),
            _ => {
                format!("explicit deny in {}{through}{arn}", policy_type::in_sentence(policy_type))
            }
        }
    }

    pub(crate) fn region_text(&self, region: &str) -> String {
        let what = match self.leg {
            Some("profile") => "the profile itself, in the source Region",
            Some("source_model") => "the model in the source Region",
            Some("destination_model") => "a Region that the profile may send the call to",
            Some("global_model") => "the model without a Region, which a global profile needs",
            _ if self.model_id.is_some() => {
                "the source Region of the call, or one that its profile may send it to (--region says which)"
            }
            _ => return region.to_owned(),
        };
        format!("{region}: {what}")
    }
}
