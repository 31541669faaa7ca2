//! Amazon Resource Names: `arn:partition:service:region:account:resource`.

/// The parts of an ARN, as written. Region and account may be empty: foundation models have no
/// account, and the Region-less model of a global inference profile has neither
/// (`arn:aws:bedrock:::foundation-model/...`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-us-gov`, `aws-cn`, `aws-iso`, `aws-eusc`, ...
    pub partition: &'a str,
    /// `bedrock`, `sagemaker`, ...
    pub service: &'a str,
    /// A Region code, or empty.
    pub region: &'a str,
    /// An account id, or empty.
    pub account: &'a str,
    /// Everything after the fifth colon, colons included.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits an ARN; `None` if the text does not have the six parts or no AWS partition.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let arn = Arn {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        let is_aws = arn.partition == "aws" || arn.partition.starts_with("aws-");
        (is_aws && !arn.service.is_empty() && !arn.resource.is_empty()).then_some(arn)
    }

    /// The resource's type: `foundation-model` in `foundation-model/amazon.nova-pro-v1:0`.
    pub fn resource_type(&self) -> &'a str {
        self.resource.split_once('/').map_or(self.resource, |(kind, _)| kind)
    }

    /// The resource's id, slashes included: what follows its type. Empty if there is none.
    pub fn resource_id(&self) -> &'a str {
        self.resource.split_once('/').map_or("", |(_, id)| id)
    }
}
