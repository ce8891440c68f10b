-- Drops what was decided before a moment, with the list of what a split took along, once neither incident is open; what
-- counsel holds stays. Leans on decision_decided.
WITH past AS (
  SELECT d.id FROM decision d
  JOIN incident one ON one.network_id = d.network_id AND one.id = d.incident_id
    AND (one.ended_at IS NOT NULL OR one.merged_into IS NOT NULL)
  JOIN incident two ON two.network_id = d.network_id AND two.id = d.other_id
    AND (two.ended_at IS NOT NULL OR two.merged_into IS NOT NULL)
  WHERE d.network_id = :network_id AND d.decided_at <= :moment
    AND NOT EXISTS (SELECT FROM held_incident h
                    WHERE h.network_id = :network_id AND h.incident_id IN (d.incident_id, d.other_id))
  LIMIT :at_once
  FOR UPDATE OF d SKIP LOCKED
), along AS (
  DELETE FROM sighting_override o USING past WHERE o.network_id = :network_id AND o.decision_id = past.id
)
DELETE FROM decision d USING past WHERE d.network_id = :network_id AND d.id = past.id
RETURNING d.id
