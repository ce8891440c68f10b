-- Named public places within some metres of a place, nearest first; EPSG:4326, metres on the spheroid.
-- Leans on ground_shape (gist on network_id, shape): the box is taken first, the true distance after.
WITH here AS (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS point)
SELECT name,
       ST_X(ST_PointOnSurface(shape)) AS lon,
       ST_Y(ST_PointOnSurface(shape)) AS lat,
       ST_Distance(ST_PointOnSurface(shape)::geography, point::geography) AS away_m
FROM ground, here
WHERE network_id = :network_id
  AND layer = 'place'
  AND name IS NOT NULL
  AND shape && ST_Expand(point, :within_m / (111000.0 * greatest(0.05, cos(radians(:lat)))), :within_m / 110000.0)
  AND ST_DWithin(shape::geography, point::geography, :within_m)
ORDER BY away_m, name, id
LIMIT :limit
