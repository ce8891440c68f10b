-- Facts that became certain after a cursor, oldest first; leans on the primary key (network_id, x, id).
-- Below pg_snapshot_xmin no transaction is open any more, so nothing can appear behind the cursor later.
-- Ordered by the column, not by its text of the same name: "999" would come after "1000".
SELECT network_id, x::text AS x, id, at, kind, subject, version, responder_id, cell5
FROM event
WHERE network_id = :network_id
  AND (event.x, event.id) > (CAST(:x AS xid8), :id)
  AND event.x < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY event.x, event.id
LIMIT :limit
