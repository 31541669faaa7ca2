//! One entry of a log, taken apart.

use bedrock::call::CallId;
use bedrock::cut;

use super::loose::{Held, Loose, Scalar, object};
use super::usage::Body;
use super::{InvocationEntry, Tokens};
use crate::reject::Rejection;
use crate::value;

object! {
    /// The fields of an entry that are read. There is none for a prompt, a completion, an identity or the
    /// metadata that a customer attached.
    pub(super) struct Entry {
        "schemaType" => schema_type: Scalar,
        "timestamp" => timestamp: Scalar,
        "accountId" => account_id: Scalar,
        "region" => region: Scalar,
        "requestId" => request_id: Scalar,
        "operation" => operation: Scalar,
        "modelId" => model_id: Scalar,
        "inferenceRegion" => inference_region: Scalar,
        "errorCode" => error_code: Scalar,
        "input" => input: Loose<Input>,
        "output" => output: Loose<Output>,
    }
}

object! {
    struct Input {
        "inputTokenCount" => tokens: Scalar,
        "cacheReadInputTokenCount" => cache_read_tokens: Scalar,
        "cacheWriteInputTokenCount" => cache_write_tokens: Scalar,
    }
}

object! {
    struct Output {
        "outputTokenCount" => tokens: Scalar,
        /// Of the answer, only how it splits the cache writes.
        "outputBodyJson" => body: Loose<Body>,
    }
}

/// The value of `schemaType`.
const MODEL_INVOCATION_LOG: &str = "ModelInvocationLog";

/// The entry that was parsed; `None` if it is of another schema.
///
/// # Errors
/// If it is no object, or has a field that cannot be used. The field's text is not quoted.
pub(super) fn finish(entry: Loose<Entry>) -> Result<Option<InvocationEntry>, Rejection> {
    if entry.kind != "an object" {
        let found = entry.kind.to_owned();
        return Err(Rejection { field: "entry", expected: "an object", found });
    }
    let entry = entry.parts;
    if !matches!(&entry.schema_type.parts, Held::Text(text) if **text == *MODEL_INVOCATION_LOG) {
        return Ok(None);
    }
    let request_id = required(entry.request_id, "requestId")?;
    let timestamp = required(entry.timestamp, "timestamp")?;
    let timestamp_ms = value::time_ms(&timestamp, "timestamp")
        .map_err(|rejection| Rejection { found: "another string".to_owned(), ..rejection })?;
    let input = entry.input.object("input")?;
    let output = entry.output.object("output")?;
    let cache_write = input.cache_write_tokens.count("input.cacheWriteInputTokenCount")?;
    let tokens = Tokens {
        input: input.tokens.count("input.inputTokenCount")?,
        output: output.tokens.count("output.outputTokenCount")?,
        cache_read: input.cache_read_tokens.count("input.cacheReadInputTokenCount")?,
        cache_write,
        cache_write_1h: output.body.parts.one_hour_of(cache_write),
    };
    Ok(Some(InvocationEntry {
        request_id: CallId::new(&request_id),
        timestamp_ms,
        account_id: entry.account_id.text("accountId")?,
        region: entry.region.text("region")?,
        operation: entry.operation.text("operation")?,
        model_ref: entry.model_id.text("modelId")?.map(|text| cut(&text).into()),
        inference_region: entry.inference_region.text("inferenceRegion")?,
        tokens,
        error_code: entry.error_code.text("errorCode")?,
    }))
}

fn required(scalar: Scalar, field: &'static str) -> Result<Box<str>, Rejection> {
    let missing = || Rejection { field, expected: "a string", found: "nothing".to_owned() };
    scalar.text(field)?.ok_or_else(missing)
}
