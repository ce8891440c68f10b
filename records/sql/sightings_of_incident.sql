-- The sightings that count for one incident, and those it brought along where it was merged into another since, newest
-- first by the minute shown. Places WGS84. Leans on cluster_incident, cluster_home, sighting_cluster, sighting_pinned.
SELECT s.id, c.incident_id, s.source_group, s.vouched, s.kind, s.activity, s.unit, s.basis, s.size, s.accuracy_m,
       s.observed_at, s.received_at, s.use, ST_X(s.location::geometry) AS lon, ST_Y(s.location::geometry) AS lat,
       s.cell7, s.cell10, s.vehicles, s.plate_tail, s.note, s.lang, s.flags, s.reporter_id,
       date_trunc('minute', s.observed_at) AS minute
FROM cluster c
JOIN sighting s ON s.network_id = c.network_id AND s.retracted_at IS NULL
  AND (s.cluster_id = c.id AND s.pinned_id IS NULL OR s.pinned_id = c.id)
WHERE c.network_id = :network_id AND (c.incident_id = :incident_id OR c.home_id = :incident_id)
ORDER BY minute DESC, s.id DESC
LIMIT :limit
