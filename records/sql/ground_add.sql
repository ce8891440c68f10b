-- Many pieces of the base map at once, in order; shapes as WKB in hexadecimal, EPSG:4326.
INSERT INTO ground (network_id, id, layer, kind, name, min_zoom, shape)
SELECT :network_id, id, layer, kind, name, min_zoom, ST_SetSRID(ST_GeomFromWKB(decode(shape, 'hex')), 4326)
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told(
  id bigint, layer text, kind text, name text, min_zoom smallint, shape text)
ORDER BY id
