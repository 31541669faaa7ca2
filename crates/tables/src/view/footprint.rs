//! Views of Regions: what happened in each, and which were not approved.

use super::{ACCOUNT_NAME_COLUMN, DT, OU, View, column, count, example, text};
use crate::column::Type::{Flag, Text};

pub(super) const REGION_FOOTPRINT: View = View {
    name: "region_footprint",
    grain: "dt × account × region",
    doc: "What happened in each Region: where nothing but inference ran, a profile alone brought it there.",
    columns: &[
        DT,
        text("account_id"),
        ACCOUNT_NAME_COLUMN,
        OU,
        column("region", Text, "A Region that calls were sent to, ran in, or were denied, or that has a log."),
        count("sent_calls", "Calls that were sent to it."),
        count("served_calls", "Calls that were sent to other Regions and succeeded here."),
        count("denied_calls", "Denials whose blocked_region it is."),
        count("other_events", "Bedrock events that are no calls, as in other_activity."),
        count("other_records", "Records that are not calls in the log files of the Region that were delivered on the day."),
        column("is_inference_only", Flag, "Whether calls of other Regions ran here, and nothing else is known of it."),
        column("approved", Flag, "Whether calls of the account may run here, by --approved-regions of hoptrail ddl; null without."),
        column("opt_in", Flag, "Whether an account has to enable it before it can use it; null if no call ran here, or that is not known."),
    ],
    sql: "\
WITH parts AS (
  SELECT dt, account_id, source_region AS region, calls AS sent, 0 AS served, 0 AS denied, 0 AS events, 0 AS records,
    CAST(NULL AS boolean) AS opt_in
  FROM routing_distribution
  UNION ALL
  SELECT dt, account_id, inference_region, 0, succeeded_calls, 0, 0, 0, CAST(NULL AS boolean)
  FROM routing_distribution
  WHERE inference_region <> source_region
  UNION ALL
  SELECT dt, account_id, blocked_region, 0, 0, 1, 0, 0, CAST(NULL AS boolean)
  FROM denials
  WHERE blocked_region <> 'unspecified'
  UNION ALL
  SELECT dt, account_id, source_region, 0, 0, 0, events, 0, CAST(NULL AS boolean)
  FROM other_activity
  UNION ALL
  SELECT dt, account_id, region, 0, 0, 0, 0, skipped, CAST(NULL AS boolean)
  FROM ingest
  WHERE delivery_day = dt
  UNION ALL
  SELECT dt, account_id, inference_region, 0, 0, 0, 0, 0, inference_region_opt_in
  FROM invocations
)
SELECT dt, account_id, account_name, ou, region,
  CAST(SUM(sent) AS bigint) AS sent_calls,
  CAST(SUM(served) AS bigint) AS served_calls,
  CAST(SUM(denied) AS bigint) AS denied_calls,
  CAST(SUM(events) AS bigint) AS other_events,
  CAST(SUM(records) AS bigint) AS other_records,
  SUM(served) > 0 AND SUM(sent) = 0 AND SUM(events) = 0 AND SUM(records) = 0 AS is_inference_only,
  {approved:region} AS approved,
  BOOL_OR(opt_in) AS opt_in
FROM parts
{account_names}
WHERE region IS NOT NULL
GROUP BY dt, account_id, account_name, ou, region",
    example: example!("region_footprint"),
};

/// Whether a call was sent to the Region that it ran in, and not through a profile.
pub(crate) const DIRECT_SQL: &str =
    "profile_scope IS NULL AND profile_id IS NULL AND source_region = inference_region";

pub(super) const OUTSIDE_APPROVED_REGIONS: View = View {
    name: "outside_approved_regions",
    grain: "dt × account × target_type × profile_id × model × source_region × inference_region",
    doc: "Calls that ran in a Region that --approved-regions of hoptrail ddl does not have; no rows without.",
    columns: &[
        DT,
        text("account_id"),
        ACCOUNT_NAME_COLUMN,
        OU,
        text("target_type"),
        text("profile_id"),
        text("model_id"),
        text("model_name"),
        text("source_region"),
        text("inference_region"),
        column("inference_region_opt_in", Flag, "As in invocations."),
        column("is_direct", Flag, "Whether they were sent to the Region itself and not through a profile: a policy should have stopped those."),
        count("calls", "Calls that ran there."),
        count("principals", "The number of roles and users that made them, by name."),
    ],
    sql: "\
SELECT dt, account_id, account_name, ou, target_type, profile_id, model_id, model_name, source_region,
  inference_region, inference_region_opt_in,
  profile_scope IS NULL AND profile_id IS NULL AND source_region = inference_region AS is_direct,
  COUNT(*) AS calls,
  COUNT(DISTINCT principal_name) AS principals
FROM invocations
{account_names}
WHERE inference_region IS NOT NULL AND {approved:inference_region} = FALSE
GROUP BY dt, account_id, account_name, ou, target_type, profile_id, model_id, model_name, source_region,
  inference_region, inference_region_opt_in, profile_scope",
    example: example!("outside_approved_regions"),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::parameters::OUTSIDE;

    /// `show routing --approved-regions` asks the same.
    #[test]
    fn view_has_the_conditions_of_questions() {
        for part in [DIRECT_SQL, OUTSIDE] {
            assert!(OUTSIDE_APPROVED_REGIONS.sql.contains(part), "{part}");
        }
    }
}
