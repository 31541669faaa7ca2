SELECT blocked_region, policy_type, leg, denied_calls, succeeded_home_calls, succeeded_there_calls, cause
FROM denials_by_region
WHERE dt = '2026-10-05' AND blocked_region IS NOT NULL
ORDER BY denied_calls DESC, blocked_region, policy_type, leg, profile_scope, model_id
LIMIT 5;
