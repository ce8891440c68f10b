-- What people found on scene at some incidents, and at those that were merged into them:
-- each with the pair's task. Leans on incident_merged, dispatch_incident and seat's primary key.
WITH RECURSIVE family AS (
  SELECT id AS root, id FROM incident WHERE network_id = :network_id AND id = ANY(CAST(:ids AS bigint[]))
  UNION
  SELECT family.root, i.id FROM family JOIN incident i ON i.network_id = :network_id AND i.merged_into = family.id
)
SELECT family.root AS incident_id, d.id AS dispatch_id, d.task, s.found, s.found_at, a.lineage
FROM family
JOIN dispatch d ON d.network_id = :network_id AND d.incident_id = family.id
JOIN seat s ON s.network_id = d.network_id AND s.dispatch_id = d.id AND s.found IS NOT NULL
JOIN responder p ON p.network_id = s.network_id AND p.id = s.responder_id
JOIN account a ON a.network_id = p.network_id AND a.id = p.account_id
ORDER BY family.root, s.found_at, d.id, s.seat, s.turn
