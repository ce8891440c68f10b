-- Takes the plate's token and last two characters from sightings received before a moment; what counsel holds stays.
-- Leans on sighting_plated.
UPDATE sighting s SET plate_token = NULL, plate_tail = NULL
WHERE s.network_id = :network_id AND s.received_at <= :moment
  AND (s.plate_token IS NOT NULL OR s.plate_tail IS NOT NULL)
  AND NOT EXISTS (
    SELECT FROM cluster c
    WHERE c.network_id = s.network_id AND c.id = coalesce(s.pinned_id, s.cluster_id)
      AND c.incident_id IN (SELECT incident_id FROM held_incident WHERE network_id = :network_id))
RETURNING s.id
