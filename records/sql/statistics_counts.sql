-- Incidents first seen in a span of time, those whose rows are gone too, counted by one or two of their properties; with
-- each count the largest number of distinct sources proven for any one incident, or any cell and week, in it (never a
-- sum, and no source that was severed: that would count one person twice). Cells are ancestors of res 10, worked out on
-- their bits. Hours and days are UTC. Leans on incident_seen, cluster_incident and past_count_once.
WITH told AS (
  SELECT id, groups, (cell10 & CAST(:keep AS bigint)) | CAST(:fill AS bigint) AS cell, zone_ids[1] AS zone,
         extract(isodow FROM first_seen_at AT TIME ZONE 'UTC')::int - 1 AS weekday,
         extract(hour FROM first_seen_at AT TIME ZONE 'UTC')::int AS hour,
         date_trunc('week', first_seen_at AT TIME ZONE 'UTC') AS week,
         activity, agency, status, 1 AS incidents
  FROM incident
  WHERE network_id = :network_id AND merged_into IS NULL AND first_seen_at >= :since AND first_seen_at < :before
    AND (CAST(:status AS text) IS NULL AND was_verified AND status <> 'unfounded' OR status = CAST(:status AS text))
  UNION ALL
  SELECT NULL, groups, (cell10 & CAST(:keep AS bigint)) | CAST(:fill AS bigint), zone_id,
         CASE WHEN hour IS NOT NULL THEN extract(isodow FROM day_on)::int - 1 END, hour, date_trunc('week', day_on),
         activity, agency, status, incidents
  FROM past_count
  WHERE network_id = :network_id
    AND day_on >= (CAST(:since AS timestamptz) AT TIME ZONE 'UTC')::date
    AND day_on < (CAST(:before AS timestamptz) AT TIME ZONE 'UTC')::date
    AND (CAST(:status AS text) IS NULL AND was_verified AND status <> 'unfounded' OR status = CAST(:status AS text))
), week_sources AS (
  SELECT told.cell, told.week, count(DISTINCT s.source_group) AS sources
  FROM told
  JOIN cluster c ON c.network_id = :network_id AND c.incident_id = told.id
  JOIN sighting s ON s.network_id = c.network_id AND s.retracted_at IS NULL AND s.source_group > 0
    AND (s.cluster_id = c.id AND s.pinned_id IS NULL OR s.pinned_id = c.id)
  GROUP BY told.cell, told.week
), named AS (
  SELECT CASE :one WHEN 'cell' THEN cell::text WHEN 'zone' THEN zone::text WHEN 'weekday' THEN weekday::text
                   WHEN 'hour_of_week' THEN (24 * weekday + hour)::text WHEN 'activity' THEN activity
                   WHEN 'agency' THEN agency WHEN 'status' THEN status END AS one,
         CASE :two WHEN 'cell' THEN cell::text WHEN 'zone' THEN zone::text WHEN 'weekday' THEN weekday::text
                   WHEN 'hour_of_week' THEN (24 * weekday + hour)::text WHEN 'activity' THEN activity
                   WHEN 'agency' THEN agency WHEN 'status' THEN status END AS two,
         greatest(told.groups, coalesce(sources, 0)) AS reporters, incidents
  FROM told LEFT JOIN week_sources USING (cell, week)
)
SELECT one, two, sum(incidents)::int AS incidents, max(reporters) AS reporters FROM named GROUP BY one, two ORDER BY one, two
