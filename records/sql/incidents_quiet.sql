-- Ends unverified incidents in which nothing new was seen since a moment and to which, or to what was merged into them,
-- nobody is being sent; those that somebody is working on right now are left for later.
-- Leans on incident_open, dispatch_open and incident's primary key: few dispatches are live at a time.
WITH RECURSIVE up AS (
  SELECT i.id, i.merged_into
  FROM dispatch d JOIN incident i ON i.network_id = d.network_id AND i.id = d.incident_id
  WHERE d.network_id = :network_id AND d.state NOT IN ('cleared', 'cancelled', 'unfilled')
  UNION
  SELECT i.id, i.merged_into FROM up JOIN incident i ON i.network_id = :network_id AND i.id = up.merged_into
),
-- Chosen once, before anything is joined to it: chosen anew for each row, the limit would be none.
quiet AS MATERIALIZED (
  SELECT q.id FROM incident q
  WHERE q.network_id = :network_id AND q.id > :after AND q.status = 'unverified' AND q.merged_into IS NULL
    AND q.last_seen_at < :before AND q.opened_at < :before
    AND NOT EXISTS (SELECT FROM up WHERE up.id = q.id)
  ORDER BY q.id LIMIT :limit
  FOR UPDATE OF q SKIP LOCKED
)
UPDATE incident i SET status = 'closed', ended_at = :now, version = i.version + 1
FROM quiet
WHERE i.network_id = :network_id AND i.id = quiet.id
RETURNING i.id, i.version, i.cell7
