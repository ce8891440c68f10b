-- Counts incidents whose time is over, by hour and coarse cell, and drops them once nothing leads to them any more; their
-- empty clusters go with them, and what was split off them loses the link. What was merged into one goes before it; what
-- counsel holds stays. Leans on incident_seen and the foreign keys' indexes.
WITH past AS (
  SELECT i.id FROM incident i
  WHERE i.network_id = :network_id
    AND i.last_seen_at <= CASE WHEN i.was_verified THEN CAST(:verified_before AS timestamptz)
                               ELSE CAST(:unverified_before AS timestamptz) END
    AND (i.ended_at IS NOT NULL OR i.merged_into IS NOT NULL)
    AND NOT EXISTS (SELECT FROM incident m WHERE m.network_id = i.network_id AND m.merged_into = i.id)
    AND NOT EXISTS (SELECT FROM judgement j WHERE j.network_id = i.network_id AND j.incident_id = i.id)
    AND NOT EXISTS (SELECT FROM dispatch d WHERE d.network_id = i.network_id AND d.incident_id = i.id)
    AND NOT EXISTS (SELECT FROM statement s WHERE s.network_id = i.network_id AND s.incident_id = i.id)
    AND NOT EXISTS (SELECT FROM decision d WHERE d.network_id = i.network_id AND d.incident_id = i.id)
    AND NOT EXISTS (SELECT FROM decision d WHERE d.network_id = i.network_id AND d.other_id = i.id)
    AND NOT EXISTS (SELECT FROM sighting s WHERE s.network_id = i.network_id AND s.retracted_from = i.id)
    AND NOT EXISTS (SELECT FROM cluster c JOIN sighting s ON s.network_id = c.network_id
                      AND (s.cluster_id = c.id OR s.pinned_id = c.id)
                    WHERE c.network_id = i.network_id AND c.incident_id = i.id)
    AND i.id NOT IN (SELECT incident_id FROM held_incident WHERE network_id = :network_id)
  ORDER BY i.id
  LIMIT :at_once
  FOR UPDATE OF i SKIP LOCKED
), homeless AS (
  UPDATE cluster c SET home_id = NULL FROM past
  WHERE c.network_id = :network_id AND c.home_id = past.id
    AND NOT EXISTS (SELECT FROM past own WHERE own.id = c.incident_id)
), emptied AS (
  DELETE FROM cluster c USING past WHERE c.network_id = :network_id AND c.incident_id = past.id
), parted AS (
  UPDATE incident i SET split_from = NULL FROM past
  WHERE i.network_id = :network_id AND i.split_from = past.id
    AND NOT EXISTS (SELECT FROM past own WHERE own.id = i.id)
), gone AS (
  DELETE FROM incident i USING past WHERE i.network_id = :network_id AND i.id = past.id RETURNING i.*
), counted AS (
  INSERT INTO past_count AS known
    (network_id, day_on, hour, cell10, zone_id, activity, agency, status, was_verified, groups, incidents)
  SELECT network_id, (first_seen_at AT TIME ZONE 'UTC')::date,
         extract(hour FROM first_seen_at AT TIME ZONE 'UTC')::smallint, cell10, zone_ids[1], activity, agency, status,
         was_verified, groups, count(*)
  FROM gone WHERE merged_into IS NULL
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
  ON CONFLICT ON CONSTRAINT past_count_once DO UPDATE SET incidents = known.incidents + EXCLUDED.incidents
)
SELECT id FROM gone
