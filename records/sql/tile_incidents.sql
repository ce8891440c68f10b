-- Incidents of one tile seen since a time, at the centre of their res-10 cell; the exact place is not even read.
-- Leans on incident_seen (network_id, last_seen_at) and the key of cell_shape.
WITH tile AS (
  SELECT ST_TileEnvelope(:z, :x, :y) AS envelope,
         ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => 64.0 / 4096), 4326) AS area
), piece AS (
  SELECT status, activity, sightings, version,
         ST_AsMVTGeom(ST_Transform(centre, 3857), envelope, 4096, 64, true) AS geom
  FROM incident JOIN cell_shape ON cell = cell10, tile
  WHERE network_id = :network_id AND last_seen_at >= :since AND merged_into IS NULL AND centre && area
)
SELECT ST_AsMVT(piece, 'incidents', 4096, 'geom') FROM piece WHERE geom IS NOT NULL
