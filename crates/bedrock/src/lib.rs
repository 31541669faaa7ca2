//! What a Bedrock call means: which model it called, where it ran, what it cost, why it was denied.
//!
//! Nothing here reads a file, opens a connection or looks at the clock. Catalog, Regions, prices and
//! aliases come in as text; the data that ships with hoptrail is in `config/` and is embedded.

pub mod account;
pub mod alias;
pub mod arn;
pub mod batch_job;
pub mod billing;
pub mod call;
pub mod catalog;
pub mod cost;
pub mod csv_file;
pub mod day;
pub mod denial;
mod dimension;
pub mod discount;
pub mod error_reason;
pub mod fingerprint;
pub mod import;
pub mod interner;
pub mod meaning;
mod model_id;
pub mod model_ref;
pub mod money;
pub mod outcome;
pub mod own_cost;
pub mod pairs;
pub mod part;
pub mod price;
pub mod region;
pub mod resolve;
mod sorted;

pub use account::{Account, Accounts};
pub use alias::{Alias, Aliases};
pub use batch_job::{JobOutput, JobStates, JobStatus};
pub use call::{
    Attribute, Attributes, Call, CallId, CallSource, Calls, EventKind, Logged, MAX_TEXT_CHARS,
    Texts, cut,
};
pub use catalog::Catalog;
pub use cost::{Cost, CostGap, CostGaps, Figure, Usage};
pub use discount::Discounts;
pub use error_reason::ErrorReason;
pub use fingerprint::Fingerprint;
pub use interner::{Interner, InternerFull, TextId};
pub use meaning::{Knowledge, Meaning, MeaningKey, Versions};
pub use model_ref::{ModelRef, TargetType};
pub use money::{Usd, UsdPerMillion, UsdPerUnit};
pub use outcome::Outcome;
pub use part::Part;
pub use price::{PriceBook, PriceKey, RateCard};
pub use region::Regions;
