-- Writes the cluster that each of some sightings now stands in (none for one that left), in order.
UPDATE sighting s SET cluster_id = told.cluster_id
FROM (SELECT id, cluster_id FROM unnest(CAST(:ids AS bigint[]), CAST(:clusters AS bigint[])) AS told(id, cluster_id)
      ORDER BY id) AS told
WHERE s.network_id = :network_id AND s.id = told.id
