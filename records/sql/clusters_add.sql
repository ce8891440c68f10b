-- Adds clusters with their incidents, and from when to when their sightings were observed, in order.
INSERT INTO cluster (network_id, id, incident_id, first_seen_at, last_seen_at)
SELECT :network_id, id, incident_id, first_seen_at, last_seen_at
FROM unnest(CAST(:ids AS bigint[]), CAST(:incidents AS bigint[]), CAST(:firsts AS timestamptz[]),
            CAST(:lasts AS timestamptz[])) AS told(id, incident_id, first_seen_at, last_seen_at)
ORDER BY id
