-- An incident as those who send people need it: where it is drawn, the corners of the hull of its sightings (WGS84,
-- longitude first), whether all of them say patrol, and the accounts that reported it.
-- An incident that was merged keeps its own scene: its dispatches stay with it.
-- Leans on cluster_incident, cluster_home, sighting_cluster and sighting_pinned.
SELECT i.id, i.status, i.merged_into, i.was_verified, i.zone_ids, i.sightings, i.vouched_groups, i.cell10,
       ST_X(i.location::geometry) AS lon, ST_Y(i.location::geometry) AS lat,
       found.only_patrol, found.reporters,
       ARRAY(SELECT ARRAY[ST_X(corner.geom), ST_Y(corner.geom)]
             FROM ST_DumpPoints(found.hull) AS corner ORDER BY corner.path) AS corners
FROM incident i
CROSS JOIN LATERAL (
  SELECT ST_ConvexHull(ST_Collect(s.location::geometry)) AS hull,
         coalesce(bool_and(s.activity IS NOT DISTINCT FROM 'patrol'), false) AS only_patrol,
         coalesce(array_agg(DISTINCT who.account_id) FILTER (WHERE who.account_id IS NOT NULL), '{}') AS reporters
  FROM cluster c
  JOIN sighting s ON s.network_id = c.network_id AND s.retracted_at IS NULL
    AND (s.cluster_id = c.id AND s.pinned_id IS NULL OR s.pinned_id = c.id)
  LEFT JOIN reporter who ON who.network_id = s.network_id AND who.id = s.reporter_id
  WHERE c.network_id = i.network_id AND (c.incident_id = i.id OR c.home_id = i.id)) found
WHERE i.network_id = :network_id AND i.id = :incident_id
