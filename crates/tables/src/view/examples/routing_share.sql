SELECT inference_region, succeeded_calls, ROUND(share, 3) AS share
FROM routing_share
WHERE dt = '2026-10-05' AND account_id = '111122223333' AND source_region = 'us-east-1'
  AND profile_scope = 'us' AND target_type = 'geo_profile' AND model_name = 'Claude Sonnet 4.6'
ORDER BY share DESC, inference_region;
