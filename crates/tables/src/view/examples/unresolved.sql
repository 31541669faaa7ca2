SELECT model_ref, reason, calls, first_seen, last_seen
FROM unresolved
WHERE dt = '2026-10-05'
ORDER BY calls DESC, reason, model_ref
LIMIT 3;
