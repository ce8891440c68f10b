-- Open incidents of one network in which the vehicle of some new sightings was seen too: an equal plate token, or the
-- same looks within an hour; with what is needed to tell whether one vehicle can have been at both. At most 20 of each
-- kind for each new sighting. Leans on sighting_token and sighting_looks, sighting by sighting (OFFSET 0 keeps it so);
-- nobody can ask for a plate.
SELECT DISTINCT f.incident_id AS one, other.incident_id AS other, seen.same_plate,
       least(f.observed_at, seen.observed_at) AS first_at, greatest(f.observed_at, seen.observed_at) AS last_at,
       ST_Distance(f.location, seen.location) AS metres, f.accuracy_m + seen.accuracy_m AS slack_m
FROM unnest(CAST(:ids AS bigint[])) AS asked(id)
CROSS JOIN LATERAL (
  SELECT s.id, c.incident_id, s.plate_token, s.looks, s.observed_at, s.location, s.accuracy_m
  FROM (SELECT *, coalesce(pinned_id, cluster_id) AS counts_in
        FROM sighting
        WHERE network_id = :network_id AND id = asked.id AND retracted_at IS NULL AND location IS NOT NULL
          AND (plate_token IS NOT NULL OR looks IS NOT NULL)
        OFFSET 0) AS s
  JOIN cluster c ON c.network_id = :network_id AND c.id = s.counts_in
  JOIN incident i ON i.network_id = :network_id AND i.id = c.incident_id AND i.ended_at IS NULL AND i.merged_into IS NULL
  OFFSET 0) AS f
CROSS JOIN LATERAL (
  (SELECT true AS same_plate, observed_at, location, accuracy_m, coalesce(pinned_id, cluster_id) AS counts_in
   FROM sighting
   WHERE network_id = :network_id AND plate_token = f.plate_token AND id <> f.id AND retracted_at IS NULL
     AND location IS NOT NULL AND observed_at > CAST(:now AS timestamptz) - interval '72 hours'
   LIMIT 20)
  UNION ALL
  (SELECT false, observed_at, location, accuracy_m, coalesce(pinned_id, cluster_id)
   FROM sighting
   WHERE network_id = :network_id AND looks = f.looks AND id <> f.id AND retracted_at IS NULL
     AND location IS NOT NULL
     AND observed_at BETWEEN f.observed_at - interval '1 hour' AND f.observed_at + interval '1 hour'
   LIMIT 20)) AS seen
CROSS JOIN LATERAL (
  SELECT c.incident_id
  FROM cluster c
  JOIN incident j ON j.network_id = c.network_id AND j.id = c.incident_id AND j.ended_at IS NULL AND j.merged_into IS NULL
  WHERE c.network_id = :network_id AND c.id = seen.counts_in AND c.incident_id <> f.incident_id
  OFFSET 0) AS other
