SELECT profile_id, source_region, inference_region, COUNT(*) AS calls
FROM residency_exceptions
WHERE dt = '2026-10-05'
GROUP BY profile_id, source_region, inference_region
ORDER BY calls DESC, profile_id, source_region, inference_region
LIMIT 5;
