SELECT source_region, inference_region, calls_with_latency, latency_p50_ms, latency_p95_ms
FROM latency_by_region
WHERE dt = '2026-10-05' AND profile_id = 'us.anthropic.claude-sonnet-4-6'
ORDER BY source_region, inference_region;
