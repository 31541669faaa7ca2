//! One entry of a log, taken apart.

use bedrock::call::CallId;
use serde::de::MapAccess;

use super::loose::{Loose, Parts, Scalar, skip};
use super::usage::Body;
use super::{InvocationEntry, Tokens};
use crate::reject::Rejection;
use crate::value;

/// The fields of an entry that are read. There is none for a prompt, a completion, an identity or the
/// metadata that a customer attached.
#[derive(Debug, Default)]
pub(super) struct Entry {
    schema_type: Scalar,
    timestamp: Scalar,
    account_id: Scalar,
    region: Scalar,
    request_id: Scalar,
    operation: Scalar,
    model_id: Scalar,
    inference_region: Scalar,
    error_code: Scalar,
    input: Loose<Input>,
    output: Loose<Output>,
}

#[derive(Debug, Default)]
struct Input {
    tokens: Scalar,
    cache_read_tokens: Scalar,
    cache_write_tokens: Scalar,
}

#[derive(Debug, Default)]
struct Output {
    tokens: Scalar,
    /// Of the answer, only how it splits the cache writes.
    body: Loose<Body>,
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
    if !matches!(&entry.schema_type, Scalar::Text(text) if text.as_ref() == MODEL_INVOCATION_LOG) {
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
        model_ref: entry.model_id.text("modelId")?,
        inference_region: entry.inference_region.text("inferenceRegion")?,
        tokens,
        error_code: entry.error_code.text("errorCode")?,
    }))
}

fn required(scalar: Scalar, field: &'static str) -> Result<Box<str>, Rejection> {
    let missing = || Rejection { field, expected: "a string", found: "nothing".to_owned() };
    scalar.text(field)?.ok_or_else(missing)
}

impl Parts for Entry {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let scalar = match key {
            "schemaType" => &mut self.schema_type,
            "timestamp" => &mut self.timestamp,
            "accountId" => &mut self.account_id,
            "region" => &mut self.region,
            "requestId" => &mut self.request_id,
            "operation" => &mut self.operation,
            "modelId" => &mut self.model_id,
            "inferenceRegion" => &mut self.inference_region,
            "errorCode" => &mut self.error_code,
            "input" => {
                self.input = map.next_value()?;
                return Ok(());
            }
            "output" => {
                self.output = map.next_value()?;
                return Ok(());
            }
            _ => return skip(map),
        };
        *scalar = map.next_value()?;
        Ok(())
    }
}

impl Parts for Input {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "inputTokenCount" => self.tokens = map.next_value()?,
            "cacheReadInputTokenCount" => self.cache_read_tokens = map.next_value()?,
            "cacheWriteInputTokenCount" => self.cache_write_tokens = map.next_value()?,
            _ => return skip(map),
        }
        Ok(())
    }
}

impl Parts for Output {
    fn field<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "outputTokenCount" => self.tokens = map.next_value()?,
            "outputBodyJson" => self.body = map.next_value()?,
            _ => return skip(map),
        }
        Ok(())
    }
}
