//! The summary in the output of a batch inference job: `manifest.json.out` (Bedrock user guide, "View the results
//! of a batch inference job").

use bedrock::JobOutput;

use crate::reject::Rejection;
use crate::value::{count, kind, object, put};

/// The name of the file, in the folder that is named after the job's ID.
pub const FILE_NAME: &str = "manifest.json.out";

/// A larger file is no summary: it has six counts.
pub const MAX_BYTES: u64 = 1 << 20;

/// What a summary says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchOutput {
    /// What it counts.
    pub counts: JobOutput,
    /// Counts that are no whole numbers. They are null instead.
    pub rejections: Vec<Rejection>,
}

/// Reads a summary. Counts that it lacks are `None`; unknown fields are ignored. Its text is not quoted.
///
/// # Errors
/// If it is no object of JSON, or has none of the counts.
pub fn read(body: &[u8]) -> Result<BatchOutput, Rejection> {
    const NAMES: [&str; 6] = [
        "processedRecordCount",
        "successRecordCount",
        "errorRecordCount",
        "totalRecordCount",
        "inputTokenCount",
        "outputTokenCount",
    ];
    let not_read =
        |expected, found: &str| Rejection { field: FILE_NAME, expected, found: found.to_owned() };
    let text = str::from_utf8(body).map_err(|_| not_read("JSON in UTF-8", "other bytes"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
    if text.is_empty() {
        return Err(not_read("an object", "nothing"));
    }
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let what = if error.is_eof() { "truncated JSON: it ends" } else { "no JSON" };
        let found = format!("{what} at line {}, column {}", error.line(), error.column());
        return Err(not_read("an object", &found));
    }
    let mut values = [None; NAMES.len()];
    object(Some(text), FILE_NAME, |key, value| match NAMES.iter().position(|name| *name == key) {
        Some(index) => put(&mut values[index], value),
        None => true,
    })?;
    if values == [None; NAMES.len()] {
        return Err(not_read("totalRecordCount and other counts", "none of them"));
    }
    let mut rejections = Vec::new();
    let mut counts = NAMES.iter().zip(values).map(|(name, value)| {
        count(value, name).unwrap_or_else(|rejection| {
            let found = match value.map(kind) {
                Some("a string") => "another string".to_owned(),
                Some("a number") => "another number".to_owned(),
                _ => rejection.found,
            };
            rejections.push(Rejection { found, ..rejection });
            None
        })
    });
    let mut next = || counts.next().flatten();
    let counts = JobOutput {
        processed_records: next(),
        succeeded_records: next(),
        failed_records: next(),
        records: next(),
        input_tokens: next(),
        output_tokens: next(),
    };
    Ok(BatchOutput { counts, rejections })
}
