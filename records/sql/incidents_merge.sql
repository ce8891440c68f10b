-- Lets some incidents point to where the cluster that took them in came from, where no cluster is left in them, and counts
-- their versions up; what people merged since follows from there on. They were taken before, in order. Leans on the
-- primary keys and cluster_incident.
UPDATE incident i SET merged_into = coalesce(by.home_id, by.incident_id), version = i.version + 1
FROM unnest(CAST(:losers AS bigint[]), CAST(:survivors AS bigint[])) AS told(loser, survivor)
JOIN cluster by ON by.network_id = :network_id AND by.id = told.survivor
WHERE i.network_id = :network_id AND i.id = told.loser
  AND NOT EXISTS (SELECT FROM cluster c WHERE c.network_id = i.network_id AND c.incident_id = i.id)
RETURNING i.id, i.version
