CREATE OR REPLACE VIEW unresolved AS
SELECT dt, model_ref, reason, calls, accounts, first_seen, last_seen
FROM unresolved_models;
