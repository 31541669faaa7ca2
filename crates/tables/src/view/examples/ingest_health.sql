SELECT dt, objects, unreadable_objects, records, calls, written, adds_up
FROM ingest_health
ORDER BY dt;
