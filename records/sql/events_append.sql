-- Writes many facts down at once, numbered in the order given.
INSERT INTO event (network_id, kind, subject, version, responder_id, cell5)
SELECT :network_id, kind, subject, version, responder_id, cell5
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told(
  turn int, kind text, subject bigint, version int, responder_id bigint, cell5 bigint)
ORDER BY turn
