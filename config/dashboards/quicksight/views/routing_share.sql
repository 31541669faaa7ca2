CREATE OR REPLACE VIEW routing_share AS
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
WHERE n > 0;
