-- Takes the counts of some subjects until the end of this transaction, and begins those that are not there yet: the
-- network's own first, so that nobody waits in a circle. Leans on the primary key.
INSERT INTO reliability AS kept (network_id, about, key, counted_on)
SELECT :network_id, asked.about, asked.key, CAST(:day AS date)
FROM unnest(CAST(:abouts AS text[]), CAST(:keys AS text[])) AS asked(about, key)
ORDER BY asked.about <> 'network', asked.about, asked.key
ON CONFLICT (network_id, about, key) DO UPDATE SET counted_on = kept.counted_on
RETURNING about, key, real, unreal, expected, counted_on
