-- Where an incident is, exactly: WGS84, longitude first. Leans on the primary key.
SELECT ST_X(location::geometry) AS lon, ST_Y(location::geometry) AS lat
FROM incident
WHERE network_id = :network_id AND id = :incident_id
