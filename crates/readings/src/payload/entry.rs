//! An entry of a model invocation log, packed.

use bedrock::cost::{Certainty, Counts, Latency, Said, UnitCounts, tier_name};
use logs::invocation::InvocationEntry;
use serde::{Deserialize, Serialize};

use super::call::PackedId;

/// An entry as it is packed.
#[derive(Serialize, Deserialize)]
pub(super) struct PackedEntry<'a> {
    #[serde(borrow)]
    request_id: PackedId<'a>,
    timestamp_ms: i64,
    account_id: Option<&'a str>,
    region: Option<&'a str>,
    operation: Option<&'a str>,
    model_ref: Option<&'a str>,
    inference_region: Option<&'a str>,
    invoked_model: Option<&'a str>,
    tokens: Counts,
    units: Option<UnitCounts>,
    tier: Option<(&'a str, Certainty)>,
    latency: Option<Said<Latency>>,
    latency_ms: Option<i64>,
    first_byte_ms: Option<i64>,
    error_code: Option<&'a str>,
    caller_arn: Option<&'a str>,
    metadata: Option<&'a str>,
}

impl<'a> PackedEntry<'a> {
    pub(super) fn of(entry: &'a InvocationEntry) -> Self {
        let InvocationEntry {
            request_id,
            timestamp_ms,
            account_id,
            region,
            operation,
            model_ref,
            inference_region,
            invoked_model,
            tokens,
            units,
            tier,
            latency,
            latency_ms,
            first_byte_ms,
            error_code,
            caller_arn,
            metadata,
        } = entry;
        PackedEntry {
            request_id: PackedId::of(request_id),
            timestamp_ms: *timestamp_ms,
            account_id: account_id.as_deref(),
            region: region.as_deref(),
            operation: operation.as_deref(),
            model_ref: model_ref.as_deref(),
            inference_region: inference_region.as_deref(),
            invoked_model: invoked_model.as_deref(),
            tokens: *tokens,
            units: units.as_deref().copied(),
            tier: tier.map(|tier| (tier.value, tier.certainty)),
            latency: *latency,
            latency_ms: *latency_ms,
            first_byte_ms: *first_byte_ms,
            error_code: error_code.as_deref(),
            caller_arn: caller_arn.as_deref(),
            metadata: metadata.as_deref(),
        }
    }

    pub(super) fn entry(self) -> InvocationEntry {
        let boxed = |text: Option<&str>| text.map(Box::from);
        InvocationEntry {
            request_id: self.request_id.id(),
            timestamp_ms: self.timestamp_ms,
            account_id: boxed(self.account_id),
            region: boxed(self.region),
            operation: boxed(self.operation),
            model_ref: boxed(self.model_ref),
            inference_region: boxed(self.inference_region),
            invoked_model: boxed(self.invoked_model),
            tokens: self.tokens,
            units: self.units.map(Box::new),
            tier: self.tier.map(|(name, certainty)| Said { value: tier_name(name), certainty }),
            latency: self.latency,
            latency_ms: self.latency_ms,
            first_byte_ms: self.first_byte_ms,
            error_code: boxed(self.error_code),
            caller_arn: boxed(self.caller_arn),
            metadata: boxed(self.metadata),
        }
    }
}
