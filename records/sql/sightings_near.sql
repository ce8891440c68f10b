-- Exact sightings of open incidents in some cells (resolution 9), each cell between two moments and inside a box in
-- degrees WGS84; whoever asks decides by the metre. Leans on sighting_near (network_id, cell9, observed_at): OFFSET 0
-- keeps the planner from looking at everything at once, and a pair of columns compared fits no other index.
SELECT s.id, s.cluster_id, s.lon, s.lat, s.observed_at, s.source_group, s.vouched, s.activity, s.vehicles,
       s.plate_token, s.use, s.accuracy_m, s.unit, s.size, of.incident_id, of.touched, of.cluster_since
FROM jsonb_to_recordset(CAST(:boxes AS jsonb)) AS box(
       cell bigint, since timestamptz, until timestamptz, west float8, south float8, east float8, north float8)
CROSS JOIN LATERAL (
  SELECT *, ST_X(location::geometry) AS lon, ST_Y(location::geometry) AS lat
  FROM sighting
  WHERE network_id = :network_id
    AND (cell9, observed_at) >= (box.cell, box.since) AND (cell9, observed_at) <= (box.cell, box.until)
    AND use = 'indexed' AND retracted_at IS NULL
  OFFSET 0) AS s
CROSS JOIN LATERAL (
  SELECT c.incident_id, i.touched, c.first_seen_at AS cluster_since
  FROM cluster c
  JOIN incident i ON i.network_id = c.network_id AND i.id = c.incident_id AND i.ended_at IS NULL
  WHERE c.network_id = :network_id AND c.id = s.cluster_id
  OFFSET 0) AS of
WHERE s.lon BETWEEN box.west AND box.east AND s.lat BETWEEN box.south AND box.north
