-- How many sightings nobody vouched for are in use in each of some cells (resolution 9) and hours of observation.
-- Leans on sighting_near (network_id, cell9, observed_at), the one index that a pair of columns compared fits.
SELECT asked.cell AS cell9, asked.hour, count(s.id) AS sightings
FROM unnest(CAST(:cells AS bigint[]), CAST(:hours AS timestamptz[])) AS asked(cell, hour)
LEFT JOIN sighting s ON s.network_id = :network_id AND s.retracted_at IS NULL
  AND (s.cell9, s.observed_at) >= (asked.cell, asked.hour)
  AND (s.cell9, s.observed_at) < (asked.cell, asked.hour + interval '1 hour')
  AND NOT s.vouched AND s.use IN ('indexed', 'coarse')
GROUP BY asked.cell, asked.hour
