-- Removes clusters in which no sighting stands any more. Leans on the primary key.
DELETE FROM cluster WHERE network_id = :network_id AND id = ANY(CAST(:ids AS bigint[]))
