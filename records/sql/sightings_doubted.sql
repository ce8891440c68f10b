-- What new sightings are held against: the recent pins of the same reporters (a list of longitude, latitude, seconds
-- since 1970-01-01 UTC, accuracy in metres; WGS84), and the first source of the same words or the same photo. Leans on
-- sighting_reporter, sighting_note and sighting_photo.
SELECT 'reporter' AS kind, asked.id AS about, 0 AS source_group, own.pins
FROM unnest(CAST(:reporters AS bigint[])) AS asked(id)
CROSS JOIN LATERAL (
  SELECT CAST(json_agg(json_build_array(ST_X(last.location::geometry), ST_Y(last.location::geometry),
                                        extract(epoch FROM last.observed_at), last.accuracy_m)) AS text) AS pins
  FROM (
    SELECT s.observed_at, s.accuracy_m, s.location FROM sighting s
    WHERE s.network_id = :network_id AND s.reporter_id = asked.id AND s.retracted_at IS NULL AND s.location IS NOT NULL
      AND NOT 'second_hand' = ANY(s.flags) AND NOT 'impossible_travel' = ANY(s.flags)
      AND s.observed_at BETWEEN :since AND :until
    ORDER BY s.observed_at DESC LIMIT 10) AS last) AS own
WHERE own.pins IS NOT NULL
UNION ALL
SELECT 'note', asked.token, first.source_group, NULL
FROM unnest(CAST(:notes AS bigint[])) AS asked(token)
CROSS JOIN LATERAL (
  SELECT s.source_group FROM sighting s
  WHERE s.network_id = :network_id AND s.note_token = asked.token ORDER BY s.received_at, s.id LIMIT 1) AS first
UNION ALL
SELECT 'photo', asked.token, first.source_group, NULL
FROM unnest(CAST(:photos AS bigint[])) AS asked(token)
CROSS JOIN LATERAL (
  SELECT s.source_group FROM sighting s
  WHERE s.network_id = :network_id AND s.photo_token = asked.token ORDER BY s.received_at, s.id LIMIT 1) AS first
