//! Views of where calls ran.

use super::{DT, View, ViewColumn, column, count, text};
use crate::column::Type::{Ratio, Time};

pub(super) const ROUTING_SHARE: View = View {
    name: "routing_share",
    grain: "dt × account × source_region × target_type × profile_scope × model × inference_region",
    doc: "The share of each inference Region in the calls that were sent the same way.",
    columns: &[
        DT,
        text("account_id"),
        text("source_region"),
        text("target_type"),
        text("profile_scope"),
        text("model_id"),
        text("model_name"),
        text("inference_region"),
        text("residency"),
        count("succeeded_calls", "Calls that succeeded."),
        column("share", Ratio, SHARE),
    ],
    sql: "\
SELECT dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region, residency,
  CAST(SUM(succeeded_calls) AS bigint) AS succeeded_calls,
  CAST(SUM(succeeded_calls) AS double) / CAST(SUM(SUM(succeeded_calls)) OVER (
    PARTITION BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name) AS double) AS share
FROM routing_distribution
WHERE inference_region IS NOT NULL
GROUP BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region, residency
HAVING SUM(succeeded_calls) > 0",
};

const SHARE: &str = "The part of succeeded_calls in those of all inference Regions, from 0 to 1.";

const EVENT_TIME: ViewColumn = column("event_time", Time, "When the request completed.");

pub(super) const RESIDENCY_EXCEPTIONS: View = View {
    name: "residency_exceptions",
    grain: "one call",
    doc: "Calls that ran in another jurisdiction than the one that they were sent to.",
    columns: &[
        DT,
        EVENT_TIME,
        text("event_id"),
        text("account_id"),
        text("principal_name"),
        text("source_region"),
        text("inference_region"),
        text("profile_id"),
        text("model_id"),
        text("model_ref"),
    ],
    sql: "\
SELECT dt, event_time, event_id, account_id, principal_name, source_region, inference_region,
  profile_id, model_id, model_ref
FROM invocations
WHERE residency = 'other_jurisdiction'",
};
