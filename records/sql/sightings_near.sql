-- Exact sightings of open incidents in some cells (resolution 9), each cell between two moments and inside a box in
-- degrees WGS84; whoever asks decides by the metre. Leans on sighting_near (network_id, cell9, observed_at).
SELECT s.id, s.cluster_id, ST_X(s.location::geometry) AS lon, ST_Y(s.location::geometry) AS lat, s.observed_at,
       s.source_group, s.vouched, s.activity, s.vehicles, s.plate_token, s.use, s.accuracy_m,
       c.incident_id, i.touched, c.first_seen_at AS cluster_since
FROM unnest(CAST(:cells AS bigint[]), CAST(:sinces AS timestamptz[]), CAST(:untils AS timestamptz[]),
            CAST(:wests AS float8[]), CAST(:souths AS float8[]), CAST(:easts AS float8[]), CAST(:norths AS float8[]))
     AS box(cell, since, until, west, south, east, north)
JOIN sighting s ON s.network_id = :network_id AND s.cell9 = box.cell AND s.observed_at BETWEEN box.since AND box.until
  AND ST_X(s.location::geometry) BETWEEN box.west AND box.east
  AND ST_Y(s.location::geometry) BETWEEN box.south AND box.north
JOIN cluster c ON c.network_id = s.network_id AND c.id = s.cluster_id
JOIN incident i ON i.network_id = c.network_id AND i.id = c.incident_id AND i.ended_at IS NULL
WHERE s.use = 'indexed' AND s.retracted_at IS NULL
