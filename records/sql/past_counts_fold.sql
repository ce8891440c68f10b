-- Folds counts of days before one into whole weeks and cells of resolution 7: the three finer digits of the cell become
-- its middle's, all else but the state goes. At most some at once. Leans on past_count_once.
WITH past AS (
  SELECT ctid FROM past_count
  WHERE network_id = :network_id AND hour IS NOT NULL AND day_on < :day
  LIMIT :at_once
  FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM past_count p USING past WHERE p.network_id = :network_id AND p.ctid = past.ctid RETURNING p.*
), folded AS (
  INSERT INTO past_count AS known (network_id, day_on, cell10, status, was_verified, groups, incidents)
  SELECT network_id, date_trunc('week', day_on)::date, cell10 & ~(511::bigint << 15), status, was_verified, groups,
         sum(incidents)
  FROM gone GROUP BY 1, 2, 3, 4, 5, 6
  ON CONFLICT ON CONSTRAINT past_count_once DO UPDATE SET incidents = known.incidents + EXCLUDED.incidents
)
SELECT day_on FROM gone
