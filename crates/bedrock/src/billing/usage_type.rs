//! The grammar of usage types, as bills have them:
//!
//! ```text
//! USE1-Claude4.6Sonnet-cache-read-input-token-count-cross-region-global    CODE-MODEL-DIMENSION
//! USW2-anthropic.claude-opus-4-8-mantle-input-tokens-global-standard       CODE-MODEL-mantle-DIMENSION
//! USW2-MP:USW2_input_tokens_long_ctx_global_standard-Units                 CODE-MP:CODE_DIMENSION-Units
//! ```
//!
//! `CODE` is the billing code of the source Region. Marketplace usage has its model in the name of the product
//! alone. Sources: the Price List of Amazon Bedrock, "Understanding your Amazon Bedrock CUR data" (AWS), public
//! threads that quote bills.

use super::names::BillingNames;
use crate::dimension::{self, NoDimension};
use crate::price::{Routing, Tier, TokenKind};
use crate::region::Regions;

/// What a line of a bill charges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charge {
    /// Tokens of a model.
    Tokens(Metered),
    /// What is not billed per token: `image`, `guardrail`, …
    OtherUnit(String),
    /// It is not understood, for this reason.
    Unknown(String),
}

/// The tokens that a usage type counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metered {
    /// The code of the source Region.
    pub region: String,
    /// The canonical id of the model.
    pub model_id: String,
    /// Which tokens.
    pub kind: TokenKind,
    /// Through which kind of profile.
    pub routing: Routing,
    /// The service tier.
    pub tier: Tier,
    /// Whether the input was above the threshold of the model's long context.
    pub is_long: bool,
}

/// What of a usage type, in lower case, says that it is not of a foundation model on demand, with what it is.
const OTHER_PARTS: [(&str, &str); 9] = [
    ("agentcore", "AgentCore"),
    ("guardrail", "guardrails"),
    ("provisionedthroughput", "provisioned throughput"),
    ("modelunit", "provisioned throughput"),
    ("model-unit", "provisioned throughput"),
    ("custommodelimport", "imported models"),
    ("custommodel", "custom models"),
    ("custom-model", "custom models"),
    ("customization", "customization"),
];

/// Words of usage types that are not per token of text, with what they are.
const OTHER_WORDS: [(&[&str], &str); 16] = [
    (&["commitment", "reserved", "tpm"], "reserved capacity"),
    (&["audio"], "audio"),
    (&["custom"], "custom models"),
    (&["evaluation", "evaluations"], "evaluations"),
    (&["flow", "flows"], "flows"),
    (&["image", "images", "i2i", "t2i"], "images"),
    (&["import"], "imported models"),
    (&["video", "videos"], "video"),
    (&["hour", "hours"], "hours"),
    (&["minute", "minutes"], "minutes"),
    (&["page", "pages"], "pages"),
    (&["query", "queries"], "queries"),
    (&["search", "searches", "searchunit", "searchunits"], "searches"),
    (&["second", "seconds"], "seconds"),
    // Its text has prices of its own too, and calls are counted with text and speech together.
    (&["sonic", "speech"], "speech"),
    (&["storage", "training"], "customization"),
];

/// Reads a usage type. `product` is the name of the product, of which Marketplace usage has its model.
pub fn read(
    usage_type: &str,
    product: &str,
    regions: &Regions,
    names: &BillingNames<'_>,
) -> Charge {
    if let Some(unit) = other_part(usage_type) {
        return Charge::OtherUnit(unit.to_owned());
    }
    let parts = match parts(usage_type) {
        Ok(parts) => parts,
        Err(charge) => return charge,
    };
    if let Some(unit) = parts.model.and_then(other_word) {
        return Charge::OtherUnit(unit.to_owned());
    }
    let dimension = match dimension::read(parts.dimension) {
        Ok(dimension) => dimension,
        Err(NoDimension::OtherUnit(word)) => {
            return Charge::OtherUnit(other_word(&word).unwrap_or(&word).to_owned());
        }
        Err(NoDimension::Unknown(why)) => return Charge::Unknown(why),
    };
    let Some(region) = regions.of_billing_code(parts.code) else {
        return Charge::Unknown(format!("the Region `{}`", parts.code));
    };
    let name = parts.model.unwrap_or(product);
    let Some(model_id) = names.model(name) else {
        return Charge::Unknown(match name {
            "" => "a model: the product has no name".to_owned(),
            name => format!("the model `{name}`"),
        });
    };
    Charge::Tokens(Metered {
        region: region.region_code.clone(),
        model_id: model_id.to_owned(),
        kind: dimension.kind,
        routing: dimension.routing,
        tier: dimension.tier,
        is_long: dimension.is_long,
    })
}

/// The parts of a usage type.
struct Parts<'a> {
    code: &'a str,
    /// `None` where the product says it.
    model: Option<&'a str>,
    dimension: &'a str,
}

fn parts(usage_type: &str) -> Result<Parts<'_>, Charge> {
    // What a model's name and the words of its dimension are divided by; "cache" comes before "input".
    const STARTS: [&str; 4] = ["-cache-", "-cached-", "-input-", "-output-"];
    let unknown = || match other_word(usage_type) {
        Some(unit) => Charge::OtherUnit(unit.to_owned()),
        None => Charge::Unknown(format!("the usage type `{}`", crate::call::cut(usage_type))),
    };
    if let Some(metered) = usage_type.strip_prefix("MP:") {
        let name = metered.strip_suffix("-Units").ok_or_else(unknown)?;
        let (code, dimension) = name.split_once('_').ok_or_else(unknown)?;
        return Ok(Parts { code, model: None, dimension });
    }
    let (code, rest) = usage_type.split_once('-').ok_or_else(unknown)?;
    if let Some(metered) = rest.strip_prefix("MP:") {
        let name = metered.strip_suffix("-Units").ok_or_else(unknown)?;
        let (of_name, dimension) = name.split_once('_').ok_or_else(unknown)?;
        if dimension::read(name).is_ok() {
            // The price list has names without the code, of the models of OpenAI.
            return Ok(Parts { code, model: None, dimension: name });
        }
        if of_name != code {
            return Err(Charge::Unknown(format!(
                "the Region of `{}`, which says {code} and {of_name}",
                crate::call::cut(usage_type)
            )));
        }
        return Ok(Parts { code, model: None, dimension });
    }
    let start = STARTS.iter().filter_map(|start| rest.find(start)).min();
    let start = start.ok_or_else(unknown)?;
    let (model, dimension) = rest.split_at(start);
    // The mantle endpoint meters the same tokens.
    let model = Some(model.strip_suffix("-mantle").unwrap_or(model));
    Ok(Parts { code, model, dimension: &dimension[1..] })
}

/// What a usage type is of that is no foundation model on demand.
fn other_part(usage_type: &str) -> Option<&'static str> {
    let text = usage_type.to_ascii_lowercase();
    OTHER_PARTS.iter().find(|(part, _)| text.contains(part)).map(|(_, unit)| *unit)
}

/// What is counted that is no text.
fn other_word(text: &str) -> Option<&'static str> {
    let words = dimension::words(text);
    let is_there = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
    OTHER_WORDS.iter().find(|(any, _)| is_there(any)).map(|(_, unit)| *unit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalog::Catalog;

    const OPUS: &str = "Claude Opus 5.5 (Amazon Bedrock Edition)";

    fn shown(usage_type: &str, product: &str) -> String {
        let (catalog, regions) = (Catalog::embedded(), Regions::embedded());
        let names = BillingNames::read(super::super::EMBEDDED_NAMES, &catalog).unwrap();
        match read(usage_type, product, &regions, &names) {
            Charge::Tokens(it) => {
                let long = if it.is_long { " long" } else { "" };
                let (kind, routing, tier) =
                    (it.kind.as_str(), it.routing.as_str(), it.tier.as_str());
                format!("{} {} {kind} {routing} {tier}{long}", it.region, it.model_id)
            }
            Charge::OtherUnit(unit) => format!("other: {unit}"),
            Charge::Unknown(why) => format!("unknown: {why}"),
        }
    }

    #[test]
    fn usage_types_of_bills_are_read() {
        for (usage_type, expected) in [
            (
                "USE1-Claude4.6Sonnet-input-tokens",
                "us-east-1 anthropic.claude-sonnet-4-6 input regional standard",
            ),
            (
                "EUW2-NovaPro-output-tokens",
                "eu-west-2 amazon.nova-pro-v1:0 output regional standard",
            ),
            (
                "EU-Qwen3-32B-output-tokens-batch",
                "eu-west-1 qwen.qwen3-32b-v1:0 output regional batch",
            ),
            (
                "USW2-Claude4.6Opus-cache-read-input-token-count-cross-region-global",
                "us-west-2 anthropic.claude-opus-4-6-v1 cache_read global standard",
            ),
            (
                "USW2-Claude4.5Sonnet-cache-write-input-token-count",
                "us-west-2 anthropic.claude-sonnet-4-5-20250929-v1:0 cache_write_5m regional standard",
            ),
            (
                "USW2-Claude4.6Opus-cache-write-1h-input-token-count",
                "us-west-2 anthropic.claude-opus-4-6-v1 cache_write_1h regional standard",
            ),
            (
                "USE1-Nova2.0Lite-input-tokens-flex",
                "us-east-1 amazon.nova-2-lite-v1:0 input regional flex",
            ),
            (
                "USE1-gpt-oss-120b-output-tokens-priority",
                "us-east-1 openai.gpt-oss-120b-1:0 output regional priority",
            ),
            (
                "USE1-Nova2.0Pro-text-input-tokens-priority-cross-region-global",
                "us-east-1 amazon.nova-2-pro-preview-20251202-v1:0 input global priority",
            ),
            (
                "USE1-Claude3-5Haiku-input-tokens-latency-optimized",
                "us-east-1 anthropic.claude-3-5-haiku-20241022-v1:0 input regional latency_optimized",
            ),
            (
                "USW2-anthropic.claude-opus-4-8-mantle-input-tokens-global-standard",
                "us-west-2 anthropic.claude-opus-4-8 input global standard",
            ),
            (
                "USE1-Claude4.5Haiku-cache-write-input-token-count-1-hour",
                "us-east-1 anthropic.claude-haiku-4-5-20251001-v1:0 cache_write_1h regional standard",
            ),
            (
                "USE1-openai.gpt-5.6-luna-mantle-cache-write-tokens-5m-long-ctx-flex",
                "us-east-1 openai.gpt-5.6-luna cache_write_5m regional flex long",
            ),
            (
                "USE1-Claude4Sonnet-output-tokens-long-context-cross-region-global",
                "us-east-1 anthropic.claude-sonnet-4-20250514-v1:0 output global standard long",
            ),
        ] {
            assert_eq!(shown(usage_type, ""), expected, "{usage_type}");
        }
    }

    #[test]
    fn usage_types_of_the_marketplace_are_read_with_their_product() {
        for (usage_type, expected) in [
            (
                "USW2-MP:USW2_InputTokenCount_Global_Batch-Units",
                "us-west-2 anthropic.claude-opus-5-5 input global batch",
            ),
            (
                "USW2-MP:USW2_input_tokens_long_ctx_global_standard-Units",
                "us-west-2 anthropic.claude-opus-5-5 input global standard long",
            ),
            (
                "USE1-MP:USE1_CacheWrite1hInputTokenCount-Units",
                "us-east-1 anthropic.claude-opus-5-5 cache_write_1h regional standard",
            ),
            (
                "USE1-MP:USE1_MillionBatchInputTokens-Units",
                "us-east-1 anthropic.claude-opus-5-5 input regional batch",
            ),
            (
                "MP:USE1_InputTokenCount-Units",
                "us-east-1 anthropic.claude-opus-5-5 input regional standard",
            ),
            (
                "USE1-MP:cached_input_tokens_global_flex-Units",
                "us-east-1 anthropic.claude-opus-5-5 cache_read global flex",
            ),
        ] {
            assert_eq!(shown(usage_type, OPUS), expected, "{usage_type}");
        }
    }

    #[test]
    fn what_is_not_per_token_is_told_apart_from_what_is_not_known() {
        for (usage_type, expected) in [
            ("USE1-NovaCanvas-T2I-1024-Standard-images", "other: images"),
            ("USE1-Guardrail-ContentPolicyUnitsConsumed", "other: guardrails"),
            ("USE1-ProvisionedThroughput-NovaPro-ModelUnits", "other: provisioned throughput"),
            ("USE1-Consumption-AgentCore-Runtime-vCPU", "other: AgentCore"),
            ("USE1-NovaReel-seconds", "other: seconds"),
            ("USE1-cohere.rerank-v3-5-search-units", "other: searches"),
            ("USE1-MP:USE1_Reserved_1Month_Input_TPM-Units", "other: reserved capacity"),
            ("USE1-NovaSonic-speech-understanding-input-token", "other: speech"),
            ("USE1-NovaSonic-speech-input-tokens", "other: speech"),
            ("USE1-NovaSonic-text-output-tokens", "other: speech"),
            ("USE1-NovaCanvas-T2I-1024-Standard", "other: images"),
            ("USE1-Nova2.0Pro-input-image-token-count-cross-region-global", "other: images"),
            ("USE1-AgentCore-Memory-LongTerm-input-tokens", "other: AgentCore"),
            ("USE1-ProvisionedThroughput-Claude-input-tokens", "other: provisioned throughput"),
            ("USE1-NovaPro-Customization-input-tokens", "other: customization"),
            ("USE1-CustomModel-NovaPro-input-tokens", "other: custom models"),
            ("USE1-NovaPro-output-tokens-custom-model", "other: custom models"),
            ("USE1-OSS-CustomModelImport-Inference-v1:0", "other: imported models"),
            (
                "USE1-Claude4Sonnet-reserved-1-month-input-tokens-per-minute",
                "other: reserved capacity",
            ),
            ("AmazonRerank-v1-searchunits", "other: searches"),
            (
                "USE1-NovaPremier-secondary-tokens",
                "unknown: the usage type `USE1-NovaPremier-secondary-tokens`",
            ),
            (
                "USE1-NovaPro-homepage-tokens",
                "unknown: the usage type `USE1-NovaPro-homepage-tokens`",
            ),
            ("USE1-Claude9Sonnet-input-tokens", "unknown: the model `Claude9Sonnet`"),
            ("XYZ9-NovaPro-input-tokens", "unknown: the Region `XYZ9`"),
            (
                "USE1-NovaPro-input-tokens-galactic",
                "unknown: the word `galactic` in `input-tokens-galactic`",
            ),
            (
                "USE1-MP:USW2_InputTokenCount-Units",
                "unknown: the Region of `USE1-MP:USW2_InputTokenCount-Units`, which says USE1 and USW2",
            ),
            ("USE1-NovaPro", "unknown: the usage type `USE1-NovaPro`"),
            ("", "unknown: the usage type ``"),
        ] {
            assert_eq!(shown(usage_type, OPUS), expected, "{usage_type}");
        }
        assert_eq!(
            shown("USW2-MP:USW2_InputTokenCount-Units", ""),
            "unknown: a model: the product has no name"
        );
    }

    proptest! {
        /// A usage type that was changed by a character or lost one is never another model.
        #[test]
        fn mutated_usage_types_never_become_another_model(
            which in 0_usize..12, at in 0_usize..80, with in "[A-Za-z0-9.:_-]?",
        ) {
            let originals = [
                ("USE1-Claude4.6Sonnet-input-tokens", "anthropic.claude-sonnet-4-6"),
                ("EUW2-NovaPro-output-tokens", "amazon.nova-pro-v1:0"),
                ("EU-Qwen3-32B-output-tokens-batch", "qwen.qwen3-32b-v1:0"),
                ("USW2-Claude4.6Opus-cache-write-1h-input-token-count", "anthropic.claude-opus-4-6-v1"),
                ("USE1-Nova2.0Lite-input-tokens-flex", "amazon.nova-2-lite-v1:0"),
                ("USE1-gpt-oss-120b-output-tokens-priority", "openai.gpt-oss-120b-1:0"),
            ];
            let (text, model) = originals[which % originals.len()];
            let at = at % text.len();
            let changed = format!("{}{with}{}", &text[..at], &text[at + 1..]);
            let found = shown(&changed, "");
            let known = ["us-", "eu-", "ap-", "ca-", "sa-", "me-", "af-", "il-", "mx-"];
            if known.iter().any(|region| found.starts_with(region)) {
                // gpt-oss-20b is one character less than gpt-oss-120b, and a model of its own.
                let is_sibling = changed.contains("gpt-oss-20b") || changed.contains("Claude4.5");
                prop_assert!(found.contains(model) || is_sibling, "{changed}: {found}");
            }
        }

        #[test]
        fn no_text_is_too_strange(usage_type in ".{0,60}", product in ".{0,40}") {
            let _ = shown(&usage_type, &product);
        }
    }
}
