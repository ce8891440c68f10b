-- Ends unverified incidents in which nothing new was seen since a moment and to which, or to what was merged into them,
-- nobody is being sent; those that somebody is working on right now are left for later.
-- Leans on incident_open and incident_merged.
UPDATE incident i SET status = 'closed', ended_at = :now, version = i.version + 1
FROM (SELECT q.id FROM incident q
      WHERE q.network_id = :network_id AND q.status = 'unverified' AND q.merged_into IS NULL
        AND q.last_seen_at < :before AND q.opened_at < :before
        AND NOT EXISTS (SELECT FROM dispatch d WHERE d.network_id = q.network_id AND d.incident_id = q.id
                        AND d.state NOT IN ('cleared', 'cancelled', 'unfilled'))
        AND NOT EXISTS (SELECT FROM incident m JOIN dispatch d ON d.network_id = m.network_id AND d.incident_id = m.id
                        WHERE m.network_id = q.network_id AND m.merged_into = q.id
                        AND d.state NOT IN ('cleared', 'cancelled', 'unfilled'))
      ORDER BY q.id LIMIT :limit
      FOR UPDATE OF q SKIP LOCKED) AS quiet
WHERE i.network_id = :network_id AND i.id = quiet.id
RETURNING i.id, i.version, i.cell7
