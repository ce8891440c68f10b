-- Ends incidents that still stand open though all that says so is past its limit, and to which, or to what was merged
-- into them, nobody is being sent; what counsel holds stays. Leans on incident_open, dispatch_open and incident's primary key.
WITH RECURSIVE up AS (
  SELECT i.id, i.merged_into
  FROM dispatch d JOIN incident i ON i.network_id = d.network_id AND i.id = d.incident_id
  WHERE d.network_id = :network_id AND d.state NOT IN ('cleared', 'cancelled', 'unfilled')
  UNION
  SELECT i.id, i.merged_into FROM up JOIN incident i ON i.network_id = :network_id AND i.id = up.merged_into
)
UPDATE incident i SET status = 'closed', ended_at = :now, version = i.version + 1
FROM (SELECT q.id FROM incident q
      WHERE q.network_id = :network_id AND q.status IN ('unverified', 'corroborated', 'verified')
        AND q.merged_into IS NULL
        AND q.last_seen_at <= CASE WHEN q.was_verified THEN CAST(:verified_before AS timestamptz)
                                   ELSE CAST(:unverified_before AS timestamptz) END
        AND NOT EXISTS (SELECT FROM up WHERE up.id = q.id)
        AND q.id NOT IN (SELECT incident_id FROM held_incident WHERE network_id = :network_id)
      ORDER BY q.id LIMIT :at_once
      FOR UPDATE OF q SKIP LOCKED) AS past
WHERE i.network_id = :network_id AND i.id = past.id
RETURNING i.id, i.version, i.cell7
