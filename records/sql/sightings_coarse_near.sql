-- Coarse sightings of open incidents between two moments in a box in degrees WGS84; there are few of them at a time.
-- Leans on sighting_coarse (network_id, observed_at).
SELECT s.id, s.cluster_id, ST_X(s.location::geometry) AS lon, ST_Y(s.location::geometry) AS lat, s.observed_at,
       s.source_group, s.vouched, s.activity, s.vehicles, s.plate_token, s.use, s.accuracy_m, s.unit, s.size,
       c.incident_id, i.touched, c.first_seen_at AS cluster_since
FROM sighting s
JOIN cluster c ON c.network_id = s.network_id AND c.id = s.cluster_id
JOIN incident i ON i.network_id = c.network_id AND i.id = c.incident_id AND i.ended_at IS NULL
WHERE s.network_id = :network_id AND s.use = 'coarse' AND s.retracted_at IS NULL
  AND s.observed_at BETWEEN :since AND :until
  AND ST_X(s.location::geometry) BETWEEN :west AND :east
  AND ST_Y(s.location::geometry) BETWEEN :south AND :north
