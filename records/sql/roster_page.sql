-- The ids of people on the roster after one of them, in order: a large roster is read page by page.
-- Leans on responder's primary key.
SELECT id FROM responder WHERE network_id = :network_id AND id > :after ORDER BY id LIMIT :limit
