-- Opens many incidents at once, in order; places WGS84. Their figures follow in the same transaction, as version 1.
INSERT INTO incident (network_id, id, location, cell7, cell10, opened_at, first_seen_at, last_seen_at, split_from,
                      version)
SELECT :network_id, id, ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography, cell7, cell10, opened_at, seen_at, seen_at,
       split_from, 0
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told(id bigint, lon float8, lat float8, cell7 bigint, cell10 bigint,
  opened_at timestamptz, seen_at timestamptz, split_from bigint)
ORDER BY id
