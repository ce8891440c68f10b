-- Facts that became certain after a cursor, oldest first; leans on the primary key (network_id, x, id).
-- Below pg_snapshot_xmin no transaction is open any more, so nothing can appear behind the cursor later.
SELECT network_id, x::text AS x, id, at, kind, subject, version, responder_id, cell5
FROM event
WHERE network_id = :network_id
  AND (x, id) > (CAST(:x AS xid8), :id)
  AND x < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY x, id
LIMIT :limit
