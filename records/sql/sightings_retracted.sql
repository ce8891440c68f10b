-- Some sightings that were taken back, with the clusters of open incidents they still stand in, places WGS84.
SELECT s.id, s.cluster_id, ST_X(s.location::geometry) AS lon, ST_Y(s.location::geometry) AS lat, s.observed_at,
       s.source_group, s.vouched, s.activity, s.vehicles, s.plate_token, s.use, s.accuracy_m, s.unit, s.size,
       c.incident_id, i.touched, c.first_seen_at AS cluster_since
FROM sighting s
JOIN cluster c ON c.network_id = s.network_id AND c.id = s.cluster_id
JOIN incident i ON i.network_id = c.network_id AND i.id = c.incident_id AND i.ended_at IS NULL
WHERE s.network_id = :network_id AND s.id = ANY(CAST(:ids AS bigint[])) AND s.retracted_at IS NOT NULL
  AND s.location IS NOT NULL
