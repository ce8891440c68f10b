-- Every sighting of some clusters that was not retracted, places WGS84. Leans on sighting_cluster, cluster by cluster.
SELECT s.id, s.cluster_id, ST_X(s.location::geometry) AS lon, ST_Y(s.location::geometry) AS lat, s.observed_at,
       s.source_group, s.vouched, s.activity, s.vehicles, s.plate_token, s.use, s.accuracy_m, s.unit, s.size,
       c.incident_id, i.touched, c.first_seen_at AS cluster_since
FROM cluster c
JOIN incident i ON i.network_id = c.network_id AND i.id = c.incident_id
CROSS JOIN LATERAL (
  SELECT * FROM sighting
  WHERE network_id = c.network_id AND cluster_id = c.id AND retracted_at IS NULL AND location IS NOT NULL
  OFFSET 0) AS s
WHERE c.network_id = :network_id AND c.id = ANY(CAST(:clusters AS bigint[]))
