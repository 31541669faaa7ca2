//! The API operations that run a model, and the IAM actions that each is authorized for, as one table (Service
//! Authorization Reference, Amazon Bedrock, "API operations").

/// `bedrock:InvokeModel`.
pub(crate) const INVOKE_MODEL: &str = "bedrock:InvokeModel";
const COUNT_TOKENS: &str = "bedrock:CountTokens";
const CREATE_JOB: &str = "bedrock:CreateModelInvocationJob";
const CREATE_INFERENCE: &str = "bedrock-mantle:CreateInference";
const INVOKE_STREAM: &str = "bedrock:InvokeModelWithResponseStream";
/// The action of a call with an API key.
pub(crate) const BEARER_TOKEN: &str = "bedrock:CallWithBearerToken";
/// The same at the mantle endpoint.
pub(crate) const MANTLE_BEARER_TOKEN: &str = "bedrock-mantle:CallWithBearerToken";

/// An API operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its name, which is the `eventName` of its records.
    pub name: &'static str,
    /// The action of each leg.
    pub action: &'static str,
    /// An action that the table of AWS lists, too, and of which it is not known whether it is asked for.
    pub possible_action: Option<&'static str>,
    /// The action of a call with an API key; `None` if there are none.
    pub bearer_action: Option<&'static str>,
    /// What else such a call is authorized for that is not simulated.
    pub missing: Option<&'static str>,
}

const fn operation(name: &'static str, action: &'static str) -> Operation {
    let bearer_action = Some(BEARER_TOKEN);
    Operation { name, action, possible_action: None, bearer_action, missing: None }
}

/// All operations that can be simulated.
pub const OPERATIONS: &[Operation] = &[
    operation("Converse", INVOKE_MODEL),
    operation("ConverseStream", INVOKE_STREAM),
    operation("InvokeModel", INVOKE_MODEL),
    Operation {
        possible_action: Some(INVOKE_MODEL),
        ..operation("InvokeModelWithResponseStream", INVOKE_STREAM)
    },
    Operation {
        bearer_action: None,
        ..operation("InvokeModelWithBidirectionalStream", INVOKE_MODEL)
    },
    operation("StartAsyncInvoke", INVOKE_MODEL),
    operation("CountTokens", COUNT_TOKENS),
    Operation {
        missing: Some("iam:PassRole for the role of the job"),
        ..operation("CreateModelInvocationJob", CREATE_JOB)
    },
    Operation {
        bearer_action: Some(MANTLE_BEARER_TOKEN),
        ..operation("CreateInference", CREATE_INFERENCE)
    },
];

/// The actions of the operations, each once.
pub(crate) const ACTIONS: [&str; 7] = [
    INVOKE_MODEL,
    INVOKE_STREAM,
    BEARER_TOKEN,
    COUNT_TOKENS,
    CREATE_JOB,
    CREATE_INFERENCE,
    MANTLE_BEARER_TOKEN,
];

/// An action of one of the operations, by its name.
pub(crate) fn action(name: &str) -> Option<&'static str> {
    ACTIONS.into_iter().find(|action| action.eq_ignore_ascii_case(name))
}

impl Operation {
    /// The operation of a name.
    pub fn find(name: &str) -> Option<&'static Operation> {
        OPERATIONS.iter().find(|operation| operation.name == name)
    }

    /// Whether it is one of the mantle endpoint.
    pub fn is_mantle(&self) -> bool {
        self.action.starts_with("bedrock-mantle:")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_of_actions_has_those_of_all_operations() {
        let of_operation = |it: &Operation| [Some(it.action), it.possible_action, it.bearer_action];
        let mut found = OPERATIONS.iter().flat_map(of_operation).flatten().collect::<Vec<_>>();
        found.sort_unstable();
        found.dedup();
        let mut expected = ACTIONS;
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
}
