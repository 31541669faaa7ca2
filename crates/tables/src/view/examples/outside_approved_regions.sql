SELECT inference_region, is_direct, SUM(calls) AS calls
FROM outside_approved_regions
WHERE dt = '2026-10-05'
GROUP BY inference_region, is_direct
ORDER BY calls DESC, inference_region, is_direct
LIMIT 5;
