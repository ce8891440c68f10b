-- What counts for an incident: every sighting with the cell it stands in (resolution 9), when it was observed, and where
-- it was seen while that is kept (WGS84). Leans on cluster_incident, sighting_cluster and sighting_pinned.
SELECT s.id, s.cell9, s.observed_at, ST_X(s.location::geometry) AS lon, ST_Y(s.location::geometry) AS lat
FROM cluster c
JOIN sighting s ON s.network_id = c.network_id AND s.retracted_at IS NULL
  AND (s.cluster_id = c.id AND s.pinned_id IS NULL OR s.pinned_id = c.id)
WHERE c.network_id = :network_id AND c.incident_id = ANY(CAST(:incidents AS bigint[]))
ORDER BY s.observed_at, s.id
