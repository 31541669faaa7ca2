CREATE OR REPLACE VIEW denials_by_region AS
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
GROUP BY dt, blocked_region, policy_type, policy_arn, leg, profile_scope, model_id;
