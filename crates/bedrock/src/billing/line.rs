//! A line of a bill, whatever export it is from.

use jiff::civil::Date;

use super::amount::Amount;

/// What a line is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineType {
    /// Usage.
    Usage,
    /// Anything else, as the bill calls it: `Tax`, `Credit`, `Refund`, …
    Other(String),
}

/// A line of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillLine {
    /// What tells it from the other lines of its file, if the export says.
    pub id: Option<String>,
    /// The account that pays.
    pub payer_account_id: Option<String>,
    /// The account that used it.
    pub account_id: Option<String>,
    /// The day on which its time begins, UTC.
    pub day: Date,
    /// What it is for.
    pub line_type: LineType,
    /// `AmazonBedrock`, …; of the Marketplace, an id.
    pub product_code: String,
    /// The name of the product, where the export has it.
    pub product_name: String,
    /// The usage type.
    pub usage_type: String,
    /// How much was used, in `unit`; `None` if the line does not say.
    pub quantity: Option<Amount>,
    /// The unit.
    pub unit: String,
    /// What it costs at public on-demand prices, in US dollars; `None` if the line does not say.
    pub list_cost: Option<Amount>,
    /// What it costs without what was negotiated, in US dollars, if the line has both costs.
    pub gross_cost: Option<Amount>,
    /// What it costs with what was negotiated, in US dollars; `None` if the line does not say.
    pub net_cost: Option<Amount>,
    /// The ARN of the principal, where the export has it.
    pub principal: Option<String>,
    /// Whether it has an invoice: its month is closed. `None` if the export does not say.
    pub is_invoiced: Option<bool>,
}

impl BillLine {
    /// Whether it is of Amazon Bedrock: by its product, or of the Marketplace by the product's name or, where that
    /// is missing, by a usage type of tokens.
    pub fn is_of_bedrock(&self) -> bool {
        const SERVICE: &str = "amazon bedrock";
        const EDITION: &str = "(amazon bedrock edition)";
        let is_named = || {
            let name = self.product_name.trim().to_ascii_lowercase();
            name.starts_with(SERVICE) || name.ends_with(EDITION)
        };
        self.product_code.starts_with("AmazonBedrock") || is_named() || self.counts_tokens()
    }

    /// Whether AWS Marketplace meters it: `USE1-MP:USE1_InputTokenCount-Units`.
    pub fn is_of_marketplace(&self) -> bool {
        self.usage_type.starts_with("MP:") || self.usage_type.contains("-MP:")
    }

    /// Whether it counts tokens for the Marketplace, or for a product that the bill does not say.
    fn counts_tokens(&self) -> bool {
        (self.product_code.is_empty() && self.product_name.is_empty() || self.is_of_marketplace())
            && self.usage_type.to_ascii_lowercase().contains("token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_bedrock_are_found_by_product_or_by_tokens() {
        for (code, name, usage_type, expected) in [
            ("AmazonBedrock", "", "USE1-NovaPro-input-tokens", true),
            ("AmazonBedrockService", "", "anything", true),
            ("", "Amazon Bedrock", "anything", true),
            ("4qz1", "Claude Opus 5.5 (Amazon Bedrock Edition) ", "USE1-MP:USE1_x-Units", true),
            ("4qz1", "claude opus 5.5 (amazon bedrock edition)", "", true),
            ("4qz1", "AWS Marketplace", "USE1-MP:USE1_InputTokenCount-Units", true),
            ("4qz1", "", "MP:USE1_InputTokenCount-Units", true),
            ("", "", "USE1-NovaPro-input-tokens", true),
            ("AmazonS3", "", "USE1-Requests-Tier1", false),
            ("4qz1", "Some firewall", "USE1-MP:USE1_Hours-Units", false),
            ("AmazonOther", "", "USE1-tokens", false),
        ] {
            let line = BillLine {
                id: None,
                payer_account_id: None,
                account_id: None,
                day: Date::constant(2026, 10, 5),
                line_type: LineType::Usage,
                product_code: code.to_owned(),
                product_name: name.to_owned(),
                usage_type: usage_type.to_owned(),
                quantity: None,
                unit: String::new(),
                list_cost: None,
                gross_cost: None,
                net_cost: None,
                principal: None,
                is_invoiced: None,
            };
            assert_eq!(line.is_of_bedrock(), expected, "{code} {name} {usage_type}");
        }
    }
}
