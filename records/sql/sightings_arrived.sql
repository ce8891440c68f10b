-- Those of some sightings that take part in clustering and have no cluster yet; places WGS84.
SELECT s.id, s.cluster_id, ST_X(s.location::geometry) AS lon, ST_Y(s.location::geometry) AS lat, s.observed_at,
       s.source_group, s.vouched, s.activity, s.vehicles, s.plate_token, s.use, s.accuracy_m, s.unit, s.size,
       NULL::bigint AS incident_id, false AS touched, s.observed_at AS cluster_since
FROM sighting s
WHERE s.network_id = :network_id AND s.id = ANY(CAST(:ids AS bigint[])) AND s.use IN ('indexed', 'coarse')
  AND s.cluster_id IS NULL AND s.retracted_at IS NULL AND s.location IS NOT NULL
ORDER BY s.id
