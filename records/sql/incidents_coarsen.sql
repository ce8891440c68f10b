-- Puts incidents at the middle of coarser cells and to the hour, and drops the reasons of their score.
-- Parameters: network_id, moment, rows (json: id, lon and lat in WGS84, cell10).
UPDATE incident i
SET location = ST_SetSRID(ST_MakePoint(told.lon, told.lat), 4326)::geography, cell10 = told.cell10, reasons = '[]',
    opened_at = date_trunc('hour', i.opened_at), first_seen_at = date_trunc('hour', i.first_seen_at),
    last_seen_at = date_trunc('hour', i.last_seen_at), coarse_since = :moment
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told(id bigint, lon float8, lat float8, cell10 bigint)
WHERE i.network_id = :network_id AND i.id = told.id
