//! AWS Regions and the jurisdictions that they belong to.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::catalog::meant::nearest;
use crate::fingerprint::Fingerprint;

/// The Regions that ship with hoptrail: `config/regions.csv`.
pub const EMBEDDED: &str = include_str!("../../../config/regions.csv");

/// What is known of one Region.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Region {
    /// `us-east-1`, ...
    pub region_code: String,
    /// As AWS prints it: `US East (N. Virginia)`.
    pub name: String,
    /// `aws`, `aws-us-gov`, ...
    pub partition: String,
    /// The country, or the EU, whose law applies there; empty where it is not known. AWS's word
    /// *geography* (us, eu, apac) is only what profiles are named after.
    pub jurisdiction: String,
    /// `opt-in` if an account has to enable the Region before it can use it, `default` if not; empty where it is
    /// not known.
    #[serde(default)]
    pub opt_in: String,
    /// What the Region is called in usage types of bills and price lists (`USE1`, `APN1`, `EU`; AWS Cost
    /// and Usage Report); empty where it is not known.
    #[serde(default)]
    pub billing_code: String,
}

/// The Regions by code.
#[derive(Debug, Clone, Default)]
pub struct Regions {
    by_code: BTreeMap<String, Region>,
    /// The codes of the commercial Regions, in their order.
    commercial: Arc<[String]>,
    fingerprint: Fingerprint,
}

/// Where a call ran, seen from the Region it was sent to, in the order of the names, which is that of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Residency {
    /// It ran in another jurisdiction.
    OtherJurisdiction,
    /// It ran in another Region of the same jurisdiction.
    SameJurisdiction,
    /// It ran in the source Region.
    SameRegion,
}

/// A line of a Region or jurisdiction file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegionFileError {
    /// The file is no CSV with the columns that are needed.
    #[error("expected CSV with the columns {expected}")]
    Csv {
        /// The header that was expected.
        expected: &'static str,
        /// What the CSV reader says, with the line.
        #[source]
        source: csv::Error,
    },
}

#[derive(Deserialize)]
struct Regrouping {
    region_code: String,
    jurisdiction: String,
}

impl Regions {
    /// The Regions that ship with hoptrail.
    ///
    /// # Panics
    /// Never in a released build: a test reads the embedded file.
    #[expect(clippy::expect_used, reason = "a test reads the embedded file")]
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("config/regions.csv is well-formed")
    }

    /// Reads a Region file: CSV with at least `region_code,name,partition,jurisdiction`.
    ///
    /// # Errors
    /// If the text is no CSV with these columns.
    pub fn parse(text: &str) -> Result<Self, RegionFileError> {
        let mut by_code = BTreeMap::new();
        for row in csv::Reader::from_reader(text.as_bytes()).deserialize::<Region>() {
            let region = row.map_err(|source| RegionFileError::Csv {
                expected: "region_code,name,partition,jurisdiction",
                source,
            })?;
            by_code.insert(region.region_code.clone(), region);
        }
        let is_commercial = |region: &&Region| region.partition == "aws";
        let commercial = by_code.values().filter(is_commercial).map(|region| &region.region_code);
        let commercial = commercial.cloned().collect();
        Ok(Regions { by_code, commercial, fingerprint: Fingerprint::of(text) })
    }

    /// Regroups Regions by a user's file: CSV `region_code,jurisdiction`. A Region that is new is
    /// added, and an empty jurisdiction makes a Region's jurisdiction unknown.
    ///
    /// # Errors
    /// If the text is no CSV with these columns.
    pub fn regroup(&mut self, text: &str) -> Result<(), RegionFileError> {
        for row in csv::Reader::from_reader(text.as_bytes()).deserialize::<Regrouping>() {
            let row = row.map_err(|source| RegionFileError::Csv {
                expected: "region_code,jurisdiction",
                source,
            })?;
            let region = self.by_code.entry(row.region_code.clone()).or_insert_with(|| Region {
                region_code: row.region_code,
                name: String::new(),
                partition: String::new(),
                jurisdiction: String::new(),
                opt_in: String::new(),
                billing_code: String::new(),
            });
            region.jurisdiction = row.jurisdiction;
        }
        self.fingerprint = self.fingerprint.and(text);
        Ok(())
    }

    /// The fingerprint of the file and of the user's file over it.
    pub fn version(&self) -> String {
        self.fingerprint.to_string()
    }

    /// What is known of a Region.
    pub fn get(&self, code: &str) -> Option<&Region> {
        self.by_code.get(code)
    }

    /// The codes of all Regions, in their order.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.by_code.keys().map(String::as_str)
    }

    /// The codes of the Regions that a text was meant to be which is none: by a name of AWS's, or those with the
    /// fewest changes, in their order. Empty if it is the code of one, or like none.
    pub fn meant(&self, text: &str) -> Vec<String> {
        const MAX_CHANGES: usize = 2;
        if self.by_code.contains_key(text) {
            return Vec::new();
        }
        let typed = text.trim().to_lowercase();
        let code = typed.replace([' ', '_'], "-");
        if self.by_code.contains_key(&code) {
            return vec![code];
        }
        let is_named = |region: &&Region| {
            let name = region.name.to_lowercase();
            let city = name.split_once('(').and_then(|(_, city)| city.strip_suffix(')'));
            name == typed || city == Some(typed.as_str())
        };
        match self.by_code.values().find(|region| !typed.is_empty() && is_named(region)) {
            Some(region) => vec![region.region_code.clone()],
            None => nearest(&code, self.codes(), MAX_CHANGES),
        }
    }

    /// The codes of all commercial Regions, in their order.
    pub fn commercial(&self) -> &Arc<[String]> {
        &self.commercial
    }

    /// Whether an account has to enable a Region before it can use it; `None` if that is not known.
    pub fn is_opt_in(&self, code: &str) -> Option<bool> {
        match self.get(code)?.opt_in.as_str() {
            "opt-in" => Some(true),
            "default" => Some(false),
            _ => None,
        }
    }

    /// The Region that bills and price lists call so.
    pub fn of_billing_code(&self, code: &str) -> Option<&Region> {
        self.by_code.values().find(|region| !code.is_empty() && region.billing_code == code)
    }

    /// A Region's jurisdiction; `None` if it is not known.
    pub fn jurisdiction(&self, code: &str) -> Option<&str> {
        self.by_code.get(code).map(|region| region.jurisdiction.as_str()).filter(|g| !g.is_empty())
    }

    /// Compares where a call was sent with where it ran; `None` if the two differ and the jurisdiction
    /// of either is not known.
    pub fn residency(&self, source: &str, inference: &str) -> Option<Residency> {
        if source == inference {
            return Some(Residency::SameRegion);
        }
        let same = self.jurisdiction(source)? == self.jurisdiction(inference)?;
        Some(if same { Residency::SameJurisdiction } else { Residency::OtherJurisdiction })
    }
}

impl Residency {
    /// The value of the column `residency`.
    pub fn as_str(self) -> &'static str {
        match self {
            Residency::SameRegion => "same_region",
            Residency::SameJurisdiction => "same_jurisdiction",
            Residency::OtherJurisdiction => "other_jurisdiction",
        }
    }
}

/// In place of a Region whose name in a record is not the code of one: the Region is not known.
pub const UNKNOWN_REGION: &str = "?";

/// True for a text of a Region code's shape (`eu-central-1`, `us-gov-west-1`, `eusc-de-east-1`),
/// known or not.
pub fn is_region_shaped(text: &str) -> bool {
    let Some((head, number)) = text.rsplit_once('-') else { return false };
    let words = head.split('-').collect::<Vec<_>>();
    (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
        && words.len() >= 2
        && words.iter().all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
}
