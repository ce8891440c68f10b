-- Takes some incidents until the end of this transaction, in the order given, and tells how they and some others stand
-- now. Each is looked up by its key: the planner would rather read all of a network's (OFFSET 0 keeps it from that).
SELECT held.*
FROM unnest(CAST(:ids AS bigint[])) AS asked(id)
CROSS JOIN LATERAL (
  SELECT id, status, touched, version, ended_at IS NOT NULL AS ended, merged_into IS NOT NULL AS merged
  FROM incident
  WHERE network_id = :network_id AND id = asked.id
  FOR NO KEY UPDATE) AS held
UNION ALL
SELECT seen.*
FROM unnest(CAST(:others AS bigint[])) AS asked(id)
CROSS JOIN LATERAL (
  SELECT id, status, touched, version, ended_at IS NOT NULL, merged_into IS NOT NULL
  FROM incident
  WHERE network_id = :network_id AND id = asked.id
  OFFSET 0) AS seen
