-- Drops sightings whose time is over: of what nobody verified, then of what was verified; what counsel holds stays.
-- Leans on sighting_all and the primary keys of cluster and incident.
WITH past AS (
  SELECT s.id FROM sighting s
  LEFT JOIN cluster c ON c.network_id = s.network_id AND c.id = coalesce(s.pinned_id, s.cluster_id)
  LEFT JOIN incident i ON i.network_id = c.network_id AND i.id = c.incident_id
  LEFT JOIN incident survivor ON survivor.network_id = i.network_id AND survivor.id = i.merged_into
  WHERE s.network_id = :network_id AND s.received_at <= :unverified_before
    AND (s.received_at <= :verified_before
         OR NOT coalesce(i.was_verified, false) AND NOT coalesce(survivor.was_verified, false))
    AND coalesce(i.id, 0) NOT IN (SELECT incident_id FROM held_incident WHERE network_id = :network_id)
    AND NOT EXISTS (SELECT FROM sighting_override o WHERE o.network_id = s.network_id AND o.sighting_id = s.id)
  LIMIT :at_once
  FOR UPDATE OF s SKIP LOCKED
)
DELETE FROM sighting s USING past WHERE s.network_id = :network_id AND s.id = past.id
RETURNING s.id
