-- Open incidents of one network in which the vehicle of some new sightings was seen too: an equal plate token, or the
-- same looks within an hour; with what is needed to tell whether one vehicle can have been at both. At most 20 of each
-- kind for each new sighting. Leans on sighting_token and sighting_looks; nobody can ask for a plate.
WITH fresh AS (
  SELECT s.id, c.incident_id, s.plate_token, s.looks, s.observed_at, s.location, s.accuracy_m
  FROM sighting s
  JOIN cluster c ON c.network_id = s.network_id AND c.id = coalesce(s.pinned_id, s.cluster_id)
  WHERE s.network_id = :network_id AND s.id = ANY(CAST(:ids AS bigint[])) AND s.retracted_at IS NULL
    AND (s.plate_token IS NOT NULL OR s.looks IS NOT NULL)
)
SELECT DISTINCT f.incident_id AS one, c.incident_id AS other, seen.same_plate,
       least(f.observed_at, seen.observed_at) AS first_at, greatest(f.observed_at, seen.observed_at) AS last_at,
       ST_Distance(f.location, seen.location) AS metres, f.accuracy_m + seen.accuracy_m AS slack_m
FROM fresh f
CROSS JOIN LATERAL (
  (SELECT true AS same_plate, observed_at, location, accuracy_m, coalesce(pinned_id, cluster_id) AS counts_in
   FROM sighting
   WHERE network_id = :network_id AND plate_token = f.plate_token AND id <> f.id AND retracted_at IS NULL
     AND observed_at > CAST(:now AS timestamptz) - interval '72 hours'
   LIMIT 20)
  UNION ALL
  (SELECT false, observed_at, location, accuracy_m, coalesce(pinned_id, cluster_id)
   FROM sighting
   WHERE network_id = :network_id AND looks = f.looks AND id <> f.id AND retracted_at IS NULL
     AND observed_at BETWEEN f.observed_at - interval '1 hour' AND f.observed_at + interval '1 hour'
   LIMIT 20)) AS seen
JOIN cluster c ON c.network_id = :network_id AND c.id = seen.counts_in AND c.incident_id <> f.incident_id
JOIN incident i ON i.network_id = :network_id AND i.id = f.incident_id AND i.ended_at IS NULL AND i.merged_into IS NULL
JOIN incident j ON j.network_id = :network_id AND j.id = c.incident_id AND j.ended_at IS NULL AND j.merged_into IS NULL
WHERE f.location IS NOT NULL AND seen.location IS NOT NULL
