-- How long things took in a span of time, in minutes: from the first report to the second person who verified, and from
-- sending to two people who had said yes, of rows that are gone too; median and the interval that holds eight of ten. Leans on incident_seen,
-- dispatch's key and past_time's.
WITH verified AS (
  SELECT extract(epoch FROM j.second_at - i.opened_at) / 60 AS minutes
  FROM incident i
  CROSS JOIN LATERAL (
    SELECT judged_at AS second_at FROM judgement
    WHERE network_id = i.network_id AND incident_id = i.id AND verdict = 'verified' AND undone_at IS NULL
    ORDER BY judged_at, id OFFSET 1 LIMIT 1
  ) j
  WHERE i.network_id = :network_id AND i.coarse_since IS NULL AND i.first_seen_at >= :since AND i.first_seen_at < :before
), paired AS (
  SELECT extract(epoch FROM max(lower(s.during)) - d.made_at) / 60 AS minutes
  FROM dispatch d JOIN seat s ON s.network_id = d.network_id AND s.dispatch_id = d.id AND s.turn = 1
  WHERE d.network_id = :network_id AND d.made_at >= :since AND d.made_at < :before
  GROUP BY d.id, d.made_at HAVING count(*) = 2
), taken AS (
  SELECT 'verified' AS step, minutes FROM verified UNION ALL SELECT 'paired', minutes FROM paired
  UNION ALL
  SELECT step, tenths_min / 10.0 FROM past_time, generate_series(1, times)
  WHERE network_id = :network_id
    AND day_on >= (CAST(:since AS timestamptz) AT TIME ZONE 'UTC')::date
    AND day_on < (CAST(:before AS timestamptz) AT TIME ZONE 'UTC')::date
)
SELECT step, count(*) AS n,
       percentile_cont(0.1) WITHIN GROUP (ORDER BY minutes) AS p10,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes) AS p50,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY minutes) AS p90
FROM taken GROUP BY step ORDER BY step DESC
