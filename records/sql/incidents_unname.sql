-- Takes who verified, and the minutes that are left, from incidents whose judgements are gone. Leans on incident_named.
WITH past AS (
  SELECT i.id FROM incident i
  WHERE i.network_id = :network_id AND i.was_verified AND NOT i.people_forgotten
    AND i.last_seen_at <= :moment AND i.ended_at IS NOT NULL AND i.coarse_since IS NOT NULL
    AND NOT EXISTS (SELECT FROM judgement j WHERE j.network_id = i.network_id AND j.incident_id = i.id)
    AND i.id NOT IN (SELECT incident_id FROM held_incident WHERE network_id = :network_id)
  LIMIT :at_once
  FOR UPDATE OF i SKIP LOCKED
)
UPDATE incident i
SET verifier1 = NULL, verifier1_lineage = NULL, verifier2 = NULL, verifier2_lineage = NULL, people_forgotten = true,
    ended_at = date_trunc('hour', i.ended_at), clear_proposed_at = NULL, weigh_again_at = NULL
FROM past WHERE i.network_id = :network_id AND i.id = past.id
RETURNING i.id
