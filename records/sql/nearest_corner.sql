-- The nearest corner of two named streets within some metres; EPSG:4326, metres on the spheroid.
-- Leans on public_place_location (gist on network_id, location) for the order by distance.
SELECT name, ST_X(location::geometry) AS lon, ST_Y(location::geometry) AS lat,
       ST_Distance(location, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography) AS away_m
FROM public_place
WHERE network_id = :network_id AND kind IN ('corner', 'crossing')
  AND ST_DWithin(location, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography, :within_m)
ORDER BY away_m, name
LIMIT 1
