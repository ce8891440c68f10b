-- Open incidents that may stand at the top of the queue: all that anybody vouched for or judged, and the likeliest of the
-- others in each cell of resolution 6, so that a flooded cell costs the others nothing; each with the one lineage that
-- vouches for it, if only one does. Leans on incident_open, cluster_incident, sighting_cluster and sighting_pinned.
SELECT one.id, sole.lineage
FROM (SELECT i.id, i.network_id, i.vouched_groups, i.status,
             row_number() OVER (
               PARTITION BY i.vouched_groups = 0 AND i.status = 'unverified',
                            -- The parent cell: resolution 6 instead of 7, and no seventh digit.
                            (i.cell7 & ~(15::bigint << 52)) | (6::bigint << 52) | (7::bigint << 24)
               ORDER BY i.queue DESC, i.id) AS turn
      FROM incident i
      WHERE i.network_id = :network_id AND i.ended_at IS NULL AND i.merged_into IS NULL) AS one
LEFT JOIN LATERAL (
  SELECT min(s.lineage) AS lineage
  FROM cluster c
  JOIN sighting s ON s.network_id = c.network_id AND s.retracted_at IS NULL AND s.vouched
    AND (s.cluster_id = c.id AND s.pinned_id IS NULL OR s.pinned_id = c.id)
  WHERE c.network_id = one.network_id AND c.incident_id = one.id) AS sole ON one.vouched_groups = 1
WHERE one.vouched_groups > 0 OR one.status <> 'unverified' OR one.turn <= :turns
ORDER BY one.id
