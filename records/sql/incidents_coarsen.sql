-- Puts incidents at the middle of coarser cells and to the hour, with their clusters, and drops the reasons of their
-- score; how long it took to verify them is kept apart before the minute goes.
-- Parameters: network_id, moment, rows (json: id, lon and lat in WGS84, cell10).
WITH told AS (
  SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told(id bigint, lon float8, lat float8, cell10 bigint)
), took AS (
  INSERT INTO past_time AS known (network_id, step, day_on, tenths_min, times)
  SELECT i.network_id, 'verified', (i.first_seen_at AT TIME ZONE 'UTC')::date,
         round(extract(epoch FROM j.second_at - i.opened_at) / 6)::int, count(*)
  FROM told JOIN incident i ON i.network_id = :network_id AND i.id = told.id
  CROSS JOIN LATERAL (
    SELECT judged_at AS second_at FROM judgement
    WHERE network_id = i.network_id AND incident_id = i.id AND verdict = 'verified' AND undone_at IS NULL
    ORDER BY judged_at, id OFFSET 1 LIMIT 1
  ) j
  GROUP BY 1, 2, 3, 4
  ON CONFLICT (network_id, step, day_on, tenths_min) DO UPDATE SET times = known.times + EXCLUDED.times
), clusters AS (
  UPDATE cluster c
  SET first_seen_at = date_trunc('hour', c.first_seen_at), last_seen_at = date_trunc('hour', c.last_seen_at)
  FROM told WHERE c.network_id = :network_id AND c.incident_id = told.id
)
UPDATE incident i
SET location = ST_SetSRID(ST_MakePoint(told.lon, told.lat), 4326)::geography, cell10 = told.cell10, reasons = '[]',
    opened_at = date_trunc('hour', i.opened_at), first_seen_at = date_trunc('hour', i.first_seen_at),
    last_seen_at = date_trunc('hour', i.last_seen_at), ended_at = date_trunc('hour', i.ended_at), coarse_since = :moment
FROM told
WHERE i.network_id = :network_id AND i.id = told.id
