-- Many public places at once; EPSG:4326, longitude first.
INSERT INTO public_place (network_id, id, kind, name, location)
SELECT :network_id, id, kind, name, ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told(id bigint, kind text, name text, lon float8, lat float8)
