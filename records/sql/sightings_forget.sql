-- Takes from sightings what is past its limit: the exact place, every cell finer than resolution 7, what was written, the
-- vehicles, and the minute; at most some at once, those in other hands and what counsel holds left out. What was verified
-- stands longer, and a merged incident counts as its survivor. Leans on sighting_exact and the primary keys of cluster and incident.
WITH past AS (
  SELECT s.id FROM sighting s
  LEFT JOIN cluster c ON c.network_id = s.network_id AND c.id = coalesce(s.pinned_id, s.cluster_id)
  LEFT JOIN incident i ON i.network_id = c.network_id AND i.id = c.incident_id
  LEFT JOIN incident survivor ON survivor.network_id = i.network_id AND survivor.id = i.merged_into
  WHERE s.network_id = :network_id AND (s.location IS NOT NULL OR s.note IS NOT NULL OR s.vehicles <> '[]')
    AND s.received_at <= :unverified_before
    AND (s.received_at <= :verified_before
         OR NOT coalesce(i.was_verified, false) AND NOT coalesce(survivor.was_verified, false))
    AND coalesce(i.id, 0) NOT IN (SELECT incident_id FROM held_incident WHERE network_id = :network_id)
  LIMIT :at_once
  FOR UPDATE OF s SKIP LOCKED
)
UPDATE sighting s
SET location = NULL, cell8 = NULL, cell9 = NULL, cell10 = NULL, note = NULL, vehicles = '[]', basis = NULL,
    plate_token = NULL, plate_tail = NULL, note_token = NULL, photo_token = NULL,
    observed_at = date_trunc('hour', s.observed_at), received_at = date_trunc('hour', s.received_at)
FROM past WHERE s.network_id = :network_id AND s.id = past.id
RETURNING s.id
