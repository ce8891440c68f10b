-- Some incidents and, all the way down, those that were merged into them. Leans on incident_merged.
WITH RECURSIVE family AS (
  SELECT id FROM incident WHERE network_id = :network_id AND id = ANY(CAST(:ids AS bigint[]))
  UNION
  SELECT i.id FROM family JOIN incident i ON i.network_id = :network_id AND i.merged_into = family.id
)
SELECT id FROM family ORDER BY id
