//! The calls of a matrix: every way to call a model.

use crate::operation::Operation;

/// How a model is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// By its own ID.
    Direct,
    /// Through a system-defined profile: its scope (`us`, `eu`, `global`).
    Profile(String),
    /// Through an application profile of the model in one Region.
    OverModel,
    /// Through an application profile of a system-defined one: its scope.
    Over(String),
    /// Through an application profile that the user has: its ARN.
    Own(String),
    /// At the mantle endpoint.
    Mantle,
}

/// A call of a matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixCall {
    /// How the model is called.
    pub way: Way,
    /// The model.
    pub model: String,
    /// Whether that is another model than the one of the goal.
    pub is_other_model: bool,
    /// Whether that is one of all models of a scope that the catalog has, and not one of the scene.
    pub is_of_catalog: bool,
    /// The source Region.
    pub region: String,
    /// The operation.
    pub operation: &'static Operation,
    /// Whether the call carries an API key.
    pub has_api_key: bool,
}

impl Way {
    /// The scope of a system-defined profile that is called, or that is below an application profile.
    pub fn scope(&self) -> Option<&str> {
        match self {
            Way::Profile(scope) | Way::Over(scope) => Some(scope),
            _ => None,
        }
    }

    /// Whether calls end at the model without a Region.
    pub fn is_global(&self) -> bool {
        self.scope() == Some("global")
    }

    /// Whether an application profile is called.
    pub fn is_application_profile(&self) -> bool {
        matches!(self, Way::OverModel | Way::Over(_) | Way::Own(_))
    }
}

impl MatrixCall {
    /// A call of `Converse` without an API key; of the mantle endpoint, `CreateInference`.
    pub fn new(way: Way, model: &str, region: &str) -> Option<Self> {
        let name = if way == Way::Mantle { "CreateInference" } else { "Converse" };
        let (model, region) = (model.to_owned(), region.to_owned());
        let operation = Operation::find(name)?;
        Some(MatrixCall {
            way,
            model,
            is_other_model: false,
            is_of_catalog: false,
            region,
            operation,
            has_api_key: false,
        })
    }

    /// The identifier that is called.
    pub fn model_ref(&self, partition: &str, account: &str) -> String {
        match &self.way {
            Way::Direct | Way::Mantle => self.model.clone(),
            Way::Profile(scope) => format!("{scope}.{}", self.model),
            Way::Own(arn) => arn.clone(),
            Way::OverModel | Way::Over(_) => {
                let id = self.application_profile_id();
                format!(
                    "arn:{partition}:bedrock:{}:{account}:application-inference-profile/{id}",
                    self.region
                )
            }
        }
    }

    /// An ID for an application profile that only the matrix has.
    fn application_profile_id(&self) -> String {
        let over = self.way.scope().unwrap_or("model");
        let letters = format!("{over}{}", self.model);
        letters.chars().filter(char::is_ascii_alphanumeric).collect()
    }

    /// What the application profile that is called is of.
    pub(crate) fn below(&self) -> Option<String> {
        match &self.way {
            Way::OverModel => Some(self.model.clone()),
            Way::Over(scope) => Some(format!("{scope}.{}", self.model)),
            _ => None,
        }
    }

    /// Whether it creates a batch job.
    pub fn is_batch(&self) -> bool {
        self.operation.name == "CreateModelInvocationJob"
    }

    /// The row of the matrix.
    pub fn label(&self) -> String {
        let mut label = match &self.way {
            Way::Direct => "direct".to_owned(),
            Way::Profile(scope) => format!("{scope}. profile"),
            Way::OverModel => "app. profile over model".to_owned(),
            Way::Over(scope) => format!("app. profile over {scope}."),
            Way::Own(arn) => {
                format!("app. profile {}", arn.rsplit('/').next().unwrap_or_default())
            }
            Way::Mantle => "mantle".to_owned(),
        };
        if self.is_of_catalog {
            label += &format!(", {}", self.model);
        } else if self.is_other_model {
            label += ", other model";
        }
        match self.operation.name {
            "Converse" | "CreateInference" => {}
            "CreateModelInvocationJob" => label += ", batch",
            "ConverseStream" => label += ", streaming",
            "InvokeModelWithResponseStream" => label += ", InvokeModel stream",
            name => label += &format!(", {name}"),
        }
        if self.has_api_key {
            label += ", API key";
        }
        label
    }
}
