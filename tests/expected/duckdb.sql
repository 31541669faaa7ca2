CREATE OR REPLACE VIEW invocations AS
SELECT
  event_time AT TIME ZONE 'UTC' AS event_time,
  event_id,
  request_id,
  account_id,
  source_region,
  inference_region,
  inference_region_basis,
  residency,
  event_name,
  target_type,
  profile_scope,
  profile_id,
  model_id,
  model_name,
  model_provider,
  model_match,
  model_ref,
  principal_type,
  principal_arn,
  principal_name,
  session_name,
  api_key,
  source_ip,
  user_agent,
  vpc_endpoint_id,
  outcome,
  error_code,
  service_tier,
  input_tokens,
  output_tokens,
  cache_read_tokens,
  cache_write_tokens,
  token_source,
  list_cost_usd,
  cost_basis,
  log_object,
  profile_name,
  error_reason,
  list_cost_max_usd,
  cost_gap,
  latency_ms,
  first_byte_ms,
  contracted_cost_usd,
  call_source,
  images,
  speech_tokens,
  search_units,
  guardrail_units,
  request_metadata,
  declared_destinations,
  is_declared,
  inference_region_opt_in,
  iam_principal_arn,
  principal_account_id,
  principal_id,
  is_temporary_credential,
  mfa_authenticated,
  invoked_by,
  source_identity,
  federated_provider,
  vpc_endpoint_account_id,
  is_from_console,
  endpoint_host,
  tls_version,
  dt
FROM (
  SELECT * FROM read_parquet('s3://analytics/bedrock/invocations/*/*.parquet', hive_partitioning = true,
    hive_types_autocast = false, union_by_name = true, allow_empty = true)
  UNION ALL BY NAME
  SELECT
    CAST(NULL AS timestamptz) AS event_time,
    CAST(NULL AS varchar) AS event_id,
    CAST(NULL AS varchar) AS request_id,
    CAST(NULL AS varchar) AS account_id,
    CAST(NULL AS varchar) AS source_region,
    CAST(NULL AS varchar) AS inference_region,
    CAST(NULL AS varchar) AS inference_region_basis,
    CAST(NULL AS varchar) AS residency,
    CAST(NULL AS varchar) AS event_name,
    CAST(NULL AS varchar) AS target_type,
    CAST(NULL AS varchar) AS profile_scope,
    CAST(NULL AS varchar) AS profile_id,
    CAST(NULL AS varchar) AS model_id,
    CAST(NULL AS varchar) AS model_name,
    CAST(NULL AS varchar) AS model_provider,
    CAST(NULL AS varchar) AS model_match,
    CAST(NULL AS varchar) AS model_ref,
    CAST(NULL AS varchar) AS principal_type,
    CAST(NULL AS varchar) AS principal_arn,
    CAST(NULL AS varchar) AS principal_name,
    CAST(NULL AS varchar) AS session_name,
    CAST(NULL AS boolean) AS api_key,
    CAST(NULL AS varchar) AS source_ip,
    CAST(NULL AS varchar) AS user_agent,
    CAST(NULL AS varchar) AS vpc_endpoint_id,
    CAST(NULL AS varchar) AS outcome,
    CAST(NULL AS varchar) AS error_code,
    CAST(NULL AS varchar) AS service_tier,
    CAST(NULL AS bigint) AS input_tokens,
    CAST(NULL AS bigint) AS output_tokens,
    CAST(NULL AS bigint) AS cache_read_tokens,
    CAST(NULL AS bigint) AS cache_write_tokens,
    CAST(NULL AS varchar) AS token_source,
    CAST(NULL AS decimal(38,12)) AS list_cost_usd,
    CAST(NULL AS varchar) AS cost_basis,
    CAST(NULL AS varchar) AS log_object,
    CAST(NULL AS varchar) AS profile_name,
    CAST(NULL AS varchar) AS error_reason,
    CAST(NULL AS decimal(38,12)) AS list_cost_max_usd,
    CAST(NULL AS varchar) AS cost_gap,
    CAST(NULL AS bigint) AS latency_ms,
    CAST(NULL AS bigint) AS first_byte_ms,
    CAST(NULL AS decimal(38,12)) AS contracted_cost_usd,
    CAST(NULL AS varchar) AS call_source,
    CAST(NULL AS bigint) AS images,
    CAST(NULL AS bigint) AS speech_tokens,
    CAST(NULL AS bigint) AS search_units,
    CAST(NULL AS bigint) AS guardrail_units,
    CAST(NULL AS map(varchar, varchar)) AS request_metadata,
    CAST(NULL AS bigint) AS declared_destinations,
    CAST(NULL AS boolean) AS is_declared,
    CAST(NULL AS boolean) AS inference_region_opt_in,
    CAST(NULL AS varchar) AS iam_principal_arn,
    CAST(NULL AS varchar) AS principal_account_id,
    CAST(NULL AS varchar) AS principal_id,
    CAST(NULL AS boolean) AS is_temporary_credential,
    CAST(NULL AS boolean) AS mfa_authenticated,
    CAST(NULL AS varchar) AS invoked_by,
    CAST(NULL AS varchar) AS source_identity,
    CAST(NULL AS varchar) AS federated_provider,
    CAST(NULL AS varchar) AS vpc_endpoint_account_id,
    CAST(NULL AS boolean) AS is_from_console,
    CAST(NULL AS varchar) AS endpoint_host,
    CAST(NULL AS varchar) AS tls_version,
    CAST(NULL AS varchar) AS dt
  WHERE false
);

CREATE OR REPLACE VIEW routing_distribution AS
SELECT
  event_hour AT TIME ZONE 'UTC' AS event_hour,
  account_id,
  source_region,
  target_type,
  profile_scope,
  model_id,
  model_name,
  inference_region,
  inference_region_basis,
  residency,
  calls,
  succeeded_calls,
  denied_calls,
  throttled_calls,
  failed_calls,
  input_tokens,
  output_tokens,
  declared_destinations,
  is_declared,
  dt
FROM (
  SELECT * FROM read_parquet('s3://analytics/bedrock/routing_distribution/*/*.parquet', hive_partitioning = true,
    hive_types_autocast = false, union_by_name = true, allow_empty = true)
  UNION ALL BY NAME
  SELECT
    CAST(NULL AS timestamptz) AS event_hour,
    CAST(NULL AS varchar) AS account_id,
    CAST(NULL AS varchar) AS source_region,
    CAST(NULL AS varchar) AS target_type,
    CAST(NULL AS varchar) AS profile_scope,
    CAST(NULL AS varchar) AS model_id,
    CAST(NULL AS varchar) AS model_name,
    CAST(NULL AS varchar) AS inference_region,
    CAST(NULL AS varchar) AS inference_region_basis,
    CAST(NULL AS varchar) AS residency,
    CAST(NULL AS bigint) AS calls,
    CAST(NULL AS bigint) AS succeeded_calls,
    CAST(NULL AS bigint) AS denied_calls,
    CAST(NULL AS bigint) AS throttled_calls,
    CAST(NULL AS bigint) AS failed_calls,
    CAST(NULL AS bigint) AS input_tokens,
    CAST(NULL AS bigint) AS output_tokens,
    CAST(NULL AS bigint) AS declared_destinations,
    CAST(NULL AS boolean) AS is_declared,
    CAST(NULL AS varchar) AS dt
  WHERE false
);

CREATE OR REPLACE VIEW model_costs AS
SELECT
  account_id,
  source_region,
  model_id,
  model_name,
  target_type,
  profile_scope,
  principal_name,
  service_tier,
  calls,
  succeeded_calls,
  calls_with_tokens,
  calls_priced,
  input_tokens,
  output_tokens,
  cache_read_tokens,
  cache_write_tokens,
  list_input_cost_usd,
  list_output_cost_usd,
  list_cache_read_cost_usd,
  list_cache_write_cost_usd,
  list_cost_usd,
  calls_lower_bound,
  calls_unpriced,
  price_version,
  profile_name,
  cost_basis,
  cost_gap,
  list_cost_max_usd,
  contracted_cost_usd,
  images,
  speech_tokens,
  search_units,
  guardrail_units,
  list_unit_cost_usd,
  calls_with_units,
  dt
FROM (
  SELECT * FROM read_parquet('s3://analytics/bedrock/model_costs/*/*.parquet', hive_partitioning = true,
    hive_types_autocast = false, union_by_name = true, allow_empty = true)
  UNION ALL BY NAME
  SELECT
    CAST(NULL AS varchar) AS account_id,
    CAST(NULL AS varchar) AS source_region,
    CAST(NULL AS varchar) AS model_id,
    CAST(NULL AS varchar) AS model_name,
    CAST(NULL AS varchar) AS target_type,
    CAST(NULL AS varchar) AS profile_scope,
    CAST(NULL AS varchar) AS principal_name,
    CAST(NULL AS varchar) AS service_tier,
    CAST(NULL AS bigint) AS calls,
    CAST(NULL AS bigint) AS succeeded_calls,
    CAST(NULL AS bigint) AS calls_with_tokens,
    CAST(NULL AS bigint) AS calls_priced,
    CAST(NULL AS bigint) AS input_tokens,
    CAST(NULL AS bigint) AS output_tokens,
    CAST(NULL AS bigint) AS cache_read_tokens,
    CAST(NULL AS bigint) AS cache_write_tokens,
    CAST(NULL AS decimal(38,12)) AS list_input_cost_usd,
    CAST(NULL AS decimal(38,12)) AS list_output_cost_usd,
    CAST(NULL AS decimal(38,12)) AS list_cache_read_cost_usd,
    CAST(NULL AS decimal(38,12)) AS list_cache_write_cost_usd,
    CAST(NULL AS decimal(38,12)) AS list_cost_usd,
    CAST(NULL AS bigint) AS calls_lower_bound,
    CAST(NULL AS bigint) AS calls_unpriced,
    CAST(NULL AS varchar) AS price_version,
    CAST(NULL AS varchar) AS profile_name,
    CAST(NULL AS varchar) AS cost_basis,
    CAST(NULL AS varchar) AS cost_gap,
    CAST(NULL AS decimal(38,12)) AS list_cost_max_usd,
    CAST(NULL AS decimal(38,12)) AS contracted_cost_usd,
    CAST(NULL AS bigint) AS images,
    CAST(NULL AS bigint) AS speech_tokens,
    CAST(NULL AS bigint) AS search_units,
    CAST(NULL AS bigint) AS guardrail_units,
    CAST(NULL AS decimal(38,12)) AS list_unit_cost_usd,
    CAST(NULL AS bigint) AS calls_with_units,
    CAST(NULL AS varchar) AS dt
  WHERE false
);

CREATE OR REPLACE VIEW attributed_costs AS
SELECT
  session_name,
  request_metadata,
  profile_tags,
  account_id,
  source_region,
  model_id,
  model_name,
  target_type,
  profile_scope,
  principal_name,
  service_tier,
  calls,
  succeeded_calls,
  calls_with_tokens,
  calls_priced,
  input_tokens,
  output_tokens,
  cache_read_tokens,
  cache_write_tokens,
  list_input_cost_usd,
  list_output_cost_usd,
  list_cache_read_cost_usd,
  list_cache_write_cost_usd,
  list_cost_usd,
  calls_lower_bound,
  calls_unpriced,
  price_version,
  profile_name,
  cost_basis,
  cost_gap,
  list_cost_max_usd,
  contracted_cost_usd,
  images,
  speech_tokens,
  search_units,
  guardrail_units,
  list_unit_cost_usd,
  calls_with_units,
  dt
FROM (
  SELECT * FROM read_parquet('s3://analytics/bedrock/attributed_costs/*/*.parquet', hive_partitioning = true,
    hive_types_autocast = false, union_by_name = true, allow_empty = true)
  UNION ALL BY NAME
  SELECT
    CAST(NULL AS varchar) AS session_name,
    CAST(NULL AS map(varchar, varchar)) AS request_metadata,
    CAST(NULL AS map(varchar, varchar)) AS profile_tags,
    CAST(NULL AS varchar) AS account_id,
    CAST(NULL AS varchar) AS source_region,
    CAST(NULL AS varchar) AS model_id,
    CAST(NULL AS varchar) AS model_name,
    CAST(NULL AS varchar) AS target_type,
    CAST(NULL AS varchar) AS profile_scope,
    CAST(NULL AS varchar) AS principal_name,
    CAST(NULL AS varchar) AS service_tier,
    CAST(NULL AS bigint) AS calls,
    CAST(NULL AS bigint) AS succeeded_calls,
    CAST(NULL AS bigint) AS calls_with_tokens,
    CAST(NULL AS bigint) AS calls_priced,
    CAST(NULL AS bigint) AS input_tokens,
    CAST(NULL AS bigint) AS output_tokens,
    CAST(NULL AS bigint) AS cache_read_tokens,
    CAST(NULL AS bigint) AS cache_write_tokens,
    CAST(NULL AS decimal(38,12)) AS list_input_cost_usd,
    CAST(NULL AS decimal(38,12)) AS list_output_cost_usd,
    CAST(NULL AS decimal(38,12)) AS list_cache_read_cost_usd,
    CAST(NULL AS decimal(38,12)) AS list_cache_write_cost_usd,
    CAST(NULL AS decimal(38,12)) AS list_cost_usd,
    CAST(NULL AS bigint) AS calls_lower_bound,
    CAST(NULL AS bigint) AS calls_unpriced,
    CAST(NULL AS varchar) AS price_version,
    CAST(NULL AS varchar) AS profile_name,
    CAST(NULL AS varchar) AS cost_basis,
    CAST(NULL AS varchar) AS cost_gap,
    CAST(NULL AS decimal(38,12)) AS list_cost_max_usd,
    CAST(NULL AS decimal(38,12)) AS contracted_cost_usd,
    CAST(NULL AS bigint) AS images,
    CAST(NULL AS bigint) AS speech_tokens,
    CAST(NULL AS bigint) AS search_units,
    CAST(NULL AS bigint) AS guardrail_units,
    CAST(NULL AS decimal(38,12)) AS list_unit_cost_usd,
    CAST(NULL AS bigint) AS calls_with_units,
    CAST(NULL AS varchar) AS dt
  WHERE false
);

CREATE OR REPLACE VIEW denials AS
SELECT
  event_time AT TIME ZONE 'UTC' AS event_time,
  event_id,
  account_id,
  principal_arn,
  principal_name,
  source_region,
  target_type,
  profile_scope,
  model_id,
  model_ref,
  denied_action,
  denied_resource,
  blocked_region,
  leg,
  policy_type,
  policy_arn,
  message,
  event_category,
  model_basis,
  error_reason,
  dt
FROM (
  SELECT * FROM read_parquet('s3://analytics/bedrock/denials/*/*.parquet', hive_partitioning = true,
    hive_types_autocast = false, union_by_name = true, allow_empty = true)
  UNION ALL BY NAME
  SELECT
    CAST(NULL AS timestamptz) AS event_time,
    CAST(NULL AS varchar) AS event_id,
    CAST(NULL AS varchar) AS account_id,
    CAST(NULL AS varchar) AS principal_arn,
    CAST(NULL AS varchar) AS principal_name,
    CAST(NULL AS varchar) AS source_region,
    CAST(NULL AS varchar) AS target_type,
    CAST(NULL AS varchar) AS profile_scope,
    CAST(NULL AS varchar) AS model_id,
    CAST(NULL AS varchar) AS model_ref,
    CAST(NULL AS varchar) AS denied_action,
    CAST(NULL AS varchar) AS denied_resource,
    CAST(NULL AS varchar) AS blocked_region,
    CAST(NULL AS varchar) AS leg,
    CAST(NULL AS varchar) AS policy_type,
    CAST(NULL AS varchar) AS policy_arn,
    CAST(NULL AS varchar) AS message,
    CAST(NULL AS varchar) AS event_category,
    CAST(NULL AS varchar) AS model_basis,
    CAST(NULL AS varchar) AS error_reason,
    CAST(NULL AS varchar) AS dt
  WHERE false
);

CREATE OR REPLACE VIEW unresolved_models AS
SELECT
  model_ref,
  reason,
  calls,
  first_seen AT TIME ZONE 'UTC' AS first_seen,
  last_seen AT TIME ZONE 'UTC' AS last_seen,
  accounts,
  dt
FROM (
  SELECT * FROM read_parquet('s3://analytics/bedrock/unresolved_models/*/*.parquet', hive_partitioning = true,
    hive_types_autocast = false, union_by_name = true, allow_empty = true)
  UNION ALL BY NAME
  SELECT
    CAST(NULL AS varchar) AS model_ref,
    CAST(NULL AS varchar) AS reason,
    CAST(NULL AS bigint) AS calls,
    CAST(NULL AS timestamptz) AS first_seen,
    CAST(NULL AS timestamptz) AS last_seen,
    CAST(NULL AS bigint) AS accounts,
    CAST(NULL AS varchar) AS dt
  WHERE false
);

CREATE OR REPLACE VIEW batch_jobs AS
SELECT
  event_time AT TIME ZONE 'UTC' AS event_time,
  job_arn,
  account_id,
  source_region,
  principal_arn,
  principal_name,
  target_type,
  profile_scope,
  profile_id,
  model_id,
  model_name,
  model_provider,
  model_match,
  model_ref,
  status,
  records,
  input_tokens,
  output_tokens,
  token_source,
  list_cost_usd,
  cost_basis,
  cost_gap,
  list_cost_max_usd,
  contracted_cost_usd,
  event_id,
  job_name,
  processed_records,
  succeeded_records,
  failed_records,
  profile_name,
  log_object,
  output_object,
  dt
FROM (
  SELECT * FROM read_parquet('s3://analytics/bedrock/batch_jobs/*/*.parquet', hive_partitioning = true,
    hive_types_autocast = false, union_by_name = true, allow_empty = true)
  UNION ALL BY NAME
  SELECT
    CAST(NULL AS timestamptz) AS event_time,
    CAST(NULL AS varchar) AS job_arn,
    CAST(NULL AS varchar) AS account_id,
    CAST(NULL AS varchar) AS source_region,
    CAST(NULL AS varchar) AS principal_arn,
    CAST(NULL AS varchar) AS principal_name,
    CAST(NULL AS varchar) AS target_type,
    CAST(NULL AS varchar) AS profile_scope,
    CAST(NULL AS varchar) AS profile_id,
    CAST(NULL AS varchar) AS model_id,
    CAST(NULL AS varchar) AS model_name,
    CAST(NULL AS varchar) AS model_provider,
    CAST(NULL AS varchar) AS model_match,
    CAST(NULL AS varchar) AS model_ref,
    CAST(NULL AS varchar) AS status,
    CAST(NULL AS bigint) AS records,
    CAST(NULL AS bigint) AS input_tokens,
    CAST(NULL AS bigint) AS output_tokens,
    CAST(NULL AS varchar) AS token_source,
    CAST(NULL AS decimal(38,12)) AS list_cost_usd,
    CAST(NULL AS varchar) AS cost_basis,
    CAST(NULL AS varchar) AS cost_gap,
    CAST(NULL AS decimal(38,12)) AS list_cost_max_usd,
    CAST(NULL AS decimal(38,12)) AS contracted_cost_usd,
    CAST(NULL AS varchar) AS event_id,
    CAST(NULL AS varchar) AS job_name,
    CAST(NULL AS bigint) AS processed_records,
    CAST(NULL AS bigint) AS succeeded_records,
    CAST(NULL AS bigint) AS failed_records,
    CAST(NULL AS varchar) AS profile_name,
    CAST(NULL AS varchar) AS log_object,
    CAST(NULL AS varchar) AS output_object,
    CAST(NULL AS varchar) AS dt
  WHERE false
);

CREATE OR REPLACE VIEW other_activity AS
SELECT
  account_id,
  source_region,
  event_source,
  event_name,
  model_ref,
  principal_name,
  events,
  errors,
  first_seen AT TIME ZONE 'UTC' AS first_seen,
  last_seen AT TIME ZONE 'UTC' AS last_seen,
  has_own_cost,
  dt
FROM (
  SELECT * FROM read_parquet('s3://analytics/bedrock/other_activity/*/*.parquet', hive_partitioning = true,
    hive_types_autocast = false, union_by_name = true, allow_empty = true)
  UNION ALL BY NAME
  SELECT
    CAST(NULL AS varchar) AS account_id,
    CAST(NULL AS varchar) AS source_region,
    CAST(NULL AS varchar) AS event_source,
    CAST(NULL AS varchar) AS event_name,
    CAST(NULL AS varchar) AS model_ref,
    CAST(NULL AS varchar) AS principal_name,
    CAST(NULL AS bigint) AS events,
    CAST(NULL AS bigint) AS errors,
    CAST(NULL AS timestamptz) AS first_seen,
    CAST(NULL AS timestamptz) AS last_seen,
    CAST(NULL AS boolean) AS has_own_cost,
    CAST(NULL AS varchar) AS dt
  WHERE false
);

CREATE OR REPLACE VIEW profile_destinations AS
SELECT
  account_id,
  profile_id,
  source_region,
  destination_region,
  is_declared,
  succeeded_calls,
  dt
FROM (
  SELECT * FROM read_parquet('s3://analytics/bedrock/profile_destinations/*/*.parquet', hive_partitioning = true,
    hive_types_autocast = false, union_by_name = true, allow_empty = true)
  UNION ALL BY NAME
  SELECT
    CAST(NULL AS varchar) AS account_id,
    CAST(NULL AS varchar) AS profile_id,
    CAST(NULL AS varchar) AS source_region,
    CAST(NULL AS varchar) AS destination_region,
    CAST(NULL AS boolean) AS is_declared,
    CAST(NULL AS bigint) AS succeeded_calls,
    CAST(NULL AS varchar) AS dt
  WHERE false
);

CREATE OR REPLACE VIEW ingest AS
SELECT
  key,
  delivery_day,
  bytes,
  status,
  reason,
  records,
  calls,
  skipped,
  rejected,
  written,
  duplicates,
  other_day,
  digest_status,
  account_id,
  region,
  dt
FROM (
  SELECT * FROM read_parquet('s3://analytics/bedrock/ingest/*/*.parquet', hive_partitioning = true,
    hive_types_autocast = false, union_by_name = true, allow_empty = true)
  UNION ALL BY NAME
  SELECT
    CAST(NULL AS varchar) AS key,
    CAST(NULL AS varchar) AS delivery_day,
    CAST(NULL AS bigint) AS bytes,
    CAST(NULL AS varchar) AS status,
    CAST(NULL AS varchar) AS reason,
    CAST(NULL AS bigint) AS records,
    CAST(NULL AS bigint) AS calls,
    CAST(NULL AS bigint) AS skipped,
    CAST(NULL AS bigint) AS rejected,
    CAST(NULL AS bigint) AS written,
    CAST(NULL AS bigint) AS duplicates,
    CAST(NULL AS bigint) AS other_day,
    CAST(NULL AS varchar) AS digest_status,
    CAST(NULL AS varchar) AS account_id,
    CAST(NULL AS varchar) AS region,
    CAST(NULL AS varchar) AS dt
  WHERE false
);

CREATE OR REPLACE VIEW accounts AS
SELECT
  account_id,
  name,
  ou
FROM (
  SELECT * FROM read_parquet('s3://analytics/bedrock/accounts/*.parquet', union_by_name = true, allow_empty = true)
  UNION ALL BY NAME
  SELECT
    CAST(NULL AS varchar) AS account_id,
    CAST(NULL AS varchar) AS name,
    CAST(NULL AS varchar) AS ou
  WHERE false
);

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

CREATE OR REPLACE VIEW residency_exceptions AS
SELECT dt, event_time, event_id, account_id, account_name, ou, principal_name, source_region, inference_region,
  profile_id, model_id, model_ref, residency, is_declared, request_id
FROM invocations
LEFT JOIN (
  SELECT account_id AS named_account_id, MAX(name) AS account_name, MAX(ou) AS ou FROM accounts GROUP BY account_id
) AS names ON account_id = named_account_id
WHERE residency = 'other_jurisdiction' OR is_declared = FALSE;

CREATE OR REPLACE VIEW daily_model_cost AS
SELECT dt, model_id, model_name,
  CAST(SUM(calls) AS bigint) AS calls,
  CAST(SUM(succeeded_calls) AS bigint) AS succeeded_calls,
  CAST(SUM(calls_with_tokens) AS bigint) AS calls_with_tokens,
  CAST(SUM(calls_with_units) AS bigint) AS calls_with_units,
  CAST(SUM(calls_priced) AS bigint) AS calls_priced,
  CAST(SUM(calls_lower_bound) AS bigint) AS calls_lower_bound,
  CAST(SUM(CASE WHEN cost_basis = 'estimate' THEN calls_priced ELSE 0 END) AS bigint) AS calls_estimated,
  CAST(SUM(calls_unpriced) AS bigint) AS calls_unpriced,
  CAST(SUM(input_tokens) AS bigint) AS input_tokens,
  CAST(SUM(output_tokens) AS bigint) AS output_tokens,
  CAST(SUM(cache_read_tokens) AS bigint) AS cache_read_tokens,
  CAST(SUM(cache_write_tokens) AS bigint) AS cache_write_tokens,
  SUM(list_cost_usd) AS list_cost_usd,
  SUM(COALESCE(list_cost_max_usd, list_cost_usd)) AS list_cost_max_usd,
  SUM(contracted_cost_usd) AS contracted_cost_usd
FROM model_costs
GROUP BY dt, model_id, model_name;

CREATE OR REPLACE VIEW chargeback AS
SELECT dt, account_id, account_name, ou, principal_name, profile_name, model_id, model_name,
  CAST(SUM(calls) AS bigint) AS calls,
  CAST(SUM(succeeded_calls) AS bigint) AS succeeded_calls,
  CAST(SUM(calls_with_tokens) AS bigint) AS calls_with_tokens,
  CAST(SUM(calls_with_units) AS bigint) AS calls_with_units,
  CAST(SUM(calls_priced) AS bigint) AS calls_priced,
  CAST(SUM(calls_lower_bound) AS bigint) AS calls_lower_bound,
  CAST(SUM(CASE WHEN cost_basis = 'estimate' THEN calls_priced ELSE 0 END) AS bigint) AS calls_estimated,
  CAST(SUM(calls_unpriced) AS bigint) AS calls_unpriced,
  CAST(SUM(input_tokens) AS bigint) AS input_tokens,
  CAST(SUM(output_tokens) AS bigint) AS output_tokens,
  CAST(SUM(cache_read_tokens) AS bigint) AS cache_read_tokens,
  CAST(SUM(cache_write_tokens) AS bigint) AS cache_write_tokens,
  SUM(list_cost_usd) AS list_cost_usd,
  SUM(COALESCE(list_cost_max_usd, list_cost_usd)) AS list_cost_max_usd,
  SUM(contracted_cost_usd) AS contracted_cost_usd
FROM model_costs
LEFT JOIN (
  SELECT account_id AS named_account_id, MAX(name) AS account_name, MAX(ou) AS ou FROM accounts GROUP BY account_id
) AS names ON account_id = named_account_id
GROUP BY dt, account_id, account_name, ou, principal_name, profile_name, model_id, model_name;

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

CREATE OR REPLACE VIEW throttling AS
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
GROUP BY dt, event_hour, account_id, source_region, target_type, profile_scope, model_id, model_name;

CREATE OR REPLACE VIEW region_footprint AS
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
  CAST(NULL AS boolean) AS approved,
  BOOL_OR(opt_in) AS opt_in
FROM parts
LEFT JOIN (
  SELECT account_id AS named_account_id, MAX(name) AS account_name, MAX(ou) AS ou FROM accounts GROUP BY account_id
) AS names ON account_id = named_account_id
WHERE region IS NOT NULL
GROUP BY dt, account_id, account_name, ou, region;

CREATE OR REPLACE VIEW outside_approved_regions AS
SELECT dt, account_id, account_name, ou, target_type, profile_id, model_id, model_name, source_region,
  inference_region, inference_region_opt_in,
  profile_scope IS NULL AND profile_id IS NULL AND source_region = inference_region AS is_direct,
  COUNT(*) AS calls,
  COUNT(DISTINCT principal_name) AS principals
FROM invocations
LEFT JOIN (
  SELECT account_id AS named_account_id, MAX(name) AS account_name, MAX(ou) AS ou FROM accounts GROUP BY account_id
) AS names ON account_id = named_account_id
WHERE inference_region IS NOT NULL AND CAST(NULL AS boolean) = FALSE
GROUP BY dt, account_id, account_name, ou, target_type, profile_id, model_id, model_name, source_region,
  inference_region, inference_region_opt_in, profile_scope;

CREATE OR REPLACE VIEW latency_by_region AS
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
HAVING COUNT(latency_ms) > 0;

CREATE OR REPLACE VIEW destination_use AS
SELECT dt, account_id, profile_id, source_region, destination_region, is_declared, succeeded_calls,
  succeeded_calls > 0 AS is_used,
  CASE WHEN succeeded_calls > 0 THEN dt END AS used_on
FROM profile_destinations;

CREATE OR REPLACE VIEW unresolved AS
SELECT dt, model_ref, reason, calls, accounts, first_seen, last_seen
FROM unresolved_models;

CREATE OR REPLACE VIEW ingest_health AS
SELECT dt,
  COUNT(*) AS objects,
  CAST(SUM(CASE WHEN status = 'unreadable' THEN 1 ELSE 0 END) AS bigint) AS unreadable_objects,
  CAST(SUM(CASE WHEN digest_status = 'mismatch' THEN 1 ELSE 0 END) AS bigint) AS mismatched_objects,
  CAST(SUM(bytes) AS bigint) AS bytes,
  CAST(SUM(records) AS bigint) AS records,
  CAST(SUM(calls) AS bigint) AS calls,
  CAST(SUM(skipped) AS bigint) AS skipped,
  CAST(SUM(rejected) AS bigint) AS rejected,
  CAST(SUM(written) AS bigint) AS written,
  CAST(SUM(duplicates) AS bigint) AS duplicates,
  CAST(SUM(other_day) AS bigint) AS other_day,
  SUM(records) = SUM(calls) + SUM(skipped) + SUM(rejected)
    AND SUM(calls) = SUM(written) + SUM(duplicates) + SUM(other_day) AS adds_up
FROM ingest
GROUP BY dt;

CREATE OR REPLACE VIEW focus_1_2 AS
WITH kinds AS (
  SELECT dt, account_id, source_region, model_id, model_name, target_type, profile_scope, profile_name,
    principal_name, service_tier, cost_basis, cost_gap, price_version, calls, calls_priced, list_cost_usd,
    contracted_cost_usd, kind,
    CASE kind WHEN 'input' THEN input_tokens WHEN 'output' THEN output_tokens
      WHEN 'cache_read' THEN cache_read_tokens WHEN 'cache_write' THEN cache_write_tokens END AS tokens,
    CASE kind WHEN 'input' THEN list_input_cost_usd WHEN 'output' THEN list_output_cost_usd
      WHEN 'cache_read' THEN list_cache_read_cost_usd WHEN 'cache_write' THEN list_cache_write_cost_usd
      ELSE list_unit_cost_usd END AS cost
  FROM model_costs
  CROSS JOIN (VALUES ('input'), ('output'), ('cache_read'), ('cache_write'), ('other_units')) AS k(kind)
), charges AS (
  SELECT dt, account_id, source_region, model_id, model_name, target_type, profile_scope, profile_name,
    principal_name, service_tier, cost_basis, cost_gap, price_version, calls, calls_priced,
    contracted_cost_usd, kind, tokens, cost,
    ROW_NUMBER() OVER (
      PARTITION BY dt, account_id, source_region, model_id, model_name, target_type, profile_scope, profile_name,
        principal_name, service_tier, cost_basis, cost_gap, price_version
      ORDER BY cost DESC, kind) AS place,
    CAST(COALESCE(CAST(CAST(contracted_cost_usd AS double) * CAST(cost AS double)
      / CAST(NULLIF(list_cost_usd, 0) AS double) AS decimal(30, 6)), 0) AS decimal(30, 12)) AS part
  FROM kinds
  WHERE cost IS NOT NULL AND (kind = 'other_units' OR tokens > 0)
), contracts AS (
  SELECT dt, account_id, source_region, model_id, model_name, target_type, profile_scope, profile_name,
    principal_name, service_tier, cost_basis, cost_gap, price_version, calls, calls_priced, kind, tokens, cost,
    CASE
      WHEN contracted_cost_usd IS NULL OR contracted_cost_usd = SUM(cost) OVER (
        PARTITION BY dt, account_id, source_region, model_id, model_name, target_type, profile_scope, profile_name,
          principal_name, service_tier, cost_basis, cost_gap, price_version)
      THEN cost
      WHEN place > 1 THEN CAST(part AS decimal(38, 12))
      ELSE CAST(CAST(contracted_cost_usd AS decimal(30, 12)) - CAST(COALESCE(SUM(CASE WHEN place > 1 THEN part END)
        OVER (
          PARTITION BY dt, account_id, source_region, model_id, model_name, target_type, profile_scope, profile_name,
            principal_name, service_tier, cost_basis, cost_gap, price_version), 0) AS decimal(30, 12))
        AS decimal(38, 12))
    END AS contracted
  FROM charges
)
SELECT dt,
  CAST(NULL AS decimal(38, 12)) AS BilledCost,
  account_id AS BillingAccountId,
  COALESCE(account_name, account_id) AS BillingAccountName,
  'AWS Account' AS BillingAccountType,
  'USD' AS BillingCurrency,
  date_trunc('month', CAST(dt AS timestamp)) AS BillingPeriodStart,
  date_trunc('month', CAST(dt AS timestamp)) + INTERVAL '1' MONTH AS BillingPeriodEnd,
  'Usage' AS ChargeCategory,
  NULLIF('', '') AS ChargeClass,
  COALESCE(model_name, model_id) || ', ' || kind AS ChargeDescription,
  'Usage-Based' AS ChargeFrequency,
  CAST(dt AS timestamp) AS ChargePeriodStart,
  CAST(dt AS timestamp) + INTERVAL '1' DAY AS ChargePeriodEnd,
  CAST(CASE WHEN kind <> 'other_units' THEN tokens END AS decimal(38, 12)) AS ConsumedQuantity,
  CASE WHEN kind <> 'other_units' THEN 'Tokens' END AS ConsumedUnit,
  contracted AS ContractedCost,
  CAST(CAST(CASE WHEN kind <> 'other_units' THEN CAST(contracted AS double) * 1000000 / CAST(tokens AS double) END
    AS decimal(30, 6)) AS decimal(38, 12)) AS ContractedUnitPrice,
  contracted AS EffectiveCost,
  NULLIF('', '') AS InvoiceId,
  'Amazon Web Services' AS InvoiceIssuerName,
  cost AS ListCost,
  CAST(CAST(CASE WHEN kind <> 'other_units' THEN CAST(cost AS double) * 1000000 / CAST(tokens AS double) END
    AS decimal(30, 6)) AS decimal(38, 12)) AS ListUnitPrice,
  'Standard' AS PricingCategory,
  CAST(CASE WHEN kind <> 'other_units' THEN CAST(tokens AS decimal(20, 0)) * CAST(0.000001 AS decimal(7, 6)) END
    AS decimal(38, 12)) AS PricingQuantity,
  CASE WHEN kind <> 'other_units' THEN '1000000 Tokens' END AS PricingUnit,
  'Amazon Web Services' AS ProviderName,
  'Amazon Web Services' AS PublisherName,
  source_region AS RegionId,
  source_region AS RegionName,
  NULLIF('', '') AS ResourceId,
  'AI and Machine Learning' AS ServiceCategory,
  'Amazon Bedrock' AS ServiceName,
  'Generative AI' AS ServiceSubcategory,
  model_id || '/' || kind AS SkuId,
  model_id || '/' || kind || '/' || COALESCE(source_region, '') || '/' || COALESCE(service_tier, '') || '/'
    || COALESCE(profile_scope, '') AS SkuPriceId,
  account_id AS SubAccountId,
  COALESCE(account_name, account_id) AS SubAccountName,
  'AWS Account' AS SubAccountType,
  TRUE AS x_IsEstimate,
  kind AS x_TokenKind,
  cost_basis AS x_CostBasis,
  cost_gap AS x_CostGap,
  CAST(calls_priced AS double) / CAST(NULLIF(calls, 0) AS double) AS x_Coverage,
  ou AS x_OrganizationalUnit,
  model_name AS x_ModelName,
  principal_name AS x_PrincipalName,
  profile_name AS x_ProfileName,
  profile_scope AS x_ProfileScope,
  service_tier AS x_ServiceTier,
  price_version AS x_PriceVersion
FROM contracts
LEFT JOIN (
  SELECT account_id AS named_account_id, MAX(name) AS account_name, MAX(ou) AS ou FROM accounts GROUP BY account_id
) AS names ON account_id = named_account_id;
