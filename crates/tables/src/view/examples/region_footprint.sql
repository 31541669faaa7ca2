SELECT region, SUM(served_calls) AS served_calls
FROM region_footprint
WHERE dt = '2026-10-05' AND is_inference_only
GROUP BY region
ORDER BY served_calls DESC, region
LIMIT 5;
