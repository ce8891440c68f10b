-- Takes incidents of which something weighs less by now, leaving alone those that somebody works on right now.
-- Leans on incident_weigh_again.
WITH due AS MATERIALIZED (
  SELECT q.id FROM incident q
  WHERE q.network_id = :network_id AND q.id > :after AND q.weigh_again_at <= :now
  ORDER BY q.id LIMIT :limit
  FOR UPDATE OF q SKIP LOCKED
)
UPDATE incident i SET weigh_again_at = NULL
FROM due
WHERE i.network_id = :network_id AND i.id = due.id
RETURNING i.id
