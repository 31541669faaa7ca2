//! A list of accounts that may use models, or that may use them beyond approved Regions.

use std::collections::BTreeSet;

use crate::generate::draft::{
    BATCH, INVOKE, MANTLE, REGION_KEY, object, scp, statement, text, texts,
};
use crate::generate::{Expected, GenerateError, Goal, Ground, MatrixCall, Part, Place};
use crate::leg::Certainty;
use crate::simulate::Simulation;

/// Denies inference to all accounts but those of a list.
#[derive(Debug, Clone)]
pub struct AccountList {
    /// The accounts.
    pub accounts: BTreeSet<String>,
    /// The Regions in which all accounts may run models; if there are none, only those of the list may.
    pub regions: BTreeSet<String>,
}

impl Goal for AccountList {
    fn name(&self) -> &'static str {
        "bedrock-accounts"
    }

    fn sentence(&self) -> String {
        let n_accounts = match self.accounts.len() {
            1 => "one account".to_owned(),
            n => format!("{n} accounts"),
        };
        if self.regions.is_empty() {
            return format!("denies inference to all but {n_accounts}");
        }
        let regions = self.regions.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        format!("denies inference outside of {regions} to all but {n_accounts}")
    }

    fn parts(&self, _ground: &Ground<'_>) -> Result<Vec<Part>, GenerateError> {
        let accounts = ("aws:PrincipalAccount", texts(self.accounts.iter()));
        let keys = if self.regions.is_empty() {
            object([accounts])
        } else {
            object([accounts, (REGION_KEY, texts(self.regions.iter()))])
        };
        let statement = statement(
            "DenyBedrockToOtherAccounts",
            "Deny",
            [
                ("Action", texts([BATCH, INVOKE, MANTLE])),
                ("Resource", text("*")),
                ("Condition", object([("StringNotEquals", keys)])),
            ],
        );
        Ok(vec![Part::scp(self.name(), scp(vec![statement])?)])
    }

    fn expected(&self, _call: &MatrixCall, place: &Place, before: &Simulation<'_>) -> Expected {
        if self.accounts.contains(&place.account) {
            return Expected::Unchanged;
        }
        let mut legs = before.legs.iter().filter(|it| {
            it.leg.certainty == Certainty::Required
                && it.leg.action != crate::operation::BEARER_TOKEN
        });
        let is_outside = self.regions.is_empty()
            || legs.any(|it| !self.regions.contains(&it.leg.requested_region));
        if is_outside { Expected::Denied } else { Expected::Unchanged }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "SCPs do not apply to the management account, whether it is in the list or not"
                .to_owned(),
        ];
        if !self.regions.is_empty() {
            notes.push(
                "accounts of the list may call models directly in any Region that no other policy denies"
                    .to_owned(),
            );
        }
        notes
    }
}
