-- The zones of one tile; EPSG:4326 in, EPSG:3857 tile units out. Leans on zone_boundary (gist on network_id, boundary).
WITH tile AS (
  SELECT ST_TileEnvelope(:z, :x, :y) AS envelope,
         ST_Transform(ST_TileEnvelope(:z, :x, :y, margin => 64.0 / 4096), 4326) AS area
), piece AS (
  SELECT name, ST_AsMVTGeom(ST_Transform(boundary, 3857), envelope, 4096, 64, true) AS geom
  FROM zone, tile
  WHERE network_id = :network_id AND boundary && area
)
SELECT ST_AsMVT(piece, 'zones', 4096, 'geom') FROM piece WHERE geom IS NOT NULL
