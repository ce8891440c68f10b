-- The ground of one tile, one MVT layer per ground layer; EPSG:4326 in, EPSG:3857 tile units out, 64 units of margin.
-- Leans on ground_shape (gist on network_id, shape).
WITH tile AS (
  SELECT ST_TileEnvelope(:z, :x, :y) AS envelope,
         ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => 64.0 / 4096), 4326) AS area
), piece AS (
  SELECT layer, kind, name,
         ST_AsMVTGeom(ST_Transform(shape, 3857), envelope, 4096, 64, true) AS geom
  FROM ground, tile
  WHERE network_id = :network_id AND min_zoom <= :z AND shape && area
), drawn AS (
  SELECT ST_AsMVT(piece, layer, 4096, 'geom') AS layer_bytes FROM piece WHERE geom IS NOT NULL GROUP BY layer
)
SELECT string_agg(layer_bytes, ''::bytea) FROM drawn
