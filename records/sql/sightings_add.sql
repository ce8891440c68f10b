-- Stores many sightings at once, in order, each with the cluster it stands in; places WGS84, longitude first.
INSERT INTO sighting (network_id, id, reporter_id, source_group, lineage, vouched, kind, activity, unit, basis, size,
  accuracy_m, observed_at, received_at, clamped, use, location, cell5, cell6, cell7, cell8, cell9, cell10, zone_ids,
  vehicles, plate_token, plate_tail, note, lang, flags, note_token, photo_token, cluster_id)
SELECT :network_id, id, reporter_id, source_group, lineage, vouched, kind, activity, unit, basis, size,
  accuracy_m, observed_at, received_at, clamped, use, ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography,
  cell5, cell6, cell7, cell8, cell9, cell10, zone_ids, vehicles, plate_token, plate_tail, note, lang,
  flags, note_token, photo_token, cluster_id
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told(
  id bigint, reporter_id bigint, source_group bigint, lineage bigint, vouched boolean, kind text, activity text,
  unit text, basis text, size int, accuracy_m real, observed_at timestamptz, received_at timestamptz, clamped boolean,
  use text, lon float8, lat float8, cell5 bigint, cell6 bigint, cell7 bigint, cell8 bigint, cell9 bigint,
  cell10 bigint, zone_ids bigint[], vehicles jsonb, plate_token bigint, plate_tail text, note text, lang text,
  flags text[], note_token bigint, photo_token bigint)
JOIN unnest(CAST(:ids AS bigint[]), CAST(:clusters AS bigint[])) AS stands(id, cluster_id) USING (id)
ORDER BY id
