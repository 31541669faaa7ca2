//! The grammar of AccessDenied messages.
//!
//! ```text
//! [An error occurred (CODE) when calling the OPERATION operation: ]
//! [You are not authorized to perform this operation. ]
//! User: PRINCIPAL is not authorized to perform: ACTION[ on resource: RESOURCE| on this resource]
//! [ with an explicit deny in a TYPE[ transitively through a TYPE][: POLICY_ARN]
//! | because no TYPE allows the ACTION action]
//! ```
//!
//! Sources: IAM user guide, "Troubleshoot access denied error messages"; AWS Security Blog, "Enhanced
//! access denied error messages with policy ARNs" (2026); messages in public issues. A message names
//! one policy even if several deny, and whatever it does not name stays unknown.

mod paste;

pub use paste::{is_of_denial, messages};

use crate::arn::Arn;

/// What a denial message says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Denial {
    /// What kind of denial this is.
    pub kind: Kind,
    /// The error code that the message quotes.
    pub code: Option<String>,
    /// The API operation that the message quotes.
    pub operation: Option<String>,
    /// Who was denied, usually an ARN.
    pub principal: Option<String>,
    /// The IAM action: `bedrock:InvokeModel`.
    pub action: Option<String>,
    /// The resource, usually an ARN.
    pub resource: Option<String>,
    /// The type of the policy that denied, or that did not allow.
    pub policy_type: Option<PolicyType>,
    /// The policy type that the denial came through.
    pub through: Option<PolicyType>,
    /// The policy's ARN, which messages carry since 2026 (same account or organization only).
    pub policy_arn: Option<String>,
    /// Whether an encoded authorization failure message follows.
    pub encoded: bool,
}

/// The kind of a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    /// A policy denies.
    Explicit,
    /// No policy allows.
    Implicit,
    /// The message does not say. It is never guessed to be a service control policy.
    #[default]
    Unspecified,
}

/// The type of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicyType {
    /// A service control policy of AWS Organizations.
    ServiceControl,
    /// A resource control policy of AWS Organizations.
    ResourceControl,
    /// A policy of the user or role.
    IdentityBased,
    /// A policy of the resource.
    ResourceBased,
    /// A permissions boundary.
    PermissionsBoundary,
    /// A session policy.
    Session,
    /// A VPC endpoint policy.
    VpcEndpoint,
    /// A role trust policy.
    RoleTrust,
}

/// The evaluated resource: which authorization of a cross-Region call was denied. A call through a
/// profile needs all of them (Bedrock user guide, "Geographic / Global cross-Region inference").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Leg {
    /// The profile itself.
    Profile,
    /// The model in the source Region.
    SourceModel,
    /// The model in another Region.
    DestinationModel,
    /// The Region-less model of a global profile.
    GlobalModel,
}

/// How messages write the policy types, lower case and without hyphens. "sessions policy" is a
/// spelling of the IAM user guide.
const POLICY_NAMES: &[(&str, PolicyType)] = &[
    ("service control policy", PolicyType::ServiceControl),
    ("resource control policy", PolicyType::ResourceControl),
    ("identity based policy", PolicyType::IdentityBased),
    ("resource based policy", PolicyType::ResourceBased),
    ("permissions boundary", PolicyType::PermissionsBoundary),
    ("session policy", PolicyType::Session),
    ("sessions policy", PolicyType::Session),
    ("vpc endpoint policy", PolicyType::VpcEndpoint),
    ("role trust policy", PolicyType::RoleTrust),
];

/// The value of the column `blocked_region` for the Region-less model of a global profile: that of
/// `aws:RequestedRegion`.
pub const UNSPECIFIED_REGION: &str = "unspecified";

const NOT_AUTHORIZED: &str = "is not authorized to perform:";

impl Denial {
    /// Reads a message. Reading never fails: what is not found stays `None`.
    pub fn read(message: &str) -> Self {
        let text = plain_text(message);
        let mut denial = Denial {
            encoded: text.contains("Encoded authorization failure message:"),
            ..Denial::default()
        };
        (denial.code, denial.operation) = quoted_call(&text);
        let Some((before, rest)) = text.split_once(NOT_AUTHORIZED) else {
            denial.read_endpoint_policy(&text);
            return denial;
        };
        denial.principal = principal(before);
        let rest = rest.trim_start();
        let (action, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let action = action.trim_end_matches(TRAILING);
        if !is_action(action) {
            return denial;
        }
        denial.action = Some(action.to_owned());
        let (subject, reason) = split_reason(rest);
        denial.resource = resource(subject);
        denial.read_reason(reason);
        denial
    }

    fn read_reason(&mut self, reason: &str) {
        if let Some((_, rest)) = reason.split_once("an explicit deny") {
            self.kind = Kind::Explicit;
            let (policy_type, rest) = policy_after(rest, " in ");
            self.policy_type = policy_type;
            let (through, rest) = policy_after(rest, " transitively through ");
            self.through = through;
            self.policy_arn = rest.strip_prefix(": ").and_then(first_arn);
        } else if let Some(rest) = reason.strip_prefix("because no ") {
            self.kind = Kind::Implicit;
            self.policy_type = policy_name(rest).map(|(policy_type, _)| policy_type);
        }
    }

    /// Reads the message of network activity events, "The request was denied due to a VPC endpoint policy"
    /// (CloudTrail user guide, "Logging network activity events").
    fn read_endpoint_policy(&mut self, text: &str) {
        if let Some((_, rest)) = text.split_once(" denied due to") {
            let (policy_type, _) = policy_after(rest, " ");
            self.deny_by(policy_type);
        }
    }

    /// Sets the type of the policy that denied, where the message names none.
    pub(crate) fn deny_by(&mut self, policy_type: Option<PolicyType>) {
        if let Some(policy_type) = policy_type.filter(|_| self.policy_type.is_none()) {
            self.kind = Kind::Explicit;
            self.policy_type = Some(policy_type);
        }
    }

    /// The Region of the denied resource, [`UNSPECIFIED_REGION`] for the Region-less model of a global
    /// profile; `None` if the message names no ARN.
    pub fn blocked_region(&self) -> Option<&str> {
        match Arn::parse(self.resource.as_deref()?)?.region {
            "" => Some(UNSPECIFIED_REGION),
            region => Some(region),
        }
    }

    /// The evaluated resource that was denied, seen from the Region that the call was sent to.
    pub fn leg(&self, source_region: Option<&str>) -> Option<Leg> {
        let arn = Arn::parse(self.resource.as_deref()?)?;
        match (arn.service, arn.resource_type()) {
            ("bedrock", "inference-profile" | "application-inference-profile") => {
                Some(Leg::Profile)
            }
            ("bedrock", "foundation-model") => match arn.region {
                "" => Some(Leg::GlobalModel),
                region if Some(region) == source_region => Some(Leg::SourceModel),
                _ => source_region.map(|_| Leg::DestinationModel),
            },
            _ => None,
        }
    }
}

impl PolicyType {
    /// The value of the column `policy_type`.
    pub fn as_str(self) -> &'static str {
        match self {
            PolicyType::ServiceControl => "service_control_policy",
            PolicyType::ResourceControl => "resource_control_policy",
            PolicyType::IdentityBased => "identity_based_policy",
            PolicyType::ResourceBased => "resource_based_policy",
            PolicyType::PermissionsBoundary => "permissions_boundary",
            PolicyType::Session => "session_policy",
            PolicyType::VpcEndpoint => "vpc_endpoint_policy",
            PolicyType::RoleTrust => "role_trust_policy",
        }
    }
}

impl Leg {
    /// The value of the column `leg`.
    pub fn as_str(self) -> &'static str {
        match self {
            Leg::Profile => "profile",
            Leg::SourceModel => "source_model",
            Leg::DestinationModel => "destination_model",
            Leg::GlobalModel => "global_model",
        }
    }
}

/// Characters that may follow a word of the message without belonging to it.
const TRAILING: &[char] = &['.', ',', ';', '"', '\'', '\\', '}', ')', ']', '`'];

/// Takes the message out of a JSON body (`{"Message":"..."}`) and folds wrapped lines.
fn plain_text(message: &str) -> String {
    let body = message.trim();
    let inner = body
        .starts_with('{')
        .then(|| serde_json::from_str::<serde_json::Value>(body).ok())
        .flatten()
        .and_then(|value| {
            let text = |key: &str| value.get(key)?.as_str().map(str::to_owned);
            text("Message").or_else(|| text("message")).or_else(|| text("errorMessage"))
        });
    folded(inner.as_deref().unwrap_or(body))
}

/// The lines as one. Where a line ends inside an ARN, which has no blanks, it was cut by its width: the next one goes on
/// without a blank.
fn folded(text: &str) -> String {
    /// What follows an ARN in a message, but is no part of it.
    const AFTER: [&str; 7] = ["is", "on", "with", "because", "due", "transitively", "Encoded"];
    let mut folded = String::with_capacity(text.len());
    let mut may_be_cut = false;
    for line in text.lines() {
        for (place, word) in line.split_whitespace().enumerate() {
            let is_cut = place == 0
                && may_be_cut
                && !line.starts_with(char::is_whitespace)
                && !AFTER.contains(&word)
                && !word.starts_with('(')
                && folded.rsplit(' ').next().is_some_and(|last| last.contains("arn:"));
            if !folded.is_empty() && !is_cut {
                folded.push(' ');
            }
            folded.push_str(word);
        }
        may_be_cut = !line.ends_with(char::is_whitespace);
    }
    folded
}

/// The code and operation of `An error occurred (CODE) when calling the OPERATION operation`, or the
/// code of `CODE: User: ...`.
fn quoted_call(text: &str) -> (Option<String>, Option<String>) {
    if let Some((_, rest)) = text.split_once("An error occurred (")
        && let Some((code, rest)) = rest.split_once(')')
    {
        let operation = rest
            .strip_prefix(" when calling the ")
            .and_then(|rest| rest.split_once(" operation"))
            .map(|(operation, _)| operation);
        // What is not named stays unknown.
        let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        return (named(code), operation.and_then(named));
    }
    let code = text.split_once(": User: ").map(|(head, _)| head).filter(|head| {
        !head.is_empty() && head.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
    });
    (code.map(str::to_owned), None)
}

/// The principal at the end of `User: PRINCIPAL `.
fn principal(text: &str) -> Option<String> {
    let (_, principal) = text.rsplit_once("User: ")?;
    let principal = principal.trim_end();
    (!principal.is_empty()).then(|| principal.to_owned())
}

/// `service:Operation`.
fn is_action(text: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_*".contains(&b))
    };
    text.split_once(':').is_some_and(|(service, name)| word(service) && word(name))
}

/// Splits the text after the action into the resource and the reason.
fn split_reason(rest: &str) -> (&str, &str) {
    const REASONS: [&str; 3] = ["with an explicit deny", "due to an explicit deny", "because no "];
    match REASONS.iter().filter_map(|reason| rest.find(reason)).min() {
        Some(at) => (rest[..at].trim_end(), &rest[at..]),
        None => (rest, ""),
    }
}

/// The resource of `on resource: RESOURCE`: an ARN, a quoted ARN, `*`, or `role NAME`.
fn resource(subject: &str) -> Option<String> {
    let text = subject.strip_prefix("on resource:")?.trim_start().trim_start_matches(['"', '\\']);
    let mut words = text.split(' ');
    let first = words.next()?;
    let resource = match words.next() {
        Some(name) if !first.contains(':') && first != "*" && !first.ends_with(TRAILING) => {
            format!("{first} {name}")
        }
        _ => first.to_owned(),
    };
    let resource = resource.trim_end_matches(TRAILING);
    (!resource.is_empty()).then(|| resource.to_owned())
}

/// Reads `LINK[a |an |the ]TYPE` and returns the rest; the text itself if it does not begin that way.
fn policy_after<'a>(text: &'a str, link: &str) -> (Option<PolicyType>, &'a str) {
    let Some(rest) = text.strip_prefix(link) else { return (None, text) };
    let rest = ["a ", "an ", "the "].iter().find_map(|a| rest.strip_prefix(a)).unwrap_or(rest);
    match policy_name(rest) {
        Some((policy_type, length)) => (Some(policy_type), &rest[length..]),
        None => (None, text),
    }
}

/// The policy type that a text begins with, and the length of its name.
fn policy_name(text: &str) -> Option<(PolicyType, usize)> {
    POLICY_NAMES.iter().find_map(|(name, policy_type)| {
        let head = text.get(..name.len())?.to_ascii_lowercase().replace('-', " ");
        let ends = !text[name.len()..].starts_with(|c: char| c.is_alphanumeric());
        (head == *name && ends).then_some((*policy_type, name.len()))
    })
}

/// The ARN that a text begins with.
fn first_arn(text: &str) -> Option<String> {
    let word = text.split(' ').next()?.trim_end_matches(TRAILING);
    Arn::parse(word).map(|_| word.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const USER: &str = "User: arn:aws:sts::111122223333:assumed-role/app/session";
    const MODEL: &str = "arn:aws:bedrock:us-east-2::foundation-model/anthropic.claude-sonnet-4-6";
    const SCP: &str =
        "arn:aws:organizations::444455556666:policy/o-abc/service_control_policy/p-abc";

    fn check(message: &str, expected: &str) {
        let found = Denial::read(message);
        let found = format!(
            "{:?} {:?} {:?} {} {} {}",
            found.kind,
            found.policy_type,
            found.through,
            found.action.as_deref().unwrap_or("-"),
            found.resource.as_deref().unwrap_or("-"),
            found.policy_arn.as_deref().unwrap_or("-"),
        );
        assert_eq!(found, expected, "{message}");
    }

    #[test]
    fn explicit_deny_names_policy_type_and_arn() {
        let head = format!("{USER} {NOT_AUTHORIZED} bedrock:InvokeModel");
        let scp = format!("Explicit Some(ServiceControl) None bedrock:InvokeModel {MODEL}");
        let deny = "with an explicit deny in a service control policy";
        check(&format!("{head} on resource: {MODEL} {deny}"), &format!("{scp} -"));
        for tail in ["", ".", "\"}", " (Service: BedrockRuntime, Status Code: 403)", ". Encoded x"]
        {
            let message = format!("{head} on resource: {MODEL} {deny}: {SCP}{tail}");
            check(&message, &format!("{scp} {SCP}"));
        }
        let wrapped = format!("{head}\n  on resource: {MODEL}\n  {deny}");
        check(&wrapped, &format!("{scp} -"));
        check(&format!("{head} on resource: \"{MODEL}\" {deny}"), &format!("{scp} -"));
        let json = serde_json::json!({ "Message": format!("{head} on resource: {MODEL} {deny}") });
        check(&json.to_string(), &format!("{scp} -"));
        check(
            &format!(
                "{head} on resource: role app with an explicit deny in an identity-based policy"
            ),
            "Explicit Some(IdentityBased) None bedrock:InvokeModel role app -",
        );
        check(
            &format!("{head} on resource: * with an explicit deny"),
            "Explicit None None bedrock:InvokeModel * -",
        );
        check(
            &format!("{head} due to an explicit deny in a Service Control Policy"),
            "Explicit Some(ServiceControl) None bedrock:InvokeModel - -",
        );
        check(
            &format!(
                "{head} with an explicit deny in a VPC endpoint policy transitively through a service control policy: {SCP}"
            ),
            &format!("Explicit Some(VpcEndpoint) Some(ServiceControl) bedrock:InvokeModel - {SCP}"),
        );
    }

    #[test]
    fn line_that_was_cut_in_an_arn_goes_on() {
        let message = format!(
            "{USER} {NOT_AUTHORIZED} bedrock:InvokeModel on resource: {MODEL} with an explicit deny in a service \
             control policy: {SCP}"
        );
        // In the middle of each ARN, and right before the words that follow one.
        let mut cuts =
            [MODEL, SCP, USER].map(|arn| message.find(arn).expect("there") + 30).to_vec();
        cuts.extend([" is not", " with an"].map(|after| message.find(after).expect("there")));
        for at in cuts {
            let (start, end) = message.split_at(at);
            let found = Denial::read(&format!("{start}\n{}", end.trim_start()));
            assert_eq!(found, Denial::read(&message), "{start}");
        }
        let found = Denial::read(&message);
        assert_eq!(found.principal.as_deref(), USER.strip_prefix("User: "));
    }

    #[test]
    fn implicit_deny_names_policy_type() {
        let head = format!("{USER} {NOT_AUTHORIZED} bedrock:InvokeModel");
        for (name, policy_type) in POLICY_NAMES {
            check(
                &format!(
                    "{head} on this resource because no {name} allows the bedrock:InvokeModl action"
                ),
                &format!("Implicit Some({policy_type:?}) None bedrock:InvokeModel - -"),
            );
        }
    }

    #[test]
    fn policy_that_is_not_named_stays_unknown() {
        let project = "arn:aws:bedrock-mantle:us-west-2:111122223333:project/default";
        check(
            &format!(
                "{USER} {NOT_AUTHORIZED} bedrock-mantle:CreateInference on resource: {project}"
            ),
            &format!("Unspecified None None bedrock-mantle:CreateInference {project} -"),
        );
        for message in [
            "You don't have access to the model with the specified model ID.",
            "Your account is not authorized to invoke this API operation.",
            "Model access is denied due to IAM user or service role is not authorized to perform \
             the required AWS Marketplace actions (aws-marketplace:Subscribe).",
            "Access Denied",
            "The service control policy says hello",
            "",
        ] {
            check(message, "Unspecified None None - - -");
        }
        let message = "The request was denied due to a VPC endpoint policy";
        check(message, "Explicit Some(VpcEndpoint) None - - -");
    }

    #[test]
    fn leg_and_blocked_region_follow_from_the_resource() {
        let check = |resource: &str, source: &str, region: Option<&str>, leg: Option<Leg>| {
            let message =
                format!("{USER} {NOT_AUTHORIZED} bedrock:InvokeModel on resource: {resource}");
            let denial = Denial::read(&message);
            assert_eq!(denial.blocked_region(), region, "{resource}");
            assert_eq!(denial.leg(Some(source)), leg, "{resource}");
        };
        check(MODEL, "us-east-1", Some("us-east-2"), Some(Leg::DestinationModel));
        check(MODEL, "us-east-2", Some("us-east-2"), Some(Leg::SourceModel));
        check(
            "arn:aws:bedrock:::foundation-model/zai.glm-5",
            "us-east-2",
            Some("unspecified"),
            Some(Leg::GlobalModel),
        );
        check(
            "arn:aws:bedrock:us-west-2:111122223333:inference-profile/us.zai.glm-5",
            "us-west-2",
            Some("us-west-2"),
            Some(Leg::Profile),
        );
        check("*", "us-west-2", None, None);
        check(
            "arn:aws:bedrock:us-west-2:111122223333:guardrail/x",
            "us-west-2",
            Some("us-west-2"),
            None,
        );
    }

    #[test]
    fn quoted_call_gives_code_and_operation() {
        let message = format!(
            "An error occurred (AccessDeniedException) when calling the ConverseStream operation: \
             {USER} {NOT_AUTHORIZED} bedrock:InvokeModelWithResponseStream"
        );
        let denial = Denial::read(&message);
        assert_eq!(denial.code.as_deref(), Some("AccessDeniedException"));
        assert_eq!(denial.operation.as_deref(), Some("ConverseStream"));
        assert_eq!(
            Denial::read(&format!("AccessDenied: {USER}")).code.as_deref(),
            Some("AccessDenied")
        );
        let empty = Denial::read("An error occurred () when calling the  operation: User");
        assert_eq!((empty.code, empty.operation), (None, None));
    }

    proptest! {
        #[test]
        fn reading_never_fails(
            parts in proptest::collection::vec("\\PC{0,12}|is not authorized to perform: a:b |on resource: | with an explicit deny in a |VPC endpoint policy|because no |: arn:aws:x:::y", 0..8),
        ) {
            let _ = Denial::read(&parts.concat());
        }
    }
}
