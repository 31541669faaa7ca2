SELECT source_region, model_name, succeeded_calls, used_regions, declared_destinations,
  ROUND(effective_regions, 2) AS effective_regions, top_region
FROM routing_spread
WHERE dt = '2026-10-05' AND target_type = 'geo_profile' AND succeeded_calls >= 5
ORDER BY succeeded_calls DESC, source_region, model_name;
