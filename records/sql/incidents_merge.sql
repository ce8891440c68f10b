-- Lets some incidents point to their survivors, where no cluster is left in them, and counts their versions up.
-- They were taken before, in order. Leans on the primary key and cluster_incident.
UPDATE incident i SET merged_into = told.survivor, version = i.version + 1
FROM unnest(CAST(:losers AS bigint[]), CAST(:survivors AS bigint[])) AS told(loser, survivor)
WHERE i.network_id = :network_id AND i.id = told.loser
  AND NOT EXISTS (SELECT FROM cluster c WHERE c.network_id = i.network_id AND c.incident_id = i.id)
RETURNING i.id, i.version
