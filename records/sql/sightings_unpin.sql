-- Lets the sightings of an undone split count for what the last split that still stands says, else for their own cluster.
-- Leans on the primary keys and sighting_override_sighting.
UPDATE sighting s
SET pinned_id = (
  SELECT o.cluster_id
  FROM sighting_override o
  JOIN decision d ON d.network_id = o.network_id AND d.id = o.decision_id AND d.undone_at IS NULL
  WHERE o.network_id = s.network_id AND o.sighting_id = s.id
  ORDER BY d.decided_at DESC, d.id DESC LIMIT 1)
FROM sighting_override undone
WHERE undone.network_id = :network_id AND undone.decision_id = :decision_id
  AND s.network_id = undone.network_id AND s.id = undone.sighting_id
