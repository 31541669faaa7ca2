//! What users put into the SQL of views: the Regions that they approve, and who pays.

use std::collections::{BTreeMap, BTreeSet};

use crate::accounts::JOIN;

/// What is put into the SQL of views, instead of names in braces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    /// The Regions where calls may run; `None` if nobody says.
    pub approved_regions: Option<ApprovedRegions>,
    /// The account that is billed; `None` if each account is.
    pub payer: Option<String>,
}

/// The Regions where calls may run, for all accounts and for some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApprovedRegions {
    everywhere: BTreeSet<String>,
    by_account: BTreeMap<String, BTreeSet<String>>,
}

/// A list of approved Regions that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApprovedRegionsError {
    /// No Region in it.
    #[error("expected at least one Region, found none")]
    Empty,
    /// The first line of a file.
    #[error("line 1: expected account_id,region, found `{found}`")]
    Header {
        /// As found.
        found: String,
    },
    /// A line without an account and a Region.
    #[error(
        "line {line}: expected an account of 12 digits or *, a comma, and a Region, found `{found}`"
    )]
    Line {
        /// From 1.
        line: usize,
        /// As found.
        found: String,
    },
    /// What is no code of a Region.
    #[error("expected the code of a Region, such as eu-central-1, found `{found}`")]
    Region {
        /// As found.
        found: String,
    },
}

/// Calls that ran in a Region that is not approved.
pub(super) const OUTSIDE: &str = "{approved:inference_region} = FALSE";

/// What an account id looks like.
fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What a Region's code looks like; what is in it can be quoted in SQL.
fn is_region(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.split('-').count() >= 3
        && text.split('-').all(|part| !part.is_empty() && part.chars().all(is_part))
}

impl ApprovedRegions {
    /// Reads a list, `eu-central-1,eu-west-1`, which holds for all accounts.
    ///
    /// # Errors
    /// If there is no Region in it, or something else.
    pub fn of_list(text: &str) -> Result<Self, ApprovedRegionsError> {
        let mut approved = ApprovedRegions::default();
        for region in text.split(',').map(str::trim).filter(|region| !region.is_empty()) {
            if !is_region(region) {
                return Err(ApprovedRegionsError::Region { found: region.to_owned() });
            }
            approved.everywhere.insert(region.to_owned());
        }
        approved.checked()
    }

    /// Reads a CSV file with the columns `account_id,region`; `*` means all accounts.
    ///
    /// # Errors
    /// If there is no Region in it, or a line that is none.
    pub fn of_csv(text: &str) -> Result<Self, ApprovedRegionsError> {
        let mut approved = ApprovedRegions::default();
        let text = text.trim_start_matches('\u{feff}');
        let mut lines = text.lines().map(str::trim).enumerate();
        let header = lines.next().map(|(_, header)| header).unwrap_or_default();
        if header != "account_id,region" {
            return Err(ApprovedRegionsError::Header { found: header.to_owned() });
        }
        for (index, line) in lines.filter(|(_, line)| !line.is_empty()) {
            let error = || ApprovedRegionsError::Line { line: index + 1, found: line.to_owned() };
            let (account, region) = line.split_once(',').ok_or_else(error)?;
            let (account, region) = (account.trim(), region.trim());
            if !is_region(region) || !(account == "*" || is_account(account)) {
                return Err(error());
            }
            let regions = match account {
                "*" => &mut approved.everywhere,
                account => approved.by_account.entry(account.to_owned()).or_default(),
            };
            regions.insert(region.to_owned());
        }
        approved.checked()
    }

    fn checked(self) -> Result<Self, ApprovedRegionsError> {
        let is_empty = self.everywhere.is_empty() && self.by_account.is_empty();
        if is_empty { Err(ApprovedRegionsError::Empty) } else { Ok(self) }
    }

    /// Whether a call of an account may run in a Region. What holds for all accounts holds beside what holds
    /// for one.
    pub fn has(&self, account_id: &str, region: &str) -> bool {
        let own = self.by_account.get(account_id);
        self.everywhere.contains(region) || own.is_some_and(|regions| regions.contains(region))
    }

    /// All Regions that are approved for some account.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        let of_accounts = self.by_account.values().flatten();
        self.everywhere.iter().chain(of_accounts).map(String::as_str)
    }

    /// In SQL, whether a call ran in a Region that is not approved.
    pub(crate) fn outside(&self) -> String {
        Parameters { approved_regions: Some(self.clone()), payer: None }.put_into(OUTSIDE)
    }

    /// The condition in SQL, for columns that hold an account and a Region.
    fn condition(&self, account: &str, region: &str) -> String {
        let among = |regions: &BTreeSet<String>| {
            let regions = regions.iter().map(|region| format!("'{region}'"));
            format!("{region} IN ({})", regions.collect::<Vec<_>>().join(", "))
        };
        let everywhere = (!self.everywhere.is_empty()).then(|| among(&self.everywhere));
        let by_account = self.by_account.iter();
        let by_account =
            by_account.map(|(id, regions)| format!("({account} = '{id}' AND {})", among(regions)));
        everywhere.into_iter().chain(by_account).collect::<Vec<_>>().join(" OR ")
    }
}

impl Parameters {
    /// Puts them into a query: `{approved:REGION}` is whether calls of `account_id` may run in what the
    /// column REGION holds, `{payer}` who is billed, `{payer_name}` what they are called; `{account_names}`
    /// joins what accounts are called.
    pub(super) fn put_into(&self, sql: &str) -> String {
        let (payer, payer_name) = match &self.payer {
            Some(payer) => (
                format!("'{payer}'"),
                format!(
                    "COALESCE((SELECT MAX(name) FROM accounts WHERE account_id = '{payer}'), '{payer}')"
                ),
            ),
            None => ("account_id".to_owned(), "COALESCE(account_name, account_id)".to_owned()),
        };
        let mut query = String::new();
        let mut rest = sql;
        while let Some((before, after)) = rest.split_once("{approved:") {
            let (region, after) = after.split_once('}').unwrap_or((after, ""));
            query += before;
            query += &match &self.approved_regions {
                Some(approved) => {
                    let condition = approved.condition("account_id", region);
                    format!(
                        "CASE WHEN {region} IS NULL THEN NULL WHEN {condition} THEN TRUE ELSE FALSE END"
                    )
                }
                None => "CAST(NULL AS boolean)".to_owned(),
            };
            rest = after;
        }
        (query + rest)
            .replace("{account_names}", JOIN)
            .replace("{payer}", &payer)
            .replace("{payer_name}", &payer_name)
    }
}
