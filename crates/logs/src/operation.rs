//! Which events are inference calls, by event source and name.

use bedrock::own_cost::BATCH_JOB;

/// What an event of another source or name is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// An inference call.
    Call,
    /// An event that tells what a new opaque ARN denotes.
    Discover,
    /// Creates a batch inference job.
    CreateBatchJob,
    /// Asks to stop a batch inference job.
    StopBatchJob,
    /// Looks like inference, but is a name that we do not know: counted by name.
    Unknown,
    /// Anything else.
    Other,
}

/// Event sources with inference events, and these. `bedrock-runtime` was never seen in
/// a real record and is accepted all the same; mantle events are data events
/// (Bedrock user guide, `logging-using-cloudtrail` and `logging-cloudtrail-mantle`).
const SOURCES: &[(&str, &[&str])] = &[
    ("bedrock.amazonaws.com", RUNTIME_CALLS),
    ("bedrock-runtime.amazonaws.com", RUNTIME_CALLS),
    ("bedrock-mantle.amazonaws.com", &["CreateInference"]),
];

/// What all event sources end with.
const SOURCE_END: &str = ".amazonaws.com";

const RUNTIME_CALLS: &[&str] = &[
    "InvokeModel",
    "InvokeModelWithResponseStream",
    "Converse",
    "ConverseStream",
    "InvokeModelWithBidirectionalStream",
    "StartAsyncInvoke",
];

/// Events whose response holds a new ARN and whose request says what it denotes.
const DISCOVER: &[&str] =
    &["CreateInferenceProfile", "CreateProvisionedModelThroughput", "CreateCustomModelDeployment"];

/// The source of the events of batch inference jobs, and what creates and stops one.
const BATCH_JOB_SOURCE: &str = "bedrock.amazonaws.com";
const STOP_BATCH_JOB: &str = "StopModelInvocationJob";

/// Names that look like inference and are known to be none, or to be logged once more as the calls
/// that they make.
const KNOWN_OTHERS: &[&str] = &[
    "ApplyGuardrail",
    "CancelInference",
    "CountTokens",
    "DeleteInference",
    "GetAsyncInvoke",
    "GetInference",
    "InvokeAgent",
    "InvokeBlueprintOptimizationAsync",
    "InvokeBlueprintRecommendationAsync",
    "InvokeDataAutomation",
    "InvokeDataAutomationAsync",
    "InvokeFlow",
    "InvokeGuardrailChecks",
    "InvokeInlineAgent",
    "ListAsyncInvokes",
    "OptimizePrompt",
    "RenderPrompt",
    "Rerank",
    "Retrieve",
    "RetrieveAndGenerate",
    "RetrieveAndGenerateStream",
];

/// Words of known events around inference: profiles, batch jobs, logging settings.
const KNOWN_WORDS: &[&str] = &["InferenceProfile", "ModelInvocation", "AsyncInvokes"];

/// First words of the control plane, where a name says by itself that it is no inference.
const CONTROL_VERBS: &[&str] = &[
    "Associate",
    "Batch",
    "Cancel",
    "Create",
    "Delete",
    "Deregister",
    "Detect",
    "Disable",
    "Disassociate",
    "Enable",
    "Export",
    "Generate",
    "Get",
    "Ingest",
    "List",
    "Prepare",
    "Put",
    "Register",
    "Reject",
    "Start",
    "Stop",
    "Tag",
    "Untag",
    "Update",
    "Validate",
    "Accept",
];

/// Words that make a name look like inference even behind a verb of the control plane, such as a
/// future `CreateChatCompletion` on the OpenAI-style endpoint.
const INFERENCE_WORDS: &[&str] =
    &["Invoke", "Converse", "Inference", "Completion", "Response", "Message"];

/// True for an event source of Bedrock's: those above, and such as `bedrock-agentcore.amazonaws.com`.
pub(crate) fn is_bedrock(event_source: &str) -> bool {
    let name = event_source.strip_prefix("bedrock").and_then(|rest| rest.strip_suffix(SOURCE_END));
    name.is_some_and(|name| {
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        name.is_empty() || (name.starts_with('-') && name.bytes().all(is_of_name))
    })
}

/// Judges an event of Bedrock's by its name.
pub(crate) fn operation(event_source: &str, event_name: &str) -> Operation {
    let Some((_, calls)) = SOURCES.iter().find(|(source, _)| *source == event_source) else {
        return Operation::Other;
    };
    if calls.contains(&event_name) {
        return Operation::Call;
    }
    if DISCOVER.contains(&event_name) {
        return Operation::Discover;
    }
    if event_source == BATCH_JOB_SOURCE {
        match event_name {
            BATCH_JOB => return Operation::CreateBatchJob,
            STOP_BATCH_JOB => return Operation::StopBatchJob,
            _ => {}
        }
    }
    let known = KNOWN_OTHERS.contains(&event_name)
        || KNOWN_WORDS.iter().any(|word| event_name.contains(word));
    let control = CONTROL_VERBS.iter().any(|verb| event_name.starts_with(verb));
    let inference = INFERENCE_WORDS.iter().any(|word| event_name.contains(word));
    if !known && (inference || !control) { Operation::Unknown } else { Operation::Other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let check = |source: &str, name: &str, expected: Operation| {
            assert_eq!(operation(source, name), expected, "{source} {name}");
        };
        let runtime = "bedrock.amazonaws.com";
        let mantle = "bedrock-mantle.amazonaws.com";
        for name in RUNTIME_CALLS {
            check(runtime, name, Operation::Call);
            check("bedrock-runtime.amazonaws.com", name, Operation::Call);
            check("sagemaker.amazonaws.com", name, Operation::Other);
        }
        check(mantle, "CreateInference", Operation::Call);
        check(mantle, "InvokeModel", Operation::Unknown);
        check(runtime, "CreateInferenceProfile", Operation::Discover);
        check(runtime, "CreateModelInvocationJob", Operation::CreateBatchJob);
        check(runtime, "StopModelInvocationJob", Operation::StopBatchJob);
        check(mantle, "CreateModelInvocationJob", Operation::Other);
        for name in [
            "GetFoundationModelAvailability",
            "CreateFoundationModelAgreement",
            "ListInferenceProfiles",
            "GetModelInvocationJob",
            "PutModelInvocationLoggingConfiguration",
            "InvokeAgent",
            "CountTokens",
        ] {
            check(runtime, name, Operation::Other);
        }
        for name in ["CreateChatCompletion", "CreateResponse", "ConverseV2", "Imagine"] {
            check(runtime, name, Operation::Unknown);
        }
        check(mantle, "GetInference", Operation::Other);
        check("bedrock-agentcore.amazonaws.com", "InvokeAgentRuntime", Operation::Other);
    }

    #[test]
    fn sources() {
        for (source, expected) in [
            ("bedrock.amazonaws.com", true),
            ("bedrock-runtime.amazonaws.com", true),
            ("bedrock-agentcore.amazonaws.com", true),
            ("bedrock-data-automation2.amazonaws.com", true),
            ("bedrocks.amazonaws.com", false),
            ("bedrock-runtime.us-east-1.amazonaws.com", false),
            ("bedrock.amazonaws.com.", false),
            ("bedrock", false),
        ] {
            assert_eq!(is_bedrock(source), expected, "{source}");
        }
    }
}
