//! What a Bedrock call means: which model it called, where it ran, what it cost, why it was denied.
//!
//! Nothing here reads a file, opens a connection or looks at the clock. Catalog, Regions, prices and
//! aliases come in as text; the data that ships with hoptrail is in `config/` and is embedded.

pub mod alias;
pub mod arn;
pub mod call;
pub mod caller;
pub mod catalog;
pub mod context;
pub mod cost;
pub mod denial;
pub mod fingerprint;
pub mod meaning;
pub mod model_ref;
pub mod money;
pub mod outcome;
pub mod price;
pub mod region;
pub mod resolve;
pub mod uuid;

pub use alias::{Alias, Aliases};
pub use call::{Call, CallId};
pub use caller::{Caller, Session};
pub use catalog::Catalog;
pub use context::{Context, Said};
pub use cost::{Cost, Unpriced, Usage};
pub use fingerprint::Fingerprint;
pub use meaning::{Knowledge, Meaning, Versions};
pub use model_ref::{ModelRef, TargetType};
pub use money::{Usd, UsdPerMillion};
pub use outcome::Outcome;
pub use price::{PriceBook, PriceKey, RateCard};
pub use region::Regions;
