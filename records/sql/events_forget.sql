-- Facts older than a moment go; streams that stopped before the newest of them must begin anew.
-- Leans on event_at (brin).
WITH gone AS (
  DELETE FROM event WHERE network_id = :network_id AND at < :moment RETURNING x
), newest AS (
  SELECT x FROM gone ORDER BY x DESC LIMIT 1
), marked AS (
  UPDATE stream_epoch SET forgotten = newest.x FROM newest WHERE newest.x > forgotten
)
SELECT count(*) FROM gone
