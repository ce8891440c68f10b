-- The live dispatches that lead to some incidents, those of incidents merged into them too; nothing is taken.
-- Leans on dispatch_open and incident's primary key.
SELECT coalesce(i.merged_into, i.id) AS incident_id, d.id
FROM dispatch d JOIN incident i ON i.network_id = d.network_id AND i.id = d.incident_id
WHERE d.network_id = :network_id AND d.state NOT IN ('cleared', 'cancelled', 'unfilled')
  AND coalesce(i.merged_into, i.id) = ANY (CAST(:ids AS bigint[]))
ORDER BY 1, 2
