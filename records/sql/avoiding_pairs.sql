-- Pairs of people of whom either is not to be paired with the other, smaller id first, each pair once, among people who
-- are available. Reads the roster once; leans on responder's primary key for the others.
SELECT DISTINCT least(r.id, other.id) AS low, greatest(r.id, other.id) AS high
FROM responder r
CROSS JOIN LATERAL unnest(r.avoids) AS avoided
JOIN responder other ON other.network_id = r.network_id AND other.id = avoided AND other.available_until > :now
WHERE r.network_id = :network_id AND r.available_until > :now AND cardinality(r.avoids) > 0 AND avoided <> r.id
ORDER BY 1, 2
