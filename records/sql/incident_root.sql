-- The incident in which another one lives on, itself where it was never merged. Leans on the primary key.
WITH RECURSIVE up AS (
  SELECT id, merged_into FROM incident WHERE network_id = :network_id AND id = :incident_id
  UNION
  SELECT i.id, i.merged_into FROM up JOIN incident i ON i.network_id = :network_id AND i.id = up.merged_into
)
SELECT id FROM up WHERE merged_into IS NULL
