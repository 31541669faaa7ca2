//! The command that writes the changed policy.

use std::path::Path;

use bedrock::denial::PolicyType;

use super::answer::Answer;

/// More profiles than these are too many to choose from.
const MAX_COMMANDS: usize = 3;

/// The Sid of the control of Control Tower whose parameters exempt actions and roles.
const CONTROL_SID: &str = "CTMULTISERVICEPV1";

/// The commands, one for each profile that can have been called; none where no goal of `policy generate` is meant.
pub(super) fn of(answer: &Answer, org: Option<&Path>) -> Vec<String> {
    let found = &answer.denial;
    let is = |policy_type: PolicyType, denial: &str| {
        found.policy_type == Some(policy_type.as_str()) && found.denial == Some(denial)
    };
    let profiles = profiles(answer);
    if profiles.is_empty() || profiles.len() > MAX_COMMANDS {
        return Vec::new();
    }
    // An exemption by profile reaches the legs of the models, not that of the profile.
    let is_of_model = found.model_id.is_some();
    let unit = unit_of_control(answer);
    let goal = if is(PolicyType::IdentityBased, "implicit") {
        "identity"
    } else if is(PolicyType::ServiceControl, "explicit") && is_of_model {
        if unit.is_some() { "control-tower" } else { "exempt" }
    } else {
        return Vec::new();
    };
    let is_of_scp = goal != "identity";
    let org = is_of_scp.then(|| org.map_or("PATH".to_owned(), |org| org.display().to_string()));
    let command = |profile: &str| {
        let mut words =
            ["hoptrail", "policy", "generate", goal, profile].map(str::to_owned).to_vec();
        let options = [
            ("--org", org.as_ref()),
            ("--target", unit.as_ref().filter(|_| is_of_scp)),
            ("--region", answer.source_region.as_ref()),
            ("--account", answer.account.as_ref()),
        ];
        for (option, value) in options {
            if let Some(value) = value {
                words.extend([option.to_owned(), quoted(value)]);
            }
        }
        words.join(" ")
    };
    profiles.into_iter().map(command).collect()
}

/// What can have been called through a profile, each once.
fn profiles(answer: &Answer) -> Vec<&str> {
    let mut found = Vec::new();
    for call in &answer.calls {
        let model_ref = call.led.model_ref.as_str();
        let is_direct = answer.denial.model_id.as_deref() == Some(model_ref);
        if !is_direct && !call.led.operation.is_mantle() && !found.contains(&model_ref) {
            found.push(model_ref);
        }
    }
    found
}

/// The node of the control of Control Tower, if that is what denies.
fn unit_of_control(answer: &Answer) -> Option<String> {
    let decided = answer.calls.iter().filter_map(|call| call.decided.as_ref());
    let mut reasons = decided.flat_map(|it| &it.legs).flat_map(|leg| &leg.decided_by);
    let found = reasons.find(|it| it["effect"] == "explicit" && it["sid"] == CONTROL_SID)?;
    found["node"].as_str().map(str::to_owned)
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_reads_more_than_the_word() {
        for (word, expected) in [
            ("org/org.json", "org/org.json"),
            ("my org.json", "'my org.json'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
