//! Events of Bedrock's that are no calls and start something that is billed all the same.

/// The event of a batch inference job, whose requests are no calls of their own.
pub const BATCH_JOB: &str = "CreateModelInvocationJob";

/// Names of events that have a cost of their own, with the section of the pricing page that says so. What they
/// cost is in no call: agents and knowledge bases, which only make calls, are not among them.
const EVENTS: &[(&str, &str)] = &[
    // Amazon Bedrock pricing (aws.amazon.com/bedrock/pricing).
    (BATCH_JOB, "Batch"),
    ("ApplyGuardrail", "Guardrails"),
    ("CreateEvaluationJob", "Model evaluation"),
    ("CreateFineTuningJob", "Model customization"),
    ("CreateMarketplaceModelEndpoint", "Bedrock Marketplace"),
    ("CreateModelCustomizationJob", "Model customization"),
    ("CreateModelImportJob", "Custom Model Import"),
    ("CreateProvisionedModelThroughput", "Provisioned Throughput"),
    ("GenerateQuery", "Structured data retrieval"),
    ("InvokeDataAutomation", "Data Automation"),
    ("InvokeDataAutomationAsync", "Data Automation"),
    ("InvokeFlow", "Flows"),
    ("InvokeGuardrailChecks", "Guardrails"),
    ("OptimizePrompt", "Prompt optimization"),
    ("Rerank", "Rerank"),
    ("StartFlowExecution", "Flows"),
    // Amazon Bedrock AgentCore pricing (aws.amazon.com/bedrock/agentcore/pricing).
    ("CreateEvent", "AgentCore Memory"),
    ("InvokeAgentRuntime", "AgentCore Runtime"),
    ("InvokeCodeInterpreter", "AgentCore Code Interpreter"),
    ("InvokeGateway", "AgentCore Gateway"),
    ("RetrieveMemoryRecords", "AgentCore Memory"),
    ("StartBrowserSession", "AgentCore Browser"),
    ("StartCodeInterpreterSession", "AgentCore Code Interpreter"),
];

/// Whether events of a name have a cost of their own.
pub fn has_own_cost(event_name: &str) -> bool {
    EVENTS.iter().any(|(name, _)| *name == event_name)
}
