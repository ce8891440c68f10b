-- Takes incidents of which something weighs less by now, leaving alone those that somebody works on right now.
-- Leans on incident_weigh_again.
UPDATE incident i SET weigh_again_at = NULL
FROM (SELECT q.id FROM incident q
      WHERE q.network_id = :network_id AND q.weigh_again_at <= :now
      ORDER BY q.id LIMIT :limit
      FOR UPDATE OF q SKIP LOCKED) AS due
WHERE i.network_id = :network_id AND i.id = due.id
RETURNING i.id
