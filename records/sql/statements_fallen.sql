-- Open and standing statements whose incident may no longer be spoken of as they do: it is not verified any more, was
-- merged, lost its evidence, or turned out to be somebody else's. Taken for this transaction, incidents already are.
-- Leans on statement_incident.
SELECT s.id
FROM statement s
JOIN incident i ON i.network_id = s.network_id AND i.id = s.incident_id
WHERE s.network_id = :network_id AND s.incident_id = ANY(CAST(:incidents AS bigint[])) AND s.live_key
  AND NOT (i.broadcastable AND i.agency = s.agency)
ORDER BY s.id
FOR NO KEY UPDATE OF s
