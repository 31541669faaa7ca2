//! The table `attributed_costs`: what each caller cost, down to the session and the request metadata.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::column::{
    Column,
    Value::{Map, Text},
    optional, with_those_of,
};
use crate::merge::GroupRow;
use crate::model_costs::{self, CostRow};
use crate::references::Refers;
use crate::table::Table;

/// Who made the calls of a row, as far as `model_costs` does not tell. Maps are texts of [`pairs`](bedrock::pairs).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Caller {
    /// See `invocations`.
    pub session_name: Option<Arc<str>>,
    /// See `invocations`.
    pub request_metadata: Option<Arc<str>>,
    /// The tags of the application profile, from an alias.
    pub profile_tags: Option<Arc<str>>,
}

/// The table `attributed_costs`.
pub static ATTRIBUTED_COSTS: Table<CostRow> = Table {
    name: "attributed_costs",
    grain: "a row of model_costs × session_name × request_metadata × profile_tags",
    doc: "What each caller cost at list prices: people behind one role by their sessions, users and teams behind one gateway by the request metadata. Its sums are those of model_costs.",
    is_by_day: true,
    columns: &COLUMNS,
    order: CostRow::compare_group,
    refers: Refers::NOTHING,
};

const OWN: &[Column<CostRow>] = &[
    optional("session_name", Text(|r| r.caller.session_name.as_deref()), "As in invocations."),
    optional(
        "request_metadata",
        Map(|r| r.caller.request_metadata.as_deref()),
        "As in invocations.",
    ),
    optional(
        "profile_tags",
        Map(|r| r.caller.profile_tags.as_deref()),
        "The tags of the application profile, from an alias; null if none are known.",
    ),
];

/// Those of `model_costs` come last, so that columns that it gets come last too.
static COLUMNS: [Column<CostRow>; OWN.len() + model_costs::COLUMNS.len()] =
    with_those_of(OWN, model_costs::COLUMNS);
