-- The open window over some cells (resolution 9): every sighting of every cluster of an open incident that holds one
-- observed there since a moment; places WGS84. Leans on sighting_near (a pair of columns compared fits no other index)
-- and sighting_cluster; OFFSET 0 keeps the planner to one cell and one cluster at a time.
WITH here AS MATERIALIZED (
  SELECT DISTINCT found.cluster_id
  FROM unnest(CAST(:cells AS bigint[])) AS asked(cell)
  CROSS JOIN LATERAL (
    SELECT cluster_id FROM sighting
    WHERE network_id = :network_id AND retracted_at IS NULL
      AND (cell9, observed_at) >= (asked.cell, CAST(:since AS timestamptz))
      AND (cell9, observed_at) <= (asked.cell, 'infinity'::timestamptz)
    OFFSET 0) AS found
  WHERE found.cluster_id IS NOT NULL
)
SELECT s.id, s.cluster_id, ST_X(s.location::geometry) AS lon, ST_Y(s.location::geometry) AS lat, s.observed_at,
       s.source_group, s.vouched, s.activity, s.vehicles, s.plate_token, s.use, s.accuracy_m, s.unit, s.size, s.basis, s.zone_ids,
       of.incident_id, of.touched, of.cluster_since, of.incident_version, of.alone
FROM here
CROSS JOIN LATERAL (
  SELECT c.incident_id, i.touched, c.first_seen_at AS cluster_since, i.version AS incident_version,
         NOT EXISTS (SELECT FROM cluster o WHERE o.network_id = c.network_id AND o.incident_id = c.incident_id
                     AND o.id <> c.id)
         AND NOT EXISTS (SELECT FROM sighting p WHERE p.network_id = c.network_id AND p.cluster_id = c.id
                         AND p.pinned_id IS NOT NULL) AS alone
  FROM cluster c
  JOIN incident i ON i.network_id = c.network_id AND i.id = c.incident_id AND i.ended_at IS NULL
  WHERE c.network_id = :network_id AND c.id = here.cluster_id
  OFFSET 0) AS of
CROSS JOIN LATERAL (
  SELECT * FROM sighting
  WHERE network_id = :network_id AND cluster_id = here.cluster_id AND retracted_at IS NULL AND location IS NOT NULL
  OFFSET 0) AS s
