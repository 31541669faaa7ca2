SELECT account_name, ou, principal_name, SUM(list_cost_usd) AS list_cost_usd, SUM(calls_priced) AS priced,
  SUM(succeeded_calls) AS succeeded
FROM chargeback
WHERE dt BETWEEN '2026-10-05' AND '2026-10-07'
GROUP BY account_name, ou, principal_name
HAVING SUM(list_cost_usd) > 0
ORDER BY list_cost_usd DESC
LIMIT 5;
