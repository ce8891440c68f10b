-- Takes some incidents until the end of this transaction, in order, and tells how they and some others stand now.
WITH held AS MATERIALIZED (
  SELECT id, status, touched, version, ended_at IS NOT NULL AS ended, merged_into IS NOT NULL AS merged
  FROM incident
  WHERE network_id = :network_id AND id = ANY(CAST(:ids AS bigint[]))
  ORDER BY id
  FOR NO KEY UPDATE
)
SELECT * FROM held
UNION ALL
SELECT id, status, touched, version, ended_at IS NOT NULL, merged_into IS NOT NULL
FROM incident
WHERE network_id = :network_id AND id = ANY(CAST(:others AS bigint[]))
