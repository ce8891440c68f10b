-- Cells of one tile with the sightings in them since a time; shapes come from cell_shape, never from exact places.
-- Leans on sighting_observed (network_id, observed_at) and the key of cell_shape.
WITH tile AS (
  SELECT ST_TileEnvelope(:z, :x, :y) AS envelope,
         ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => 64.0 / 4096), 4326) AS area
), counted AS (
  SELECT CASE :column WHEN 'cell5' THEN cell5 WHEN 'cell6' THEN cell6 WHEN 'cell7' THEN cell7
                      WHEN 'cell8' THEN cell8 ELSE cell9 END AS cell,
         count(*) AS sightings
  FROM sighting
  WHERE network_id = :network_id AND observed_at >= :since AND retracted_at IS NULL
  GROUP BY 1
), piece AS (
  SELECT sightings, ST_AsMVTGeom(ST_Transform(boundary, 3857), envelope, 4096, 64, true) AS geom
  FROM counted JOIN cell_shape USING (cell), tile
  WHERE boundary && area
)
SELECT ST_AsMVT(piece, 'cells', 4096, 'geom') FROM piece WHERE geom IS NOT NULL
