//! What a text does not say, and what says it.

use super::answer::Answer;

/// What the text of a denial leaves open, a sentence each.
pub(super) fn of(answer: &Answer) -> Vec<String> {
    let found = &answer.denial;
    if !answer.is_denial() {
        return Vec::new();
    }
    let mut unsaid = Vec::new();
    let mut say = |text: &str| unsaid.push(text.to_owned());
    if found.policy_type.is_none() {
        say("which kind of policy denied: it can be an SCP as well as a policy of the caller");
    } else if found.denial == Some("explicit") && found.policy_arn.is_none() {
        say("which policy denied");
    }
    say("whether others deny it, too: a text names one policy and one authorization");
    if found.denied_resource.is_none() {
        say("the resource");
    }
    if answer.account.is_none() {
        say("which account called (--account, --principal)");
    } else if found.principal_arn.as_deref().is_some_and(|arn| arn.contains(":assumed-role/"))
        && answer.principal.as_ref().is_some_and(|it| it.arn.contains(":assumed-role/"))
        && answer.is_of_call()
    {
        say("the path of the role, which conditions on aws:PrincipalArn look at (--principal)");
    }
    if answer.is_of_call() && answer.source_region.is_none() {
        say("from which Region the call was sent (--region)");
    }
    if answer.calls.len() > 1 {
        say(
            "what was called: one of the calls below, or an application inference profile over one of them",
        );
    }
    let is_key_known = answer.record.as_ref().is_some_and(|it| it.has_api_key.is_some());
    if answer.is_of_call() && !is_key_known && answer.calls.iter().any(|it| !it.led.has_api_key) {
        say("whether the call carried an API key, which needs CallWithBearerToken, too");
    }
    unsaid
}
