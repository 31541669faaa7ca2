//! The goals, one file each.

mod accounts;
mod api_keys;
mod control_tower;
mod disable_global;
mod enable_global;
mod exempt;
mod identity;
mod least_privilege;
mod models;
mod profiles_only;
mod regions;

pub use accounts::AccountList;
pub use api_keys::NoApiKeys;
pub use control_tower::ControlTower;
pub use disable_global::DisableGlobal;
pub use enable_global::EnableGlobal;
pub use exempt::{Exempt, Exempted};
pub use identity::IdentityPolicy;
pub use least_privilege::{LeastPrivilege, PastCall};
pub use models::ApprovedModels;
pub use profiles_only::ProfilesOnly;
pub use regions::OnlyRegions;
