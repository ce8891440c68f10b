-- Drops what was said before a moment together with its answer, once neither is shown to anybody any more; what counsel
-- holds stays. Leans on statement_proposed and the key of answers.
WITH past AS (
  SELECT s.id FROM statement s
  LEFT JOIN statement answer ON answer.network_id = s.network_id AND answer.answers = s.id
  WHERE s.network_id = :network_id AND s.answers IS NULL
    AND greatest(s.proposed_at, s.said_at, s.ended_at, answer.said_at) <= :moment
    AND s.incident_id NOT IN (SELECT incident_id FROM held_incident WHERE network_id = :network_id)
  LIMIT :at_once
  FOR UPDATE OF s SKIP LOCKED
)
DELETE FROM statement s USING past
WHERE s.network_id = :network_id AND (s.id = past.id OR s.answers = past.id)
RETURNING s.id
