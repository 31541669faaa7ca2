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
