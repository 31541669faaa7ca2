//! What AWS's names for prices say: `CacheWrite1hInputTokenCount_LCtx_Global`, `cache_write_tokens_1h_batch`,
//! `cache-read-input-token-count-cross-region-global`. All of them are words in some order.

use crate::price::{Routing, Tier, TokenKind};

/// What a price is for, apart from model and Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dimension {
    pub(crate) kind: TokenKind,
    pub(crate) routing: Routing,
    pub(crate) tier: Tier,
    /// For input above the threshold of the model's long context.
    pub(crate) is_long: bool,
}

/// Why a name is no [`Dimension`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoDimension {
    /// It is understood, and no price per token of a foundation model: the word that says so.
    OtherUnit(String),
    /// It is not understood.
    Unknown(String),
}

/// Words of prices that are not per token, or not of a foundation model on demand.
const OTHER_UNITS: [&str; 28] = [
    "audio",
    "commitment",
    "custom",
    "customization",
    "evaluation",
    "guardrail",
    "hour",
    "hours",
    "image",
    "images",
    "import",
    "minute",
    "page",
    "pages",
    "provisioned",
    "provisionedthroughput",
    "queries",
    "query",
    "reserved",
    "search",
    "second",
    "seconds",
    "speech",
    "storage",
    "tpm",
    "training",
    "video",
    "videos",
];

/// Words that say which tokens, or nothing that the price depends on. Tiers are in [`tier_of`].
const KNOWN: [&str; 24] = [
    "1h", "30m", "5m", "cache", "cached", "context", "count", "cross", "ctx", "geo", "global",
    "input", "lctx", "long", "mantle", "million", "output", "read", "region", "token", "tokens",
    "write", "write1h", "writes",
];

/// Reads the words of a name.
pub(crate) fn read(name: &str) -> Result<Dimension, NoDimension> {
    let words = words(name);
    if let Some(word) = words.iter().find(|word| OTHER_UNITS.contains(&word.as_str())) {
        return Err(NoDimension::OtherUnit(word.clone()));
    }
    let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
    let known = |word: &&String| KNOWN.contains(&word.as_str()) || tier_of(word).is_some();
    if let Some(word) = words.iter().find(|word| !known(word)) {
        return Err(NoDimension::Unknown(format!("the word `{word}` in `{name}`")));
    }
    let mut tiers = words.iter().filter_map(|word| tier_of(word));
    let tier = tiers.next().unwrap_or(Tier::Standard);
    if tiers.any(|other| other != tier) {
        return Err(NoDimension::Unknown(format!("two service tiers in `{name}`")));
    }
    let is_read = has(&["cached", "read"]);
    let is_write = has(&["write", "writes", "write1h"]);
    let is_hour = has(&["1h", "write1h"]);
    let is_cache = has(&["cache", "cached"]);
    let kind = match (has(&["input"]), has(&["output"]), is_cache, is_read, is_write, is_hour) {
        (_, false, true, true, false, false) => TokenKind::CacheRead,
        (_, false, true, false, true, false) => TokenKind::CacheWrite5m,
        (_, false, true, false, true, true) => TokenKind::CacheWrite1h,
        (true, false, false, false, false, false) => TokenKind::Input,
        (false, true, false, false, false, false) => TokenKind::Output,
        _ => return Err(NoDimension::Unknown(format!("which tokens `{name}` counts"))),
    };
    if !has(&["token", "tokens"]) {
        return Err(NoDimension::Unknown(format!("what `{name}` counts")));
    }
    let routing = if has(&["global"]) { Routing::Global } else { Routing::Regional };
    Ok(Dimension { kind, routing, tier, is_long: has(&["long", "lctx"]) })
}

fn tier_of(word: &str) -> Option<Tier> {
    match word {
        "batch" => Some(Tier::Batch),
        "flex" => Some(Tier::Flex),
        "latency" | "optimized" => Some(Tier::LatencyOptimized),
        "priority" => Some(Tier::Priority),
        "standard" => Some(Tier::Standard),
        "ultrafast" => Some(Tier::Ultrafast),
        _ => None,
    }
}

/// The words in lower case: divided by `-`, `_`, blanks, and where a capital follows a small letter. An hour is `1h`,
/// however it is written.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let is_divider = !c.is_ascii_alphanumeric() && c != '.';
        if is_divider || (c.is_ascii_uppercase() && before.is_ascii_lowercase()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| !is_divider) {
            word.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    if let Some(place) = words.windows(2).position(|pair| pair == ["1", "hour"]) {
        words.splice(place..place + 2, ["1h".to_owned()]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_each_grammar_are_read() {
        for (name, expected) in [
            ("InputTokenCount", "input regional standard"),
            ("OutputTokenCount_Global_Batch", "output global batch"),
            ("CacheReadInputTokenCount_LCtx", "cache_read regional standard long"),
            ("CacheWriteInputTokenCount", "cache_write_5m regional standard"),
            ("CacheWrite1hInputTokenCount_LCtx_Global", "cache_write_1h global standard long"),
            ("cache_write_tokens_1h_global_standard", "cache_write_1h global standard"),
            ("cached_input_tokens_long_ctx_global_flex", "cache_read global flex long"),
            ("cache_writes_tokens_priority", "cache_write_5m regional priority"),
            ("cache-write-input-token-count-1-hour", "cache_write_1h regional standard"),
            ("MillionBatchInputTokens", "input regional batch"),
            ("OutputTokenCount_LatencyOptimized", "output regional latency_optimized"),
            ("cache-write-tokens-5m-long-ctx-flex", "cache_write_5m regional flex long"),
            ("output-tokens-cross-region-global-batch", "output global batch"),
            ("cache-read-input-token-count-custom-model", "custom"),
            ("Reserved_1Month_Input_TPM", "reserved"),
            ("input-tokens-wonderful", "the word `wonderful` in `input-tokens-wonderful`"),
            ("input-tokens-batch-flex", "two service tiers in `input-tokens-batch-flex`"),
            ("input-output-tokens", "which tokens `input-output-tokens` counts"),
            ("input-count", "what `input-count` counts"),
        ] {
            let found = match read(name) {
                Ok(Dimension { kind, routing, tier, is_long }) => {
                    let long = if is_long { " long" } else { "" };
                    format!("{} {} {}{long}", kind.as_str(), routing.as_str(), tier.as_str())
                }
                Err(NoDimension::OtherUnit(word) | NoDimension::Unknown(word)) => word,
            };
            assert_eq!(found, expected, "{name}");
        }
    }
}
