CREATE OR REPLACE VIEW ingest_health AS
SELECT dt,
  COUNT(*) AS objects,
  CAST(SUM(CASE WHEN status = 'unreadable' THEN 1 ELSE 0 END) AS bigint) AS unreadable_objects,
  CAST(SUM(CASE WHEN digest_status = 'mismatch' THEN 1 ELSE 0 END) AS bigint) AS mismatched_objects,
  CAST(SUM(bytes) AS bigint) AS bytes,
  CAST(SUM(records) AS bigint) AS records,
  CAST(SUM(calls) AS bigint) AS calls,
  CAST(SUM(skipped) AS bigint) AS skipped,
  CAST(SUM(rejected) AS bigint) AS rejected,
  CAST(SUM(written) AS bigint) AS written,
  CAST(SUM(duplicates) AS bigint) AS duplicates,
  CAST(SUM(other_day) AS bigint) AS other_day,
  SUM(records) = SUM(calls) + SUM(skipped) + SUM(rejected)
    AND SUM(calls) = SUM(written) + SUM(duplicates) + SUM(other_day) AS adds_up
FROM ingest
GROUP BY dt;
