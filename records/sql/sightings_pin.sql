-- Writes down which sightings a split took along, and lets them count for its cluster. Leans on the primary keys.
WITH taken AS (
  INSERT INTO sighting_override (network_id, decision_id, sighting_id, cluster_id)
  SELECT :network_id, :decision_id, id, :cluster_id FROM unnest(CAST(:ids AS bigint[])) AS told(id) ORDER BY id
  RETURNING sighting_id
)
UPDATE sighting s SET pinned_id = :cluster_id FROM taken WHERE s.network_id = :network_id AND s.id = taken.sighting_id
