-- Of some dispatches: the meeting point and the incident's place (WGS84, longitude first), cell and zones.
-- Leans on the primary keys.
SELECT d.id,
       ST_X(d.meeting_point::geometry) AS meeting_lon, ST_Y(d.meeting_point::geometry) AS meeting_lat,
       ST_X(i.location::geometry) AS lon, ST_Y(i.location::geometry) AS lat, i.cell10, i.zone_ids
FROM dispatch d JOIN incident i ON i.network_id = d.network_id AND i.id = d.incident_id
WHERE d.network_id = :network_id AND d.id = ANY (CAST(:ids AS bigint[]))
