-- Writes what the machine found about some incidents, in order, and counts their versions up; places WGS84. Something
-- newer than what was known withdraws a proposal that it is over.
UPDATE incident i
SET status = told.status, standing = told.standing, queue = told.queue, probability = told.probability,
    reasons = told.reasons, location = ST_SetSRID(ST_MakePoint(told.lon, told.lat), 4326)::geography,
    cell7 = told.cell7, cell10 = told.cell10, zone_ids = told.zone_ids, activity = told.activity, unit = told.unit,
    sightings = told.sightings, groups = told.groups, vouched_groups = told.vouched_groups,
    first_seen_at = told.first_seen_at, last_seen_at = told.last_seen_at,
    clear_proposed_at = CASE WHEN told.last_seen_at <= i.last_seen_at THEN i.clear_proposed_at END,
    version = i.version + 1
FROM (SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told(
        id bigint, status text, standing real, queue real, probability real, reasons jsonb, lon float8, lat float8,
        cell7 bigint, cell10 bigint, zone_ids bigint[], activity text, unit text, sightings int, groups int,
        vouched_groups int, first_seen_at timestamptz, last_seen_at timestamptz) ORDER BY id) AS told
WHERE i.network_id = :network_id AND i.id = told.id
RETURNING i.id, i.version
