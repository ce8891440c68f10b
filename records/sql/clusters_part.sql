-- Gives an incident back what came from it and from those that were merged into it. Leans on cluster_home.
UPDATE cluster SET incident_id = :incident_id, home_id = nullif(home_id, :incident_id)
WHERE network_id = :network_id AND home_id = ANY(CAST(:family AS bigint[]))
