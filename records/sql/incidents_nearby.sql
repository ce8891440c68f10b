-- Other open incidents near one, nearest first, with the metres between them and the seconds between the times they were
-- seen in (0 where these overlap); those that people keep apart say so. Leans on incident_open; the cells round it (resolution 7) spare most distances.
SELECT j.id, ST_Distance(i.location, j.location) AS metres,
       greatest(0, extract(epoch FROM greatest(j.first_seen_at - i.last_seen_at, i.first_seen_at - j.last_seen_at)))
         AS seconds,
       greatest(i.last_seen_at, j.last_seen_at) AS last_at,
       EXISTS (SELECT FROM decision d WHERE d.network_id = i.network_id AND d.kind = 'apart' AND d.undone_at IS NULL
               AND (d.incident_id, d.other_id) IN ((i.id, j.id), (j.id, i.id))) AS apart
FROM incident i
JOIN incident j ON j.network_id = i.network_id AND j.id <> i.id AND j.merged_into IS NULL
  AND j.status IN ('unverified', 'corroborated', 'verified') AND j.last_seen_at >= i.first_seen_at - interval '6 hours'
  AND j.cell7 = ANY(CAST(:cells AS bigint[])) AND ST_DWithin(i.location, j.location, :radius_m)
WHERE i.network_id = :network_id AND i.id = :incident_id
ORDER BY metres, j.id
LIMIT :limit
