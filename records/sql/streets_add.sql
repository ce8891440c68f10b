-- Many sections of streets at once; lines as WKB in hexadecimal, EPSG:4326, longitude first.
INSERT INTO street (network_id, id, name, kind, foot, bicycle, car, public, start_junction, end_junction, line)
SELECT :network_id, id, name, kind, foot, bicycle, car, public, start_junction, end_junction,
       ST_SetSRID(ST_GeomFromWKB(decode(line, 'hex')), 4326)
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told(
  id bigint, name text, kind text, foot smallint, bicycle smallint, car smallint, public boolean,
  start_junction bigint, end_junction bigint, line text)
