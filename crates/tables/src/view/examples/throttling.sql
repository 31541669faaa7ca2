SELECT event_hour, source_region, profile_scope, model_name, calls, throttled_calls, peak_calls, away_share
FROM throttling
WHERE dt = '2026-10-06' AND throttled_calls > 0
ORDER BY event_hour, source_region, model_name;
