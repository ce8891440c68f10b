-- The zones of one tile, and in a layer of their own the one place of each where its name is written, so that a zone
-- cut by tiles is named once; EPSG:4326 in, EPSG:3857 tile units out. Leans on zone_boundary (gist on network_id, boundary).
WITH tile AS (
  SELECT ST_TileEnvelope(:z, :x, :y) AS envelope,
         ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => 64.0 / 4096), 4326) AS area
), near AS (
  SELECT name, boundary, ST_Transform(ST_PointOnSurface(boundary), 3857) AS middle, envelope
  FROM zone, tile
  WHERE network_id = :network_id AND boundary && area
), piece AS (
  SELECT name, ST_AsMVTGeom(ST_Transform(boundary, 3857), envelope, 4096, 64, true) AS geom FROM near
), spot AS (
  SELECT name, ST_AsMVTGeom(middle, envelope, 4096, 0, true) AS geom FROM near WHERE middle && envelope
), drawn AS (
  SELECT 1 AS turn, ST_AsMVT(piece, 'zones', 4096, 'geom') AS layer_bytes FROM piece WHERE geom IS NOT NULL
  UNION ALL
  SELECT 2, ST_AsMVT(spot, 'zone_names', 4096, 'geom') FROM spot WHERE geom IS NOT NULL
)
SELECT string_agg(layer_bytes, ''::bytea ORDER BY turn) FROM drawn
