-- What the sightings of some incidents add up to, incidents without any included; the place is the middle of the exact
-- ones, of the coarse ones where there are no others, found on the sphere, so that it holds at the antimeridian (WGS84). Leans on cluster_incident and sighting_cluster.
SELECT i.id AS incident_id, i.status, i.touched, count(s.id) AS sightings,
       count(DISTINCT s.source_group) AS groups,
       count(DISTINCT s.source_group) FILTER (WHERE s.vouched) AS vouched_groups,
       ST_X(coalesce(ST_Centroid(ST_Collect(s.location::geometry) FILTER (WHERE s.use = 'indexed')::geography),
                     ST_Centroid(ST_Collect(s.location::geometry)::geography))::geometry) AS lon,
       ST_Y(coalesce(ST_Centroid(ST_Collect(s.location::geometry) FILTER (WHERE s.use = 'indexed')::geography),
                     ST_Centroid(ST_Collect(s.location::geometry)::geography))::geometry) AS lat,
       mode() WITHIN GROUP (ORDER BY s.activity) AS activity,
       mode() WITHIN GROUP (ORDER BY nullif(s.unit, 'unknown')) AS unit,
       mode() WITHIN GROUP (ORDER BY s.zone_ids) AS zone_ids,
       min(s.observed_at) AS first_seen_at, max(s.observed_at) AS last_seen_at
FROM incident i
LEFT JOIN cluster c ON c.network_id = i.network_id AND c.incident_id = i.id
LEFT JOIN sighting s ON s.network_id = c.network_id AND s.cluster_id = c.id AND s.retracted_at IS NULL
WHERE i.network_id = :network_id AND i.id = ANY(CAST(:ids AS bigint[]))
GROUP BY i.id, i.status, i.touched
ORDER BY i.id
