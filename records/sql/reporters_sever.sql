-- Severs sightings received before a moment from who reported them: no account, no lineage, and a fresh number that only
-- says which of one incident came from one source. It is negative: nobody counts it across incidents. What counsel holds
-- stays. Leans on sighting_linked.
WITH past AS (
  SELECT s.id, s.source_group, c.incident_id FROM sighting s
  LEFT JOIN cluster c ON c.network_id = s.network_id AND c.id = coalesce(s.pinned_id, s.cluster_id)
  WHERE s.network_id = :network_id AND s.received_at <= :moment AND s.reporter_id IS NOT NULL
    AND coalesce(c.incident_id, 0) NOT IN (SELECT incident_id FROM held_incident WHERE network_id = :network_id)
  LIMIT :at_once
  FOR UPDATE OF s SKIP LOCKED
), fresh AS (
  SELECT source_group, incident_id, -1 - floor(random() * 9e15)::bigint AS made
  FROM past GROUP BY source_group, incident_id
)
UPDATE sighting s SET reporter_id = NULL, lineage = NULL, source_group = fresh.made
FROM past JOIN fresh ON fresh.source_group = past.source_group AND fresh.incident_id IS NOT DISTINCT FROM past.incident_id
WHERE s.network_id = :network_id AND s.id = past.id
RETURNING s.id
