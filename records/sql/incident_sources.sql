-- The sources of an incident: groups, lineages, and the accounts behind them while these are known.
-- Leans on cluster_incident, sighting_cluster and sighting_pinned.
SELECT DISTINCT s.source_group, s.lineage, r.account_id
FROM cluster c
JOIN sighting s ON s.network_id = c.network_id AND s.retracted_at IS NULL
  AND (s.cluster_id = c.id AND s.pinned_id IS NULL OR s.pinned_id = c.id)
LEFT JOIN reporter r ON r.network_id = s.network_id AND r.id = s.reporter_id
WHERE c.network_id = :network_id AND c.incident_id = :incident_id
