-- What the sightings of some incidents add up to, incidents without any included; WGS84. The place is the middle of the
-- exact ones, of the coarse ones where there are no others, found on the sphere, so that it holds at the antimeridian.
-- Leans on cluster_incident, sighting_cluster and sighting_pinned, incident by incident.
SELECT i.id AS incident_id, i.status, i.touched, said.sightings, said.groups, said.vouched_groups,
       degrees(atan2(said.y, said.x)) AS lon, degrees(atan2(said.z, sqrt(said.x ^ 2 + said.y ^ 2))) AS lat,
       said.unit, said.zone_ids, said.first_seen_at, said.last_seen_at
FROM incident i
CROSS JOIN LATERAL (
  SELECT count(*) AS sightings,
         count(DISTINCT source_group) AS groups,
         count(DISTINCT source_group) FILTER (WHERE vouched) AS vouched_groups,
         sum(share * cosd(lat) * cosd(lon)) AS x, sum(share * cosd(lat) * sind(lon)) AS y, sum(share * sind(lat)) AS z,
         mode() WITHIN GROUP (ORDER BY nullif(unit, 'unknown')) AS unit,
         mode() WITHIN GROUP (ORDER BY zone_ids) AS zone_ids,
         min(observed_at) AS first_seen_at, max(observed_at) AS last_seen_at
  FROM (SELECT s.source_group, s.vouched, s.unit, s.zone_ids, s.observed_at,
               CASE s.use WHEN 'indexed' THEN 1.0 ELSE 1e-9 END AS share,
               ST_X(s.location::geometry) AS lon, ST_Y(s.location::geometry) AS lat
        FROM cluster c
        JOIN sighting s ON s.network_id = c.network_id AND s.retracted_at IS NULL
          AND (s.cluster_id = c.id AND s.pinned_id IS NULL OR s.pinned_id = c.id)
        WHERE c.network_id = i.network_id AND c.incident_id = i.id) AS one) AS said
WHERE i.network_id = :network_id AND i.id = ANY(CAST(:ids AS bigint[]))
ORDER BY i.id
