SELECT model_name, succeeded_calls, calls_priced, calls_lower_bound, list_cost_usd
FROM daily_model_cost
WHERE dt = '2026-10-05' AND list_cost_usd IS NOT NULL
ORDER BY list_cost_usd DESC
LIMIT 5;
