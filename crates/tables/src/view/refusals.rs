//! Views of calls that were denied or throttled.

use super::{DT, View, column, count, example, text};
use crate::column::Type::{Ratio, Text, Time};

pub(super) const DENIALS_BY_REGION: View = View {
    name: "denials_by_region",
    grain: "dt × blocked_region × policy × leg × profile_scope × model",
    doc: "Which Regions were denied to whom, by which policy; and which calls of the same callers, the same way, ran all the same.",
    columns: &[
        DT,
        column("blocked_region", Text, "As in denials."),
        column("policy_type", Text, "As in denials."),
        column("policy_arn", Text, "As in denials."),
        column("leg", Text, "As in denials."),
        column("profile_scope", Text, "As in denials."),
        column("model_id", Text, "As in denials."),
        count("denied_calls", "Denied calls."),
        count("accounts", "The number of accounts that made them."),
        count("principals", "The number of roles and users that made them, by account and name."),
        column("first_seen", Time, "The first of them on this day."),
        column("last_seen", Time, "The last of them on this day."),
        count("succeeded_home_calls", HOME),
        count("succeeded_away_calls", "Likewise, those that ran in another Region."),
        count("succeeded_there_calls", "Likewise, those that ran in blocked_region."),
        column("cause", Text, CAUSE),
    ],
    sql: "\
WITH denied AS (
  SELECT dt, blocked_region, policy_type, policy_arn, leg, target_type, profile_scope, model_id, model_basis,
    account_id, principal_name, source_region,
    COUNT(*) AS n, MIN(event_time) AS first_seen, MAX(event_time) AS last_seen
  FROM denials
  GROUP BY dt, blocked_region, policy_type, policy_arn, leg, target_type, profile_scope, model_id, model_basis,
    account_id, principal_name, source_region
), succeeded AS (
  SELECT dt, account_id, principal_name, source_region, target_type, profile_scope, model_id, inference_region,
    COUNT(*) AS n
  FROM invocations
  WHERE outcome = 'succeeded'
  GROUP BY dt, account_id, principal_name, source_region, target_type, profile_scope, model_id, inference_region
), compared AS (
  SELECT d.dt, d.blocked_region, d.policy_type, d.policy_arn, d.leg, d.profile_scope, d.model_id, d.model_basis,
    d.account_id, d.principal_name, d.source_region, d.target_type, d.n, d.first_seen, d.last_seen,
    SUM(CASE WHEN s.inference_region = d.source_region THEN s.n ELSE 0 END) AS home,
    SUM(CASE WHEN s.inference_region <> d.source_region THEN s.n ELSE 0 END) AS away,
    SUM(CASE WHEN s.inference_region = d.blocked_region THEN s.n ELSE 0 END) AS there
  FROM denied d
  LEFT JOIN succeeded s ON d.dt = s.dt AND d.target_type = s.target_type
    AND COALESCE(d.account_id, '') = COALESCE(s.account_id, '')
    AND COALESCE(d.principal_name, '') = COALESCE(s.principal_name, '')
    AND COALESCE(d.source_region, '') = COALESCE(s.source_region, '')
    AND COALESCE(d.profile_scope, '') = COALESCE(s.profile_scope, '')
    AND COALESCE(d.model_id, '') = COALESCE(s.model_id, '')
  GROUP BY d.dt, d.blocked_region, d.policy_type, d.policy_arn, d.leg, d.profile_scope, d.model_id, d.model_basis,
    d.account_id, d.principal_name, d.source_region, d.target_type, d.n, d.first_seen, d.last_seen
), callers AS (
  SELECT dt, blocked_region, policy_type, policy_arn, leg, profile_scope, model_id, account_id, principal_name, n,
    first_seen, last_seen,
    CASE WHEN model_basis = 'call' THEN home END AS home,
    CASE WHEN model_basis = 'call' THEN away END AS away,
    CASE WHEN model_basis = 'call' THEN there END AS there
  FROM compared
)
SELECT dt, blocked_region, policy_type, policy_arn, leg, profile_scope, model_id,
  CAST(SUM(n) AS bigint) AS denied_calls,
  COUNT(DISTINCT account_id) AS accounts,
  COUNT(DISTINCT account_id || '/' || principal_name) AS principals,
  MIN(first_seen) AS first_seen,
  MAX(last_seen) AS last_seen,
  CAST(SUM(home) AS bigint) AS succeeded_home_calls,
  CAST(SUM(away) AS bigint) AS succeeded_away_calls,
  CAST(SUM(there) AS bigint) AS succeeded_there_calls,
  CASE
    WHEN policy_type IS NOT NULL THEN 'policy'
    WHEN SUM(home) + SUM(away) = 0 THEN 'likely_policy'
    WHEN SUM(there) > 0 THEN 'likely_change'
    WHEN SUM(home) + SUM(away) > 0 THEN 'likely_hop'
  END AS cause
FROM callers
GROUP BY dt, blocked_region, policy_type, policy_arn, leg, profile_scope, model_id",
    example: example!("denials_by_region"),
};

const HOME: &str = "Calls of the same callers, sent from the same Region through the same profile scope to the same model, that succeeded in source_region; null where the record names no model.";

const CAUSE: &str = "policy: the message names its type. Else likely_policy: no such call succeeded; likely_change: some ran in blocked_region; likely_hop: some ran, none of them there; null where the record names no model.";

pub(super) const THROTTLING: View = View {
    name: "throttling",
    grain: "event_hour × account × source_region × target_type × profile_scope × model",
    doc: "How many calls were throttled by the hour, and how busy its busiest minute was. Calls in a Region, through geographic profiles, and through global ones have quotas of their own.",
    columns: &[
        DT,
        column("event_hour", Time, "Start of the hour (UTC)."),
        text("account_id"),
        text("source_region"),
        text("target_type"),
        text("profile_scope"),
        text("model_id"),
        text("model_name"),
        count("calls", "All calls."),
        count("succeeded_calls", "Calls that succeeded."),
        count("throttled_calls", "Calls that were throttled."),
        count("throttled_requests", "Those because of too many requests."),
        count("throttled_tokens", "Those because of too many tokens."),
        count("throttled_tokens_per_day", "Those because of too many tokens in a day."),
        count("throttled_other", "Those for another reason, or whose record does not say."),
        count("peak_calls", "Calls in the minute with most calls."),
        count("peak_tokens", "Input, cache write, and output tokens in the minute with most of them; null if no call has a count."),
        count("away_calls", "Calls that succeeded in another Region than source_region."),
        column("away_share", Ratio, "Their part of succeeded_calls, from 0 to 1; null if there are none."),
    ],
    sql: "\
WITH minutes AS (
  SELECT dt, date_trunc('hour', event_time) AS event_hour, date_trunc('minute', event_time) AS event_minute,
    account_id, source_region, target_type, profile_scope, model_id, model_name,
    COUNT(*) AS calls,
    SUM(CASE WHEN outcome = 'succeeded' THEN 1 ELSE 0 END) AS succeeded,
    SUM(CASE WHEN outcome = 'throttled' THEN 1 ELSE 0 END) AS throttled,
    SUM(CASE WHEN outcome = 'throttled' AND error_reason = 'too_many_requests' THEN 1 ELSE 0 END) AS requests,
    SUM(CASE WHEN outcome = 'throttled' AND error_reason = 'too_many_tokens' THEN 1 ELSE 0 END) AS tokens,
    SUM(CASE WHEN outcome = 'throttled' AND error_reason = 'tokens_per_day' THEN 1 ELSE 0 END) AS tokens_per_day,
    SUM(CASE WHEN token_source IS NOT NULL
      THEN COALESCE(input_tokens, 0) + COALESCE(cache_write_tokens, 0) + COALESCE(output_tokens, 0) END) AS counted,
    SUM(CASE WHEN outcome = 'succeeded' AND inference_region <> source_region THEN 1 ELSE 0 END) AS away
  FROM invocations
  GROUP BY dt, date_trunc('hour', event_time), date_trunc('minute', event_time),
    account_id, source_region, target_type, profile_scope, model_id, model_name
)
SELECT dt, event_hour, account_id, source_region, target_type, profile_scope, model_id, model_name,
  CAST(SUM(calls) AS bigint) AS calls,
  CAST(SUM(succeeded) AS bigint) AS succeeded_calls,
  CAST(SUM(throttled) AS bigint) AS throttled_calls,
  CAST(SUM(requests) AS bigint) AS throttled_requests,
  CAST(SUM(tokens) AS bigint) AS throttled_tokens,
  CAST(SUM(tokens_per_day) AS bigint) AS throttled_tokens_per_day,
  CAST(SUM(throttled - requests - tokens - tokens_per_day) AS bigint) AS throttled_other,
  CAST(MAX(calls) AS bigint) AS peak_calls,
  CAST(MAX(counted) AS bigint) AS peak_tokens,
  CAST(SUM(away) AS bigint) AS away_calls,
  CAST(SUM(away) AS double) / CAST(NULLIF(SUM(succeeded), 0) AS double) AS away_share
FROM minutes
GROUP BY dt, event_hour, account_id, source_region, target_type, profile_scope, model_id, model_name",
    example: example!("throttling"),
};
