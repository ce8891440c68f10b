-- How many accounts may read what is said to some zones: those who follow one of them, and those who follow all.
SELECT count(*)
FROM account a
WHERE a.network_id = :network_id AND a.suspended_at IS NULL AND a.kind = 'person'
  AND a.roles && CAST(:roles AS text[])
  AND (cardinality(a.zone_ids) = 0 OR a.zone_ids && CAST(:zones AS bigint[]))
