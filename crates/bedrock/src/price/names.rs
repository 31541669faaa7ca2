//! Whether calls can come with the model and the Region of a row: otherwise, the row would never be found.

use super::ALL_COMMERCIAL;
use crate::catalog::{Catalog, Lookup, hint};
use crate::region::Regions;

/// Why a row would never be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameProblem {
    /// The catalog does not know the model.
    #[error("model_id: unknown model `{found}`{}", hint(nearest.as_ref()))]
    UnknownModel {
        /// The id of the row.
        found: String,
        /// The id of the catalog that is most like it.
        nearest: Option<String>,
    },
    /// The catalog knows the model by another id.
    #[error(
        "model_id: `{found}` is another id of `{canonical}`; prices are listed under the latter"
    )]
    OtherId {
        /// The id of the row.
        found: String,
        /// The id that calls are resolved to.
        canonical: String,
    },
    /// The Region is not known.
    #[error("source_region: unknown Region `{0}`")]
    UnknownRegion(String),
}

/// Whether calls are resolved to a model.
pub(super) fn check_model(model_id: &str, models: &Catalog) -> Option<NameProblem> {
    let found = model_id.to_owned();
    match models.model(&found) {
        Lookup::Exact(model) if model.id == found => None,
        Lookup::Exact(model) => Some(NameProblem::OtherId { found, canonical: model.id.clone() }),
        _ => {
            let nearest = models.nearest(&found).map(str::to_owned);
            Some(NameProblem::UnknownModel { found, nearest })
        }
    }
}

/// Whether calls are sent to a Region, or a row is for all of them.
pub(super) fn check_region(code: &str, regions: &Regions) -> Option<NameProblem> {
    let is_known = code == ALL_COMMERCIAL || regions.get(code).is_some();
    (!is_known).then(|| NameProblem::UnknownRegion(code.to_owned()))
}
