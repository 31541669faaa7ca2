SELECT profile_id, destination_region, SUM(succeeded_calls) AS calls, MIN(used_on) AS first_day, MAX(used_on) AS last_day
FROM destination_use
WHERE dt BETWEEN '2026-10-05' AND '2026-10-07' AND account_id = '111122223333'
  AND source_region = 'us-east-1' AND profile_id LIKE 'us.%'
GROUP BY profile_id, destination_region
ORDER BY profile_id, destination_region
LIMIT 6;
