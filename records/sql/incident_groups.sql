-- What each source group says in some incidents: its first report that somebody vouched for, else its first, and how
-- many it sent; places WGS84. Leans on cluster_incident and sighting_cluster.
SELECT DISTINCT ON (incident_id, source_group) incident_id, source_group, vouched, id AS first_id, observed_at,
       ST_X(location::geometry) AS lon, ST_Y(location::geometry) AS lat,
       count(*) OVER own AS reports,
       bool_or(vouched AND unit = 'local_police') OVER own AS local_police
FROM (SELECT c.incident_id, s.source_group, s.vouched, s.id, s.observed_at, s.location, s.unit
      FROM cluster c
      JOIN sighting s ON s.network_id = c.network_id AND s.cluster_id = c.id AND s.retracted_at IS NULL
      WHERE c.network_id = :network_id AND c.incident_id = ANY(CAST(:ids AS bigint[])) AND s.location IS NOT NULL
     ) AS said
WINDOW own AS (PARTITION BY incident_id, source_group)
ORDER BY incident_id, source_group, vouched DESC, observed_at, id
