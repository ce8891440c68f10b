-- Writes from when to when the sightings of some clusters were observed.
UPDATE cluster c SET first_seen_at = told.first_seen_at, last_seen_at = told.last_seen_at
FROM (SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:firsts AS timestamptz[]), CAST(:lasts AS timestamptz[]))
      AS told(id, first_seen_at, last_seen_at) ORDER BY id) AS told
WHERE c.network_id = :network_id AND c.id = told.id
