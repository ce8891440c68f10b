-- Takes some incidents until the end of this transaction, in order, and tells how they stand now.
SELECT id, status, touched, ended_at, merged_into
FROM incident
WHERE network_id = :network_id AND id = ANY(CAST(:ids AS bigint[]))
ORDER BY id
FOR NO KEY UPDATE
