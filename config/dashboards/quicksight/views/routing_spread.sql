CREATE OR REPLACE VIEW routing_spread AS
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
GROUP BY dt, account_id, source_region, target_type, profile_scope, model_id, model_name;
