-- What each source group says in some incidents: its first report that somebody vouched for, else its first, how many
-- it sent, whose people it saw, and what it said is going on: the gravest by the order of `gravest`, and the first;
-- places WGS84. Leans on cluster_incident, sighting_cluster and sighting_pinned, incident by incident.
SELECT asked.incident_id, said.*
FROM unnest(CAST(:ids AS bigint[])) AS asked(incident_id)
CROSS JOIN LATERAL (
  SELECT DISTINCT ON (s.source_group) s.source_group, s.vouched, s.id AS first_id, s.observed_at,
         ST_X(s.location::geometry) AS lon, ST_Y(s.location::geometry) AS lat,
         count(*) OVER own AS reports,
         bool_or(s.vouched AND s.unit = 'local_police') OVER own AS local_police,
         bool_or(s.unit IN ('immigration', 'other_federal') AND s.basis IS NOT NULL) OVER said AS named,
         bool_or(s.unit = 'local_police') OVER said AS other,
         (CAST(:gravest AS text[]))[min(array_position(CAST(:gravest AS text[]), s.activity)) OVER said] AS activity,
         first_value(s.activity) OVER (own ORDER BY s.activity IS NULL, s.observed_at, s.id) AS activity_before
  FROM cluster c
  JOIN sighting s ON s.network_id = c.network_id AND s.retracted_at IS NULL
    AND (s.cluster_id = c.id AND s.pinned_id IS NULL OR s.pinned_id = c.id)
  WHERE c.network_id = :network_id AND c.incident_id = asked.incident_id AND s.location IS NOT NULL
  WINDOW own AS (PARTITION BY s.source_group), said AS (PARTITION BY s.source_group, s.vouched)
  ORDER BY s.source_group, s.vouched DESC, s.observed_at, s.id) AS said
ORDER BY asked.incident_id, said.source_group
