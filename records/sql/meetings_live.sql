-- The live dispatches that lead to some incidents, those of all that were merged into them too; nothing is taken.
-- Leans on dispatch_open and incident's primary key: few dispatches are live at a time.
WITH RECURSIVE up AS (
  SELECT d.id AS dispatch_id, i.id, i.merged_into
  FROM dispatch d JOIN incident i ON i.network_id = d.network_id AND i.id = d.incident_id
  WHERE d.network_id = :network_id AND d.state NOT IN ('cleared', 'cancelled', 'unfilled')
  UNION
  SELECT up.dispatch_id, i.id, i.merged_into
  FROM up JOIN incident i ON i.network_id = :network_id AND i.id = up.merged_into
)
SELECT id AS incident_id, dispatch_id AS id FROM up
WHERE merged_into IS NULL AND id = ANY (CAST(:ids AS bigint[]))
ORDER BY 1, 2
