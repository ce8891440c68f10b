-- Waits until nobody else changes the clusters of these cells (resolution 6), in ascending order, and keeps them until
-- the end of this transaction. The finer digits of such a cell are all ones; the network's number takes their place.
SELECT pg_advisory_xact_lock(lock)
FROM (SELECT DISTINCT (cell >> 27 << 27) | CAST(:network_id AS bigint) AS lock
      FROM unnest(CAST(:cells AS bigint[])) AS asked(cell) ORDER BY 1 OFFSET 0) AS ordered
