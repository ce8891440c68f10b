-- Sightings as the desk lists them, newest first by the minute shown: those observed since a moment; a page goes on
-- after (minute, id). Places WGS84. Leans on sighting_observed.
SELECT s.id, c.incident_id, s.source_group, s.vouched, s.kind, s.activity, s.unit, s.basis, s.size, s.accuracy_m,
       s.observed_at, s.received_at, s.use, ST_X(s.location::geometry) AS lon, ST_Y(s.location::geometry) AS lat,
       s.cell7, s.cell10, s.vehicles, s.plate_tail, s.note, s.lang, s.flags, s.reporter_id,
       date_trunc('minute', s.observed_at) AS minute
FROM sighting s
LEFT JOIN cluster c ON c.network_id = s.network_id AND c.id = coalesce(s.pinned_id, s.cluster_id)
WHERE s.network_id = :network_id AND s.retracted_at IS NULL
  AND s.observed_at >= :since AND date_trunc('minute', s.observed_at) >= :since
  AND (CAST(:after_id AS bigint) IS NULL
       OR (date_trunc('minute', s.observed_at), s.id) < (CAST(:after_minute AS timestamptz), CAST(:after_id AS bigint)))
ORDER BY minute DESC, s.id DESC
LIMIT :limit
