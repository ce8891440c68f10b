-- Lets every sighting of clusters that were swallowed follow into the survivor. Leans on sighting_cluster.
UPDATE sighting s SET cluster_id = told.survivor
FROM unnest(CAST(:losers AS bigint[]), CAST(:survivors AS bigint[])) AS told(loser, survivor)
WHERE s.network_id = :network_id AND s.cluster_id = told.loser
