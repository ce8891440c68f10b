-- Public places two people can meet at, within some metres of a place, nearest first; EPSG:4326, metres on the
-- spheroid. Those the import vetted, and of the drawn ones squares, markets, libraries, halls and stations: never a
-- school, a clinic or the name of a quarter, and nothing inside a building.
-- Leans on public_place_location, and on ground_shape (gist on network_id, shape): the box first, the distance after.
WITH here AS (
  SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS point,
         ST_Expand(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326),
                   :within_m / (111000.0 * greatest(0.05, cos(radians(:lat)))), :within_m / 110000.0) AS box
), near AS (
  SELECT p.id, p.name, p.location::geometry AS place
  FROM public_place p, here
  WHERE p.network_id = :network_id AND p.kind <> 'crossing' AND ST_DWithin(p.location, point::geography, :within_m)
  UNION ALL
  SELECT g.id, g.name, ST_PointOnSurface(g.shape)
  FROM ground g, here
  WHERE g.network_id = :network_id AND g.layer = 'place' AND g.name IS NOT NULL
    AND g.kind IN ('square', 'market', 'library', 'community', 'station')
    AND g.shape && box AND ST_DWithin(g.shape::geography, point::geography, :within_m)
)
SELECT name, ST_X(place) AS lon, ST_Y(place) AS lat, ST_Distance(place::geography, point::geography) AS away_m
FROM near, here
WHERE NOT EXISTS (SELECT 1 FROM ground b
                  WHERE b.network_id = :network_id AND b.layer = 'building' AND b.shape && place
                    AND ST_Covers(b.shape, place))
ORDER BY away_m, name, id
LIMIT :limit
