-- How many live dispatches each of some incidents has, those of incidents merged into it included.
-- Leans on dispatch_open and the primary key of incident: few dispatches are live at a time.
WITH RECURSIVE up AS (
  SELECT d.id AS dispatch_id, i.id, i.merged_into
  FROM dispatch d
  JOIN incident i ON i.network_id = d.network_id AND i.id = d.incident_id
  WHERE d.network_id = :network_id AND d.state NOT IN ('cleared', 'cancelled', 'unfilled')
  UNION
  SELECT up.dispatch_id, i.id, i.merged_into
  FROM up JOIN incident i ON i.network_id = :network_id AND i.id = up.merged_into
)
SELECT id, count(*) AS live FROM up WHERE id = ANY(CAST(:ids AS bigint[])) GROUP BY id
