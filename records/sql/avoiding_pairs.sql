-- Pairs of people of whom either is not to be paired with the other, smaller id first, each pair once, among people who
-- are available and not too far for their mode (as `people_by_rule` says it, with the same numbers).
-- Reads those with an avoid list; leans on responder's and position's primary keys for the others.
WITH person AS (
  SELECT r.id, r.avoids FROM responder r
  LEFT JOIN position p ON p.network_id = r.network_id AND p.responder_id = r.id AND p.seen_at >= :fresh
  WHERE r.network_id = :network_id AND r.available_until > :now
    AND (coalesce(p.cell9, r.base_cell9) & CAST(:keep AS bigint) | CAST(:fill AS bigint)) = ANY (
      CASE r.mode WHEN 'foot' THEN CAST(:on_foot AS bigint[])
                  WHEN 'bicycle' THEN CAST(:by_bicycle AS bigint[])
                  ELSE CAST(:by_car AS bigint[]) END)
    AND (cardinality(r.avoids) > 0
         OR r.id IN (SELECT unnest(avoids) FROM responder WHERE network_id = :network_id AND cardinality(avoids) > 0))
)
SELECT DISTINCT least(one.id, other.id) AS low, greatest(one.id, other.id) AS high
FROM person one JOIN person other ON other.id = ANY (one.avoids)
WHERE one.id <> other.id
ORDER BY 1, 2
