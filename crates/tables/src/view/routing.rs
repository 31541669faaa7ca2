//! Views of where calls ran.

use super::{ACCOUNT_NAME_COLUMN, DT, OU, View, column, count, example, text};
use crate::column::Type::{Flag, Ratio, Text, Time};

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
WITH regions AS (
  SELECT dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region, residency,
    CAST(SUM(succeeded_calls) AS bigint) AS n
  FROM routing_distribution
  WHERE inference_region IS NOT NULL
  GROUP BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region, residency
)
SELECT dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region, residency,
  n AS succeeded_calls,
  CAST(n AS double) / CAST(SUM(n) OVER (
    PARTITION BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name) AS double) AS share
FROM regions
WHERE n > 0",
    example: example!("routing_share"),
};

const SHARE: &str = "The part of succeeded_calls in those of all inference Regions, from 0 to 1.";

pub(super) const ROUTING_SPREAD: View = View {
    name: "routing_spread",
    grain: "dt × account × source_region × target_type × profile_scope × model",
    doc: "Whether calls that were sent the same way spread over Regions, or pile up in one.",
    columns: &[
        DT,
        text("account_id"),
        text("source_region"),
        text("target_type"),
        text("profile_scope"),
        text("model_id"),
        text("model_name"),
        count("succeeded_calls", "Calls that succeeded."),
        count("used_regions", "Regions where they ran."),
        count("declared_destinations", "As in invocations; of several profiles, the largest number."),
        column("effective_regions", Ratio, EFFECTIVE),
        column("top_region", Text, "The Region with most of them, the first by name of those with equally many."),
        column("top_share", Ratio, "Its part of them, from 0 to 1."),
        count("away_calls", "Those that ran in another Region than source_region."),
        count("home_logged_calls", "Those that ran in source_region, as a log says."),
        count("home_inferred_calls", "Those whose Region no log says, so that they ran in source_region."),
    ],
    sql: "\
WITH regions AS (
  SELECT dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region,
    CAST(SUM(succeeded_calls) AS bigint) AS n,
    CAST(SUM(CASE WHEN inference_region_basis = 'source' THEN succeeded_calls ELSE 0 END) AS bigint) AS n_inferred,
    MAX(declared_destinations) AS declared
  FROM routing_distribution
  WHERE inference_region IS NOT NULL
  GROUP BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region
  HAVING SUM(succeeded_calls) > 0
), ranked AS (
  SELECT dt, account_id, source_region, target_type, profile_scope, model_id, model_name, inference_region,
    n, n_inferred, declared, ROW_NUMBER() OVER (
      PARTITION BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name
      ORDER BY n DESC, inference_region) AS place
  FROM regions
)
SELECT dt, account_id, source_region, target_type, profile_scope, model_id, model_name,
  CAST(SUM(n) AS bigint) AS succeeded_calls,
  COUNT(*) AS used_regions,
  MAX(declared) AS declared_destinations,
  CAST(SUM(n) AS double) * CAST(SUM(n) AS double)
    / CAST(SUM(CAST(n AS decimal(19, 0)) * CAST(n AS decimal(19, 0))) AS double) AS effective_regions,
  MAX(CASE WHEN place = 1 THEN inference_region END) AS top_region,
  CAST(MAX(n) AS double) / CAST(SUM(n) AS double) AS top_share,
  CAST(SUM(CASE WHEN inference_region <> source_region THEN n ELSE 0 END) AS bigint) AS away_calls,
  CAST(SUM(CASE WHEN inference_region = source_region THEN n - n_inferred ELSE 0 END) AS bigint) AS home_logged_calls,
  CAST(SUM(n_inferred) AS bigint) AS home_inferred_calls
FROM ranked
GROUP BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name",
    example: example!("routing_spread"),
};

const EFFECTIVE: &str = "The effective number of Regions: 1 divided by the sum of the squares of their shares. 1 if all calls ran in one, used_regions if they are spread evenly.";

pub(super) const RESIDENCY_EXCEPTIONS: View = View {
    name: "residency_exceptions",
    grain: "one call",
    doc: "Calls that left their jurisdiction, and calls that ran in a Region that their profile does not declare.",
    columns: &[
        DT,
        column("event_time", Time, "When the request completed."),
        text("event_id"),
        text("account_id"),
        ACCOUNT_NAME_COLUMN,
        OU,
        text("principal_name"),
        text("source_region"),
        text("inference_region"),
        text("profile_id"),
        text("model_id"),
        text("model_ref"),
        text("residency"),
        column("is_declared", Flag, "As in invocations."),
        text("request_id"),
    ],
    sql: "\
SELECT dt, event_time, event_id, account_id, account_name, ou, principal_name, source_region, inference_region,
  profile_id, model_id, model_ref, residency, is_declared, request_id
FROM invocations
{account_names}
WHERE residency = 'other_jurisdiction' OR is_declared = FALSE",
    example: example!("residency_exceptions"),
};

pub(super) const DESTINATION_USE: View = View {
    name: "destination_use",
    grain: "dt × account × profile_id × source_region × destination_region",
    doc: "Which of their destinations profiles used; MIN and MAX of used_on are the first and last day.",
    columns: &[
        DT,
        text("account_id"),
        column("profile_id", Text, "As in profile_destinations."),
        text("source_region"),
        column("destination_region", Text, "As in profile_destinations."),
        column("is_declared", Flag, "As in profile_destinations."),
        count("succeeded_calls", "Calls that succeeded there."),
        column("is_used", Flag, "Whether there are any."),
        column("used_on", Text, "The day, if there are any."),
    ],
    sql: "\
SELECT dt, account_id, profile_id, source_region, destination_region, is_declared, succeeded_calls,
  succeeded_calls > 0 AS is_used,
  CASE WHEN succeeded_calls > 0 THEN dt END AS used_on
FROM profile_destinations",
    example: example!("destination_use"),
};

pub(super) const LATENCY_BY_REGION: View = View {
    name: "latency_by_region",
    grain: "dt × target_type × profile_id × model × source_region × inference_region",
    doc: "How long calls took by where they ran, from the invocation log: what running elsewhere costs in time.",
    columns: &[
        DT,
        text("target_type"),
        text("profile_id"),
        text("model_id"),
        text("model_name"),
        text("source_region"),
        text("inference_region"),
        count("succeeded_calls", "Calls that succeeded."),
        count("calls_with_latency", "Those whose latency_ms is known."),
        count("latency_p50_ms", "The latency that half of them do not exceed: the nearest rank."),
        count("latency_p95_ms", "The latency that 95 of 100 of them do not exceed."),
        count("calls_with_first_byte", "Those whose first_byte_ms is known."),
        count("first_byte_p50_ms", "Likewise, until the first byte of a streamed answer."),
        count("first_byte_p95_ms", "Likewise."),
        count("calls_with_output", "Those whose latency_ms is known that have output tokens."),
        column("ms_per_output_token_p50", Ratio, "Likewise, latency_ms divided by output_tokens."),
        column("ms_per_output_token_p95", Ratio, "Likewise."),
    ],
    sql: "\
WITH calls AS (
  SELECT dt, target_type, profile_id, model_id, model_name, source_region, inference_region, latency_ms, first_byte_ms,
    CASE WHEN output_tokens > 0 THEN CAST(latency_ms AS double) / CAST(output_tokens AS double) END AS token_ms
  FROM invocations
  WHERE outcome = 'succeeded' AND inference_region IS NOT NULL
), ranked AS (
  SELECT dt, target_type, profile_id, model_id, model_name, source_region, inference_region,
    latency_ms, first_byte_ms, token_ms,
    COUNT(latency_ms) OVER (
      PARTITION BY dt, target_type, profile_id, model_id, model_name, source_region, inference_region) AS n,
    COUNT(first_byte_ms) OVER (
      PARTITION BY dt, target_type, profile_id, model_id, model_name, source_region, inference_region) AS n_first,
    COUNT(token_ms) OVER (
      PARTITION BY dt, target_type, profile_id, model_id, model_name, source_region, inference_region) AS n_token,
    ROW_NUMBER() OVER (
      PARTITION BY dt, target_type, profile_id, model_id, model_name, source_region, inference_region
      ORDER BY latency_ms NULLS LAST) AS place,
    ROW_NUMBER() OVER (
      PARTITION BY dt, target_type, profile_id, model_id, model_name, source_region, inference_region
      ORDER BY first_byte_ms NULLS LAST) AS place_first,
    ROW_NUMBER() OVER (
      PARTITION BY dt, target_type, profile_id, model_id, model_name, source_region, inference_region
      ORDER BY token_ms NULLS LAST) AS place_token
  FROM calls
)
SELECT dt, target_type, profile_id, model_id, model_name, source_region, inference_region,
  COUNT(*) AS succeeded_calls,
  COUNT(latency_ms) AS calls_with_latency,
  MAX(CASE WHEN 2 * place >= n AND 2 * (place - 1) < n THEN latency_ms END) AS latency_p50_ms,
  MAX(CASE WHEN 100 * place >= 95 * n AND 100 * (place - 1) < 95 * n THEN latency_ms END) AS latency_p95_ms,
  COUNT(first_byte_ms) AS calls_with_first_byte,
  MAX(CASE WHEN 2 * place_first >= n_first AND 2 * (place_first - 1) < n_first
    THEN first_byte_ms END) AS first_byte_p50_ms,
  MAX(CASE WHEN 100 * place_first >= 95 * n_first AND 100 * (place_first - 1) < 95 * n_first
    THEN first_byte_ms END) AS first_byte_p95_ms,
  COUNT(token_ms) AS calls_with_output,
  MAX(CASE WHEN 2 * place_token >= n_token AND 2 * (place_token - 1) < n_token
    THEN token_ms END) AS ms_per_output_token_p50,
  MAX(CASE WHEN 100 * place_token >= 95 * n_token AND 100 * (place_token - 1) < 95 * n_token
    THEN token_ms END) AS ms_per_output_token_p95
FROM ranked
GROUP BY dt, target_type, profile_id, model_id, model_name, source_region, inference_region
HAVING COUNT(latency_ms) > 0",
    example: example!("latency_by_region"),
};
