-- Drops what was judged before a moment of incidents that have ended or live on in another; what counsel holds stays.
-- Leans on judgement_judged.
WITH past AS (
  SELECT j.id FROM judgement j
  JOIN incident i ON i.network_id = j.network_id AND i.id = j.incident_id
    AND (i.ended_at IS NOT NULL OR i.merged_into IS NOT NULL)
  WHERE j.network_id = :network_id AND j.judged_at <= :moment
    AND j.incident_id NOT IN (SELECT incident_id FROM held_incident WHERE network_id = :network_id)
  LIMIT :at_once
  FOR UPDATE OF j SKIP LOCKED
)
DELETE FROM judgement j USING past WHERE j.network_id = :network_id AND j.id = past.id
RETURNING j.id
