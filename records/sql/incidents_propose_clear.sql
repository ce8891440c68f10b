-- Proposes that incidents are over which stand as corroborated or verified and of which nothing new was seen since a
-- moment: no report, no judgement but that it is over, nobody on scene, and nobody who was there and saw it.
-- Leans on incident_open and incident_merged.
WITH quiet AS MATERIALIZED (
  SELECT q.id FROM incident q
  WHERE q.network_id = :network_id AND q.id > :after AND q.status IN ('corroborated', 'verified') AND q.merged_into IS NULL
    AND q.last_seen_at < :before AND q.opened_at < :before AND q.clear_proposed_at IS NULL
    AND NOT EXISTS (SELECT FROM judgement j WHERE j.network_id = q.network_id AND j.incident_id = q.id
                    AND j.undone_at IS NULL AND j.verdict <> 'clear' AND j.judged_at >= :before)
    AND NOT EXISTS (WITH RECURSIVE family AS (
                      SELECT q.network_id, q.id
                      UNION
                      SELECT m.network_id, m.id FROM family
                      JOIN incident m ON m.network_id = family.network_id AND m.merged_into = family.id)
                    SELECT FROM family
                    JOIN dispatch d ON d.network_id = family.network_id AND d.incident_id = family.id
                    LEFT JOIN seat s ON s.network_id = d.network_id AND s.dispatch_id = d.id
                      AND s.found = 'enforcement_seen' AND s.found_at >= :before
                    WHERE d.state = 'on_scene' OR s.found IS NOT NULL)
  ORDER BY q.id LIMIT :limit
  FOR UPDATE OF q SKIP LOCKED
)
UPDATE incident i SET clear_proposed_at = :now, version = i.version + 1
FROM quiet
WHERE i.network_id = :network_id AND i.id = quiet.id
RETURNING i.id, i.version, i.cell7
